"""Take names off images, and remove what has none left: ``docker rmi``.

The engine's answer tells "untagged" from "deleted". A name goes first; the image goes with its last name, if no container needs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import (
    CannotUndo,
    ImageHasNames,
    ImageInUse,
    ImageMissing,
    ImageNameInvalid,
    engine_errors,
)
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
from dockyard.tasks.image_files import write_images
from dockyard.tasks.image_trash import restore_images
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.names import ImageName
from dockyard.tasks.tagged import names_of, require_image, tag_mark, tagged, users_of
from dockyard.wording import human_size, short_id

__all__ = ["KEPT_IMAGE_BYTES", "Untag", "UntagResult", "untag_from_words"]

FLAGS = (Flag("force", "f", "switch"), Flag("no-prune", "", "switch"))
KEPT_IMAGE_BYTES = 512 << 20  # images up to this size are kept for undo


@dataclass(frozen=True)
class UntagResult(Result):
    """What was removed, in the engine's words.

    Attributes:
        untagged: Names that were taken off.
        deleted: IDs of images and layers that are gone.
    """

    untagged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Untag(Task):
    """Take names off images; an image goes with its last name (``docker rmi``).

    Attributes:
        names: Names or IDs.
        force: ``-f``: also where an ID has several names, or a stopped container was made from the image.
        no_prune: ``--no-prune``: leave parents without a name where they are.
        keep: Keep what is deleted, up to :data:`KEPT_IMAGE_BYTES` an image, so that it can be brought back; no part of docker's line.
    """

    verb: ClassVar[str] = "rmi"
    names: tuple[str, ...]
    force: bool = False
    no_prune: bool = False
    keep: bool = field(default=True, compare=False)

    @property
    def command(self) -> str:
        """Such as ``docker rmi localhost:5000/nyappacchi:13``."""
        switches = [*(["-f"] if self.force else []), *(["--no-prune"] if self.no_prune else [])]
        return line("docker", "rmi", *switches, *self.names)

    def plan(self, client: Client) -> Plan:
        """Return each name that is taken off, and whether its image stays or is deleted, and why.

        Raises:
            ImageMissing: There is no such image.
            ImageInUse: A container needs it; the sentence names the containers.
            ImageHasNames: It is given by its ID and has names in several repositories.
        """
        left: dict[str, list[str]] = {}
        changes: list[Change] = []
        deleted: list[str] = []
        warnings: list[str] = []
        children = {str(each.get("ParentId") or "") for each in client.get_json("/images/json", all=1)} - {""}
        for name in self.names:
            image = require_image(client, name)
            image_id = str(image["Id"])
            if image_id in deleted:
                raise ImageMissing(name=name)
            names = left.setdefault(image_id, list(names_of(image)))
            taken = self._taken(client, image, name, names)
            changes += [Change("remove", "tag", each, reason=translate(N_("untagged"))) for each in taken]
            for each in taken:
                names.remove(each)
            change = self._fate(client, image, names, is_parent=image_id in children)
            changes.append(change)
            if change.action == "remove":
                deleted.append(image_id)
                warnings += self._not_kept(image)
        return Plan(tuple(changes), tuple(warnings), work=tuple(deleted))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> UntagResult:
        """Remove. See :meth:`Task.run`; what will be deleted is kept first.

        Raises:
            EngineRefused: The engine found a reason to keep it that the plan did not see.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        kept = Kept.begin(client, self.command)
        done: list[dict[str, str]] = []
        try:
            deleted = fresh.work if isinstance(fresh.work, tuple) else ()
            kept.marks += self._kept_images(client, kept, deleted, report, cancel)
            check_cancel(cancel)
            for count, name in enumerate(self.names):
                report(Progress(count, len(self.names), "steps", name))
                before = require_image(client, name)
                with engine_errors(client.address):
                    done += client.api.remove_image(name, force=self.force, noprune=self.no_prune)
                kept.marks += _lost(client, before)
        except BaseException:
            # What came off before stays off, and can be brought back.
            kept.save() if done else kept.discard()
            raise
        kept.save()
        untagged = tuple(each["Untagged"] for each in done if "Untagged" in each)
        return UntagResult(
            fresh.changes, fresh.warnings, untagged, tuple(each["Deleted"] for each in done if "Deleted" in each)
        )

    def verify(self, client: Client) -> Evidence:
        """Look whether none of the names stands for an image."""
        there = [name for name in self.names if client.find_json("/images/{}/json", name) is not None]
        if there:
            return Evidence(False, translate(N_("Still there: {names}")).format(names=", ".join(there)))
        return Evidence(True, translate(N_("No longer there: {names}")).format(names=", ".join(self.names)))

    def undo(self, client: Client) -> Result:
        """Give the names back; an image that was deleted is loaded again from what was kept of it.

        Raises:
            CannotUndo: It was not kept, or a name stands for another image by now.
        """
        kept = last_kept(client, self.command)
        images = {mark.path: mark for mark in kept.marks if mark.kind == "image"}
        tags = [mark for mark in kept.marks if mark.kind == "tag"]
        for mark in tags:
            _check_free(client, self.command, mark, images)
        changes, _ = restore_images(client, kept)
        kept.discard()
        return Result(tuple(changes))

    def _taken(self, client: Client, image: dict[str, Any], name: str, names: list[str]) -> list[str]:
        """The names that go with this one: itself, or all of them where it is an ID."""
        image_id = str(image["Id"])
        wanted = _name_in(name, names)
        if wanted:
            taken = [wanted]
            repository = ImageName.parse(wanted).familiar_repository
            rest = [each for each in names if each != wanted]
            if not any("@" not in each and ImageName.parse(each).familiar_repository == repository for each in rest):
                taken += [each for each in rest if ImageName.parse(each).familiar_repository == repository]
            if set(taken) == set(names) and not self.force:
                self._require_unused(client, image, name)
            return taken
        tags = [each for each in names if "@" not in each]
        if not self.force and len({ImageName.parse(each).familiar_repository for each in names} or {""}) > 1:
            raise ImageHasNames(name=name, names=", ".join(tags or names))
        if not self.force and len(tags) > 1:
            raise ImageHasNames(name=name, names=", ".join(tags))
        users = users_of(client, image_id)
        if users and (not self.force or any(runs for _, runs in users)):
            raise ImageInUse(name=name, containers=" ".join(user for user, _ in users))
        return list(names)

    def _require_unused(self, client: Client, image: dict[str, Any], name: str) -> None:
        if users := users_of(client, str(image["Id"])):
            raise ImageInUse(name=name, containers=" ".join(user for user, _ in users))

    def _fate(self, client: Client, image: dict[str, Any], names: list[str], *, is_parent: bool) -> Change:
        image_id = str(image["Id"])
        if names:
            reason = translate(N_("the image stays: it is still called {names}")).format(names=", ".join(names))
            return Change("keep", "image", short_id(image_id), reason=reason)
        if running := [user for user, runs in users_of(client, image_id) if runs]:
            reason = translate(N_("the image stays without a name: {containers} runs from it"))
            return Change("keep", "image", short_id(image_id), reason=reason.format(containers=", ".join(running)))
        if is_parent:
            reason = translate(N_("the image stays without a name: other images were made from it"))
            return Change("keep", "image", short_id(image_id), reason=reason)
        reason = translate(N_("deleted: no name is left; layers that other images have too stay"))
        return Change("remove", "image", short_id(image_id), reason=reason)

    def _not_kept(self, image: dict[str, Any]) -> list[str]:
        if self.keep and int(image["Size"]) <= KEPT_IMAGE_BYTES:
            return []
        text = N_(
            "The image {id} ({size}) will not be kept, so that this can't be undone. To keep it: docker save -o FILE {id}"
        )
        return [translate(text).format(id=short_id(image["Id"]), size=human_size(int(image["Size"])))]

    def _kept_images(
        self, client: Client, kept: Kept, deleted: tuple[str, ...], report: Report, cancel: Cancel
    ) -> Iterator[Mark]:
        for image_id in deleted:
            file = None
            if not self._not_kept(require_image(client, image_id)):
                file = kept.new_file()
                doing = translate(N_("keeping {name} for undo")).format(name=short_id(image_id))
                write_images(client, [image_id], file, doing=doing, report=report, cancel=cancel)
            yield Mark(image_id, "image", kept=file.name if file else "")


def untag_from_words(given: tuple[str, ...]) -> Untag:
    """Return the task of ``docker rmi`` with these words after ``rmi``.

    Raises:
        BadLine: The words are not as ``docker rmi`` takes them.
    """
    parsed = parse_flags("rmi", FLAGS, given)
    parsed.require_words("rmi", translate(N_("an image")), 1)
    return Untag(parsed.words, "force" in parsed.switches, "no-prune" in parsed.switches)


def _name_in(name: str, names: list[str]) -> str:
    """The entry of ``names`` that is meant by ``name``; empty where it is an ID."""
    try:
        wanted = ImageName.parse(name)
    except ImageNameInvalid:
        return ""
    alike = [each for each in names if ImageName.parse(each) == wanted]
    return alike[0] if alike else ""


def _lost(client: Client, before: dict[str, Any]) -> Iterator[Mark]:
    """Records of the tags that an image had before and has no more."""
    for tag in names_of(before):
        if "@" not in tag and not tagged(client, ImageName.parse(tag)):
            yield tag_mark(ImageName.parse(tag), "", str(before["Id"]))


def _check_free(client: Client, command: str, mark: Mark, images: dict[str, Mark]) -> None:
    image_id = mark.state.split(" ")[1]
    if tagged(client, ImageName.parse(mark.path)):
        reason = translate(N_("{name} names another image by now")).format(name=mark.path)
        raise CannotUndo(command=command, reason=reason)
    if client.find_json("/images/{}/json", image_id) is None and not (image_id in images and images[image_id].kept):
        reason = translate(N_("the image {id} was not kept; pull it, load it or build it again")).format(
            id=short_id(image_id)
        )
        raise CannotUndo(command=command, reason=reason)
