"""Layers: made of changes, and unpacked (OCI Image Specification, "Image Layer Filesystem Changeset")."""

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dockyard.engine.errors import ServerError
from dockyard.engine.images.blobs import Blobs, BlobWriter
from dockyard.engine.images.changes import Change, Kind, changes, xattrs
from dockyard.engine.images.image import LAYER_PLAIN, Layer
from dockyard.engine.images.owners import Owners
from dockyard.engine.images.streams import plain
from dockyard.engine.images.unpacking import WHITEOUT, XATTR, unpack_layer
from dockyard.tarstream import BUFFER_BYTES, Reader

__all__ = ["Change", "Kind", "changes", "everything", "open_layer", "unpack_layer", "write_layer"]

END = b"\0" * (2 * tarfile.BLOCKSIZE)
SECOND_NS = 10**9
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def open_layer(blobs: Blobs, layer: Layer) -> Iterator[Reader]:
    """Give a layer's tar stream, decompressed as it is read."""
    with blobs.open(layer.blob) as file:
        yield file if layer.is_plain else plain(file)


def write_layer(blobs: Blobs, root: Path, changed: Iterable[Change], owners: Owners) -> Layer:
    """Write a layer of changes and return it; the same files give the same layer.

    Args:
        blobs: Where it goes.
        root: The files as they are now.
        changed: What changed, sorted: from :func:`changes`, or :func:`everything`.
        owners: Of the files.

    Raises:
        ServerError: A file changed while it was read.
    """
    with blobs.writer() as writer:
        with _Writing(os.fspath(root), owners, writer) as writing:
            for change in changed:
                writing.add(change)
        writer.write(END)
        digest = writer.commit()
        return Layer(digest, digest, LAYER_PLAIN, writer.size_bytes, writing.unpacked_bytes)


def everything(root: Path) -> Sequence[Change]:
    """Return all that is below a folder, as if it were new."""
    found = []
    for folder, folders, files in os.walk(root):
        inner = os.path.relpath(folder, root)
        found += [Change(os.path.normpath(f"{inner}/{name}"), Kind.ADDED) for name in folders + files]
    return sorted(found)


class _Writing:
    """A layer on its way into a blob."""

    def __init__(self, root: str, owners: Owners, writer: BlobWriter) -> None:
        self._root, self._owners, self._writer = root, owners, writer
        self._entered: list[tuple[str, int]] = []
        self._first: dict[tuple[int, int], str] = {}
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self.unpacked_bytes = 0

    def __enter__(self) -> "_Writing":
        self._entered.append(("", os.open(self._root, FOLDER)))
        return self

    def __exit__(self, *error: object) -> None:
        for _, opened in self._entered:
            os.close(opened)

    def add(self, change: Change) -> None:
        folder, name = os.path.split(change.path)
        if name.startswith(WHITEOUT):
            return  # a layer can't hold it: the name would hide another
        if change.kind == Kind.DELETED:
            self._put(tarfile.TarInfo(os.path.join(folder, WHITEOUT + name)), 0)
            return
        try:
            path = f"{self._enter(folder)}/{name}"
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return  # gone since it was found, as files of a running container may be
        if stat.S_ISSOCK(status.st_mode):
            return  # a socket means nothing without the process that listens
        info = self._info(change.path, path, status)
        self._put(info, status.st_mtime_ns)
        self.unpacked_bytes += len(os.fsencode(info.linkname)) if info.issym() else info.size
        if info.isreg() and info.size:
            self._copy(path, info.size)

    def _enter(self, folder: str) -> str:
        """Return a path to a folder that was reached without following any link, whatever the container does meanwhile."""
        while (known := self._entered[-1][0]) and known != folder and not folder.startswith(f"{known}/"):
            os.close(self._entered.pop()[1])
        for name in folder[len(known) :].split("/"):
            if name:
                above, opened = self._entered[-1]
                self._entered.append((f"{above}/{name}" if above else name, os.open(name, FOLDER, dir_fd=opened)))
        return f"/proc/self/fd/{self._entered[-1][1]}"

    def _info(self, inner: str, path: str, status: os.stat_result) -> tarfile.TarInfo:
        info = tarfile.TarInfo(inner)
        owner = self._owners.true(inner, status)
        info.uid, info.gid, info.mode = owner.uid, owner.gid, owner.mode
        kind = stat.S_IFMT(status.st_mode)
        info.type = TYPES[kind]
        if kind == stat.S_IFLNK:
            info.linkname = os.readlink(path)
        elif kind in (stat.S_IFCHR, stat.S_IFBLK):
            info.devmajor, info.devminor = os.major(status.st_rdev), os.minor(status.st_rdev)
        elif kind == stat.S_IFREG:
            first = self._first.setdefault((status.st_dev, status.st_ino), inner)
            if first != inner:
                info.type, info.linkname = tarfile.LNKTYPE, first
                return info
            info.size = status.st_size
        found = xattrs(path).items()
        info.pax_headers = {XATTR + name: value.decode("utf-8", "surrogateescape") for name, value in found}
        return info

    def _put(self, info: tarfile.TarInfo, changed_ns: int) -> None:
        info.mtime, fraction = divmod(changed_ns, SECOND_NS)
        if fraction and changed_ns > 0:
            info.pax_headers = {**info.pax_headers, "mtime": f"{info.mtime}.{fraction:09d}"}
        self._writer.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))

    def _copy(self, path: str, size_bytes: int) -> None:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        left = size_bytes
        with open(opened, "rb", buffering=0) as file:
            while left:
                count = file.readinto(self._buffer[: min(left, BUFFER_BYTES)])
                if not count:
                    raise ServerError(f"{path} became shorter while it was read")
                self._writer.write(self._buffer[:count])
                left -= count
        self._writer.write(b"\0" * (-size_bytes % tarfile.BLOCKSIZE))


TYPES = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
}
