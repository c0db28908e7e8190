"""The engine's log: a file that does not grow without end, and that also gets what the process says as it dies."""

import logging
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["BoundedLog"]

LOG_BYTES = 4 << 20


class BoundedLog(logging.StreamHandler):  # type: ignore[type-arg]  # generic in the stubs alone
    """Writes to the standard error, which is the file where the engine was started in the background.

    When the file is full it becomes ``NAME.1``, in the place of the one before, and a new one is begun.

    Args:
        path: Of the file.
        most_bytes: When it is full.
    """

    def __init__(self, path: Path, most_bytes: int = LOG_BYTES) -> None:
        super().__init__()
        self._path = path
        self._most_bytes = most_bytes

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, into a full file where no new one can be had."""
        with suppress(OSError):
            self._turn_over()
        super().emit(record)

    def _turn_over(self) -> None:
        descriptor = self.stream.fileno()
        try:
            about, named = os.fstat(descriptor), self._path.stat()
        except FileNotFoundError:
            return
        if about.st_size < self._most_bytes or not os.path.samestat(about, named):
            return
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        fresh = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for each in {descriptor, 1, 2}:  # what a crash says goes into the new one too
            os.dup2(fresh, each)
        os.close(fresh)
