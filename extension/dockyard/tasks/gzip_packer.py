"""A gzip file made of pieces, in which what does not compress is stored as it is.

Deflate is RFC 1951, its frame RFC 1952. Pictures, films and archives cost a compressor the most and give it nothing; a stored block costs a copy,
here and wherever it is unpacked.
"""

import struct
import zlib

from isal import isal_zlib

__all__ = ["GzipPacker"]

LEVEL = 1
HEAD = b"\x1f\x8b\x08\0\0\0\0\0\x04\xff"  # deflate, no name, no time, made at speed, on whatever system
LARGEST_BLOCK_BYTES = 0xFFFF
SAMPLES, SAMPLE_BYTES = 3, 4 << 10
DENSE = 0.98
RAW = -15


class GzipPacker:
    """Packs pieces into one gzip file; what its methods return is the file, part after part."""

    def __init__(self) -> None:
        self._crc, self._size_bytes = 0, 0
        self._head = HEAD
        self._deflate: isal_zlib.Compress | None = None  # only while what came last was compressed

    def pack(self, piece: memoryview) -> list[bytes | memoryview]:
        """Return a piece, packed, as far as it is ready; what is stored is still where it was in the piece."""
        self._crc = isal_zlib.crc32(piece, self._crc)
        self._size_bytes += len(piece)
        made: list[bytes | memoryview] = [self._head]
        self._head = b""
        if _is_dense(piece):
            made += [self._flushed(), *_stored(piece)]
        else:
            self._deflate = self._deflate or isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, RAW)
            made.append(self._deflate.compress(piece))
        return made

    def end(self) -> list[bytes | memoryview]:
        """Return the file's end."""
        last = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, RAW).flush()
        return [self._head, self._flushed(), last, struct.pack("<II", self._crc, self._size_bytes & 0xFFFFFFFF)]

    def _flushed(self) -> bytes:
        """What the compressor has left, up to a whole byte; another one goes on, since this one knows nothing of what is stored in between."""
        deflate, self._deflate = self._deflate, None
        return deflate.flush(zlib.Z_SYNC_FLUSH) if deflate else b""


def _is_dense(piece: memoryview) -> bool:
    """Whether samples of a piece hardly become smaller."""
    if len(piece) < 4 * SAMPLES * SAMPLE_BYTES:
        return False
    step = len(piece) // SAMPLES
    sample = b"".join(piece[step * each : step * each + SAMPLE_BYTES] for each in range(SAMPLES))
    return len(isal_zlib.compress(sample, LEVEL, RAW)) > DENSE * len(sample)


def _stored(piece: memoryview) -> list[bytes | memoryview]:
    """A piece as stored blocks (RFC 1951, section 3.2.4), each of which begins at a whole byte."""
    made: list[bytes | memoryview] = []
    for start in range(0, len(piece), LARGEST_BLOCK_BYTES):
        block = piece[start : start + LARGEST_BLOCK_BYTES]
        made += [struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF), block]
    return made
