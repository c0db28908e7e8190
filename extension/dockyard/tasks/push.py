"""Upload an image to the registry that its name says: ``docker push``."""

from dataclasses import dataclass
from typing import ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import CannotUndo, EngineRefused, ImageMissing, PushRefused
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Evidence, Plan, Report, Result, Task, check_cancel, ignore
from dockyard.tasks.names import OFFICIAL, ImageName
from dockyard.tasks.tagged import digests_of, new_name, require_image, tagged
from dockyard.tasks.transfer import transfer

__all__ = ["PublicPush", "Push", "PushResult", "push_from_words"]

FLAGS = (Flag("quiet", "q", "switch"),)


class PublicPush(str):
    """The warning that a push goes to Docker Hub, where everyone can see it; a text as any other."""

    __slots__ = ()


@dataclass(frozen=True)
class PushResult(Result):
    """What a push left in the registry.

    Attributes:
        digest: Of the manifest; pulling it brings the same image back.
    """

    digest: str = ""


@dataclass(frozen=True)
class Push(Task):
    """Upload an image to the registry that its name says (``docker push``). The first push makes the repository.

    Attributes:
        name: Such as ``localhost:5000/nyappacchi:13``; the engine's image of that name is pushed.
        quiet: ``-q``: for docker's own line only.
    """

    verb: ClassVar[str] = "push"
    name: str
    quiet: bool = False

    @property
    def command(self) -> str:
        """Such as ``docker push localhost:5000/nyappacchi:13``."""
        return line("docker", "push", *(["-q"] if self.quiet else []), self.name)

    def plan(self, client: Client) -> Plan:
        """Return what goes where, with a :class:`PublicPush` among the warnings if it goes to Docker Hub.

        Raises:
            ImageMissing: The engine has no image of that name.
        """
        name = new_name(self.name)
        if not tagged(client, name):
            raise ImageMissing(name=name.familiar)
        size = int(require_image(client, name.familiar)["Size"])
        reason = translate(
            N_("to the registry {registry}; layers that it has already are not sent, the others compressed")
        ).format(registry=name.registry)
        return Plan((Change("create", "tag", name.full, size, reason),), tuple(_warnings(name)))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> PushResult:
        """Push. See :meth:`Task.run`; progress comes as :class:`TransferProgress`, with each layer's.

        Raises:
            PushRefused: The registry, or the way to it, said no; the sentence says what.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        name = new_name(self.name)
        url = client.url("/images/{}/push", name.familiar_repository)
        doing = translate(N_("pushing {name}")).format(name=name.familiar)
        try:
            done = transfer(client, url, {"tag": name.tag}, name.registry, doing=doing, report=report, cancel=cancel)
        except EngineRefused as error:
            raise PushRefused(name=name.familiar, registry=name.registry, reason=error.facts["message"]) from error
        return PushResult(fresh.changes, fresh.warnings, done.digest)

    def verify(self, client: Client) -> Evidence:
        """Ask the engine whether the image has a digest in its registry's repository, which a push or pull gives it."""
        name = new_name(self.name)
        found = require_image(client, name.familiar)
        digests = digests_of(found, name)
        if not digests:
            says = translate(N_("{name} was not pushed yet: its registry gave it no digest."))
            return Evidence(False, says.format(name=name.familiar))
        says = translate(N_("{registry} has {name} as {digest}")).format(
            registry=name.registry, name=name.path, digest=digests[0].partition("@")[2]
        )
        return Evidence(True, says, {"digests": digests, "image_id": found["Id"]})

    def undo(self, client: Client) -> Result:  # noqa: ARG002  # nothing is done
        """Say why not.

        Raises:
            CannotUndo: Always.
        """
        reason = N_("others may have pulled it by now; delete the tag in the registry (dockyard.connection.registry)")
        raise CannotUndo(command=self.command, reason=translate(reason))


def push_from_words(given: tuple[str, ...]) -> Push:
    """Return the task of ``docker push`` with these words after ``push``.

    Raises:
        BadLine: The words are not as ``docker push`` takes them.
    """
    parsed = parse_flags("push", FLAGS, given)
    parsed.require_words("push", translate(N_("an image")), 1, 1)
    return Push(parsed.words[0], "quiet" in parsed.switches)


def _warnings(name: ImageName) -> list[str]:
    if not name.is_on_docker_hub:
        return []
    text = N_(
        "This goes to Docker Hub: a repository that a push makes there is PUBLIC, and everyone can pull it. For a private one, make it on hub.docker.com first."
    )
    found: list[str] = [PublicPush(translate(text))]
    if name.namespace == OFFICIAL:
        own = N_("The name has no Docker Hub ID, and {name} belongs to Docker. First: docker tag {name} YOUR-ID/{name}")
        found.append(translate(own).format(name=name.familiar))
    return found
