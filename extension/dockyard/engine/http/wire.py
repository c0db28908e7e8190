"""The bytes of HTTP/1.1, the server's side of one connection.

h11 reads and writes the heads, and so decides what is valid. Bodies go past it: hundreds of megabytes come and go in them,
straight between the socket and the buffer or file whose they are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import h11

from dockyard.engine.http.inlet import BadBody, ChunkedBody, ClientGone, Inlet, SizedBody

__all__ = ["BadBody", "BadHead", "ClientGone", "Head", "Wire"]

HEAD_BYTES = 64 << 10
JOIN_BYTES = 32 << 10  # a chunk up to this length is copied once, to leave in one call
DRAIN_BYTES = 8 << 20
REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}

Data = bytes | bytearray | memoryview


class BadHead(Exception):
    """What came is no HTTP request.

    Attributes:
        status: To answer with, before the connection ends.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Head:
    """What stands before a request's body.

    Attributes:
        method: Such as ``"GET"``.
        target: Path and query, as sent.
        headers: Their names in lower case; values of a name that came twice are joined by ``", "``.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def lists(self, name: str, word: str) -> bool:
        """Whether a header, which is a list of words, has ``word`` among them."""
        return word in (each.strip().lower() for each in self.headers.get(name, "").split(","))


class Wire:
    """Requests and answers on one connection, one after the other: :meth:`next_head`, :meth:`readinto`, an answer, :meth:`settle`.

    Args:
        receive: Fills the front of a buffer and returns how many; 0 where the client has sent all it will.
        send: Sends all of what it is given.
        send_file: Sends a part of a file, given by descriptor, offset and count.

    Attributes:
        started: Whether the answer to the current request has begun.
        reusable: Whether the connection can carry another request after this one.

    Raises:
        ClientGone: By every method that sends or reads: the client hung up.
    """

    def __init__(
        self,
        receive: Callable[[memoryview], int],
        send: Callable[[Data], object],
        send_file: Callable[[int, int, int], None],
    ) -> None:
        self._receive = receive
        self._sender = send
        self._file_sender = send_file
        self._inlet = Inlet(self._take)
        self._h11 = h11.Connection(h11.SERVER)
        self._body: SizedBody | ChunkedBody = SizedBody(self._inlet, 0)
        self._awaits_continue = False
        self._head = Head("", "")
        self._speaks_11 = False
        self._chunked = False
        self._bodiless = False
        self.started = False
        self.reusable = True

    # ------------------------------------------------------------ what comes in

    def next_head(self) -> Head | None:
        """Return the next request's head; None where the client sends no more.

        Raises:
            BadHead: Something else came.
        """
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._head = Head("", "")
        self._speaks_11 = self._chunked = self._bodiless = self.started = False
        self._body = SizedBody(self._inlet, 0)
        try:
            while not isinstance(event := self._h11.next_event(), h11.Request):
                piece = self._inlet.piece()
                if not piece:
                    return None
                self._h11.receive_data(piece)
        except h11.RemoteProtocolError as error:
            self.reusable = False
            raise BadHead(error.error_status_hint, str(error)) from error
        self._inlet.give_back(self._h11.trailing_data[0])
        self._head = _head_from(event)
        self._awaits_continue = self._h11.they_are_waiting_for_100_continue
        if self._head.lists("transfer-encoding", "chunked"):
            self._body = ChunkedBody(self._inlet)
        else:
            self._body = SizedBody(self._inlet, int(self._head.headers.get("content-length", 0)))
        self._speaks_11 = event.http_version >= b"1.1"
        self.reusable = self._speaks_11 and not self._head.lists("connection", "close")
        return self._head

    def readinto(self, buffer: memoryview) -> int:
        """Fill the front of ``buffer`` with the request's body; 0 at its end.

        Raises:
            BadBody: It is not framed as it should be.
        """
        if self._awaits_continue and not self.started:
            self._send(self._serialise(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")))
        self._awaits_continue = False
        try:
            return self._body.readinto(buffer)
        except BadBody:
            self._body = SizedBody(self._inlet, 0)  # nothing that still comes makes sense
            self.reusable = False
            raise

    # ------------------------------------------------------------ what goes out

    def start(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Send an answer's head. With no ``Content-Length`` the body goes in chunks, to an HTTP/1.0 client up to the connection's end."""
        event = h11.Response(
            status_code=status,
            headers=[*headers, *([] if self.reusable else [("Connection", "close")])],
            reason=REASONS.get(status, b""),
        )
        self._bodiless = self._head.method == "HEAD" or status in (204, 304)
        self._chunked = self._speaks_11 and not any(name == b"content-length" for name, _ in event.headers)
        self.started = True
        self._send(self._serialise(event))

    def write(self, data: Data) -> None:
        """Send a part of the answer's body."""
        if self._bodiless or not data:
            return
        if not self._chunked:
            self._send(data)
        elif len(data) <= JOIN_BYTES:
            self._send(b"".join((b"%x\r\n" % len(data), data, b"\r\n")))
        else:
            self._send(b"%x\r\n" % len(data))
            self._send(data)
            self._send(b"\r\n")

    def write_file(self, descriptor: int, offset: int, count: int) -> None:
        """Send a part of an open file as a part of the answer's body.

        Raises:
            EOFError: The file is shorter.
        """
        if self._bodiless or not count:
            return
        if self._chunked:
            self._send(b"%x\r\n" % count)
        self._guarded(lambda: self._file_sender(descriptor, offset, count))
        if self._chunked:
            self._send(b"\r\n")

    def finish(self) -> None:
        """End the answer's body."""
        if self._chunked and not self._bodiless:
            self._send(b"0\r\n\r\n")

    def answer(self, status: int, headers: Iterable[tuple[str, str]], content: bytes) -> None:
        """Send a whole answer."""
        self.start(status, headers if status in (204, 304) else [*headers, ("Content-Length", str(len(content)))])
        self.write(content)

    def settle(self) -> bool:
        """Drop what the client still sends of its request; return whether another may follow on this connection."""
        if self._awaits_continue:  # it was never told to send its body, and may or may not
            return False
        buffer = memoryview(bytearray(256 << 10))
        dropped = 0
        while not self._body.done and dropped < DRAIN_BYTES:
            dropped += self.readinto(buffer)
        return self.reusable and self._body.done

    def switch(self, content_type: str) -> bytes:
        """Give up HTTP on this connection, as Docker does for attach and exec; return what the client has sent ahead."""
        self.started = True
        self.reusable = False
        kind = f"Content-Type: {content_type}\r\n".encode("ascii")
        if "upgrade" in self._head.headers or self._head.lists("connection", "upgrade"):
            self._send(b"HTTP/1.1 101 UPGRADED\r\n" + kind + b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        else:
            self._send(b"HTTP/1.1 200 OK\r\n" + kind + b"\r\n")
        return self._inlet.piece() if self._inlet.waiting else b""

    # ------------------------------------------------------------ the connection

    def _serialise(self, event: h11.Response | h11.InformationalResponse) -> bytes:
        data = self._h11.send(event)
        assert data is not None
        return data

    def _take(self, buffer: memoryview) -> int:
        try:
            return self._receive(buffer)
        except OSError as error:
            raise ClientGone from error

    def _send(self, data: Data) -> None:
        self._guarded(lambda: self._sender(data))

    def _guarded(self, send: Callable[[], object]) -> None:
        """Send; a client that hung up is no failure of this side."""
        try:
            send()
        except (BrokenPipeError, ConnectionError, TimeoutError) as error:
            raise ClientGone from error


def _head_from(event: h11.Request) -> Head:
    headers: dict[str, str] = {}
    for name, value in event.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return Head(event.method.decode("ascii"), event.target.decode("latin-1"), headers)
