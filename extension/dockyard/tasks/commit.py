"""Make an image of a container: ``docker commit``."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import BadValue, NoSuchContainer, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import (
    NEVER,
    Cancel,
    Change,
    Evidence,
    Plan,
    Progress,
    Report,
    Result,
    Task,
    check_cancel,
    ignore,
)
from dockyard.tasks.kept import Kept, last_kept
from dockyard.tasks.names import ImageName
from dockyard.tasks.tagged import image_mark, new_name, require_image, tag_change, tag_mark, tagged, take_back
from dockyard.wording import human_size, short_id

__all__ = ["Commit", "CommitResult", "commit_from_words"]

FLAGS = (
    Flag("author", "a"),
    Flag("change", "c", "list"),
    Flag("message", "m"),
    Flag("pause", "p", "switch", on=True),
)


@dataclass(frozen=True)
class CommitResult(Result):
    """What a commit made.

    Attributes:
        image_id: The new image's full ID.
    """

    image_id: str = ""


@dataclass(frozen=True)
class Commit(Task):
    """Make an image of a container as it is now (``docker commit``).

    Attributes:
        container: Name or ID; it may be stopped.
        name: What the image will be called, such as ``ex22_original1``; empty leaves it without a name.
        message: ``-m``: what was changed, for ``docker history``.
        author: ``-a``.
        changes: ``-c``: Dockerfile instructions such as ``CMD ["httpd-foreground"]`` to apply.
        pause: ``-p``: hold the container's processes meanwhile, so that no file is caught half-written.
    """

    verb: ClassVar[str] = "commit"
    container: str
    name: str = ""
    message: str = ""
    author: str = ""
    changes: tuple[str, ...] = ()
    pause: bool = True

    @property
    def command(self) -> str:
        """Such as ``docker commit -m 'own page' apa000ex22 ex22_original1``."""
        return line("docker", "commit", *self._flag_words(), self.container, *([self.name] if self.name else []))

    def plan(self, client: Client) -> Plan:
        """Return the image, with the bytes that its new layer will hold, and what becomes of its name.

        Raises:
            NoSuchContainer, ImageNameInvalid: It can't be made.
        """
        found = self._container(client)
        layer_bytes = found.get("SizeRw")
        what = new_name(self.name).familiar if self.name else translate(N_("(without a name)"))
        reason = translate(N_("the layers of {image} and one more")).format(image=found["Config"]["Image"])
        changes = [Change("create", "image", what, None if layer_bytes is None else int(layer_bytes), reason)]
        if self.name:
            changes.append(tag_change(client, new_name(self.name), ""))
        return Plan(tuple(changes), tuple(self._warnings(found)))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> CommitResult:
        """Commit. See :meth:`Task.run`; the engine does it in one go, so that cancel is heard before it only.

        Raises:
            EngineRefused: Such as for a change that is no Dockerfile instruction.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        report(Progress(0, 1, "steps", translate(N_("making the image"))))
        name = new_name(self.name) if self.name else None
        before = tagged(client, name) if name else ""
        with Kept.of(client, self.command) as kept:
            image_id = self._commit(client, name)
            kept.marks += [*([tag_mark(name, image_id, before)] if name else []), image_mark(image_id)]
        report(Progress(1, 1, "steps", short_id(image_id)))
        return CommitResult(fresh.changes, fresh.warnings, image_id)

    def verify(self, client: Client) -> Evidence:
        """Look whether the image is there, and what its new layer brings."""
        wanted = new_name(self.name).familiar if self.name else last_kept(client, self.command).marks[-1].path
        found = client.find_json("/images/{}/json", wanted)
        if found is None:
            return Evidence(False, translate(N_("There is no image {name}.")).format(name=wanted))
        layers = len(found["RootFS"]["Layers"])
        newest = int(client.get_json("/images/{}/history", wanted)[0]["Size"])
        says = translate(N_("{name} is the image {id} with {n} layers; the newest brings {size}")).format(
            name=wanted, id=short_id(found["Id"]), n=layers, size=human_size(newest)
        )
        facts = {"image_id": found["Id"], "layers": layers, "newest_layer_bytes": newest, "parent": found.get("Parent")}
        return Evidence(True, says, facts)

    def undo(self, client: Client) -> Result:
        """Remove the image that the last run made, and give its name back to the image that had it."""
        return take_back(client, last_kept(client, self.command))

    def _container(self, client: Client) -> dict[str, Any]:
        if client.find_json("/containers/{}/json", self.container) is None:
            raise NoSuchContainer(name=self.container)
        found: dict[str, Any] = client.get_json("/containers/{}/json", self.container, size=1)
        return found

    def _warnings(self, container: dict[str, Any]) -> Iterator[str]:
        targets = [each["Destination"] for each in container["Mounts"]]
        if targets:
            yield translate(N_("What is mounted is no part of the image: {paths}")).format(paths=", ".join(targets))
        if self.pause and container["State"]["Running"]:
            yield translate(N_("The container stands still while the image is made (--pause=false leaves it running)."))

    def _commit(self, client: Client, name: ImageName | None) -> str:
        params: dict[str, Any] = {
            "container": self.container,
            "repo": name.familiar_repository if name else "",
            "tag": name.tag if name else "",
            "comment": self.message,
            "author": self.author,
            "pause": int(self.pause),
            "changes": list(self.changes),
        }
        with engine_errors(client.address):
            answer = client.api.post(client.url("/commit"), params=params, json={})
            answer.raise_for_status()
            image_id = str(answer.json()["Id"])
        return str(require_image(client, image_id)["Id"])

    def _flag_words(self) -> Iterator[str]:
        yield from ("-a", self.author) if self.author else ()
        for change in self.changes:
            yield from ("-c", change)
        yield from ("-m", self.message) if self.message else ()
        yield from () if self.pause else ("--pause=false",)


def commit_from_words(given: tuple[str, ...]) -> Commit:
    """Return the task of ``docker commit`` with these words after ``commit``.

    Raises:
        BadLine: The words are not as ``docker commit`` takes them.
    """
    parsed = parse_flags("commit", FLAGS, given)
    parsed.require_words("commit", translate(N_("a container and a name for the image")), 1, 2)
    if not parsed.words[0]:
        raise BadValue(flag="docker commit", value="", expected=translate(N_("a container's name or ID")))
    return Commit(
        parsed.words[0],
        parsed.words[1] if len(parsed.words) == 2 else "",
        parsed.values.get("message", ""),
        parsed.values.get("author", ""),
        parsed.lists.get("change", ()),
        "pause" in parsed.switches,
    )
