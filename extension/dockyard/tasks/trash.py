"""What is removed, kept for undo: a volume as its own tar stream, in the record of the run that removed it (see :mod:`dockyard.tasks.kept`).

How much is kept is limited, and a plan says beforehand what will not be.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from dockyard.connection import Client
from dockyard.errors import CannotUndo, TooLargeToKeep
from dockyard.locale import N_, translate
from dockyard.tasks.compare import Hashes
from dockyard.tasks.kept import LARGEST_TOTAL_BYTES, Kept, Mark
from dockyard.tasks.unpack import require_room
from dockyard.tasks.volume_content import content_parts, create, fill_from, find, hashes_of, is_outside, remove, tee
from dockyard.wording import human_size

__all__ = ["KEEP_BYTES", "fits", "forget_volume", "keep_volume", "restore_volumes", "write_kept"]

KEEP_BYTES = LARGEST_TOTAL_BYTES
Watch = Callable[[int], None]


def fits(size_bytes: int | None, left_bytes: int) -> bool:
    """Whether something of this size is to be kept, of which there is room for ``left_bytes``; what is not known is tried."""
    return size_bytes is None or size_bytes <= left_bytes


def keep_volume(client: Client, kept: Kept, volume: dict[str, Any], left_bytes: int, watch: Watch) -> Mark:
    """Put a volume's content into a run's record, and its mark with it.

    Args:
        client: The engine.
        kept: The record.
        volume: The engine's description of it. Of one that names a place outside of Docker, the description alone is kept.
        left_bytes: The most that may be written.
        watch: Called with the count of bytes so far; what it raises ends it.

    Returns:
        The mark; its ``state`` is the description as JSON, its ``kept`` the stream's file.

    Raises:
        TooLargeToKeep: It is larger than that.
        DiskWouldFill: This machine's disk has not that much room.
    """
    mark = Mark(volume["Name"], "volume", json.dumps(_description(volume)))
    if not is_outside(volume):
        hashes: Hashes = {}
        with content_parts(client, volume["Name"], hashes) as parts:
            mark.kept = write_kept(kept, volume["Name"], parts, left_bytes, watch)
    kept.marks.append(mark)
    return mark


def forget_volume(kept: Kept, volume: dict[str, Any]) -> None:
    """Note that a run removes a volume for good, so that its undo says so."""
    kept.marks.append(Mark(volume["Name"], "volume"))


def write_kept(kept: Kept, name: str, parts: Iterable[bytes], left_bytes: int, watch: Watch) -> str:
    """Write a stream to a new file of a record, durably, and return the file's name. See :func:`keep_volume`."""
    path = kept.new_file()
    written = 0
    with path.open("wb") as file:
        for part in parts:
            watch(written)
            written += len(part)
            if written > left_bytes:
                raise TooLargeToKeep(name=name, limit=human_size(left_bytes))
            require_room(kept.folder, name, len(part))
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    watch(written)
    return path.name


def restore_volumes(client: Client, kept: Kept) -> tuple[list[str], list[str]]:
    """Make the volumes of a record anew, with their labels and options, and fill them.

    One that is there as it was kept is left as it is: the run may have broken off before it.

    Returns:
        Names of those restored, and of those that were not kept.

    Raises:
        CannotUndo: Another volume has one of the names; nothing was made.
        CopyDiffers: A volume is not as it was kept; those that were made are removed again, and the record stays.
    """
    missing = []
    for mark in kept.marks:
        if mark.kind == "volume" and mark.state:
            there = find(client, mark.path)
            if there is None:
                missing.append(mark)
            elif _description(there) != json.loads(mark.state) or not _holds_the_same(client, kept, mark):
                reason = translate(N_("there is another volume {name!r} now")).format(name=mark.path)
                raise CannotUndo(command=kept.command, reason=reason)
    made: list[str] = []
    try:
        for mark in missing:
            create(client, mark.path, json.loads(mark.state))
            made.append(mark.path)
            if mark.kept:
                with (kept.folder / mark.kept).open("rb", buffering=0) as file:
                    fill_from(client, mark.path, file)
    except BaseException:
        for name in made:
            remove(client, name)
        raise
    return made, [mark.path for mark in kept.marks if mark.kind == "volume" and not mark.state]


def _holds_the_same(client: Client, kept: Kept, mark: Mark) -> bool:
    if not mark.kept:
        return True
    expected: Hashes = {}
    with (kept.folder / mark.kept).open("rb", buffering=0) as file:
        for _ in tee(file, expected):
            pass
    return expected == hashes_of(client, mark.path)


def _description(volume: dict[str, Any]) -> dict[str, Any]:
    """What makes a volume the one that it is."""
    return {key: volume.get(key) or None for key in ("Name", "Driver", "Labels", "Options")}
