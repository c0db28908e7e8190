"""A build as an engine does it (Docker Engine API, ``POST /build``): a context goes up, records of what is done come down."""

import http.client
import json
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import requests

from dockyard.connection.client import Client
from dockyard.connection.parts import Part, Watch, as_bytes, send
from dockyard.connection.plain import connected, dead_if_broken, has_plain_socket
from dockyard.errors import EngineRefused, engine_errors

__all__ = ["BuildCall"]


class BuildCall:
    """One build: :meth:`send` the context, iterate over the lines of the answer, :meth:`close`.

    The engine stops building when the connection is closed. That is done at once over plain sockets; over ssh it takes until the engine
    says something.

    Args:
        client: The engine.
        params: The call's parameters; a list stands for one that is there several times.
        log_ins: By registry, as ``X-Registry-Config`` has them; empty for none.
    """

    def __init__(self, client: Client, params: Mapping[str, str | Sequence[str]], log_ins: str = "") -> None:
        self._client = client
        self._url = f"{client.url('/build')}?{urlencode(params, doseq=True)}"
        self._headers = {"Content-Type": "application/x-tar", **({"X-Registry-Config": log_ins} if log_ins else {})}
        self._connection = (
            connected(client, http.client.HTTPConnection("localhost")) if has_plain_socket(client) else None
        )
        self._lines: Iterator[bytes] = iter(())

    def send(self, parts: Iterable[Part], size_bytes: int, watch: Watch) -> None:
        """Send the context.

        Args:
            parts: The tar stream, in order.
            size_bytes: Its length, exactly.
            watch: Called with the count of bytes sent so far; what it raises ends the build.

        Raises:
            SourceChanged: A file became shorter meanwhile.
            EngineDead: The connection broke.
        """
        if self._connection is None:
            self._lines = self._over_docker(parts, watch)
            return
        with dead_if_broken(self._client):
            target = urlsplit(self._url)
            self._connection.putrequest("POST", f"{target.path}?{target.query}")
            for name, value in {**self._headers, "Content-Length": str(size_bytes)}.items():
                self._connection.putheader(name, value)
            self._connection.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):  # the engine stopped listening; its answer says why
            send(self._connection.sock, parts, watch)
        self._lines = self._plain(self._connection)

    def __iter__(self) -> Iterator[bytes]:
        """Return each line of the answer, a record as JSON, as it comes.

        Raises:
            EngineRefused: The engine does not begin to build.
            EngineDead: It went away.
        """
        yield from self._lines

    def close(self) -> None:
        """End the build if it goes on, from any thread."""
        if self._connection is not None and self._connection.sock is not None:
            with suppress(OSError):  # the engine closed it first
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def _plain(self, connection: http.client.HTTPConnection) -> Iterator[bytes]:
        # A command may be silent for hours; a machine that is gone is noticed by the kernel's own questions.
        connection.sock.settimeout(None)
        if connection.sock.family != socket.AF_UNIX:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            with dead_if_broken(self._client):
                answer = connection.getresponse()
            with answer:
                if answer.status != 200:
                    with dead_if_broken(self._client):
                        raise _refusal(answer.read(), answer.status)
                while True:
                    with dead_if_broken(self._client):
                        line = answer.readline()
                    if not line:
                        return
                    if line.strip():
                        yield line
        finally:
            connection.close()

    def _over_docker(self, parts: Iterable[Part], watch: Watch) -> Iterator[bytes]:
        body = as_bytes(parts, watch)
        with engine_errors(self._client.address):
            answer = self._client.api.post(self._url, data=body, headers=self._headers, stream=True, timeout=None)
        return self._lines_of(answer)

    def _lines_of(self, answer: requests.Response) -> Iterator[bytes]:
        with engine_errors(self._client.address), answer:
            if not answer.ok:
                raise _refusal(answer.content, answer.status_code)
            yield from (text for text in answer.iter_lines() if text)


def _refusal(body: bytes, status: int) -> EngineRefused:
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.decode(errors="replace").strip() or f"HTTP {status}"
    return EngineRefused(message=message, status=status)
