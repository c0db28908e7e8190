"""An answer of the engine that goes on: a JSON object a line, for as long as someone listens."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from dockyard.connection.client import Client
from dockyard.connection.plain import Http10, connected, dead_if_broken
from dockyard.errors import EngineDead, EngineRefused

__all__ = ["JsonLines"]


class JsonLines:
    """An open answer; iterating it waits for its lines, :meth:`close` ends that from any thread.

    Args:
        client: The engine, over a transport with plain sockets.
        path: Such as ``/containers/{}/stats``.
        parts: What fills its ``{}``.
        params: Of the query.

    Raises:
        EngineError: It can't be opened.
    """

    def __init__(self, client: Client, path: str, *parts: str, **params: str | int) -> None:
        self._client = client
        self._is_closed = False
        connection = connected(client, Http10("localhost"))
        self._socket: socket.socket = connection.sock
        place = urlsplit(client.url(path, *parts)).path
        with dead_if_broken(client):
            connection.request("GET", f"{place}?{urlencode(params)}" if params else place)
            self._answer = connection.getresponse()
        if self._answer.status != 200:
            with self._answer:
                message = self._answer.read().decode(errors="replace")
            raise EngineRefused(message=message, status=self._answer.status)
        # Lines may be hours apart; a machine that is gone is noticed by the kernel's own questions.
        self._socket.settimeout(None)
        if self._socket.family != socket.AF_UNIX:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Return each object as the engine sends it.

        Raises:
            EngineDead: The engine ended the answer.
        """
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

    def close(self) -> None:
        """End it at once."""
        self._is_closed = True
        with suppress(OSError):  # the engine closed it first
            self._socket.shutdown(socket.SHUT_RDWR)
