"""Images that are removed, kept for undo: each as the file that ``docker save`` makes, in the record of the run that removed it.

What comes back has the same ID, which is a hash of all that is in it, and its names.
"""

from dockyard.connection import Client
from dockyard.errors import CannotUndo, EngineRefused, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Report, ignore
from dockyard.tasks.image_files import read_images, write_images
from dockyard.tasks.kept import Kept, Mark
from dockyard.tasks.names import ImageName
from dockyard.tasks.tagged import names_of, require_image, tag_mark, tagged
from dockyard.wording import short_id

__all__ = ["keep_image", "require_restorable", "restore_images", "take_image"]


def keep_image(
    client: Client, kept: Kept, image_id: str, *, fits: bool = True, report: Report = ignore, cancel: Cancel = NEVER
) -> int:
    """Put an image into a run's record, with its names, and return the bytes that this took.

    Args:
        client: The engine.
        kept: The record; what is not to be kept is noted in it, so that undo says so.
        image_id: Its full ID.
        fits: Whether its content is kept too.
        report: Told the bytes written.
        cancel: Looked at between pieces.

    Raises:
        ImageMissing: The engine does not have it.
        TargetUnwritable: There is no room for it on this machine.
    """
    image = require_image(client, image_id)
    file, size = None, 0
    if fits:
        file = kept.new_file()
        doing = translate(N_("keeping {name} for undo")).format(name=short_id(image_id))
        size = write_images(client, [image_id], file, doing=doing, report=report, cancel=cancel)
    kept.marks.append(Mark(image_id, "image", kept=file.name if file else ""))
    kept.marks += [tag_mark(ImageName.parse(name), "", image_id) for name in names_of(image) if "@" not in name]
    return size


def take_image(client: Client, image_id: str) -> None:
    """Remove an image with all its names, unless something needs it; then it keeps them all.

    Raises:
        EngineRefused: The engine's reason.
    """
    names = names_of(require_image(client, image_id))
    try:
        for name in names:
            found = client.find_json("/images/{}/json", image_id)
            if found is not None and name in names_of(found):
                with engine_errors(client.address):
                    client.api.remove_image(name)
        if client.find_json("/images/{}/json", image_id) is not None:
            with engine_errors(client.address):
                client.api.remove_image(image_id)
    except EngineRefused:
        for name in names:
            if "@" not in name:
                _give_name(client, image_id, ImageName.parse(name))
        raise


def require_restorable(client: Client, kept: Kept) -> None:
    """Look whether all images of a record can come back.

    Raises:
        CannotUndo: One of the names stands for another image by now.
    """
    for mark in kept.marks:
        if mark.kind == "tag" and tagged(client, ImageName.parse(mark.path)) not in ("", _image_of(mark)):
            reason = translate(N_("{name} names another image by now")).format(name=mark.path)
            raise CannotUndo(command=kept.command, reason=reason)


def restore_images(client: Client, kept: Kept) -> tuple[list[Change], list[str]]:
    """Load the images of a record again, and give them their names.

    Returns:
        What came back, and the IDs of those that were not kept.

    Raises:
        CannotUndo: A name stands for another image by now, and nothing was done; or an image came back with another ID.
    """
    require_restorable(client, kept)
    changes: list[Change] = []
    lost: list[str] = []
    for mark in kept.marks:
        if mark.kind == "image" and client.find_json("/images/{}/json", mark.path) is None:
            if not mark.kept:
                lost.append(mark.path)
                continue
            read_images(client, kept.folder / mark.kept)
            if client.find_json("/images/{}/json", mark.path) is None:
                reason = translate(N_("the image {id} came back with another ID")).format(id=short_id(mark.path))
                raise CannotUndo(command=kept.command, reason=reason)
            changes.append(Change("create", "image", short_id(mark.path)))
    for mark in kept.marks:
        if mark.kind == "tag" and _image_of(mark) not in lost:
            name = ImageName.parse(mark.path)
            if not tagged(client, name):
                _give_name(client, _image_of(mark), name)
                changes.append(Change("create", "tag", mark.path))
    return changes, lost


def _image_of(mark: Mark) -> str:
    return mark.state.split(" ")[1]


def _give_name(client: Client, image_id: str, name: ImageName) -> None:
    with engine_errors(client.address):
        client.api.tag(image_id, name.familiar_repository, name.tag)
