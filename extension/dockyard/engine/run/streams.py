"""A process's input and output, and the clients that are attached to them."""

import fcntl
import os
import socket
import struct
import termios
from functools import partial
from typing import NamedTuple

from dockyard.engine.run.detach import DetachKeys
from dockyard.engine.run.jsonlog import JsonLog
from dockyard.engine.run.loop import GONE, READABLE, WRITABLE, Loop
from dockyard.engine.run.spec import Process

__all__ = ["STDERR", "STDOUT", "Client", "Ends", "Streams", "set_size"]

STDOUT, STDERR = 1, 2
NAMES = {STDOUT: "stdout", STDERR: "stderr"}

PIECE_BYTES = 64 * 1024
MOST_PIECES = 32
"""How much of it is read at the end: more than a pipe holds, and not for ever where something in the background writes on."""

MOST_UNSENT_BYTES = 256 * 1024
"""When a client has not taken this much, the process's output is left where it is: the process waits for the client."""

PATIENCE_S = 10.0
"""How long a client may take nothing after the process's end before it is given up."""


class Ends(NamedTuple):
    """Our ends of a process's streams.

    Attributes:
        stdin: What we write to; None if it reads nothing.
        outputs: What we read from, by :data:`STDOUT` and :data:`STDERR`; of a terminal, the first alone.
    """

    stdin: int | None
    outputs: dict[int, int]


class Client:
    """Someone who is attached."""

    def __init__(
        self, sock: socket.socket, *, stdin: bool, outputs: set[int], framed: bool, keys: bytes, typed: bytes
    ) -> None:
        """Take over a client.

        Args:
            sock: The connection.
            stdin: Whether it writes the input.
            outputs: What it reads.
            framed: Whether it expects Docker's header before each piece.
            keys: What it types to leave.
            typed: What it sent already.
        """
        sock.setblocking(False)
        self.sock = sock
        self.writes, self.outputs, self.framed = stdin, outputs, framed
        self.keys = DetachKeys(keys)
        self.typed = typed
        self.unsent = bytearray()
        self.hung_up = False

    def queue(self, stream: int, content: bytes) -> None:
        """Add output to what it gets."""
        if stream in self.outputs:
            if self.framed:
                self.unsent += struct.pack(">BxxxI", stream, len(content))
            self.unsent += content

    def flush(self) -> None:
        """Send what it takes now.

        Raises:
            OSError: It is gone.
        """
        while self.unsent:
            try:
                del self.unsent[: self.sock.send(self.unsent)]
            except BlockingIOError:
                return


class Streams:
    """Carries between one process, its clients, and the log."""

    def __init__(self, loop: Loop, process: Process, log: JsonLog | None) -> None:
        self._loop, self._process, self._log = loop, process, log
        self._clients: list[Client] = []
        self._outputs: dict[int, int] = {}
        self._stdin: int | None = None
        self._input = bytearray()
        self._input_ends = False
        self._choked = False
        self._finished = False
        self._let_go = False

    @property
    def empty(self) -> bool:
        """Whether no client is left."""
        return not self._clients

    def connect(self, ends: Ends) -> None:
        """Begin to carry."""
        self._outputs = dict(ends.outputs)
        for stream, opened in self._outputs.items():
            os.set_blocking(opened, False)
            self._loop.watch(opened, READABLE, partial(self._read_more, stream))
        self._stdin = ends.stdin
        if self._stdin is not None:
            os.set_blocking(self._stdin, False)
            self._loop.watch(self._stdin, 0, lambda _: self._write_more())
        self._write()  # what clients typed ahead, which may be as much as is taken
        for client in list(self._clients):
            self._pull(client)

    def attach(self, client: Client) -> None:
        """Join a client; one that comes too late finds the end."""
        if self._let_go:
            client.sock.close()
            return
        self._clients.append(client)
        self._loop.watch(client.sock.fileno(), 0, lambda events: self._ready(client, events))
        if not self._finished and (self._stdin is not None or not self._outputs):
            self._pull(client)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size; the kernel tells the processes at it."""
        if self._process.tty and STDOUT in self._outputs:
            set_size(self._outputs[STDOUT], rows, columns)

    def drain(self) -> None:
        """The process has ended: carry what it left. The clients stay, and get no more."""
        if self._finished:
            return
        self._choked = False
        for stream in list(self._outputs):
            for _ in range(MOST_PIECES):
                if not self._read(stream):
                    break
            self._end_output(stream)
        self._finished = True
        self._close_stdin()

    def finish(self) -> None:
        """The process has ended: carry what it left, and see the clients off."""
        self.drain()
        if not self._let_go:
            self._let_go = True
            for client in list(self._clients):
                self._see_off(client, len(client.unsent))

    # ------------------------------------------------------------ output

    def _read_more(self, stream: int, _: int) -> None:
        self._read(stream)

    def _read(self, stream: int) -> bool:
        """Carry one piece; return whether there may be more."""
        try:
            content = os.read(self._outputs[stream], PIECE_BYTES)
        except BlockingIOError:
            return False
        except OSError:  # how a terminal tells that no one has it open
            content = b""
        if not content:
            self._end_output(stream)
            return False
        if self._log is not None:
            self._log.write(NAMES[stream], content)
        for client in list(self._clients):
            client.queue(stream, content)
            self._flush(client)
        self._balance()
        return stream in self._outputs

    def _end_output(self, stream: int) -> None:
        opened = self._outputs.pop(stream, None)
        if opened is not None:
            self._loop.forget(opened)
            os.close(opened)
            if self._log is not None:
                self._log.finish(NAMES[stream])

    def _balance(self) -> None:
        """Read on only when every client keeps up."""
        choked = any(len(client.unsent) > MOST_UNSENT_BYTES for client in self._clients)
        if choked != self._choked:
            self._choked = choked
            for opened in self._outputs.values():
                if choked:
                    self._loop.change(opened, 0)
                else:
                    self._loop.change(opened, READABLE)

    # ------------------------------------------------------------ clients

    def _ready(self, client: Client, events: int) -> None:
        if events & GONE:
            client.hung_up, client.outputs = True, set()
            client.unsent.clear()
            self._loop.forget(client.sock.fileno())
            if not client.writes or self._finished:
                self._drop(client)
                return
        if events & (READABLE | GONE):
            self._pull(client)
        if client in self._clients:
            self._flush(client)
            self._balance()

    def _pull(self, client: Client) -> None:
        """Take a client's input while there is room for it."""
        while client.writes and len(self._input) < PIECE_BYTES and client in self._clients:
            content, client.typed = client.typed, b""
            if not content:
                try:
                    content = client.sock.recv(PIECE_BYTES)
                except BlockingIOError:
                    break
                except OSError:
                    content = b""
            if not content:
                client.writes = False
                if self._process.stdin_once and not self._process.tty:  # a terminal stays, for whoever attaches next
                    self._input_ends = True
                    self._write()
                break
            if self._process.tty:
                content, leaves = client.keys.feed(content)
                if leaves:
                    self._input += content
                    self._write()
                    self._drop(client)
                    return
            self._input += content
            self._write()
        if client.hung_up and not client.writes:
            self._drop(client)
        elif client in self._clients:
            self._await(client)

    def _flush(self, client: Client) -> None:
        try:
            client.flush()
        except OSError:
            client.unsent.clear()
            if not client.writes:
                self._drop(client)
                return
            client.outputs = set()
        self._await(client)

    def _await(self, client: Client) -> None:
        wants_input = client.writes and len(self._input) < PIECE_BYTES and not self._finished
        self._loop.change(client.sock.fileno(), (READABLE if wants_input else 0) | (WRITABLE if client.unsent else 0))

    def _drop(self, client: Client) -> None:
        if client in self._clients:
            self._clients.remove(client)
            self._loop.forget(client.sock.fileno())
            client.sock.close()
            self._balance()

    def _see_off(self, client: Client, before: int) -> None:
        """Send a client the rest, as long as it takes some of it."""
        if client not in self._clients:
            return
        client.writes = False
        self._flush(client)
        if client not in self._clients:
            return
        if not client.unsent or client.hung_up:
            self._drop(client)
            return

        def look_again() -> None:
            if len(client.unsent) == before:
                self._drop(client)
            else:
                self._see_off(client, len(client.unsent))

        self._loop.forget(client.sock.fileno())
        self._loop.watch(client.sock.fileno(), WRITABLE, lambda _: self._send_rest(client))
        self._loop.after(PATIENCE_S, look_again)

    def _send_rest(self, client: Client) -> None:
        try:
            client.flush()
        except OSError:
            client.unsent.clear()
        if not client.unsent:
            self._drop(client)

    # ------------------------------------------------------------ input

    def _write(self) -> None:
        """Give the process what it takes now."""
        if self._stdin is None:
            if self._outputs or self._finished:  # it reads nothing, or no more
                self._input.clear()
            return
        try:
            while self._input:
                del self._input[: os.write(self._stdin, self._input)]
        except BlockingIOError:
            self._loop.change(self._stdin, WRITABLE)
            return
        except OSError:  # it has closed its input
            self._close_stdin()
            return
        self._loop.change(self._stdin, 0)
        if self._input_ends:
            self._close_stdin()

    def _write_more(self) -> None:
        """The process takes input again."""
        self._write()
        for client in list(self._clients):
            self._pull(client)

    def _close_stdin(self) -> None:
        if self._stdin is not None:
            self._loop.forget(self._stdin)
            os.close(self._stdin)
            self._stdin = None
        self._input.clear()


def set_size(terminal: int, rows: int, columns: int) -> None:
    """Set a terminal's size."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("=HHHH", rows & 0xFFFF, columns & 0xFFFF, 0, 0))
