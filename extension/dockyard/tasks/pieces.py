"""Bytes on their way from one thread to another, without a copy of their own for each."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from dockyard.buffers import page_aligned

__all__ = ["PIECE_BYTES", "Pieces"]

PIECE_BYTES = 1 << 20


class Pieces:
    """Pieces of memory that go round between a thread that fills them and a thread that takes them; whoever is faster waits for the other.

    Bytes are put straight into them: into :attr:`room`, then told by :meth:`took`.

    Args:
        count: How many there are at most, of :data:`PIECE_BYTES` each; each is made when none is free.

    Attributes:
        fault: What went wrong on either side; the other side meets it at its next step.
    """

    def __init__(self, count: int = 8) -> None:
        self.fault: BaseException | None = None
        self._over = False
        self._free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
        self._full: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
        self._to_make = count
        self._piece, self._filled = self._next_free(), 0

    @property
    def room(self) -> memoryview:
        """Where the next bytes go; never empty.

        Raises:
            BaseException: :attr:`fault`, where there is one.
        """
        if self.fault:
            raise self.fault
        if self._filled == PIECE_BYTES:
            self._full.put(self._piece)
            self._piece, self._filled = self._next_free(), 0
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

    def end(self) -> None:
        """Hand over what is left and say that no more will come; saying so again changes nothing."""
        self._full.put(self._piece[: self._filled])
        self._full.put(None)

    def taken(self) -> Iterator[memoryview]:
        """Return the pieces in order, on the other thread; each is good until the next. Raises as :attr:`room`."""
        while (piece := self._next()) is not None:
            try:
                if self.fault:
                    raise self.fault
                yield piece
            finally:
                self._free.put(memoryview(piece.obj))

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Have whoever fills the pieces told of what goes wrong in this block, on the other thread."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001  # raised again there
            self.fault = self.fault or error

    def drain(self) -> None:
        """Let go of what still comes, on the other thread, so that whoever fills the pieces does not wait for ever."""
        while (piece := self._next()) is not None:
            self._free.put(memoryview(piece.obj))

    def _next_free(self) -> memoryview:
        if self._to_make and self._free.empty():
            self._to_make -= 1
            return page_aligned(PIECE_BYTES)
        return self._free.get()

    def _next(self) -> memoryview | None:
        piece = None if self._over else self._full.get()
        self._over = piece is None
        return piece
