"""What a container changed in its files: ``docker diff``."""

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from dockyard.engine.images.owners import Owners
from dockyard.engine.images.unpacking import kept_xattr
from dockyard.tarstream import BUFFER_BYTES

__all__ = ["Change", "Kind", "changes"]


class Kind(IntEnum):
    """What happened to a path, as the API numbers it."""

    MODIFIED = 0
    ADDED = 1
    DELETED = 2


@dataclass(frozen=True, order=True)
class Change:
    """One path that is not as it was.

    Attributes:
        path: Below the root, without a leading slash.
        kind: What happened to it; a folder is modified, too, where something in it is not as it was.
    """

    path: str
    kind: Kind

    def to_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"Path": f"/{self.path}", "Kind": int(self.kind)}


def changes(
    root: Path, base: Path, owners: Owners, base_owners: Owners, since_ns: int, skip: Collection[str] = ()
) -> list[Change]:
    """Return what differs between a container's files and its image's, sorted by path.

    The container's files began as a copy of the image's, with their times. Whatever was touched later has a later ctime, which no program
    can set; only that is compared.

    Args:
        root: The container's files.
        base: The image's.
        owners: Of the container's.
        base_owners: Of the image's.
        since_ns: A moment after the copy and before the first change, from :meth:`Trees.copy`.
        skip: Paths that are not looked at, nor what is below them: where something is mounted.
    """
    comparison = _Comparison(os.fspath(root), os.fspath(base), owners, base_owners, since_ns, frozenset(skip))
    return sorted(comparison.folder("", listed=True, trusted=True))


@dataclass(frozen=True)
class _Comparison:
    root: str
    base: str
    owners: Owners
    base_owners: Owners
    since_ns: int
    skip: frozenset[str]

    def folder(self, inner: str, *, listed: bool, trusted: bool) -> Iterator[Change]:
        """Return what changed in a folder that both have.

        Args:
            inner: Its path.
            listed: Whether names may have come or gone.
            trusted: Whether an old ctime means that nothing happened. In a folder that was moved here, it does not.
        """
        here = {entry.name: entry for entry in os.scandir(f"{self.root}/{inner}")}
        if listed:
            there = {entry.name: entry for entry in os.scandir(f"{self.base}/{inner}")}
            for name in there.keys() - here.keys():
                if (path := _join(inner, name)) not in self.skip:
                    yield Change(path, Kind.DELETED)
        for name, entry in here.items():
            path = _join(inner, name)
            if path in self.skip:
                continue
            status = entry.stat(follow_symlinks=False)
            if listed and name not in there:
                yield from self.added(path, status)
            else:
                yield from self._both(path, status, trusted=trusted)

    def added(self, path: str, status: os.stat_result) -> Iterator[Change]:
        """Return a path that is new, and everything below it."""
        yield Change(path, Kind.ADDED)
        left = [path] if stat.S_ISDIR(status.st_mode) else []
        while left:
            folder = left.pop()
            for entry in os.scandir(f"{self.root}/{folder}"):
                if (inner := _join(folder, entry.name)) not in self.skip:
                    yield Change(inner, Kind.ADDED)
                    if entry.is_dir(follow_symlinks=False):
                        left.append(inner)

    def _both(self, path: str, status: os.stat_result, *, trusted: bool) -> Iterator[Change]:
        touched = status.st_ctime_ns > self.since_ns
        is_folder = stat.S_ISDIR(status.st_mode)
        given = self.owners.get(path) != self.base_owners.get(path)  # which does not touch the file itself
        before = os.lstat(f"{self.base}/{path}") if touched or given or not trusted else None
        differs = before is not None and self._differs(path, status, before, touched=touched)
        if not is_folder:
            if differs:
                yield Change(path, Kind.MODIFIED)
            return
        if before is not None and not stat.S_ISDIR(before.st_mode):
            yield Change(path, Kind.MODIFIED)
            for entry in os.scandir(f"{self.root}/{path}"):
                yield from self.added(_join(path, entry.name), entry.stat(follow_symlinks=False))
            return
        # A folder that was touched may be another one that was moved here.
        inside = list(self.folder(path, listed=before is not None, trusted=trusted and not touched))
        if differs or inside:
            yield Change(path, Kind.MODIFIED)
        yield from inside

    def _differs(self, path: str, now: os.stat_result, before: os.stat_result, *, touched: bool) -> bool:
        if stat.S_IFMT(now.st_mode) != stat.S_IFMT(before.st_mode) or now.st_rdev != before.st_rdev:
            return True
        if self.owners.true(path, now) != self.base_owners.true(path, before):
            return True
        mine, theirs = f"{self.root}/{path}", f"{self.base}/{path}"
        if touched and xattrs(mine) != xattrs(theirs):
            return True
        if stat.S_ISDIR(now.st_mode):
            return False
        if (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size):
            return True
        if stat.S_ISLNK(now.st_mode):
            return os.readlink(mine) != os.readlink(theirs)
        # Its time may have been set back after a change; a link count or a mode that came back touches it, too.
        return touched and stat.S_ISREG(now.st_mode) and not _same_content(mine, theirs)


def xattrs(path: str) -> dict[str, bytes]:
    """Return a file's extended attributes, those that belong into a layer."""
    try:
        names = [name for name in os.listxattr(path, follow_symlinks=False) if kept_xattr(name)]
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in sorted(names)}


def _same_content(one: str, other: str) -> bool:
    with open(one, "rb", buffering=0) as first, open(other, "rb", buffering=0) as second:
        while piece := first.read(BUFFER_BYTES):
            if piece != second.read(BUFFER_BYTES):
                return False
        return not second.read(1)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
