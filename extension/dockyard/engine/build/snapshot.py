"""What changed in a tree between two steps: every path's record taken after one step, compared with the next.

No program can set a file's ctime, so a record that is the same means a file that is the same.
"""

import os
import stat
import time
from collections.abc import Collection
from dataclasses import dataclass

from dockyard.engine.build.tree import FileTree
from dockyard.engine.images.changes import Change, Kind
from dockyard.engine.images.owners import Owner

__all__ = ["Snapshot"]

TICK_S = 0.001
COARSE_CLOCK = 5
"""``CLOCK_REALTIME_COARSE`` of Linux, which Python has no name for."""


@dataclass(frozen=True)
class _Record:
    """What tells whether a path is still what it was."""

    inode: int
    mode: int
    size_bytes: int
    changed_ns: int
    owner: Owner | None

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


class Snapshot:
    """All paths of a tree as they were at one moment."""

    def __init__(self, records: dict[str, _Record]) -> None:
        self._records = records

    @classmethod
    def take(cls, tree: FileTree) -> "Snapshot":
        """Return a tree as it is now. Whatever is changed after that differs from it."""
        records: dict[str, _Record] = {}
        left = [""]
        while left:
            left += _record(tree, left.pop(), records)
        newest_ns = max((each.changed_ns for each in records.values()), default=0)
        # The kernel stamps files by a clock that ticks every few milliseconds: a change within the same tick would not show.
        while newest_ns >= time.clock_gettime_ns(COARSE_CLOCK) > newest_ns - 10**9:
            time.sleep(TICK_S)
        return cls(records)

    def replaced(self, later: "Snapshot") -> list[str]:
        """Return the paths that in a later snapshot are another file than in this one, or gone."""
        now = later._records
        return [path for path, record in self._records.items() if path not in now or now[path].inode != record.inode]

    def changes_to(self, later: "Snapshot", skip: Collection[str] = ()) -> list[Change]:
        """Return what a later snapshot of the same tree has that this one has not, sorted.

        Args:
            later: Taken after some step.
            skip: Paths that don't count, nor what is below them.
        """
        before, now = self._records, later._records
        skipped = frozenset(skip)
        found = [
            Change(path, Kind.MODIFIED if path in before else Kind.ADDED)
            for path, record in now.items()
            if before.get(path) != record and not _within(path, skipped)
        ]
        for path in before:
            folder = os.path.dirname(path)
            # Where a whole folder is gone, or something else in its place, that says it all.
            folder_is_there = not folder or (folder in now and now[folder].is_folder)
            if path not in now and folder_is_there and not _within(path, skipped):
                found.append(Change(path, Kind.DELETED))
        return sorted(found)


def _record(tree: FileTree, folder: str, records: dict[str, _Record]) -> list[str]:
    """Take what is in a folder, and return the folders among that."""
    owners, folders = tree.owners, []
    with os.scandir(tree.path(folder)) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            status = entry.stat(follow_symlinks=False)
            records[path] = _Record(status.st_ino, status.st_mode, status.st_size, status.st_ctime_ns, owners.get(path))
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
    return folders


def _within(path: str, skipped: frozenset[str]) -> bool:
    while path:
        if path in skipped:
            return True
        path = os.path.dirname(path)
    return False
