"""Files and folders put into a stage's tree, by the rules of COPY and ADD (Dockerfile reference, "COPY")."""

import os
import stat
from dataclasses import dataclass
from io import FileIO

from dockyard.engine.build.sources import Source
from dockyard.engine.build.tree import ROOT, Entry, FileTree
from dockyard.engine.build.unpack import is_archive, unpack
from dockyard.engine.images.owners import Owner

__all__ = ["Copying"]


@dataclass(frozen=True)
class Copying:
    """What the copies of one instruction have in common.

    Attributes:
        tree: Where they go.
        owner: (uid, gid) that they get; None keeps those that they have.
        mode: Permission bits that they get; None keeps those that they have.
    """

    tree: FileTree
    owner: tuple[int, int] | None
    mode: int | None = None

    def copy(self, source: Source, destination: str) -> None:
        """Copy one source.

        Args:
            source: What.
            destination: Where to: an absolute path; a folder if it ends with a slash, or is one.

        Raises:
            OSError: Something is in the way.
        """
        key = self.tree.key(destination)
        if source.entry.is_folder:
            self._copy_folder(source, key)
        elif source.may_unpack and self._is_archive(source):
            self._unpack(source, key)
        else:
            there = self.tree.entry(key)
            if destination.endswith("/") or (there and there.is_folder):
                key = f"{key}/{source.name}" if key else source.name
            self._copy_file(source, key)

    def _copy_folder(self, source: Source, key: str) -> None:
        there = self.tree.entry(key)
        if there and not there.is_folder:
            raise NotADirectoryError(f"failed to copy directory: mkdir /{key}: not a directory")
        self.tree.make_folders(key)
        if there is None and self.owner:
            self.tree.settle(key, Owner(*self.owner, ROOT.mode))
        first: dict[tuple[int, int], str] = {}
        folders: list[tuple[str, Entry]] = []
        for entry in source.tree.below(source.entry.key):
            inner = entry.key[len(source.entry.key) :].lstrip("/")
            target = f"{key}/{inner}" if key else inner
            if entry.is_folder:
                self._make_folder(target)
                folders.append((target, entry))
            elif (same := first.setdefault((entry.status.st_dev, entry.status.st_ino), target)) != target:
                self.tree.remove(target)
                self.tree.link(same, target)
            else:
                self._put(source, entry, target)
        for target, entry in reversed(folders):
            self._finish(source, entry, target)

    def _make_folder(self, target: str) -> None:
        there = self.tree.entry(target)
        if there is None or not there.is_folder:
            self.tree.remove(target)
            self.tree.path(target).mkdir(0o700)

    def _copy_file(self, source: Source, key: str) -> None:
        parents = Owner(*self.owner, ROOT.mode) if self.owner else ROOT
        self.tree.make_folders(os.path.dirname(key), parents)
        self._put(source, source.entry, key)

    def _put(self, source: Source, entry: Entry, key: str) -> None:
        path, mode = self.tree.path(key), entry.status.st_mode
        if entry.is_file:
            self.tree.copy_bytes(key, source.tree.path(entry.key))
        elif stat.S_ISSOCK(mode):
            return  # it means nothing without the program that listens
        else:
            self.tree.remove(key)
            if entry.is_link:
                os.symlink(os.readlink(source.tree.path(entry.key)), path)
            elif stat.S_ISFIFO(mode):
                os.mkfifo(path, 0o600)
            else:
                os.mknod(path, stat.S_IFMT(mode) | 0o600, entry.status.st_rdev)
        self._finish(source, entry, key)

    def _finish(self, source: Source, entry: Entry, key: str) -> None:
        """Give something its owner, mode and time."""
        true = source.tree.owner(entry)
        uid, gid = self.owner or (true.uid, true.gid)
        mode = next(each for each in (None if entry.is_link else self.mode, source.mode, true.mode) if each is not None)
        self.tree.settle(key, Owner(uid, gid, mode))
        self.tree.stamp(key, entry.status.st_mtime_ns)

    def _is_archive(self, source: Source) -> bool:
        if not source.entry.is_file:
            return False  # to open a pipe would be to wait for someone who writes
        with FileIO(source.tree.path(source.entry.key)) as file:
            return is_archive(file)

    def _unpack(self, source: Source, key: str) -> None:
        self.tree.make_folders(key)
        with FileIO(source.tree.path(source.entry.key)) as file:
            unpack(file, self.tree, key)
