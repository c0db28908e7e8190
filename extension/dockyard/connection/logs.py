"""What a container has printed and prints (Docker Engine API, "Get container logs"), as a stream that can be closed from any thread."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlencode, urlsplit

from dockyard.connection.client import Client
from dockyard.connection.plain import Http10, dead_if_broken, opened_socket
from dockyard.errors import EngineRefused, NoSuchContainer

__all__ = ["LogStream"]

PIECE_BYTES = 64 * 1024


class LogStream:
    """A container's output, from some lines back and on as it comes; iterating it waits for more, :meth:`close` ends that.

    Args:
        client: The engine.
        container: Name or ID.
        tail: How many lines of the past; None for all.
        follow: Whether to wait for what is still to come.

    Raises:
        NoSuchContainer: There is no such container.
        EngineRefused, EngineDead: The engine says no, or does not answer.
    """

    def __init__(self, client: Client, container: str, *, tail: int | None = None, follow: bool = True) -> None:
        found = client.find_json("/containers/{}/json", container)
        if found is None:
            raise NoSuchContainer(name=container)
        self._client, self._has_frames = client, not found["Config"]["Tty"]
        asked = {"stdout": 1, "stderr": 1, "follow": int(follow), "tail": "all" if tail is None else tail}
        path = urlsplit(client.url("/containers/{}/logs", found["Id"])).path
        connection = Http10("localhost")
        self._socket, self._process = opened_socket(client)
        connection.sock = self._socket
        try:
            with dead_if_broken(client):
                connection.request("GET", f"{path}?{urlencode(asked)}")
                self._answer = connection.getresponse()
            if self._answer.status != 200:
                raise EngineRefused(message=self._answer.read().decode(errors="replace"), status=self._answer.status)
        except BaseException:
            self.close()
            raise
        self._socket.settimeout(None)

    def __iter__(self) -> Iterator[bytes]:
        """Return what was printed, in pieces; with a terminal as the terminal was given it, else stdout and stderr in one."""
        with self._answer, suppress(OSError):  # closed meanwhile, or the engine went away: the end either way
            while piece := self._frame() if self._has_frames else self._answer.read1(PIECE_BYTES):
                yield piece

    def close(self) -> None:
        """End the stream."""
        with suppress(OSError):  # the engine closed it first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._process:
            self._process.terminate()
            self._process.wait()

    def __enter__(self) -> "LogStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _frame(self) -> bytes:
        """One piece with its head of eight bytes, of which the last four are its length ("Attach to a container", stream format)."""
        head = self._answer.read(8)
        return self._answer.read(int.from_bytes(head[4:], "big")) if len(head) == 8 else b""
