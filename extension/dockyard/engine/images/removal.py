"""Which images may go, and what goes with them: the rules of ``docker rmi`` and ``docker image prune``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dockyard.engine.errors import Conflict
from dockyard.engine.filters import Filters
from dockyard.engine.images.describe import created_ns
from dockyard.engine.images.image import Image, chain_ids
from dockyard.engine.images.reference import Reference
from dockyard.engine.timestamps import parse_moment_ns

if TYPE_CHECKING:
    from dockyard.engine.images.images import Images

__all__ = ["prune", "remove"]

Record = dict[str, str]


class _Needed(Conflict):
    """An image can't go. Attributes say whether force would help, and whether it is a container that needs it."""

    def __init__(self, image: Image, reason: str, *, hard: bool = False, used: bool = False) -> None:
        how = "cannot be forced" if hard else "must be forced"
        super().__init__(f"conflict: unable to delete {image.short_id} ({how}) - {reason}")
        self.used = used


def remove(images: "Images", name: str, *, force: bool, prune: bool) -> list[Record]:
    """Remove an image or one of its names; see :meth:`Images.remove`."""
    image = images.resolve(name)
    done: list[Record] = []
    references = images.references(image.id)
    if image.id.removeprefix("sha256:").startswith(name.removeprefix("sha256:")):
        if _is_single(references):
            _check(images, image, soft=not force, referenced=False)
            _untag(images, image, references, done)
        _delete(images, image, done, force=force, prune=prune)
        return done

    if not force and _is_single(references):
        for container, _ in images.in_use(image.id)[:1]:
            raise Conflict(
                f'conflict: unable to remove repository reference "{name}" (must force) - container {container[:12]} '
                f"is using its referenced image {image.short_id}"
            )
    reference = Reference.parse(name)
    _untag(images, image, [reference], done)
    left = images.references(image.id)
    if not reference.digest and not any(each.tag and each.repository == reference.repository for each in left):
        # Without a tag, what a registry calls it in the same repository means nothing any more.
        _untag(images, image, [each for each in left if each.repository == reference.repository], done)
        left = images.references(image.id)
    if not left:
        _delete(images, image, done, force=force, prune=prune, named=True)
    return done


def prune(images: "Images", filters: Filters) -> dict[str, Any]:
    """Remove what nobody needs; see :meth:`Images.prune`."""
    dangling_only = filters.flag("dangling", default=True)
    until = filters.single("until")
    latest = parse_moment_ns(until) if until else None
    everything = images.all()
    sizes = {
        chain: layer.unpacked_bytes
        for image in everything
        for chain, layer in zip(chain_ids(image.diff_ids), image.layers, strict=True)
    }
    parents = {image.parent for image in everything}
    done: list[Record] = []
    for image in everything:
        references = images.references(image.id)
        is_parent = image.id in parents
        if is_parent and (dangling_only or not references):
            continue
        if (latest is not None and created_ns(image) > latest) or not filters.match_label(image.labels):
            continue
        if dangling_only and any(each.tag for each in references):
            continue
        for name in [each.familiar for each in references] or [image.id]:
            try:
                done += remove(images, name, force=False, prune=True)
            except Conflict:
                continue  # a container needs it, which is no reason to keep the others
    reclaimed = sum(sizes.get(record.get("Deleted", ""), 0) for record in done)
    return {"ImagesDeleted": done or None, "SpaceReclaimed": reclaimed}


def _check(images: "Images", image: Image, *, soft: bool, referenced: bool = True) -> None:
    """Refuse if something needs an image; with ``soft`` also for reasons that force overrules, of which names may be left out."""
    if images.children(image.id):
        raise _Needed(image, "image has dependent child images", hard=True)
    users = images.in_use(image.id)
    for container, is_running in users:
        if is_running:
            raise _Needed(image, f"image is being used by running container {container[:12]}", hard=True, used=True)
    if soft and referenced and images.references(image.id):
        raise _Needed(image, "image is referenced in multiple repositories")
    if soft and users:
        raise _Needed(image, f"image is being used by stopped container {users[0][0][:12]}", used=True)


def _delete(
    images: "Images", image: Image, done: list[Record], *, force: bool, prune: bool, named: bool = False
) -> None:
    """Remove an image and, with ``prune``, its parents as long as nobody needs them.

    Where a name is gone already (``named``), an image that something still needs just stays.
    """
    try:
        _check(images, image, soft=not force)
    except _Needed as needed:
        is_dangling = not images.references(image.id) and not images.children(image.id)
        if named and (needed.used or not is_dangling):
            return
        raise
    _untag(images, image, images.references(image.id), done)
    layers = images.delete(image)
    done += [{"Deleted": each} for each in (image.id, *layers)]
    parent = next((each for each in images.all() if each.id == image.parent), None)
    if prune and parent:
        _delete(images, parent, done, force=False, prune=True, named=True)


def _untag(images: "Images", image: Image, references: Sequence[Reference], done: list[Record]) -> None:
    for reference in references:
        images.untag(reference)
        images.tell("untag", image, image.id, image.id)
        done.append({"Untagged": reference.familiar})


def _is_single(references: Sequence[Reference]) -> bool:
    """Whether an image has at most one name, not counting what a registry calls it in the same repository."""
    if len(references) <= 1:
        return True
    tagged = [each for each in references if each.tag]
    repositories = {each.repository for each in references if each.digest}
    return len(tagged) <= 1 and repositories == {(tagged or references)[0].repository}
