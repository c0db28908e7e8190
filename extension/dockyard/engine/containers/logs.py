"""A container's output as it was kept, read back (Docker's json-file format: a JSON object a line)."""

import json
import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, starmap
from pathlib import Path
from typing import Any, BinaryIO

from dockyard.engine.errors import NotSupported
from dockyard.engine.timestamps import parse_moment_ns

__all__ = ["Entry", "LogQuery", "frame", "read", "require_kept"]

STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
PIECE_BYTES = 64 << 10
FOLLOW_PAUSE_S = 0.05


@dataclass(frozen=True)
class LogQuery:
    """What of the output is wanted.

    Attributes:
        stdout: The output.
        stderr: The error output.
        since_ns: Nothing older, in nanoseconds since 1970.
        until_ns: Nothing newer; None for no end.
        tail: So many lines from the end; None for all.
        timestamps: Each line behind its time.
        follow: Go on with what is yet to come.
    """

    stdout: bool = True
    stderr: bool = True
    since_ns: int = 0
    until_ns: int | None = None
    tail: int | None = None
    timestamps: bool = False
    follow: bool = False


@dataclass(frozen=True)
class Entry:
    """One line, or a piece of a long one.

    Attributes:
        stream: ``stdout`` or ``stderr``.
        content: With its newline.
    """

    stream: str
    content: bytes


def require_kept(config: Mapping[str, Any]) -> None:
    """Refuse to read a log that is not written.

    Args:
        config: The container's ``LogConfig``.

    Raises:
        NotSupported: Its driver keeps nothing.
    """
    if config["Type"] == "none":
        raise NotSupported("configured logging driver does not support reading")


def read(path: Path, query: LogQuery, over: Callable[[], bool]) -> Iterator[Entry]:
    """Return the lines of a log.

    Args:
        path: Its newest file; older ones are ``PATH.1`` and so on.
        query: What is wanted.
        over: Whether nothing more can come, or nobody listens: it ends a ``follow``.
    """
    wanted = {name for name, chosen in (("stdout", query.stdout), ("stderr", query.stderr)) if chosen}
    with ExitStack() as stack:
        files = [stack.enter_context(each.open("rb")) for each in _files(path)]
        # Asked once: what is written from now on belongs to what follows.
        ends = [_end_of_lines(each) for each in files]
        kept = list(zip(files, ends, strict=True))
        lines = chain.from_iterable(starmap(_forwards, kept)) if query.tail is None else _last(kept, query.tail, wanted)
        yield from _entries(lines, query, wanted)
        if query.follow:
            if files:
                files[-1].seek(ends[-1])
            yield from _entries(_follow(path, files[-1] if files else None, over, stack), query, wanted)


def frame(entry: Entry) -> bytes:
    """Return an entry behind Docker's header of eight bytes (API, "Stream format")."""
    return struct.pack(">BxxxL", STREAMS[entry.stream], len(entry.content)) + entry.content


def _files(path: Path) -> list[Path]:
    """The files of a log, the oldest first."""
    older: list[Path] = []
    while (each := path.with_name(f"{path.name}.{len(older) + 1}")).exists():
        older.append(each)
    return [*reversed(older), *([path] if path.exists() else [])]


def _entries(lines: Iterable[bytes], query: LogQuery, wanted: set[str]) -> Iterator[Entry]:
    for line in lines:
        record = json.loads(line)
        if record["stream"] not in wanted:
            continue
        if query.since_ns or query.until_ns is not None:
            moment_ns = parse_moment_ns(record["time"])
            if moment_ns < query.since_ns:
                continue
            if query.until_ns is not None and moment_ns > query.until_ns:
                return
        text = record["log"].encode("utf-8", "surrogateescape")
        yield Entry(record["stream"], f"{record['time']} ".encode() + text if query.timestamps else text)


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last line ends that is finished; the writer may be in the middle of another one."""
    end = file.seek(0, os.SEEK_END)
    last = next(_backwards(file, end), b"\n")
    return end if last.endswith(b"\n") else end - len(last)


def _last(files: Sequence[tuple[BinaryIO, int]], count: int, wanted: set[str]) -> list[bytes]:
    """The last lines of the wanted streams, read from the end."""
    found: list[bytes] = []
    for file, end in reversed(files):
        for line in _backwards(file, end):
            if len(found) >= count:
                return found[::-1]
            if json.loads(line)["stream"] in wanted:
                found.append(line)
    return found[::-1]


def _forwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """A file's lines up to ``end``."""
    position = file.seek(0)
    while position < end:
        line = file.readline()
        position += len(line)
        yield line


def _backwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """A file's lines up to ``end``, the last one first."""
    position, rest = end, b""
    while position:
        size = min(position, PIECE_BYTES)
        position -= size
        file.seek(position)
        rest = file.read(size) + rest
        lines = rest.splitlines(keepends=True)
        rest = lines[0]
        yield from reversed(lines[1:])
    if rest:
        yield rest


def _follow(path: Path, file: BinaryIO | None, over: Callable[[], bool], stack: ExitStack) -> Iterator[bytes]:
    """Lines as they are written, also after the file was set aside for a new one."""
    unfinished, is_aside = b"", False
    while True:
        ending = over()  # asked before reading: what was written until then is read
        if file is None and path.exists():
            file = stack.enter_context(path.open("rb"))
        line = file.readline() if file else b""
        if line.endswith(b"\n"):
            yield unfinished + line
            unfinished = b""
            continue
        unfinished += line
        if file and not line and is_aside:
            file, is_aside = None, False
            continue
        if file and not line and _set_aside(path, file):
            is_aside = True  # what was written just before that is read first
            continue
        if ending:
            return
        time.sleep(FOLLOW_PAUSE_S)


def _set_aside(path: Path, file: BinaryIO) -> bool:
    """Whether a new file stands where this one stood."""
    try:
        return os.stat(path).st_ino != os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False
