"""A program at a terminal, as whoever sits there sees it: bytes that it prints, bytes that are typed, a size, and an end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from dockyard.connection.hijack import Stream
from dockyard.errors import EngineError, EngineRefused
from dockyard.tasks.base import Cancel

__all__ = ["Session"]

LOOK_EVERY_S = 0.2
LAST_WORDS_S = 5  # how long a program may take to end after it was hung up
RESIZE_TRIES = 10
RESIZE_PAUSE_S = 0.1


class Session:
    """An open connection to one program's terminal. Typing and resizing never wait; a thread of the session carries them out.

    Args:
        stream: The program's input and output.
        resize: Tells the engine the terminal's rows and columns.
        hang_up: Asks the program to end; without one, leaving it is all that :meth:`end` does.
    """

    def __init__(
        self, stream: Stream, resize: Callable[[int, int], None], hang_up: Callable[[], None] | None = None
    ) -> None:
        self._stream, self._resize, self._hang_up = stream, resize, hang_up
        self._changed = threading.Condition()
        self._typed = bytearray()
        self._size: tuple[int, int] | None = None
        self._is_over = False
        self._was_ended = threading.Event()
        self._writer = threading.Thread(target=self._carry, name="dockyard-shell-input", daemon=True)
        self._writer.start()

    @property
    def was_ended(self) -> bool:
        """Whether :meth:`end` was called."""
        return self._was_ended.is_set()

    def type(self, content: bytes) -> None:
        """Send what was typed, in the order of the calls."""
        with self._changed:
            self._typed += content
            self._changed.notify_all()

    def resize(self, rows: int, columns: int) -> None:
        """Tell the program the terminal's size; of several in a row the last counts."""
        with self._changed:
            self._size = (rows, columns)
            self._changed.notify_all()

    def end(self) -> None:
        """Hang up, as a terminal window does that is closed; :meth:`printed` ends soon after. May be called from any thread."""
        with self._changed:
            if self._is_over or self._was_ended.is_set():
                return
            self._was_ended.set()
        if self._hang_up:
            self._hang_up()
        else:
            self._stream.hang_up()

    def printed(self, cancel: Cancel) -> Iterator[bytes]:
        """Return what the program prints, as it prints it, until it ends; while no one asks for more, it waits.

        Args:
            cancel: When it is set, the session is ended.
        """
        last_s = float("inf")
        try:
            while time.monotonic() < last_s and (piece := self._stream.read(LOOK_EVERY_S)) != b"":
                if cancel.is_set():
                    self.end()
                if self.was_ended:
                    last_s = min(last_s, time.monotonic() + LAST_WORDS_S)
                if piece is not None:
                    yield piece
        finally:
            self._close()

    def _close(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._stream.hang_up()  # the writer may be waiting for it
        self._writer.join()
        self._stream.close()

    def _carry(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._typed or self._size or self._is_over)
                if self._is_over:
                    return
                typed, size = bytes(self._typed), self._size
                self._typed.clear()
                self._size = None
            if size:
                self._tell_size(*size)
            with suppress(EngineError):  # the reader sees the end too, and tells
                self._stream.write(typed)

    def _tell_size(self, rows: int, columns: int) -> None:
        """Resize; an engine that has only just started the program says no for a moment."""
        for _ in range(RESIZE_TRIES):
            try:
                return self._resize(rows, columns)
            except EngineRefused:
                with self._changed:
                    if self._changed.wait_for(lambda: self._is_over or self._size, RESIZE_PAUSE_S):
                        return None
            except EngineError:
                return None  # the reader sees the end too, and tells
        return None
