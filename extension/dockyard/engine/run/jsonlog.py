"""Output kept in files, as Docker's json-file log driver keeps it: one JSON document a line."""

import json
import os
import time

from dockyard.engine.run.spec import Log

__all__ = ["JsonLog", "stamp"]

MOST_BYTES = 16 * 1024
"""A line longer than this is kept in parts; all but the last lack the newline."""


def stamp() -> str:
    """Return the time as RFC 3339 with nanoseconds, in UTC."""
    seconds, fraction = divmod(time.time_ns(), 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{fraction:09d}Z"


class JsonLog:
    r"""The log of one container.

    ::

        {"log":"hello\n","stream":"stdout","time":"2026-01-02T15:04:05.123456789Z"}
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._file = self._open() if log.path is not None else None
        self._size = os.fstat(self._file).st_size if self._file is not None else 0
        self._unfinished: dict[str, bytes] = {}

    def write(self, stream: str, content: bytes) -> None:
        """Keep output; what has no newline yet waits for more."""
        if self._file is None:
            return
        content = self._unfinished.pop(stream, b"") + content
        *lines, rest = content.split(b"\n")
        pieces = [piece for line in lines for piece in _pieces(line + b"\n")]
        while len(rest) >= MOST_BYTES:
            pieces.append(rest[:MOST_BYTES])
            rest = rest[MOST_BYTES:]
        if rest:
            self._unfinished[stream] = rest
        if pieces:
            self._keep(stream, pieces)

    def finish(self, stream: str) -> None:
        """Keep what is left without a newline at a stream's end."""
        if rest := self._unfinished.pop(stream, b""):
            self._keep(stream, [rest])

    def close(self) -> None:
        """Write no more."""
        for stream in list(self._unfinished):
            self.finish(stream)
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _keep(self, stream: str, pieces: list[bytes]) -> None:
        tail = f',"stream":"{stream}","time":"{stamp()}"}}\n'
        batch: list[bytes] = []
        waiting = 0
        for piece in pieces:
            line = ('{"log":' + json.dumps(piece.decode(errors="replace"), ensure_ascii=False) + tail).encode()
            if self._log.max_bytes is not None and self._size + waiting + len(line) > self._log.max_bytes:
                self._append(b"".join(batch))
                self._rotate()
                batch, waiting = [], 0
            batch.append(line)
            waiting += len(line)
        self._append(b"".join(batch))

    def _append(self, content: bytes) -> None:
        if self._file is None:
            return
        self._size += len(content)
        while content:
            try:
                content = content[os.write(self._file, content) :]
            except OSError:  # a full disk costs the log, not the container
                return

    def _rotate(self) -> None:
        """Begin a new file; the oldest goes."""
        if self._file is None or self._log.path is None or not self._size:
            return
        os.close(self._file)
        if self._log.max_files > 1:
            for number in range(self._log.max_files - 1, 0, -1):
                older = f"{self._log.path}.{number}"
                newer = f"{self._log.path}.{number - 1}" if number > 1 else self._log.path
                if os.path.exists(newer):
                    os.replace(newer, older)
        else:
            os.truncate(self._log.path, 0)
        self._file = self._open()
        self._size = 0

    def _open(self) -> int:
        return os.open(str(self._log.path), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def _pieces(line: bytes) -> list[bytes]:
    """A line in parts of at most 16 KiB."""
    if len(line) <= MOST_BYTES:
        return [line]
    return [line[start : start + MOST_BYTES] for start in range(0, len(line), MOST_BYTES)]
