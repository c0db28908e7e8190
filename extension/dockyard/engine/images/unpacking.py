"""A layer's files written onto the files of the layers below it (OCI Image Specification, "Applying Changesets")."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.owners import Owner, Owners, settle
from dockyard.errors import HostileArchive, Truncated
from dockyard.tarstream import BUFFER_BYTES, Member, Reader, TarStream, changed_ns, write_with_holes

__all__ = ["WHITEOUT", "archive_errors", "kept_xattr", "make_device", "unpack_layer", "unpacked_bytes"]

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
AUFS = ".wh..wh."
XATTR = "SCHILY.xattr."
PATH_MAX = 4096
LARGEST_ID = (1 << 32) - 2
SHOWN = 100


def unpack_layer(reader: Reader, root: Path, owners: Owners) -> int:
    """Apply a layer and return the sum of its files' lengths.

    Files that are there already are replaced, never written to: they may be shared with other trees.

    Args:
        reader: Its tar stream, not compressed.
        root: The files of the layers below, in a private folder that nobody else writes to.
        owners: Of those files; changed with them.

    Raises:
        BadParameter: It is no archive, or a member could reach outside.
    """
    unpacking = _Unpacking(root, owners)
    stream = TarStream(reader, rooted=False)
    with archive_errors():
        for member in stream:
            try:
                unpacking.apply(member, stream)
            except (
                ValueError,
                OverflowError,
            ) as error:  # such as a name with a zero byte, or a time after the end of time
                raise HostileArchive(member=member.info.name, reason=str(error)) from error
    unpacking.finish()
    return unpacking.size_bytes


def unpacked_bytes(member: Member) -> int:
    """Return what a member adds to an image's size, as Docker counts: a file's length, and that of where a link leads."""
    return len(os.fsencode(member.link)) if member.kind == "link" else member.size_bytes


@contextmanager
def archive_errors() -> Iterator[None]:
    """Turn what is wrong with an archive into the API's error."""
    try:
        yield
    except HostileArchive as error:
        raise BadParameter(f"invalid archive: {error.facts['member']!r} {error.facts['reason']}") from error
    except Truncated as error:
        raise BadParameter("invalid archive: archive/tar: invalid tar header or unexpected EOF") from error


def kept_xattr(name: str) -> bool:
    """Whether an extended attribute is part of a file's content, and not of the file system it happens to be on."""
    return name.startswith("user.") or name == "security.capability"


class _Unpacking:
    """One layer on its way into a root."""

    def __init__(self, root: Path, owners: Owners) -> None:
        self._root, self._owners = os.fspath(root), owners
        self._made: set[str] = set()
        self._busy: set[str] = set()  # folders that hold something of this layer
        self._links: set[str] = set()
        self._real_folders = {""}
        self._folders: dict[str, Member] = {}
        self._buffer = bytearray(BUFFER_BYTES)
        self.size_bytes = 0

    def apply(self, member: Member, stream: TarStream) -> None:
        if len(os.fsencode(self._path(member.name))) >= PATH_MAX:
            raise HostileArchive(member=f"{member.info.name[:SHOWN]}...", reason="has a name that is too long")
        if not (0 <= member.info.uid <= LARGEST_ID and 0 <= member.info.gid <= LARGEST_ID):
            raise HostileArchive(member=member.info.name, reason=f"belongs to {member.info.uid}:{member.info.gid}")
        parent, name = os.path.split(member.name)
        if not name:
            if member.kind == "folder":
                self._folders[""] = member
            return
        self._enter(parent, member)
        if name.startswith(WHITEOUT):
            self._white_out(parent, name, member)
            return
        path = self._path(member.name)
        if member.kind == "folder":
            self._make_folder(member.name)
            self._folders[member.name] = member
        else:
            self._remove(member.name)
            self._make(path, member, stream)
        self._made.add(member.name)
        while parent and parent not in self._busy:
            self._busy.add(parent)
            parent = os.path.dirname(parent)
        self.size_bytes += unpacked_bytes(member)

    def finish(self) -> None:
        """Give folders their owners and times, now that nothing is written into them any more."""
        for name in sorted(self._folders, reverse=True):
            self._settle(self._path(name), self._folders[name])

    def _make(self, path: str, member: Member, stream: TarStream) -> None:
        if member.kind == "hard link":
            self._link(path, member)
            return  # it is the other file, whose owner and time it has
        if member.kind == "file":
            created = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(created, "wb", buffering=0) as file:
                for _ in write_with_holes(file, stream.read_into, self._buffer):
                    pass
                os.fchmod(created, 0o600 | (member.info.mode & 0o777))
        elif member.kind == "link":
            os.symlink(member.link, path)
            self._links.add(member.name)
        elif member.kind == "pipe":
            os.mkfifo(path, 0o600)
        elif not make_device(path, member):
            return
        self._settle(path, member)

    def _link(self, path: str, member: Member) -> None:
        self._enter(os.path.dirname(member.link), member)
        try:
            os.link(self._path(member.link), path, follow_symlinks=False)
        except (FileNotFoundError, PermissionError) as error:
            raise HostileArchive(
                member=member.info.name, reason=f"is a hard link to {member.link!r}, which is no file of the image"
            ) from error
        self._owners.share(member.link, member.name)

    def _settle(self, path: str, member: Member) -> None:
        info = member.info
        settle(Path(path), member.name, Owner(info.uid, info.gid, stat.S_IMODE(info.mode)), self._owners)
        for key, value in info.pax_headers.items():
            if key.startswith(XATTR) and kept_xattr(name := key.removeprefix(XATTR)):
                _set_xattr(path, name, str(value).encode("utf-8", "surrogateescape"))
        when = changed_ns(info)
        os.utime(path, ns=(when, when), follow_symlinks=False)

    def _enter(self, folder: str, member: Member) -> None:
        """Make sure that every part of ``folder`` is a real folder, so that no link leads anywhere else.

        What the layers below have there, and is none, gives way, as it does where layers are stacked.
        """
        missing = []
        while folder not in self._real_folders:
            missing.append(folder)
            folder = os.path.dirname(folder)
        for each in reversed(missing):
            if each in self._links:
                raise HostileArchive(member=member.info.name, reason=f"stands below {each!r}, which is a link")
            self._make_folder(each)

    def _make_folder(self, name: str) -> None:
        if name in self._real_folders:
            return
        path = self._path(name)
        try:
            is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
        except FileNotFoundError:
            is_folder = False
        if not is_folder:
            self._remove(name)
            os.mkdir(path, 0o755)
        self._real_folders.add(name)

    def _white_out(self, parent: str, name: str, member: Member) -> None:
        if name == OPAQUE:
            for each in os.listdir(self._path(parent)):
                self._hide(f"{parent}/{each}" if parent else each)
        elif not name.startswith(AUFS):
            hidden = name.removeprefix(WHITEOUT)
            if hidden in ("", ".", ".."):
                raise HostileArchive(member=member.info.name, reason="hides what is no file")
            self._hide(f"{parent}/{hidden}" if parent else hidden)

    def _hide(self, name: str) -> None:
        """Remove what the layers below have; what this layer brought stays, whatever the order."""
        if name not in self._made and name not in self._busy:
            self._remove(name)
        elif name in self._real_folders:
            for each in os.listdir(self._path(name)):
                self._hide(f"{name}/{each}")

    def _remove(self, name: str) -> None:
        path = self._path(name)
        try:
            is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
        except FileNotFoundError:
            return
        if is_folder:
            shutil.rmtree(path)
            self._owners.forget(name)
            for known in (self._real_folders, self._made, self._busy, self._links):
                known.difference_update({each for each in known if each == name or each.startswith(f"{name}/")})
            self._folders = {
                key: each for key, each in self._folders.items() if key != name and not key.startswith(f"{name}/")
            }
        else:
            os.unlink(path)
            self._owners.clear(name)
            self._links.discard(name)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root


def make_device(path: str, member: Member) -> bool:
    """Make a device where the kernel lets this user; the runner gives containers the usual ones in any case."""
    kind = stat.S_IFCHR if member.info.ischr() else stat.S_IFBLK
    try:
        os.mknod(path, kind | 0o600, os.makedev(member.info.devmajor, member.info.devminor))
    except PermissionError:
        return False
    return True


def _set_xattr(path: str, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.EPERM):
            raise
