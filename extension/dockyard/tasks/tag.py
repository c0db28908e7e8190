"""Give an image one more name: ``docker tag``."""

from dataclasses import dataclass
from typing import ClassVar

from dockyard.command import line, parse_flags
from dockyard.connection import Client
from dockyard.errors import engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Evidence, Plan, Report, Result, Task, check_cancel, ignore
from dockyard.tasks.kept import Kept, last_kept
from dockyard.tasks.tagged import (
    left_nameless,
    names_of,
    new_name,
    require_image,
    tag_change,
    tag_mark,
    tagged,
    take_back,
)
from dockyard.wording import short_id

__all__ = ["Tag", "tag_from_words"]


@dataclass(frozen=True)
class Tag(Task):
    """Give an image one more name (``docker tag``). Both names then stand for one image ID; nothing is copied.

    Attributes:
        image: Name or ID of an image of the engine.
        name: The new name, such as ``localhost:5000/nyappacchi:13``.
    """

    verb: ClassVar[str] = "tag"
    image: str
    name: str

    @property
    def command(self) -> str:
        """Such as ``docker tag ex22_original2 localhost:5000/nyappacchi:13``."""
        return line("docker", "tag", self.image, self.name)

    def plan(self, client: Client) -> Plan:
        """Return the name, and whether it moves here from another image.

        Raises:
            ImageMissing, ImageNameInvalid: It can't be done.
        """
        found = require_image(client, self.image)
        change = tag_change(client, new_name(self.name), str(found["Id"]))
        warnings = left_nameless(client, new_name(self.name)) if change.action == "change" else ()
        return Plan((change,), warnings)

    def run(
        self,
        client: Client,
        *,
        plan: Plan | None = None,
        report: Report = ignore,  # noqa: ARG002  # it is done at once
        cancel: Cancel = NEVER,
    ) -> Result:
        """Tag. See :meth:`Task.run`."""
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        name, image_id = new_name(self.name), str(require_image(client, self.image)["Id"])
        before = tagged(client, name)
        with Kept.of(client, self.command) as kept:
            with engine_errors(client.address):
                client.api.tag(image_id, name.familiar_repository, name.tag)
            if before != image_id:
                kept.marks.append(tag_mark(name, image_id, before))
        return Result(fresh.changes, fresh.warnings)

    def verify(self, client: Client) -> Evidence:
        """Look whether both names stand for one image ID."""
        ours, theirs = (
            client.find_json("/images/{}/json", name) for name in (self.image, new_name(self.name).familiar)
        )
        if theirs is None:
            return Evidence(False, translate(N_("There is no image {name}.")).format(name=new_name(self.name).familiar))
        names = names_of(theirs)
        says = translate(N_("One image, {id}, is called {names}")).format(
            id=short_id(theirs["Id"]), names=", ".join(names)
        )
        is_one = ours is not None and ours["Id"] == theirs["Id"]
        return Evidence(is_one, says, {"image_id": theirs["Id"], "names": names})

    def undo(self, client: Client) -> Result:
        """Take the name off, or give it back to the image that had it."""
        return take_back(client, last_kept(client, self.command))


def tag_from_words(given: tuple[str, ...]) -> Tag:
    """Return the task of ``docker tag`` with these words after ``tag``.

    Raises:
        BadLine: The words are not as ``docker tag`` takes them.
    """
    parsed = parse_flags("tag", (), given)
    return Tag(*parsed.require_words("tag", translate(N_("an image and its new name")), 2, 2))
