"""What a volume holds, exchanged for what an archive holds, so that it can be taken back.

The engine has no call to empty a volume: it is removed and made again as it was described, which works only while no container has it.
"""

import hashlib
import json
from pathlib import Path

from dockyard.connection import Client
from dockyard.connection.archive import download
from dockyard.errors import CannotUndo, ContentKept, DockyardError, TargetUnwritable
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Result
from dockyard.tasks.compare import Hashes
from dockyard.tasks.holder import holding
from dockyard.tasks.kept import Kept, Mark
from dockyard.tasks.volume_archive import Watch, write_archive
from dockyard.tasks.volume_content import create, find, hashes_of, remove
from dockyard.tasks.volume_fill import PATH, fill
from dockyard.tasks.volume_users import holders

__all__ = ["exchange", "restored_state", "undo_exchange"]


def exchange(
    client: Client, volume: str, archive: Path, state: str, *, command: str, watch: Watch, cancel: Cancel
) -> None:
    """Fill a volume from an archive, and record how to take it back.

    Args:
        client: The engine.
        volume: Its name; made where there is none. No container may have it.
        archive: Checked already.
        state: What :func:`restored_state` says of the archive.
        command: The task's line.
        watch: Called with the count of bytes of the archive read so far.
        cancel: Looked at between pieces.

    Raises:
        Cancelled: ``cancel`` was set; the volume is as before.
        EngineRefused: The engine said no; the volume is as before.
        ContentKept: It broke off, and what the volume had could not be put back.
    """
    before = find(client, volume)
    mark = Mark(volume, "volume")
    with Kept.of(client, command) as kept:
        kept.marks = [mark, Mark(json.dumps(before), "description")]
        if before:
            mark.kept = _keep(client, volume, kept, cancel)
        kept.save()  # before anything is changed: if all breaks off from here on, undo still can take it back
        if before:
            remove(client, volume)
    try:
        create(client, volume, before or {})
        fill(client, volume, archive, watch, cancel)
    except BaseException as error:
        try:
            _put_back(client, kept)
        except DockyardError as fault:
            raise ContentKept(name=volume, reason=str(fault)) from error
        kept.discard()
        raise
    mark.state = state
    kept.save()


def restored_state(found: Hashes) -> str:
    """Return one hash over the files and links that were found, to notice later whether any changed."""
    listed = sorted(each for each in found.items() if not each[1].startswith(("folder ", "pipe ", "device ")))
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def undo_exchange(client: Client, kept: Kept) -> Result:
    """Remove the volume that was made, or bring back what it had.

    Raises:
        CannotUndo: It is gone, has changed since, or a container has it.
    """
    mark = kept.marks[0]
    is_there = find(client, mark.path) is not None
    if mark.state and not is_there:
        raise CannotUndo(command=kept.command, reason=translate(N_("the volume is gone already")))
    if held := holders(client, mark.path):
        reason = translate(N_("the volume belongs to {holders}; remove them first")).format(holders=", ".join(held))
        raise CannotUndo(command=kept.command, reason=reason)
    if mark.state and restored_state(hashes_of(client, mark.path)) != mark.state:
        reason = translate(N_("{path!r} has changed since")).format(path=mark.path)
        raise CannotUndo(command=kept.command, reason=reason)
    _put_back(client, kept)
    kept.discard()
    return Result((Change("change" if mark.kept else "remove", "volume", mark.path),))


def _keep(client: Client, volume: str, kept: Kept, cancel: Cancel) -> str:
    """Write what a volume has into the record's folder, and return the file's name."""
    file, listing = kept.new_file(), kept.new_file()
    try:
        with holding(client, {volume: PATH}) as held, download(client, held, f"{PATH}/.") as (_, reader):
            write_archive(reader, volume, file, listing, cancel=cancel)
    except OSError as error:
        raise TargetUnwritable(path=str(file), reason=error.strerror or str(error)) from error
    return file.name


def _put_back(client: Client, kept: Kept) -> None:
    volume, before = kept.marks[0].path, json.loads(kept.marks[1].path)
    if find(client, volume) is not None:
        remove(client, volume)
    if before:
        create(client, volume, before or {})
        fill(client, volume, kept.folder / kept.marks[0].kept, lambda _: None, NEVER)
