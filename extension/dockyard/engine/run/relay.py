"""Published ports: connections to a port of the host, carried on to the container."""

import errno
import socket

from dockyard.engine.run.loop import GONE, READABLE, WRITABLE, Loop

__all__ = ["Relay"]

PIECE_BYTES = 256 * 1024


class Relay:
    """Carries each connection that a listening socket accepts to an address. Refused there, it is closed here, as Docker's proxy does it."""

    def __init__(self, loop: Loop, listener: socket.socket, target: tuple[str, int]) -> None:
        """Start to accept.

        Args:
            loop: Where it waits.
            listener: Listening; owned from now on.
            target: The container's address and port.
        """
        self._loop, self._listener, self._target = loop, listener, target
        self._pairs: set[_Pair] = set()
        listener.setblocking(False)
        loop.watch(listener.fileno(), READABLE, lambda _: self._accept())

    def close(self) -> None:
        """Accept no more, and end what is carried."""
        self._loop.forget(self._listener.fileno())
        self._listener.close()
        for pair in list(self._pairs):
            pair.close()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):  # it waits in the queue until some of the others have ended
                self._loop.change(self._listener.fileno(), 0)
                self._loop.after(0.5, lambda: self._loop.change(self._listener.fileno(), READABLE))
            return
        self._pairs.add(_Pair(self._loop, client, self._target, self._pairs))


class _Way:
    """One direction of a connection: what was read from ``source`` and is not yet written to ``sink``."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source, self.sink = source, sink
        self.waiting = b""
        self.ended = False  # the source sends no more
        self.closed = False  # and the sink was told


class _Pair:
    """A client and the container."""

    def __init__(self, loop: Loop, client: socket.socket, target: tuple[str, int], pairs: "set[_Pair]") -> None:
        self._loop, self._pairs = loop, pairs
        self._client, self._inner = client, socket.socket()
        self._connected = False
        for end in (self._client, self._inner):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ways = (_Way(self._client, self._inner), _Way(self._inner, self._client))
        self._inner.connect_ex(target)
        loop.watch(self._client.fileno(), 0, lambda events: self._ready(self._client, events))
        loop.watch(self._inner.fileno(), WRITABLE, lambda events: self._ready(self._inner, events))

    def close(self) -> None:
        if self in self._pairs:
            self._pairs.discard(self)
            for end in (self._client, self._inner):
                self._loop.forget(end.fileno())
                end.close()

    def _ready(self, end: socket.socket, events: int) -> None:
        if end is self._inner and not self._connected:
            if self._inner.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.close()
                return
            self._connected = True
        if not self._connected and events & GONE:
            self.close()
            return
        try:
            for way in self._ways:
                if way.source is end and events & (READABLE | GONE) and not way.waiting and not way.ended:
                    self._read(way)
                self._write(way)
        except OSError:  # either side broke it off
            self.close()
            return
        if all(way.closed for way in self._ways):
            self.close()
            return
        self._await()

    def _read(self, way: _Way) -> None:
        try:
            way.waiting = way.source.recv(PIECE_BYTES)
        except BlockingIOError:
            return
        way.ended = not way.waiting

    def _write(self, way: _Way) -> None:
        if way.waiting:
            try:
                way.waiting = way.waiting[way.sink.send(way.waiting) :]
            except BlockingIOError:
                return
        if way.ended and not way.waiting and not way.closed:
            way.closed = True
            way.sink.shutdown(socket.SHUT_WR)

    def _await(self) -> None:
        for end in (self._client, self._inner):
            if all(way.ended if way.source is end else way.closed for way in self._ways):
                self._loop.forget(end.fileno())  # it would be told to be hung up, over and over
                continue
            events = 0
            for way in self._ways:
                if way.source is end and not way.waiting and not way.ended:
                    events |= READABLE
                if way.sink is end and way.waiting:
                    events |= WRITABLE
            self._loop.change(end.fileno(), events)
