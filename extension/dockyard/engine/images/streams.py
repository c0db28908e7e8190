"""Streams of bytes: plain from compressed, and counted and digested as they pass."""

import bz2
import hashlib
import lzma
from collections.abc import Callable
from typing import Protocol

from isal import igzip_lib

from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.tarstream import BUFFER_BYTES, Reader

__all__ = ["LONGEST_MAGIC", "Tee", "is_compressed", "plain"]


class Decompressor(Protocol):
    """What the decompressors of bz2, lzma and igzip share."""

    @property
    def eof(self) -> bool:
        """Whether its stream has ended."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether it has nothing more to give before it gets more."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What followed the end of its stream."""
        ...

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        """Take ``data`` and give at most ``max_length`` bytes."""
        ...


FORMATS: tuple[tuple[bytes, Callable[[], Decompressor]], ...] = (
    (b"\x1f\x8b\x08", lambda: igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)),
)
BROKEN: tuple[type[Exception], ...] = (igzip_lib.error, lzma.LZMAError, OSError, EOFError)  # type: ignore[assignment]  # igzip's stub takes its class for an instance
ZSTD = b"\x28\xb5\x2f\xfd"
LONGEST_MAGIC = 6


def plain(reader: Reader) -> Reader:
    """Return the bytes of a stream that may be compressed by gzip, bzip2 or xz.

    Reading raises BadParameter where the compressed stream is broken or cut off.

    Raises:
        NotSupported: It is compressed by zstd, which this Python can't read.
    """
    head = bytearray(LONGEST_MAGIC)
    view, filled = memoryview(head), 0
    while filled < LONGEST_MAGIC and (count := reader.readinto(view[filled:])):
        filled += count
    start = bytes(head[:filled])
    whole = _After(start, reader)
    if start.startswith(ZSTD):
        raise NotSupported("layers and archives that are compressed with zstd are not supported; gzip is")
    for magic, make in FORMATS:
        if start.startswith(magic):
            return _Decompressed(whole, make)
    return whole


def is_compressed(start: bytes) -> bool:
    """Whether a stream that begins so is one that :func:`plain` decompresses or refuses."""
    return start.startswith((ZSTD, *(magic for magic, _ in FORMATS)))


class Tee:
    """A stream that tells what passes: its SHA-256, its length, and, to ``write``, its bytes.

    It reads ahead, so that small reads cost little; :meth:`drain` reads what nobody else did.

    Args:
        read: Fills the front of a buffer and returns how many bytes; 0 at the end.
        write: Called with all that is read.
    """

    def __init__(
        self, read: Callable[[memoryview], int], write: Callable[[memoryview], object] = lambda _: None
    ) -> None:
        self._read, self._write = read, write
        self._digest = hashlib.sha256()
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._ready = self._buffer[:0]
        self.size_bytes = 0

    @property
    def digest(self) -> str:
        """The digest of all that was read so far."""
        return f"sha256:{self._digest.hexdigest()}"

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the front of ``buffer`` and return how many bytes; 0 at the end."""
        if not self._ready and not self._fill():
            return 0
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def peek(self, size: int) -> bytes:
        """Return the first bytes, at most ``size``, which stay to be read; only before anything is read."""
        while len(self._ready) < size and self._fill(after=len(self._ready)):
            pass
        return bytes(self._ready[:size])

    def drain(self) -> None:
        """Read to the end."""
        while self._fill():
            pass

    def _fill(self, after: int = 0) -> int:
        """Read into the buffer, behind the ``after`` bytes that are still to be given."""
        count = self._read(self._buffer[after:])
        self._ready = self._buffer[: after + count]
        self._digest.update(self._ready[after:])
        self._write(self._ready[after:])
        self.size_bytes += count
        return count


class _After:
    """Some bytes, then a stream."""

    def __init__(self, start: bytes, reader: Reader) -> None:
        self._start, self._reader = start, reader

    def readinto(self, buffer: memoryview, /) -> int:
        if not self._start:
            return self._reader.readinto(buffer)
        count = min(len(buffer), len(self._start))
        buffer[:count] = self._start[:count]
        self._start = self._start[count:]
        return count


class _Decompressed:
    """A compressed stream, decompressed; one stream after another, as gzip allows."""

    def __init__(self, reader: Reader, make: Callable[[], Decompressor]) -> None:
        self._reader, self._make = reader, make
        self._now = make()
        self._input = memoryview(bytearray(BUFFER_BYTES))
        self._ready = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._ready:
            if not self._fill():
                return 0
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _fill(self) -> bool:
        """Get more to give; False at the end."""
        more = b""
        if self._now.eof:
            more = self._now.unused_data or self._read()
            if not more.strip(b"\0"):
                return False
            self._now = self._make()
        elif self._now.needs_input:
            more = self._read()
            if not more:
                raise BadParameter("unexpected EOF")
        try:
            self._ready = memoryview(self._now.decompress(more, BUFFER_BYTES))
        except BROKEN as error:
            raise BadParameter(f"invalid compressed data: {error}") from error
        return True

    def _read(self) -> bytes:
        return bytes(self._input[: self._reader.readinto(self._input)])
