"""What a handler answers with. Handlers return one of these, or raise an ``ApiError``; the server turns both into bytes."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from dockyard.engine.http.wire import ClientGone

__all__ = [
    "MULTIPLEXED_STREAM",
    "RAW_STREAM",
    "ClientGone",
    "Empty",
    "Hijack",
    "Json",
    "Progress",
    "Report",
    "Response",
    "Sink",
    "Stream",
    "Text",
]

RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"


class Sink(Protocol):
    """Where the bytes of a :class:`Stream` go. Status and headers leave with the first of them, or with :meth:`start`."""

    @property
    def gone(self) -> bool:
        """Whether the client hung up; ask now and then where there is nothing to write."""
        ...

    def start(self) -> None:
        """Send status and headers now: for a stream that may stay silent for long, such as events. Errors come after that too late."""
        ...

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Send ``data`` at once.

        Raises:
            ClientGone: The client hung up.
        """
        ...

    def send_file(self, file: BinaryIO | int, offset: int, count: int) -> None:
        """Send ``count`` bytes of an open file without their passing through Python.

        Raises:
            ClientGone: The client hung up.
            EOFError: The file is shorter; the answer is cut off, so that the client notices.
        """
        ...


class Report(Protocol):
    """Where the records of a :class:`Progress` go; any thread may call it."""

    @property
    def gone(self) -> bool:
        """Whether the client hung up."""
        ...

    def __call__(self, record: Mapping[str, Any], /) -> None:
        """Send a record.

        Raises:
            ClientGone: The client hung up.
        """
        ...


@dataclass(frozen=True)
class Json:
    """A JSON document."""

    data: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Empty:
    """A status alone."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """Plain text."""

    text: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """Bytes that are made while they are sent.

    Attributes:
        produce: Called once with where they go. An ``ApiError`` before the first byte is answered as any other;
            an exception after it cuts the answer off, so that the client can't take it for whole.
        content_type: Of the bytes.
        status: Of the answer.
        headers: More of them; a ``Content-Length`` among them spares the chunks.
    """

    produce: Callable[[Sink], None]
    content_type: str = "application/octet-stream"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """JSON records, a line each, as pull, push, load and build report.

    Attributes:
        produce: Called once with what sends a record. An ``ApiError`` before the first record is
            answered as any other; one after it becomes the last record, ``{"errorDetail": {"message": ...}, "error": ...}``.
    """

    produce: Callable[[Report], None]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hijack:
    """The connection itself, as attach and exec take it over.

    Answered with 101 and ``Upgrade: tcp`` where the client asked for that, else with 200 and no end but the connection's.

    Attributes:
        take: Called with the socket, which is then its own to close, and with what the client has sent ahead.
        content_type: Framed streams are :data:`MULTIPLEXED_STREAM` from API 1.42 on, all others :data:`RAW_STREAM`.
    """

    take: Callable[[socket.socket, bytes], None]
    content_type: str = RAW_STREAM


Response = Json | Empty | Text | Stream | Progress | Hijack
