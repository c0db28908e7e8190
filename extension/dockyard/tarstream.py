"""A tar stream taken apart, member by member, as hostile input.

``tarfile`` reads the headers; the bytes of files pass it by, in pieces of :data:`BUFFER_BYTES`, from the stream to wherever they go.
"""

import os
import tarfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from typing import Literal, Protocol, cast

from dockyard.errors import HostileArchive, Truncated
from dockyard.locale import N_, translate

__all__ = [
    "BUFFER_BYTES",
    "Kind",
    "Member",
    "Reader",
    "TarStream",
    "changed_ns",
    "renamed_header",
    "write_all",
    "write_with_holes",
]

Kind = Literal["file", "folder", "link", "hard link", "pipe", "device"]

BUFFER_BYTES = 256 << 10
ZEROS = bytes(BUFFER_BYTES)
LARGEST_HEADER_BYTES = 1 << 20


class Reader(Protocol):
    """A stream of bytes, read into a buffer; 0 at its end."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the front of ``buffer`` and return how many bytes."""
        ...


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


class TarStream:
    """The members of a tar stream, in order, with the bytes of each.

    After each member its bytes may be read with :meth:`read_into`; what is not read is skipped.

    Args:
        reader: The stream.
        rooted: Whether it holds one tree, as engines send them: names are relative to the first member, and the end mark must be there.
            Otherwise names are relative to the archive's top, as in an image's layer: a leading ``/`` means that top, and the stream may
            end without its mark.
        marked: Whether the end mark must be there; by default where the stream is rooted.
        sparse: Whether files may be stored sparse, as GNU tar does when told to. They come as any other, with their zeros.
    """

    def __init__(
        self, reader: Reader, *, rooted: bool = True, marked: bool | None = None, sparse: bool = False
    ) -> None:
        self._forward = _Forward(reader)
        self._rooted = rooted
        self._marked = rooted if marked is None else marked
        self._sparse = sparse
        self._runs: deque[tuple[int, bool]] = deque()
        self._left, self._in_hole = 0, False
        self._padding = 0
        self._skipped = memoryview(bytearray(BUFFER_BYTES))

    def __iter__(self) -> Iterator[Member]:
        """Return each member.

        Raises:
            HostileArchive: A name, a link or a kind of member that could reach outside.
            Truncated: The stream ended before its end mark.
        """
        root = None if self._rooted else ""
        try:
            archive = tarfile.TarFile(fileobj=self._forward, encoding="utf-8", errors="surrogateescape")  # type: ignore[arg-type]  # only read, seek and tell are called
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # tarfile remembers every member; a stream must not
                if root is None:
                    root = next(iter(_parts(info.name)), "")
                self._begin(info, archive.offset - self._forward.tell())
                yield _member(info, root, rooted=self._rooted)
                self._skip()
        except (tarfile.TarError, EOFError) as error:
            if not self._ended():
                raise Truncated() from error
        except (ValueError, OverflowError, RecursionError) as error:
            raise HostileArchive(member="?", reason=str(error)) from error
        if not self._ended():
            raise Truncated()

    def _ended(self) -> bool:
        """Whether the stream was read to its end mark, or, where it needs none, to its end between two members."""
        return self._forward.last == b"\0" * tarfile.BLOCKSIZE or (not self._marked and not self._forward.last)

    def read_into(self, buffer: memoryview) -> int:
        """Fill the front of ``buffer`` with bytes of the current file; 0 at its end."""
        while not self._left and self._runs:
            self._left, self._in_hole = self._runs.popleft()
        if not self._left:
            return 0
        if self._in_hole:
            count = min(len(buffer), self._left, BUFFER_BYTES)
            buffer[:count] = ZEROS[:count]
        elif not (count := self._forward.readinto(buffer[: min(len(buffer), self._left)])):
            raise Truncated()
        self._left -= count
        return count

    def _begin(self, info: tarfile.TarInfo, stored_bytes: int) -> None:
        """Learn where a member's bytes are: of what is stored, and of what is not, in a file with holes."""
        self._forward.head_bytes = 0
        if self._sparse and info.issparse():
            self._runs.extend(_runs(info))
            _as_regular(info)
            self._padding = stored_bytes - sum(size for size, is_hole in self._runs if not is_hole)
            if not 0 <= self._padding < tarfile.BLOCKSIZE:
                raise HostileArchive(member=info.name, reason=_no_map())
        else:
            self._left, self._in_hole = info.size if info.isreg() else 0, False
            self._padding = -self._left % tarfile.BLOCKSIZE

    def _skip(self) -> None:
        self._left = 0 if self._in_hole else self._left
        self._runs = deque(run for run in self._runs if not run[1])
        while self.read_into(self._skipped):
            pass
        if self._padding and len(self._forward.read(self._padding)) < self._padding:
            raise Truncated()


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


def write_all(write: Callable[[memoryview], int | None], data: bytes | bytearray | memoryview) -> None:
    """Write all of ``data``: an unbuffered file's ``write`` takes a part alone where the disk is about to be full."""
    left = memoryview(data)
    while left:
        left = left[write(left) or 0 :]


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
            write_all(file.write, view[:count])
        end += count
        yield count
    file.truncate(end)


def changed_ns(info: tarfile.TarInfo) -> int:
    """Return a member's modification time in nanoseconds since 1970; a float would lose some of them."""
    seconds, _, fraction = str(info.pax_headers.get("mtime", "")).partition(".")
    if seconds.removeprefix("-").isdecimal() and fraction.isdecimal():
        rest = int(fraction[:9].ljust(9, "0"))
        return int(seconds) * 10**9 + (-rest if seconds.startswith("-") else rest)
    return int(info.mtime) * 10**9


class _Forward:
    """A stream that ``tarfile`` may take for a file: all its seeks lead forward, once each member's bytes are consumed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._position = 0
        self.head_bytes = 0
        self.last = b""

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        if position != self._position:
            raise tarfile.ReadError(f"seek from {self._position} to {position}")

    def read(self, size: int) -> bytes:
        self.head_bytes += size
        if self.head_bytes > LARGEST_HEADER_BYTES:
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


def _member(info: tarfile.TarInfo, root: str, *, rooted: bool) -> Member:
    if info.issparse():
        raise HostileArchive(member=info.name, reason=translate(N_("is stored sparse, as no engine stores files")))
    kind = next((kind for test, kind in _KINDS if test(info)), None)
    if kind is None:
        raise HostileArchive(member=info.name, reason=translate(N_("is of a kind that is not known")))
    name, link = info.name, info.linkname
    if not rooted:
        name = name.lstrip("/")
        link = link.lstrip("/") if kind == "hard link" else link
    if kind == "hard link":
        link = _below(link, root, info.name)
    return Member(_below(name, root, info.name), kind, info.size if kind == "file" else 0, link, info)


def _runs(info: tarfile.TarInfo) -> Iterator[tuple[int, bool]]:
    """What a sparse file is made of, in order: how many bytes, and whether they are a hole."""
    position, segments = 0, cast("list[tuple[int, int]]", getattr(info, "sparse", []))
    for start, size in segments:
        if size == 0:
            continue  # such as what a header of old GNU tar has left over
        if start < position or size < 0 or start + size > info.size:
            raise HostileArchive(member=info.name, reason=_no_map())
        yield start - position, True
        yield size, False
        position = start + size
    if info.size < position:
        raise HostileArchive(member=info.name, reason=_no_map())
    yield info.size - position, True


def _as_regular(info: tarfile.TarInfo) -> None:
    """Take from a header that its file was stored sparse."""
    info.type, info.name = tarfile.REGTYPE, info.pax_headers.get("GNU.sparse.name", info.name)
    info.sparse = None
    info.pax_headers = {key: value for key, value in info.pax_headers.items() if not key.startswith("GNU.sparse.")}


def _no_map() -> str:
    return translate(N_("says of its holes what does not fit together"))


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
