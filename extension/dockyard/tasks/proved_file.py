"""A file compressed as it is written, and read back from the disk behind the writing, to prove that it holds what was written."""

import os
import queue
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO, RawIOBase
from pathlib import Path

from isal import igzip, isal_zlib

from dockyard.errors import BackupBroken, Truncated
from dockyard.locale import N_, translate
from dockyard.tasks.gzip_packer import GzipPacker

__all__ = ["GZIP_ERRORS", "PIECES_AHEAD", "PIECE_BYTES", "ProvedFile", "broken", "unzipped"]

PIECE_BYTES = 1 << 20
PIECES_AHEAD = 8
STRETCH_BYTES = 32 << 20

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
        self._fault: BaseException | None = None
        self._grown = threading.Condition()
        self._written, self._crc, self._ended = 0, 0, False
        self._free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
        self._full: queue.SimpleQueue[tuple[memoryview, int] | None] = queue.SimpleQueue()
        for _ in range(PIECES_AHEAD):
            self._free.put(memoryview(bytearray(PIECE_BYTES)))
        self._piece, self._filled = self._free.get(), 0
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
        if self._fault:
            raise self._fault
        if self._filled == PIECE_BYTES:
            self._hand_over()
            self._piece, self._filled = self._free.get(), 0
        return self._piece[self._filled :]

    def took(self, count: int) -> None:
        """Take the first ``count`` bytes of :attr:`room`."""
        self._filled += count

    def write(self, data: bytes) -> None:
        """Take some bytes more. Raises as :attr:`room`."""
        left = memoryview(data)
        while left:
            room = self.room
            count = min(len(room), len(left))
            room[:count] = left[:count]
            left = left[count:]
            self.took(count)

    def finish(self) -> tuple[int, int]:
        """Wait until all is on the disk and proved, and return the length and the CRC-32 of what was read back. Raises as :attr:`room`."""
        self._hand_over()
        self._end()
        if self._fault:
            raise self._fault
        return self._written, self._crc

    def give_up(self) -> None:
        """End all threads, whatever they are at."""
        self._fault = self._fault or Truncated()
        self._end()

    def _hand_over(self) -> None:
        self._full.put((self._piece, self._filled))

    def _end(self) -> None:
        self._full.put(None)
        for thread in self._threads:
            thread.join()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Have whoever fills the pieces told of what goes wrong in a thread."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001  # raised again there
            self._fault = self._fault or error

    def _pack(self) -> None:
        packer = GzipPacker()
        for piece, count in iter(self._full.get, None):
            with self._telling():
                self._put(packer.pack(piece[:count]))
            self._free.put(piece)  # also after a fault, since someone may wait for it
        with self._telling():
            self._put(packer.end())
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        while left and not self._fault:
            count = self._file.write(left)
            crc = isal_zlib.crc32(left[:count], self._crc)
            left = left[count:]
            with self._grown:
                self._written += count
                self._crc = crc
                self._grown.notify_all()

    def _prove(self) -> None:
        with self._telling():
            self._read_back()

    def _read_back(self) -> None:
        buffer, position, crc = memoryview(bytearray(PIECE_BYTES)), 0, 0
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
                lambda: self._written >= position + STRETCH_BYTES or self._ended or self._fault is not None
            )
            return self._written if not self._fault else position


def unzipped(file: RawIOBase) -> igzip.IGzipFile:
    """Open a compressed file for reading."""
    return igzip.IGzipFile(fileobj=file, mode="rb")  # type: ignore[no-untyped-call]  # isal types little


def broken(archive: Path, reason: str, **facts: str) -> BackupBroken:
    """What is wrong with an archive, as an error."""
    return BackupBroken(path=str(archive), reason=reason.format(**facts))
