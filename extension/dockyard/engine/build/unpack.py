"""A tar stream unpacked into a tree: a build's context, or an archive that ADD names.

Unlike an image's layer it hides nothing, and it goes where links in the tree lead, though never outside the tree.
"""

import os
import stat
from io import FileIO

from dockyard.engine.build.tree import ROOT, FileTree
from dockyard.engine.errors import BadParameter
from dockyard.engine.files.view import View
from dockyard.engine.images.owners import Owner
from dockyard.engine.images.streams import plain
from dockyard.engine.images.unpacking import archive_errors, make_device
from dockyard.errors import HostileArchive, Truncated
from dockyard.tarstream import BUFFER_BYTES, Member, Reader, TarStream, changed_ns, write_with_holes

__all__ = ["is_archive", "unpack"]


def unpack(reader: Reader, tree: FileTree, folder: str = "") -> None:
    """Unpack a stream, compressed or not.

    Args:
        reader: The stream.
        tree: Where it goes.
        folder: Key of the folder in it that is the archive's root; links, absolute ones too, lead no further up than that.

    Raises:
        BadParameter: It is no archive, or a member could reach outside.
        OSError: Something in the tree is in its way.
    """
    unpacking = _Unpacking(tree, folder)
    stream = TarStream(plain(reader), rooted=False)
    with archive_errors():
        for member in stream:
            try:
                unpacking.take(member, stream)
            except (ValueError, OverflowError) as error:  # such as a name with a zero byte
                raise HostileArchive(member=member.info.name, reason=str(error)) from error
    unpacking.finish()


def is_archive(file: FileIO) -> bool:
    """Return whether a file is a tar archive, compressed or not, with at least one member.

    Raises:
        NotSupported: It may be one, compressed in a way that this engine can't read.
    """
    try:
        return next(iter(TarStream(plain(file), rooted=False)), None) is not None
    except HostileArchive:
        return True
    except (BadParameter, Truncated):
        return False


class _Unpacking:
    """One stream on its way into a tree."""

    def __init__(self, tree: FileTree, folder: str) -> None:
        self._tree, self._folder = tree, folder
        self._view = View(tree.path(folder))
        self._folders: dict[str, Member] = {}
        self._buffer = bytearray(BUFFER_BYTES)

    def take(self, member: Member, stream: TarStream) -> None:
        if not member.name:
            return
        parent, name = os.path.split(member.name)
        key = self._below(self._enter(parent), name)
        there = self._tree.entry(key)
        if member.kind == "folder":
            if there is None or not there.is_folder:
                self._tree.remove(key)
                self._tree.path(key).mkdir(0o700)
            self._folders[key] = member
            return
        self._tree.remove(key)
        self._folders.pop(key, None)
        if member.kind == "hard link":
            self._link(key, member)
        elif self._made(key, member, stream):
            self._settle(key, member)

    def finish(self) -> None:
        for key in sorted(self._folders, reverse=True):
            self._settle(key, self._folders[key])

    def _made(self, key: str, member: Member, stream: TarStream) -> bool:
        path = self._tree.path(key)
        if member.kind == "file":
            with open(self._tree.create(key), "wb", buffering=0) as file:
                for _ in write_with_holes(file, stream.read_into, self._buffer):
                    pass
        elif member.kind == "link":
            os.symlink(member.link, path)
        elif member.kind == "pipe":
            os.mkfifo(path, 0o600)
        else:
            return make_device(str(path), member)
        return True

    def _link(self, key: str, member: Member) -> None:
        parent, name = os.path.split(member.link)
        first = self._below(self._enter(parent), name)
        there = self._tree.entry(first)
        if there is None or there.is_folder:
            raise HostileArchive(
                member=member.info.name, reason=f"is a hard link to {member.link!r}, which is no file of the archive"
            )
        self._tree.link(first, key)

    def _enter(self, folder: str) -> str:
        """Return the key of a folder of the archive, made where it is missing."""
        inner = self._view.resolve(folder).inner.strip("/")
        key = self._below(self._folder, inner)
        self._tree.make_folders(key, ROOT)
        return key

    def _settle(self, key: str, member: Member) -> None:
        info = member.info
        self._tree.settle(key, Owner(info.uid, info.gid, stat.S_IMODE(info.mode)))
        self._tree.stamp(key, changed_ns(info))

    @staticmethod
    def _below(folder: str, name: str) -> str:
        return "/".join(each for each in (folder, name) if each)
