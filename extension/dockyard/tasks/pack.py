"""A file or folder of this machine, as a tar stream in constant memory.

The stream is the one that ``docker cp`` sends: owner, mode, links and special files as they are, sockets left out, and hard links kept.
Times keep their fraction of a second, which ``docker cp`` drops.
"""

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dockyard.connection.archive import FileBytes, Part
from dockyard.errors import NoSuchPath, NotADirectory, SourceChanged, SourceUnreadable
from dockyard.locale import N_, translate
from dockyard.tarstream import Kind
from dockyard.tasks.copy_rules import Source, names_folder

__all__ = ["Entry", "on_this_machine", "packed_size_bytes", "parts", "resolve", "scan", "scan_some"]

BLOCK_BYTES = tarfile.BLOCKSIZE
TRAILER = b"\0" * (2 * BLOCK_BYTES)


@dataclass(frozen=True)
class Entry:
    """One thing to be sent.

    Attributes:
        path: Where it is on this machine.
        name: Relative to what is copied; empty for that itself.
        kind: What it is.
        size_bytes: Length of a file; 0 for everything else.
        mode: Permission bits with setuid, setgid and sticky.
        uid: Owner.
        gid: Group.
        changed_ns: Modification time in nanoseconds since 1970.
        link: Where a link leads; for a hard link the ``name`` of its first place.
        device: Major and minor number of a device.
    """

    path: str
    name: str
    kind: Kind
    size_bytes: int
    mode: int
    uid: int
    gid: int
    changed_ns: int
    link: str = ""
    device: tuple[int, int] = (0, 0)


def on_this_machine() -> str:
    """The place "on this machine", as errors name it."""
    return translate(N_("on this machine"))


def resolve(path: str, *, follow_link: bool = False) -> tuple[Source, str]:
    """Return what ``path`` names, by docker's rules, and the real path to read.

    A link itself is meant, unless ``follow_link`` or a trailing ``/`` says otherwise; its own name is kept either way.

    Raises:
        NoSuchPath: Nothing is there.
        NotADirectory: It is written as a folder and is none.
    """
    bare = os.path.normpath(path)
    through = follow_link or names_folder(path)
    real = (
        os.path.realpath(bare)
        if through
        else os.path.join(os.path.realpath(os.path.dirname(bare)), os.path.basename(bare))
    )
    try:
        is_dir = stat.S_ISDIR(os.lstat(real).st_mode)
    except OSError as error:
        raise NoSuchPath(path=path, where=on_this_machine()) from error
    if names_folder(path) and not is_dir:
        raise NotADirectory(path=path)
    return Source(path, os.path.basename(os.path.abspath(bare)), is_dir), real


def scan(root: str) -> list[Entry]:
    """Return every entry of a tree, parents before children, names in order; ``root`` may be a single file.

    Raises:
        SourceUnreadable: A folder can't be listed or a file can't be opened.
    """
    first_names: dict[tuple[int, int], str] = {}
    return list(_walk(root, "", first_names))


def scan_some(root: str, names: Iterable[str]) -> list[Entry]:
    """Return the entries of a tree that have these names, in their order; sockets are left out.

    Raises:
        SourceUnreadable: One is not there any more, or can't be opened.
    """
    first_names: dict[tuple[int, int], str] = {}
    entries = []
    for name in names:
        path = os.path.join(root, name)
        try:
            entries.append(_entry(path, name, os.lstat(path), first_names))
        except OSError as error:
            raise SourceUnreadable(path=path, reason=error.strerror) from error
    return [entry for entry in entries if entry is not None]


def packed_size_bytes(entries: list[Entry], root_name: str) -> int:
    """Return the exact length of the stream that :func:`parts` gives."""
    return sum(len(_header(each, root_name)) + _padded(each.size_bytes) for each in entries) + len(TRAILER)


def parts(entries: list[Entry], root_name: str) -> Iterator[Part]:
    """Return the tar stream of ``entries``, part by part.

    Args:
        entries: From :func:`scan`.
        root_name: What the root is called in the stream. Empty: its contents stand at the top, and it is not sent itself.

    Raises:
        SourceChanged: A file is no longer what it was when it was scanned.
        SourceUnreadable: It can't be opened any more.
    """
    for entry in entries:
        yield _header(entry, root_name)
        if entry.kind == "file" and entry.size_bytes:
            try:
                file = Path(entry.path).open("rb", buffering=0)  # noqa: SIM115  # closed below
            except OSError as error:
                raise SourceUnreadable(path=entry.path, reason=error.strerror) from error
            with file:
                if not _same(entry, os.fstat(file.fileno())):
                    raise SourceChanged(path=entry.path)
                yield FileBytes(entry.path, file, entry.size_bytes)
            yield b"\0" * (_padded(entry.size_bytes) - entry.size_bytes)
    yield TRAILER


def _walk(path: str, name: str, first_names: dict[tuple[int, int], str]) -> Iterator[Entry]:
    try:
        status = os.lstat(path)
        entry = _entry(path, name, status, first_names)
        if entry is not None:
            yield entry
        if stat.S_ISDIR(status.st_mode):
            for child in sorted(os.listdir(path)):
                yield from _walk(f"{path.rstrip('/')}/{child}", f"{name}/{child}" if name else child, first_names)
    except OSError as error:
        raise SourceUnreadable(path=path, reason=error.strerror) from error


def _entry(path: str, name: str, status: os.stat_result, first_names: dict[tuple[int, int], str]) -> Entry | None:
    kind: Kind
    link, size_bytes, device = "", 0, (0, 0)
    if stat.S_ISREG(status.st_mode):
        kind, size_bytes = "file", status.st_size
        if not os.access(path, os.R_OK):
            raise PermissionError(13, os.strerror(13), path)
        if status.st_nlink > 1:
            first = first_names.setdefault((status.st_dev, status.st_ino), name)
            if first != name:
                kind, size_bytes, link = "hard link", 0, first
    elif stat.S_ISDIR(status.st_mode):
        kind = "folder"
    elif stat.S_ISLNK(status.st_mode):
        kind, link = "link", os.readlink(path)
    elif stat.S_ISFIFO(status.st_mode):
        kind = "pipe"
    elif stat.S_ISSOCK(status.st_mode):
        return None  # no archive can hold one
    else:
        kind, device = "device", (os.major(status.st_rdev), os.minor(status.st_rdev))
    return Entry(
        path,
        name,
        kind,
        size_bytes,
        stat.S_IMODE(status.st_mode),
        status.st_uid,
        status.st_gid,
        status.st_mtime_ns,
        link,
        device,
    )


def _same(entry: Entry, status: os.stat_result) -> bool:
    return (status.st_size, status.st_mtime_ns) == (entry.size_bytes, entry.changed_ns)


def _header(entry: Entry, root_name: str) -> bytes:
    """The entry's tar header; empty for a root that is not sent."""
    name = _joined(root_name, entry.name)
    if not name:
        return b""
    info = tarfile.TarInfo(name)
    info.type = _TYPES[entry.kind]
    if entry.kind == "device" and stat.S_ISBLK(os.lstat(entry.path).st_mode):
        info.type = tarfile.BLKTYPE
    info.size, info.mode, info.uid, info.gid = entry.size_bytes, entry.mode, entry.uid, entry.gid
    info.devmajor, info.devminor = entry.device
    info.linkname = _joined(root_name, entry.link) if entry.kind == "hard link" else entry.link
    seconds, fraction_ns = divmod(entry.changed_ns, 10**9)
    info.mtime = seconds
    if fraction_ns:
        info.pax_headers = {"mtime": f"{seconds}.{fraction_ns:09d}"}
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _joined(root_name: str, name: str) -> str:
    return f"{root_name}/{name}" if root_name and name else root_name or name


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES


_TYPES = {
    "file": tarfile.REGTYPE,
    "folder": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "pipe": tarfile.FIFOTYPE,
    "device": tarfile.CHRTYPE,
}
