"""A file compressed as it is written, and read back from the disk behind the writing, to prove that it holds what was written."""

import os
import threading
import zlib
from collections.abc import Iterable
from io import BufferedReader, FileIO, RawIOBase
from pathlib import Path

from isal import igzip, isal_zlib

from dockyard.buffers import page_aligned
from dockyard.errors import BackupBroken, Truncated
from dockyard.locale import N_, translate
from dockyard.tasks.gzip_packer import GzipPacker
from dockyard.tasks.pieces import PIECE_BYTES, Pieces

__all__ = ["GZIP_ERRORS", "ProvedFile", "broken", "unzipped"]

STRETCH_BYTES = 32 << 20
# Text takes longer to compress than to come, and what does not compress comes slower than it is stored: so much is held that neither waits long.
PIECES = 24
UNPACKED_BYTES = 128 << 10

GZIP_ERRORS: tuple[type[Exception], ...] = (zlib.error, isal_zlib.error, igzip.BadGzipFile)  # type: ignore[assignment]  # isal's stub takes its class for an object


class ProvedFile:
    """Compresses into a file in one thread; in another, brings it to the disk, lets go of what memory has of it, and reads it back from there.

    What is read back is compared by CRC-32 with what was written. What the compressed bytes stand for is not looked at: that takes a core of its own
    for as long as the compressing, and is what :func:`dockyard.tasks.volume_archive.check_archive` does.

    Bytes are put straight into the pieces that are compressed: into :attr:`room`, then told by :meth:`took`. There are only so many pieces, so whoever
    fills them waits for the disk.
    """

    def __init__(self, file: FileIO, path: Path) -> None:
        self._file, self._path = file, path
        self._pieces = Pieces(PIECES)
        self._grown = threading.Condition()
        self._written, self._crc, self._ended = 0, 0, False
        self._threads = [
            threading.Thread(target=work, name="dockyard-backup", daemon=True) for work in (self._pack, self._prove)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def room(self) -> memoryview:
        """Where the next bytes go; never empty.

        Raises:
            OSError: The file can't be written.
            BackupBroken: What was written does not read back as it was.
        """
        return self._pieces.room

    def took(self, count: int) -> None:
        """Take the first ``count`` bytes of :attr:`room`."""
        self._pieces.took(count)

    def write(self, data: bytes) -> None:
        """Take some bytes more. Raises as :attr:`room`."""
        self._pieces.write(data)

    def finish(self) -> tuple[int, int]:
        """Wait until all is on the disk and proved, and return the length and the CRC-32 of what was read back. Raises as :attr:`room`."""
        self._end()
        if self._pieces.fault:
            raise self._pieces.fault
        return self._written, self._crc

    def give_up(self) -> None:
        """End all threads, whatever they are at."""
        self._pieces.fault = self._pieces.fault or Truncated()
        self._end()

    def _end(self) -> None:
        self._pieces.end()
        for thread in self._threads:
            thread.join()

    def _pack(self) -> None:
        packer = GzipPacker()
        with self._pieces.telling():
            for piece in self._pieces.taken():
                self._put(packer.pack(piece))
            self._put(packer.end())
        self._pieces.drain()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def _put(self, parts: Iterable[bytes | memoryview]) -> None:
        written, crc = self._written, self._crc
        for part in parts:
            left = memoryview(part)
            while left and not self._pieces.fault:
                count = self._file.write(left)
                crc = isal_zlib.crc32(left[:count], crc)
                left = left[count:]
                written += count
        with self._grown:
            self._written, self._crc = written, crc
            self._grown.notify_all()

    def _prove(self) -> None:
        with self._pieces.telling():
            self._read_back()

    def _read_back(self) -> None:
        buffer, position, crc = page_aligned(PIECE_BYTES), 0, 0
        with self._path.open("rb", buffering=0) as file:
            while (there := self._wait_beyond(position)) > position:
                os.fsync(file.fileno())
                if hasattr(os, "posix_fadvise"):
                    os.posix_fadvise(file.fileno(), position, there - position, os.POSIX_FADV_DONTNEED)
                while position < there and (count := file.readinto(buffer[: there - position])):
                    crc = isal_zlib.crc32(buffer[:count], crc)
                    position += count
                if position < there:
                    break
        if (position, crc) != (self._written, self._crc):
            raise broken(self._path, translate(N_("it does not read back as it was written")))

    def _wait_beyond(self, position: int) -> int:
        """Return how much is in the file, once it is a stretch more than ``position`` or no more will come."""
        with self._grown:
            self._grown.wait_for(
                lambda: self._written >= position + STRETCH_BYTES or self._ended or self._pieces.fault is not None
            )
            return self._written if not self._pieces.fault else position


def unzipped(file: RawIOBase) -> BufferedReader:
    """Open a compressed file for reading. What is inside may be read in small parts."""
    packed = igzip.IGzipFile(fileobj=file, mode="rb")  # type: ignore[no-untyped-call]  # isal types little
    return BufferedReader(packed, UNPACKED_BYTES)


def broken(archive: Path, reason: str, **facts: str) -> BackupBroken:
    """What is wrong with an archive, as an error."""
    return BackupBroken(path=str(archive), reason=reason.format(**facts))
