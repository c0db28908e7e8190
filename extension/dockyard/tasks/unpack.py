"""A tar stream from an engine, taken apart as hostile input.

What a container holds was written by whoever controls it, and the engine passes it on. Nothing of it may be written outside the folder
that is given, and it may not fill the disk. The rules do not depend on what is on the disk: a member goes only into folders that this
very stream has made, in a private folder that nobody else writes to, so no link, however placed, is ever followed.
"""

import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from dockyard.connection.archive import Reader
from dockyard.errors import DiskWouldFill, HostileArchive, KindClash, Truncated
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, check_cancel
from dockyard.tasks.pack import Kind
from dockyard.wording import human_size

__all__ = [
    "BUFFER_BYTES",
    "Member",
    "TarStream",
    "Unpacked",
    "renamed_header",
    "require_room",
    "stamp",
    "unpack",
    "write_with_holes",
]

Watch = Callable[[int], None]

BUFFER_BYTES = 256 << 10
ZEROS = bytes(BUFFER_BYTES)
LARGEST_HEADER_BYTES = 1 << 20
SPARE_DISK_BYTES = 64 << 20


@dataclass(frozen=True)
class Member:
    """One member of the stream.

    Attributes:
        name: Relative to what was asked for; empty for that itself.
        kind: What it is.
        size_bytes: Length of a file; 0 for everything else.
        link: Where a link leads as it is written; for a hard link, the ``name`` it shares.
        info: Its header.
    """

    name: str
    kind: Kind
    size_bytes: int
    link: str
    info: tarfile.TarInfo


@dataclass(frozen=True)
class Unpacked:
    """What was unpacked.

    Attributes:
        members: Every member written, parents before children.
        warnings: What was left out or changed for safety, in the reader's language.
    """

    members: tuple[Member, ...]
    warnings: tuple[str, ...]


class TarStream:
    """The members of a tar stream, in order, with the bytes of each.

    ``tarfile`` reads the headers; the bytes of files pass it by. After each member its bytes may be read with :meth:`read_into`; what is
    not read is skipped.
    """

    def __init__(self, reader: Reader) -> None:
        self._forward = _Forward(reader)
        self._left = 0
        self._padding = 0
        self._skipped = memoryview(bytearray(BUFFER_BYTES))

    def __iter__(self) -> Iterator[Member]:
        """Return each member.

        Raises:
            HostileArchive: A name, a link or a kind of member that could reach outside.
            Truncated: The stream ended before its end mark.
        """
        root: str | None = None
        try:
            archive = tarfile.TarFile(fileobj=self._forward, encoding="utf-8", errors="surrogateescape")  # type: ignore[arg-type]  # only read, seek and tell are called
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # tarfile remembers every member; a stream must not
                if root is None:
                    root = next(iter(_parts(info.name)), "")
                self._left = info.size if info.isreg() else 0
                self._padding = -self._left % tarfile.BLOCKSIZE
                yield _member(info, root)
                self._skip()
        except (tarfile.TarError, EOFError) as error:
            raise Truncated() from error
        except (ValueError, OverflowError, RecursionError) as error:
            raise HostileArchive(member="?", reason=str(error)) from error
        if self._forward.last != b"\0" * tarfile.BLOCKSIZE:
            raise Truncated()

    def read_into(self, buffer: memoryview) -> int:
        """Fill the front of ``buffer`` with bytes of the current file; 0 at its end."""
        if not self._left:
            return 0
        count = self._forward.readinto(buffer[: min(len(buffer), self._left)])
        if count == 0:
            raise Truncated()
        self._left -= count
        return count

    def _skip(self) -> None:
        while self.read_into(self._skipped):
            pass
        self._forward.read(self._padding)


def unpack(
    stream: TarStream,
    stage: Path,
    *,
    expected: dict[str, int] | None = None,
    keep_owner: bool = False,
    watch: Watch = lambda _: None,
    cancel: Cancel = NEVER,
) -> Unpacked:
    """Write a stream's members below ``stage``; the root becomes ``stage/root``.

    Folders stay open to their owner alone; :func:`stamp` gives them their modes and times once they are in their place.

    Args:
        stream: From :func:`dockyard.connection.archive.download`.
        stage: An empty folder that only this user can enter.
        expected: If given, the only members to write, by name, with the largest size of each.
        keep_owner: Give files to the archive's user and group (root only).
        watch: Called with the count of bytes written so far.
        cancel: Looked at between pieces.

    Raises:
        HostileArchive: A member could reach outside, or is more than was expected.
        DiskWouldFill: The next file needs more room than there is.
        Truncated: The stream ended too early.
    """
    writer = _Writer(stream, stage, keep_owner, watch, cancel)
    for member in stream:
        check_cancel(cancel)
        if expected is not None and member.name not in expected:
            continue
        if expected is not None and member.size_bytes > expected[member.name]:
            raise HostileArchive(
                member=member.info.name, reason=translate(N_("is larger than it was when the plan was made"))
            )
        try:
            writer.write(member)
        except (ValueError, OverflowError) as error:
            raise HostileArchive(member=member.info.name, reason=str(error)) from error
    return Unpacked(tuple(writer.members), tuple(writer.warnings))


def renamed_header(member: Member, name: str, link: str | None = None) -> bytes:
    """Return a member's header under another name, and, for a hard link, with another place that it shares."""
    info = member.info
    info.name = name
    if link is not None:
        info.linkname = link
    # These would go before the fields that they stand for.
    info.pax_headers = {
        key: value for key, value in info.pax_headers.items() if key not in ("path", "linkpath", "size")
    }
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def require_room(folder: Path, what: str, size_bytes: int) -> None:
    """Refuse what needs more room than its disk has.

    Raises:
        DiskWouldFill: It does; the sentence says how much there is.
    """
    free = max(shutil.disk_usage(folder).free - SPARE_DISK_BYTES, 0)
    if size_bytes > free:
        raise DiskWouldFill(what=what, needed=human_size(size_bytes), free=human_size(free), path=str(folder))


def write_with_holes(file: FileIO, read: Callable[[memoryview], int], buffer: bytearray) -> Iterator[int]:
    """Write what ``read`` gives at the file's end, runs of zeros as holes, and return the count of each piece.

    Args:
        file: Unbuffered, at its end.
        read: Fills the front of a buffer and returns how many bytes; 0 ends.
        buffer: Of :data:`BUFFER_BYTES`.
    """
    view, end = memoryview(buffer), file.tell()
    while count := read(view):
        if count == BUFFER_BYTES and buffer == ZEROS:
            file.seek(count, os.SEEK_CUR)
        else:
            _write_all(file.fileno(), view[:count])
        end += count
        yield count
    file.truncate(end)


def stamp(path: Path, member: Member, *, keep_owner: bool) -> None:
    """Give a file, folder or link its owner, mode and time: the owner first, since that clears mode bits."""
    follow = member.kind != "link"
    if keep_owner and os.geteuid() == 0:
        os.chown(path, member.info.uid, member.info.gid, follow_symlinks=follow)
    if follow:
        path.chmod(member.info.mode & 0o777)
    changed_ns = _changed_ns(member.info)
    os.utime(path, ns=(changed_ns, changed_ns), follow_symlinks=follow)


class _Writer:
    """Writes members below a private folder, each only into folders that it made itself."""

    def __init__(self, stream: TarStream, stage: Path, keep_owner: bool, watch: Watch, cancel: Cancel) -> None:
        self.members: list[Member] = []
        self.warnings: list[str] = []
        self._stream, self._stage, self._keep_owner = stream, stage, keep_owner
        self._watch, self._cancel = watch, cancel
        self._folders: dict[str, Member] = {}
        self._buffer = bytearray(BUFFER_BYTES)
        self._written = 0

    def write(self, member: Member) -> None:
        parent = os.path.dirname(member.name)
        if member.name and parent not in self._folders:
            raise HostileArchive(
                member=member.info.name, reason=translate(N_("stands in a folder that the archive did not make"))
            )
        path = self._path(member.name)
        if member.kind == "device":
            self._warn(N_("{name!r} is a device and was left out"), member)
            return
        if member.kind == "folder":
            self._make_folder(path, member)
            return
        if member.name in self._folders:
            raise KindClash(path=member.name, there=translate(N_("folder")), here=translate(N_("file")))
        path.unlink(missing_ok=True)  # a later member of the same name replaces the first
        if member.kind == "file":
            self._write_file(path, member)
        elif member.kind == "link":
            os.symlink(member.link, path)
            if _leads_out(member):
                self._warn(N_("{name!r} is a link that leads out of the copy, to {link!r}"), member)
            stamp(path, member, keep_owner=self._keep_owner)
        elif member.kind == "hard link":
            self._link(path, member)
        else:
            os.mkfifo(path, 0o600)
            stamp(path, member, keep_owner=self._keep_owner)
        self.members.append(member)

    def _path(self, name: str) -> Path:
        return self._stage / "root" / name if name else self._stage / "root"

    def _make_folder(self, path: Path, member: Member) -> None:
        if member.name not in self._folders:
            if os.path.lexists(path):
                raise KindClash(path=member.name, there=translate(N_("file")), here=translate(N_("folder")))
            path.mkdir(mode=0o700)
            self.members.append(member)
        self._folders[member.name] = member

    def _write_file(self, path: Path, member: Member) -> None:
        require_room(self._stage, member.info.name, member.size_bytes)
        created = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(created, "wb", buffering=0) as file:
            for count in write_with_holes(file, self._stream.read_into, self._buffer):
                check_cancel(self._cancel)
                self._written += count
                self._watch(self._written)
        if member.info.mode & (stat.S_ISUID | stat.S_ISGID):
            self._warn(N_("{name!r} ran as its owner (setuid or setgid); the copy does not"), member)
        stamp(path, member, keep_owner=self._keep_owner)

    def _link(self, path: Path, member: Member) -> None:
        first = self._path(member.link)
        inside = os.path.dirname(member.link) in self._folders or not member.link
        if not inside or not os.path.lexists(first) or not stat.S_ISREG(os.lstat(first).st_mode):
            raise HostileArchive(
                member=member.info.name, reason=translate(N_("is a hard link to something outside the archive"))
            )
        os.link(first, path, follow_symlinks=False)

    def _warn(self, template: str, member: Member) -> None:
        self.warnings.append(translate(template).format(name=member.name or member.info.name, link=member.link))


class _Forward:
    """A stream that ``tarfile`` may take for a file: all its seeks lead forward, once each member's bytes are consumed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._position = 0
        self.last = b""

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        if position != self._position:
            raise tarfile.ReadError(f"seek from {self._position} to {position}")

    def read(self, size: int) -> bytes:
        if size > LARGEST_HEADER_BYTES:
            raise HostileArchive(member="?", reason=translate(N_("has a header larger than 1 MiB")))
        buffer = bytearray(size)
        view, filled = memoryview(buffer), 0
        while filled < size and (count := self._reader.readinto(view[filled:])):
            filled += count
        self._position += filled
        self.last = bytes(buffer[:filled])
        return self.last

    def readinto(self, buffer: memoryview) -> int:
        count = self._reader.readinto(buffer)
        self._position += count
        return count


def _member(info: tarfile.TarInfo, root: str) -> Member:
    if info.issparse():
        raise HostileArchive(member=info.name, reason=translate(N_("is stored sparse, as no engine stores files")))
    kind = next((kind for test, kind in _KINDS if test(info)), None)
    if kind is None:
        raise HostileArchive(member=info.name, reason=translate(N_("is of a kind that is not known")))
    link = _below(info.linkname, root, info.name) if kind == "hard link" else info.linkname
    return Member(_below(info.name, root, info.name), kind, info.size if kind == "file" else 0, link, info)


_KINDS: tuple[tuple[Callable[[tarfile.TarInfo], bool], Kind], ...] = (
    (tarfile.TarInfo.isreg, "file"),
    (tarfile.TarInfo.isdir, "folder"),
    (tarfile.TarInfo.issym, "link"),
    (tarfile.TarInfo.islnk, "hard link"),
    (tarfile.TarInfo.isfifo, "pipe"),
    (tarfile.TarInfo.isdev, "device"),
)


def _below(name: str, root: str, shown: str) -> str:
    """``name`` relative to the archive's root; refuses what does not stand below it."""
    if name.startswith("/"):
        raise HostileArchive(member=shown, reason=translate(N_("has an absolute name")))
    parts = _parts(name)
    if ".." in parts:
        raise HostileArchive(member=shown, reason=translate(N_("climbs out of its folder with '..'")))
    if root:
        if parts[:1] != [root]:
            raise HostileArchive(member=shown, reason=translate(N_("stands outside the folder that was asked for")))
        parts = parts[1:]
    return "/".join(parts)


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]


def _leads_out(member: Member) -> bool:
    """Whether a symbolic link, followed on this machine, could leave the copy."""
    where = os.path.normpath(os.path.join(os.path.dirname(member.name), member.link))
    return member.link.startswith("/") or where == ".." or where.startswith("../")


def _changed_ns(info: tarfile.TarInfo) -> int:
    """The member's modification time; a float would lose nanoseconds."""
    seconds, _, fraction = str(info.pax_headers.get("mtime", "")).partition(".")
    if seconds.lstrip("-").isdigit() and fraction.isdigit():
        return int(seconds) * 10**9 + int(fraction[:9].ljust(9, "0"))
    return int(info.mtime) * 10**9


def _write_all(fd: int, view: memoryview) -> None:
    while view:
        view = view[os.write(fd, view) :]
