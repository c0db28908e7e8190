"""The engine's events as they happen (Docker Engine API, ``GET /events``)."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from dockyard.connection.client import Client
from dockyard.connection.plain import Http10, connected, dead_if_broken, has_plain_socket
from dockyard.errors import EngineDead, EngineRefused, engine_errors

__all__ = ["EventStream"]

SLICE_S = 10  # how long one question lasts over a transport whose reading can't be broken off


class EventStream:
    """An open stream of events; iterating it waits for them, :meth:`close` ends that from any thread.

    Args:
        client: The engine.

    Raises:
        EngineError: The stream can't be opened.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._is_closed = False
        self._socket: socket.socket | None = None
        if has_plain_socket(client):
            self._open_plain()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Return each event as the engine tells it.

        Raises:
            EngineDead: The engine went away.
        """
        yield from self._plain() if self._socket else self._slices()

    def close(self) -> None:
        """End the stream: at once, or over ssh within :data:`SLICE_S` seconds."""
        self._is_closed = True
        if self._socket:
            with suppress(OSError):  # the engine closed it first
                self._socket.shutdown(socket.SHUT_RDWR)

    def _open_plain(self) -> None:
        connection = connected(self._client, Http10("localhost"))
        self._socket = connection.sock
        with dead_if_broken(self._client):
            connection.request("GET", urlsplit(self._client.url("/events")).path)
            self._answer = connection.getresponse()
        if self._answer.status != 200:
            raise EngineRefused(message=self._answer.read().decode(errors="replace"), status=self._answer.status)
        # Events may be hours apart; a machine that is gone is noticed by the kernel's own questions.
        self._socket.settimeout(None)
        if self._socket.family != socket.AF_UNIX:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def _plain(self) -> Iterator[dict[str, Any]]:
        with self._answer:
            while not self._is_closed:
                with dead_if_broken(self._client):
                    line = self._answer.readline()
                if self._is_closed:
                    return
                if not line:
                    raise EngineDead(address=self._client.address)
                if line.strip():
                    yield json.loads(line)

    def _slices(self) -> Iterator[dict[str, Any]]:
        """Ask again and again for a few seconds of events, each from where the one before ended."""
        begin = time.time()
        while not self._is_closed:
            end = begin + SLICE_S
            span = urlencode({"since": f"{begin:.9f}", "until": f"{end:.9f}"})
            with engine_errors(self._client.address):
                url = f"{self._client.url('/events')}?{span}"
                answer = self._client.api.get(url, stream=True, timeout=SLICE_S + self._client.api.timeout)
                answer.raise_for_status()
                yield from (json.loads(line) for line in answer.iter_lines(chunk_size=1) if line)
            begin = end
