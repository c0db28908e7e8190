"""Files of a container, sent as a tar stream the way Docker sends them (Docker Engine API, ``GET /containers/{id}/archive``)."""

import errno
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

from dockyard.engine.files.ownership import Ownership
from dockyard.engine.files.tar_header import END, Header, padding
from dockyard.engine.files.view import Held, View

__all__ = ["Packer", "Sink"]

SMALL_BYTES = 64 << 10
PIECE_BYTES = 256 << 10
CAPABILITY = "security.capability"
# What the kernel says of a name that was a folder, a file or a link a moment ago, and is something else or nothing now.
CHANGED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL)
TYPES = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
}


class Sink(Protocol):
    """Where the stream goes: ``http.response.Sink`` is one."""

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Send ``data``."""
        ...

    def send_file(self, file: BinaryIO | int, offset: int, count: int) -> None:
        """Send ``count`` bytes of an open file."""
        ...


class _Spot(NamedTuple):
    """One file, folder or link to be sent.

    Attributes:
        path: Its name in ``parent``; or, without that, a path of this machine, which is followed: a mount's source or a root.
        parent: Descriptor of the folder that it stands in.
        inner: Its path as the container sees it.
        mount: The mount that it lies in.
        key: Its path there.
        name: Its name in the stream.
    """

    path: str
    parent: int | None
    inner: str
    mount: str | None
    key: str
    name: str


@dataclass
class _Folder:
    """A folder that is being sent.

    Attributes:
        spot: Where it is.
        opened: Its descriptor.
        narrowed: The mode it gets back in the end, where it had to be opened up to be gone through.
        children: What is still to be sent.
    """

    spot: _Spot
    opened: int
    narrowed: int | None
    children: Iterator[str]

    def close(self) -> None:
        if self.narrowed is not None:
            os.fchmod(self.opened, self.narrowed)
        os.close(self.opened)


class Packer:
    """Sends what a view shows. The container may run meanwhile: nothing is followed, and what is gone is left out."""

    def __init__(self, view: View, ownership: Ownership, sink: Sink) -> None:
        self._ownership, self._sink = ownership, sink
        self._mounts = view.mounts
        self._buffer = bytearray()
        self._seen: dict[tuple[int, int], str] = {}

    def add(self, held: Held, name: str, *, with_itself: bool = True) -> None:
        """Send a file, or a folder with all that it holds.

        Args:
            held: What.
            name: Its name in the stream; ``"."`` for what stands below ``./``, and empty for what begins with a slash.
            with_itself: Whether a folder has an entry of its own; without, names begin with its children's.
        """
        place = held.place
        path = str(place.host) if held.parent is None else held.name
        top = self._send(_Spot(path, held.parent, place.inner, place.mount, place.key, name), with_itself=with_itself)
        way = [top] if top else []
        try:
            while way:
                child = next(way[-1].children, None)
                if child is None:
                    way.pop().close()
                elif below := self._send(self._child(way[-1], child)):
                    way.append(below)
        finally:
            for folder in reversed(way):
                folder.close()

    def finish(self) -> None:
        """Send the end mark."""
        self._buffer += END
        self._flush()

    def _child(self, folder: _Folder, child: str) -> _Spot:
        above = folder.spot
        inner, name = _below(above.inner, child), above.name + child
        if inner in self._mounts:
            return _Spot(self._mounts[inner].source, None, inner, inner, "", name)
        key = f"{above.key}/{child}" if above.key else child
        return _Spot(child, folder.opened, inner, above.mount, key, name)

    def _send(self, spot: _Spot, *, with_itself: bool = True) -> _Folder | None:
        """Send an entry; return it if it is a folder to be gone through."""
        try:
            status, opened, link = _looked_at(spot)
        except OSError as error:
            if error.errno in CHANGED:
                return None  # it is gone, or something else has taken its place
            raise
        if opened is None:
            self._header(spot, status, link=link)
            return None
        if stat.S_ISDIR(status.st_mode):
            spot = spot._replace(name=f"{spot.name}/" if with_itself else "")
            if with_itself:
                self._header(spot, status)
            return _Folder(spot, opened, _opened_up(opened, status), iter(self._names(opened, spot.inner)))
        try:
            self._send_file(spot, opened, status)
        finally:
            os.close(opened)
        return None

    def _names(self, opened: int, inner: str) -> list[str]:
        """What stands in a folder, mounts included that have no place in it yet, in order."""
        prefix = _below(inner, "")
        mounted = {each[len(prefix) :] for each in self._mounts if each.startswith(prefix)}
        return sorted({*os.listdir(opened), *(each for each in mounted if "/" not in each)})

    def _send_file(self, spot: _Spot, opened: int, status: os.stat_result) -> None:
        if status.st_nlink > 1:
            first = self._seen.setdefault((status.st_dev, status.st_ino), spot.name)
            if first != spot.name:
                self._header(spot, status, link=first, kind=tarfile.LNKTYPE)
                return
        size_bytes = status.st_size
        self._header(spot, status, size_bytes=size_bytes, records=_capability(opened, status))
        if size_bytes > SMALL_BYTES:
            self._flush()
            self._sink.send_file(opened, 0, size_bytes)
        elif len(content := os.read(opened, size_bytes)) < size_bytes:
            raise EOFError(f"{spot.inner} became shorter while it was read")
        else:
            self._buffer += content
        self._buffer += padding(size_bytes)

    def _header(
        self,
        spot: _Spot,
        status: os.stat_result,
        *,
        size_bytes: int = 0,
        link: str = "",
        kind: bytes | None = None,
        records: dict[str, str] | None = None,
    ) -> None:
        kind = kind or TYPES.get(stat.S_IFMT(status.st_mode))
        if kind is None:
            return  # a socket means nothing elsewhere
        owner = self._ownership.true(spot.mount, spot.key, status)
        is_device = kind in (tarfile.CHRTYPE, tarfile.BLKTYPE)
        self._buffer += bytes(
            Header(
                name=spot.name,
                type=kind,
                mode=stat.S_IFMT(status.st_mode) | owner.mode,
                uid=owner.uid,
                gid=owner.gid,
                size_bytes=size_bytes,
                changed=status.st_mtime_ns // 10**9,
                link=link,
                device=(os.major(status.st_rdev), os.minor(status.st_rdev)) if is_device else (0, 0),
                records=records or {},
            )
        )
        if len(self._buffer) >= PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._buffer:
            self._sink.write(self._buffer)
            self._buffer = bytearray()


def _looked_at(spot: _Spot) -> tuple[os.stat_result, int | None, str]:
    """Return what an entry is; opened, if it is a file or folder; and where it leads, if it is a link.

    Raises:
        OSError: It changed meanwhile, see :data:`CHANGED`, or can't be read.
    """
    status = os.stat(spot.path, dir_fd=spot.parent, follow_symlinks=spot.parent is None)
    if stat.S_ISLNK(status.st_mode):
        return status, None, os.readlink(spot.path, dir_fd=spot.parent)
    if not stat.S_ISDIR(status.st_mode) and not stat.S_ISREG(status.st_mode):
        return status, None, ""
    opened = _opened(spot, os.O_DIRECTORY if stat.S_ISDIR(status.st_mode) else os.O_NONBLOCK)
    now = os.fstat(opened)
    if stat.S_IFMT(now.st_mode) != stat.S_IFMT(status.st_mode):
        os.close(opened)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), spot.inner)
    return now, opened, ""


def _opened(spot: _Spot, kind: int) -> int:
    """Open a file or folder to read, even where the container took this user's right to do so: Docker reads it as root."""
    how = os.O_CLOEXEC | (os.O_NOFOLLOW if spot.parent is not None else 0)
    try:
        return os.open(spot.path, os.O_RDONLY | kind | how, dir_fd=spot.parent)
    except PermissionError:
        held = os.open(spot.path, os.O_PATH | how, dir_fd=spot.parent)
    try:
        file, mode = f"/proc/self/fd/{held}", stat.S_IMODE(os.fstat(held).st_mode)
        os.chmod(file, mode | 0o700)
        try:
            return os.open(file, os.O_RDONLY | os.O_CLOEXEC | kind)
        finally:
            os.chmod(file, mode)
    finally:
        os.close(held)


def _opened_up(opened: int, status: os.stat_result) -> int | None:
    """Let this user go through a folder that the container closed to itself; return the mode that it had."""
    mode = stat.S_IMODE(status.st_mode)
    if os.geteuid() == 0 or status.st_uid != os.geteuid() or mode & stat.S_IXUSR:
        return None
    os.fchmod(opened, mode | stat.S_IRWXU)
    return mode


def _below(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


def _capability(opened: int, status: os.stat_result) -> dict[str, str]:
    """The one extended attribute that Docker sends."""
    if not status.st_mode & 0o111:
        return {}
    try:
        value = os.getxattr(opened, CAPABILITY)
    except OSError:
        return {}
    return {f"SCHILY.xattr.{CAPABILITY}": value.decode("utf-8", "surrogateescape")}
