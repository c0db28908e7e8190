"""A tree of files that a build reads or writes: its context, what a stage has so far, another image.

While an instruction copies, no program runs in the tree, so what a path leads to stays what it is. Links are followed inside the root only.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dockyard.engine.files.view import View
from dockyard.engine.images.owners import Owner, Owners, settle
from dockyard.engine.images.unpacking import kept_xattr

__all__ = ["FOLDER_MODE", "ROOT", "Entry", "FileTree"]

FOLDER_MODE = 0o755
ROOT = Owner(0, 0, FOLDER_MODE)
COPY_BYTES = 1 << 30


@dataclass(frozen=True)
class Entry:
    """Something in a tree.

    Attributes:
        key: Its path below the root, without a leading slash; empty for the root itself.
        status: As the disk has it, not followed.
    """

    key: str
    status: os.stat_result

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, not a link to one."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file."""
        return stat.S_ISREG(self.status.st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.status.st_mode)


class FileTree:
    """Files below one root, with the owners that they should have."""

    def __init__(self, root: Path, owners: Owners | None = None) -> None:
        self.root = root
        self.owners = owners if owners is not None else Owners()

    @property
    def view(self) -> View:
        """The tree as a program in it sees it."""
        return View(self.root)

    def key(self, path: str, *, follow_last: bool = True) -> str:
        """Return where a path leads, links followed, whether or not something is there.

        Raises:
            OSError: A part of it is a file, or its links lead around in circles.
        """
        return self.view.resolve(path, follow_last).key

    def path(self, key: str) -> Path:
        """Return where something lies on this machine."""
        return self.root / key if key else self.root

    def entry(self, key: str) -> Entry | None:
        """Return what is at a key; None where nothing is."""
        try:
            return Entry(key, self.path(key).lstat())
        except FileNotFoundError:
            return None

    def owner(self, entry: Entry) -> Owner:
        """Return whose something is, and its true mode."""
        return self.owners.true(entry.key, entry.status)

    def below(self, key: str) -> Iterator[Entry]:
        """Return all that is below a folder, sorted, folders before what they hold."""
        left = self._inside(key)
        while left:
            entry = Entry(inner := left.pop(), self.path(inner).lstat())
            yield entry
            if entry.is_folder:
                left += self._inside(inner)

    def _inside(self, key: str) -> list[str]:
        """The keys of what a folder holds, the last first."""
        names = sorted(os.listdir(self.path(key)), key=os.fsencode, reverse=True)
        return [f"{key}/{name}" if key else name for name in names]

    def settle(self, key: str, owner: Owner) -> None:
        """Give something its owner and mode."""
        settle(self.path(key), key, owner, self.owners)

    def make_folders(self, key: str, owner: Owner = ROOT) -> bool:
        """Make a folder and those above it that are missing; return whether there was anything to make.

        Raises:
            NotADirectoryError: Something else is in its place.
        """
        missing = []
        while (there := self.entry(key)) is None:
            missing.append(key)
            key = os.path.dirname(key)
        if not there.is_folder:
            raise NotADirectoryError(f"/{key} is not a directory")
        for each in reversed(missing):
            self.path(each).mkdir(FOLDER_MODE)
            self.settle(each, owner)
        return bool(missing)

    def remove(self, key: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        there = self.entry(key)
        if there is None:
            return
        if there.is_folder:
            shutil.rmtree(self.path(key))
        else:
            self.path(key).unlink()
        self.owners.forget(key)

    def link(self, first: str, key: str) -> None:
        """Give the file at ``first`` another name, with the same owner."""
        os.link(self.path(first), self.path(key), follow_symlinks=False)
        self.owners.share(first, key)

    def create(self, key: str) -> int:
        """Make an empty file, in place of what is not a folder, and return it open for writing."""
        self.remove(key)
        return os.open(self.path(key), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def copy_bytes(self, key: str, source: Path) -> None:
        """Make a file with the bytes and extended attributes of another, shared with it where the file system can."""
        opened = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            target = self.create(key)
            try:
                _copy(opened, target)
                for name in filter(kept_xattr, _xattrs(opened)):
                    _kept(lambda name=name: os.setxattr(target, name, os.getxattr(opened, name)))  # type: ignore[misc]
            finally:
                os.close(target)
        finally:
            os.close(opened)

    def stamp(self, key: str, changed_ns: int) -> None:
        """Give something its modification time."""
        os.utime(self.path(key), ns=(changed_ns, changed_ns), follow_symlinks=False)


def _copy(source: int, target: int) -> None:
    try:
        while os.copy_file_range(source, target, COPY_BYTES):
            pass
    except OSError:  # not between these file systems
        os.lseek(source, 0, os.SEEK_SET)
        os.lseek(target, 0, os.SEEK_SET)
        with open(source, "rb", closefd=False) as read, open(target, "wb", closefd=False) as written:
            shutil.copyfileobj(read, written, 1 << 20)


def _xattrs(opened: int) -> list[str]:
    try:
        return os.listxattr(opened)
    except OSError:  # a file system without them
        return []


def _kept(give: Callable[[], None]) -> None:
    try:
        give()
    except OSError:  # a right or a file system that this user does not have
        return
