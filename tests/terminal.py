"""A program on a pseudo-terminal, typed at and read as a person does."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

__all__ = ["Terminal"]


class Terminal:
    """A program with a terminal of its own.

    Attributes:
        seen: All that it has printed so far.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], rows: int, columns: int) -> None:
        self._main, other = pty.openpty()
        self._size(rows, columns)
        self._process = subprocess.Popen(
            words, stdin=other, stdout=other, stderr=other, env=dict(environment), start_new_session=True
        )
        os.close(other)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._main, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        self._size(rows, columns)
        self._process.send_signal(signal.SIGWINCH)

    def read_until(self, text: str, seconds: float = 20) -> str:
        """Read until a text was printed that was not seen before; return what was read."""
        start, ends = len(self.seen), time.monotonic() + seconds
        while text not in self.seen[start:]:
            assert self._read(ends), f"no {text!r} after {seconds} s in {self.seen!r}"
        return self.seen[start:]

    def wait(self, seconds: float = 30) -> int:
        """Read to the end and return the exit code."""
        ends = time.monotonic() + seconds
        while self._read(ends):
            continue
        return self._process.wait(max(0.1, ends - time.monotonic()))

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._main)

    def _read(self, ends: float) -> bool:
        ready, _, _ = select.select([self._main], [], [], max(0, ends - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._main, 65536)
        except OSError:  # the other side is closed
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def _size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
