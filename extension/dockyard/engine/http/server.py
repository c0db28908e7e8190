"""The API on a unix socket: one thread a connection."""

import fcntl
import logging
import os
import select
import socket
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import unquote

from dockyard.engine.errors import ApiError
from dockyard.engine.http.exchange import Exchange
from dockyard.engine.http.request import Body, Query, Request
from dockyard.engine.http.response import Hijack, Response
from dockyard.engine.http.router import Route, Router, split_version
from dockyard.engine.http.wire import BadBody, BadHead, ClientGone, Head, Wire

__all__ = ["Server"]

log = logging.getLogger(__name__)

E = TypeVar("E")

BACKLOG = 512
SENDFILE_BYTES = 1 << 30
HEAD_READ_S, HEAD_LOOK_S = 0.5, 0.0005
BUFFER_BYTES = 1 << 20  # of the socket, as far as the system allows


class Server(Generic[E]):
    """Serves an engine on a unix socket that only its user can open.

    Args:
        path: Of the socket. One that an earlier engine left is replaced: whoever calls holds the lock that makes this safe.
        engine: What the handlers get.
        routes: The calls; see :class:`Router`.
    """

    def __init__(self, path: Path, engine: E, routes: Iterable[Route[E]]) -> None:
        self._engine = engine
        self._router = Router(routes)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = False
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(before)
        self._listener.listen(BACKLOG)

    def serve(self) -> None:
        """Accept connections until :meth:`stop`."""
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if self._stopping:
                    break
                log.error("a connection could not be accepted: %s", error)
                time.sleep(0.1)  # too many open files: some will be closed
                continue
            with self._lock:
                self._open.add(connection)
            try:
                threading.Thread(target=self._talk, args=(connection,), daemon=True, name="connection").start()
            except RuntimeError as error:  # no more threads are to be had; those that are there will end
                log.error("a connection could not be served: %s", error)
                self._let_go(connection)
                time.sleep(0.1)
        self._listener.close()

    def stop(self) -> None:
        """Accept no more, and hang up on everyone. May be called from a signal's handler."""
        self._stopping = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _talk(self, connection: socket.socket) -> None:
        """Answer one client until it hangs up."""
        hijack: Hijack | None = None
        leftover = b""
        try:
            if not _is_own(connection):
                return
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                connection.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
            wire = Wire(connection.recv_into, connection.sendall, _file_sender(connection))
            while hijack is None:
                hijack = self._next(wire, connection)
                if hijack is None and not wire.settle():
                    return
            leftover = wire.switch(hijack.content_type)
        except (_Done, ClientGone, BadBody):
            hijack = None
        except Exception:  # one connection's trouble is not the engine's
            hijack = None
            log.exception("a connection failed")
        finally:
            if hijack is None:
                self._let_go(connection)
            else:
                with self._lock:
                    self._open.discard(connection)
        if hijack is not None:
            _await_read(connection)
            _hand_over(hijack, connection, leftover)

    def _let_go(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _next(self, wire: Wire, connection: socket.socket) -> Hijack | None:
        exchange = Exchange(wire, lambda: _hung_up(connection))
        try:
            head = wire.next_head()
        except BadHead as error:
            exchange.refuse(error.status, str(error))
            raise _Done from error
        if head is None:
            raise _Done
        return exchange.run(lambda: self._answer(head, wire))

    def _answer(self, head: Head, wire: Wire) -> Response:
        target, _, query = head.target.partition("?")
        version, path = split_version(unquote(target, errors="surrogateescape"))
        handler, params = self._router.find(head.method, path)
        body = Body(wire.readinto, head.headers.get("content-type", ""))
        return handler(self._engine, Request(head.method, path, version, Query(query), head.headers, params, body))


class _Done(Exception):
    """The client has nothing more to ask."""


def _hand_over(hijack: Hijack, connection: socket.socket, leftover: bytes) -> None:
    """Give the connection away; what goes wrong now can't be told as an answer any more."""
    try:
        hijack.take(connection, leftover)
    except (ApiError, ClientGone) as error:
        log.warning("a connection was taken over and lost: %s", error)
        connection.close()
    except Exception:  # one connection's trouble is not the engine's
        log.exception("a connection was taken over and lost")
        connection.close()


def _is_own(connection: socket.socket) -> bool:
    """Whether the other side is this user, or root, who could be anyway."""
    if not sys.platform.startswith("linux"):
        return True
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return uid in (0, os.geteuid())


def _hung_up(connection: socket.socket) -> bool:
    """Whether the client closed its side for good; one that only ends its input still listens."""
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))


def _await_read(connection: socket.socket) -> None:
    """Wait until the client has read the answer's head, for a moment at most.

    Clients that take over a connection drop what they read together with the head: docker-py reads on below the buffer that the head came
    through. Docker takes longer to start a process than they take to read; this engine does not.
    """
    if not sys.platform.startswith("linux"):
        return
    unread, ends = bytearray(4), time.monotonic() + HEAD_READ_S
    while time.monotonic() < ends and not _hung_up(connection):
        fcntl.ioctl(connection, termios.TIOCOUTQ, unread)
        if not any(unread):
            return
        time.sleep(HEAD_LOOK_S)  # the kernel tells nobody when it is read


def _file_sender(connection: socket.socket) -> Callable[[int, int, int], None]:
    def send(descriptor: int, offset: int, count: int) -> None:
        while count:
            sent = os.sendfile(connection.fileno(), descriptor, offset, min(count, SENDFILE_BYTES))
            if not sent:
                raise EOFError("the file became shorter while it was sent")
            offset += sent
            count -= sent

    return send
