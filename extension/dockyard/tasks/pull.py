"""Download an image from its registry, with its progress: ``docker pull``, and where a run finds that an image is missing."""

from dataclasses import dataclass
from typing import ClassVar

from docker.utils import parse_repository_tag

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import EngineRefused, NoSuchImage, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Evidence, Plan, Report, Result, Task, check_cancel, ignore
from dockyard.tasks.kept import Kept, last_kept
from dockyard.tasks.names import ImageName
from dockyard.tasks.tagged import digests_of, image_mark, images_now, tag_mark, tagged, take_back
from dockyard.tasks.transfer import Transferred, transfer
from dockyard.wording import short_id

__all__ = ["Pull", "PullResult", "has_image", "pull", "pull_from_words"]

FLAGS = (Flag("platform"), Flag("quiet", "q", "switch"))


def has_image(client: Client, reference: str) -> bool:
    """Whether the engine has an image of this name or ID."""
    return client.find_json("/images/{}/json", reference) is not None


def pull(client: Client, reference: str, *, report: Report, cancel: Cancel, platform: str = "") -> Transferred:
    """Download ``reference``; report the bytes of all its layers together, and each layer's.

    Raises:
        NoSuchImage: The registry has none, or can't be reached; the sentence says which. docker-py does not raise what the stream carries.
        Cancelled: ``cancel`` was set; layers that are there already stay for the next try.
    """
    import docker.auth

    repository, tag = parse_repository_tag(reference)
    params = {"fromImage": repository, "tag": tag or "latest", **({"platform": platform} if platform else {})}
    doing = translate(N_("pulling {name}")).format(name=reference)
    try:
        with engine_errors(client.address):
            registry, _ = docker.auth.resolve_repository_name(repository)
        return transfer(
            client, client.url("/images/create"), params, registry, doing=doing, report=report, cancel=cancel
        )
    except EngineRefused as error:
        raise NoSuchImage(name=reference, reason=str(error.facts["message"])) from error


@dataclass(frozen=True)
class PullResult(Result):
    """What a pull brought.

    Attributes:
        image_id: The image's full ID.
        digest: Of its manifest, as the registry has it.
        status: The engine's last word, which says whether it was there already.
    """

    image_id: str = ""
    digest: str = ""
    status: str = ""


@dataclass(frozen=True)
class Pull(Task):
    """Download an image from the registry that its name says (``docker pull``).

    Attributes:
        name: Such as ``httpd`` or ``localhost:5000/nyappacchi:13``.
        platform: ``--platform``: such as ``linux/arm64``, instead of the engine's own.
        quiet: ``-q``: for docker's own line only.
    """

    verb: ClassVar[str] = "pull"
    name: str
    platform: str = ""
    quiet: bool = False

    @property
    def command(self) -> str:
        """Such as ``docker pull localhost:5000/nyappacchi:13``."""
        platform = ["--platform", self.platform] if self.platform else []
        return line("docker", "pull", *(["-q"] if self.quiet else []), *platform, self.name)

    def plan(self, client: Client) -> Plan:
        """Return the name, and what becomes of the image that has it. The registry is not asked yet.

        Raises:
            ImageNameInvalid: It can't name an image.
        """
        name = ImageName.parse(self.name)
        holder = tagged(client, name)
        if not holder:
            reason = translate(N_("from the registry {registry}")).format(registry=name.registry)
            return Plan((Change("create", "image", name.familiar, reason=reason),))
        reason = translate(N_("it is {id}; if {registry} has another by now, the name moves to that"))
        return Plan(
            (Change("change", "tag", name.familiar, reason=reason.format(id=short_id(holder), registry=name.registry)),)
        )

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> PullResult:
        """Pull. See :meth:`Task.run`; progress comes as :class:`TransferProgress`, with each layer's.

        Raises:
            NoSuchImage: The registry does not have it, or can't be reached; the sentence says which.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        name = ImageName.parse(self.name)
        before, there = tagged(client, name), images_now(client)
        with Kept.of(client, self.command) as kept:
            done = pull(client, name.familiar, report=report, cancel=cancel, platform=self.platform)
            now = tagged(client, name)
            kept.marks += [tag_mark(name, now, before)] if now != before else []
            kept.marks += [image_mark(each) for each in sorted(images_now(client) - there)]
        changes = fresh.changes
        if now == before:
            reason = translate(N_("it is up to date"))
            changes = (Change("keep", "tag", name.familiar, reason=reason),)
        return PullResult(changes, fresh.warnings, now, done.digest, done.status)

    def verify(self, client: Client) -> Evidence:
        """Look whether the image is there, with the digest that its registry gave it."""
        name = ImageName.parse(self.name)
        found = client.find_json("/images/{}/json", name.familiar)
        if found is None:
            return Evidence(False, translate(N_("There is no image {name}.")).format(name=name.familiar))
        digests = digests_of(found, name)
        says = translate(N_("{name} is the image {id}, as its registry has it: {digest}")).format(
            name=name.familiar, id=short_id(found["Id"]), digest=digests[0].partition("@")[2] if digests else "-"
        )
        return Evidence(bool(digests), says, {"image_id": found["Id"], "digests": digests})

    def undo(self, client: Client) -> Result:
        """Remove what the last run brought, and give the name back to the image that had it."""
        return take_back(client, last_kept(client, self.command))


def pull_from_words(given: tuple[str, ...]) -> Pull:
    """Return the task of ``docker pull`` with these words after ``pull``.

    Raises:
        BadLine: The words are not as ``docker pull`` takes them.
    """
    parsed = parse_flags("pull", FLAGS, given)
    parsed.require_words("pull", translate(N_("an image")), 1, 1)
    return Pull(parsed.words[0], parsed.values.get("platform", ""), "quiet" in parsed.switches)
