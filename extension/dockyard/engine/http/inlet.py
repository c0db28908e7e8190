"""Bytes as they come in, and the body of a request among them: of known length, or in chunks (RFC 9112, sections 6 and 7)."""

from collections.abc import Callable

from dockyard.engine.errors import BadParameter

__all__ = ["BadBody", "ChunkedBody", "ClientGone", "Inlet", "SizedBody"]

FIRST_BYTES = 16 << 10  # there are as many buffers as connections, and most bring no more than a head
PIECE_BYTES = 256 << 10
DIRECT_BYTES = 64 << 10  # what is larger goes straight into its buffer
LINE_BYTES = 8 << 10
TRAILER_LINES = 100


class ClientGone(Exception):
    """The client hung up."""


class BadBody(BadParameter):
    """A body that is not framed as HTTP frames bodies. Nothing after it on the connection makes sense."""


class Inlet:
    """A stream of bytes, of which the next ones may be looked at and given back.

    Args:
        receive: Fills the front of a buffer and returns how many; 0 where the other side has sent all it will.
    """

    def __init__(self, receive: Callable[[memoryview], int]) -> None:
        self._receive = receive
        self._buffer = memoryview(b"")
        self._waiting = memoryview(b"")
        self._came = 0

    @property
    def waiting(self) -> int:
        """How many bytes are here already."""
        return len(self._waiting)

    def piece(self) -> bytes:
        """Return what is here, else wait for some; empty at the end."""
        if not self._waiting:
            self._fill()
        piece = bytes(self._waiting)
        self._waiting = self._waiting[:0]
        return piece

    def give_back(self, data: bytes) -> None:
        """Let ``data`` be the next bytes again."""
        self._waiting = memoryview(data + bytes(self._waiting))

    def readinto(self, buffer: memoryview) -> int:
        """Fill the front of ``buffer`` with what is here, else with what comes next; 0 at the end."""
        if not self._waiting:
            if len(buffer) >= DIRECT_BYTES:
                return self._receive(buffer)
            self._fill()
        count = min(len(buffer), len(self._waiting))
        buffer[:count] = self._waiting[:count]
        self._waiting = self._waiting[count:]
        return count

    def line(self) -> bytes:
        """Return the bytes before the next CR LF.

        Raises:
            BadBody: The line is longer than any that makes sense.
            ClientGone: The end comes first.
        """
        ahead = bytes(self._waiting[:LINE_BYTES])
        while (end := ahead.find(b"\r\n")) < 0:
            if len(ahead) >= LINE_BYTES:
                raise BadBody("a line in the body is too long")
            self._waiting = self._waiting[:0]
            self._fill()
            if not self._waiting:
                raise ClientGone
            self.give_back(ahead)
            ahead = bytes(self._waiting[:LINE_BYTES])
        self._waiting = self._waiting[end + 2 :]
        return ahead[:end]

    def _fill(self) -> None:
        if self._came == len(self._buffer) < PIECE_BYTES:  # more comes at once than it holds
            self._buffer = memoryview(bytearray(PIECE_BYTES if self._buffer else FIRST_BYTES))
        self._came = self._receive(self._buffer)
        self._waiting = self._buffer[: self._came]


class SizedBody:
    """A body whose length the head told."""

    def __init__(self, inlet: Inlet, size_bytes: int) -> None:
        self._inlet = inlet
        self._left = size_bytes

    @property
    def done(self) -> bool:
        """Whether all of it was read."""
        return self._left == 0

    def readinto(self, buffer: memoryview) -> int:
        """Fill the front of ``buffer``; 0 at the end of the body."""
        if not self._left or not buffer:
            return 0
        count = self._inlet.readinto(buffer[: self._left])
        if not count:
            raise ClientGone
        self._left -= count
        return count


class ChunkedBody:
    """A body in chunks, each with its length before it; extensions and trailers are dropped."""

    def __init__(self, inlet: Inlet) -> None:
        self._inlet = inlet
        self._left = 0  # of the current chunk
        self._between = False  # whether a chunk's closing CR LF is still to come
        self.done = False

    def readinto(self, buffer: memoryview) -> int:
        """Fill the front of ``buffer``, from as many chunks as are here; 0 at the end of the body."""
        filled = 0
        while filled < len(buffer) and not self.done:
            if self._left:
                count = self._inlet.readinto(buffer[filled : filled + self._left])
                if not count:
                    raise ClientGone
                self._left -= count
                self._between = self._left == 0
                filled += count
            elif not filled or self._inlet.waiting > LINE_BYTES:  # else this might wait, with bytes to be had
                self._next_chunk()
            else:
                break
            if filled and not self._inlet.waiting:
                break
        return filled

    def _next_chunk(self) -> None:
        if self._between and self._inlet.line():
            raise BadBody("a chunk is longer than it says")
        self._between = False
        size = self._inlet.line().partition(b";")[0].strip()
        if not 0 < len(size) <= 16 or size.strip(b"0123456789abcdefABCDEF"):
            raise BadBody("a chunk's length is no number")
        self._left = int(size, 16)
        if not self._left:
            for _ in range(TRAILER_LINES):
                if not self._inlet.line():
                    self.done = True
                    return
            raise BadBody("too many trailers")
