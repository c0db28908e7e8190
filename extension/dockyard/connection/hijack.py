"""Connections that turn into a program's input and output (Docker Engine API, "Attach to a container", hijacking).

docker-py serves these calls too, but drops what arrives together with the answer's head, and leaves their sockets open.
"""

import json
import select
import socket
import threading
import time
from contextlib import suppress
from email.parser import BytesHeaderParser
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from dockyard.connection.client import Client
from dockyard.connection.plain import dead_if_broken, opened_socket
from dockyard.errors import EngineDead, EngineRefused

__all__ = ["Stream"]

PIECE_BYTES = 64 * 1024
SENT_AT_ONCE_BYTES = 4096
LARGEST_HEAD_BYTES = 64 * 1024
GATHER_S = 0.008  # what comes within this time after a piece is read with it


class Stream:
    """The bytes to and from one program. Read in one thread and written in another; :meth:`close` ends both from any.

    Args:
        client: The engine.
        path: Such as ``/exec/ID/start``, with what it asks for after a ``?``.
        body: Sent as JSON; nothing is where it is None, since the program would read it.

    Raises:
        EngineRefused: The engine said no.
        EngineDead: It does not answer.
    """

    def __init__(self, client: Client, path: str, body: Any = None) -> None:
        self._address = client.address
        self._one_at_a_time = threading.Lock()  # a TLS connection can't be read and written at once
        self._is_closed = False
        self._came_early = b""
        self._socket, self._process = opened_socket(client)
        try:
            with dead_if_broken(client):
                self._ask(client.url(path), b"" if body is None else json.dumps(body).encode())
        except BaseException:
            self.close()
            raise
        self._socket.settimeout(None)

    def read(self, timeout_s: float | None = None) -> bytes | None:
        """Return what comes next, gathered for some milliseconds; empty at the end, None where nothing came in time."""
        if not self._is_readable(timeout_s):
            return None
        piece = bytearray(self._receive())
        ends = time.monotonic() + GATHER_S
        while piece and len(piece) < PIECE_BYTES and self._is_readable(max(0, ends - time.monotonic())):
            if not (more := self._receive()):
                break  # the next read finds the end again
            piece += more
        return bytes(piece)

    def write(self, content: bytes) -> None:
        """Send all of it; waits while the program takes none.

        Raises:
            EngineDead: The connection has ended.
        """
        waiting = memoryview(content)
        try:
            while waiting:
                select.select([], [self._socket], [])
                with self._one_at_a_time:
                    waiting = waiting[self._socket.send(waiting[:SENT_AT_ONCE_BYTES]) :]
        except (OSError, ValueError) as error:  # ValueError: it was closed meanwhile
            raise EngineDead(address=self._address) from error

    def hang_up(self) -> None:
        """End the connection, so that whoever waits for it goes on; :meth:`close` is still to be called."""
        self._is_closed = True
        with suppress(OSError):  # the engine closed it first
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection and let its socket go."""
        self.hang_up()
        self._socket.close()
        if self._process:
            self._process.terminate()
            self._process.wait()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, url: str, body: bytes) -> None:
        parts = urlsplit(url)
        lines = (
            f"POST {parts.path}{'?' if parts.query else ''}{parts.query} HTTP/1.1",
            "Host: docker",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: Upgrade",
            "Upgrade: tcp",
        )
        self._socket.sendall("\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body)
        received = b""
        while b"\r\n\r\n" not in received:
            more = self._socket.recv(PIECE_BYTES)
            if not more or len(received) > LARGEST_HEAD_BYTES:
                raise EngineDead(address=self._address)
            received += more
        head, _, self._came_early = received.partition(b"\r\n\r\n")
        first, _, fields = head.partition(b"\r\n")
        status = int(first.split(b" ", 2)[1])
        if status not in (101, 200):
            length = int(BytesHeaderParser().parsebytes(fields).get("Content-Length", 0))
            raise EngineRefused(message=self._refusal(length), status=status)

    def _refusal(self, length: int) -> str:
        told = self._came_early
        while len(told) < length and (more := self._socket.recv(PIECE_BYTES)):
            told += more
        try:
            return str(json.loads(told)["message"])
        except (ValueError, KeyError, TypeError):
            return told.decode(errors="replace").strip()

    def _is_readable(self, timeout_s: float | None) -> bool:
        if self._is_closed or self._came_early or getattr(self._socket, "pending", int)():
            return True
        try:
            return bool(select.select([self._socket], [], [], timeout_s)[0])
        except (OSError, ValueError):  # it was closed meanwhile: the end can be read
            return True

    def _receive(self) -> bytes:
        if self._came_early:
            piece, self._came_early = self._came_early, b""
            return piece
        try:
            with self._one_at_a_time:
                return b"" if self._is_closed else self._socket.recv(PIECE_BYTES)
        except OSError:  # reset by the engine, or closed meanwhile
            return b""
