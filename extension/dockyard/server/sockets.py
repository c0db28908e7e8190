"""What goes on and on: news, a container's output, a terminal. Each is a websocket.

Websockets rather than server-sent events: proxies before Jupyter carry them already, for kernels, while some gather events; a browser keeps any
number of them open, while every stream of events takes one of its six connections to a server; and a terminal talks both ways.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, ClassVar

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dockyard.connection import Client
from dockyard.connection.logs import LogStream
from dockyard.errors import Cancelled, DockyardError
from dockyard.locale import speaking
from dockyard.remote_terminal import RemoteTerminal
from dockyard.server.desk import Desk
from dockyard.server.handler import RESOURCE, Action, failure, require_allowed
from dockyard.server.work import changes_json
from dockyard.tasks import Attach, Shell

__all__ = ["LogSocket", "NewsSocket", "Socket", "TerminalSocket"]

TAIL_LINES = 1000
SEND_S = 30  # how long a page may take to take a piece of output


class Socket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One open connection to a page: of a reader who is logged in, on a page of this server."""

    auth_resource = RESOURCE
    action: ClassVar[Action] = "read"

    def initialize(self, desk: Desk) -> None:
        """Take what the routes share."""
        self.desk = desk

    async def get(self, *parts: str, **named: str) -> None:
        """Open it; whoever may not is refused before that."""
        await require_allowed(self, self.action)
        await super().get(*parts, **named)

    def open(self, *parts: str) -> None:
        """Begin the work."""
        super().open(*parts)
        self._loop = asyncio.get_running_loop()
        self._is_gone = False
        language = self.get_query_argument("language", "")

        def work() -> None:
            with speaking(language):
                try:
                    self.begin()
                except DockyardError as error:
                    self.tell({"error": failure(error)[1]})

        threading.Thread(target=work, name="dockyard-socket", daemon=True).start()

    def begin(self) -> None:
        """Do what it is for, in a thread of its own."""
        raise NotImplementedError

    def on_message(self, message: str | bytes) -> None:
        """Hear nothing, where a page has nothing to say."""

    def on_close(self) -> None:
        """Note that nobody is there any more."""
        self._is_gone = True

    def tell(self, content: Mapping[str, Any]) -> None:
        """Send JSON, from any thread."""
        self._later(json.dumps(content))

    def pour(self, content: bytes) -> bool:
        """Send bytes, wait until they are on their way, and return whether anyone is still there."""
        if self._is_gone:
            return False
        sending = asyncio.run_coroutine_threadsafe(self._send(content), self._loop)
        try:
            sending.result(SEND_S)
        except (WebSocketClosedError, StreamClosedError, CancelledError, TimeoutError):
            return False
        return True

    async def _send(self, content: bytes) -> None:
        await self.write_message(content, binary=True)

    def _later(self, content: str | bytes) -> None:
        def send() -> None:
            with suppress(WebSocketClosedError):  # nobody is there any more
                self.write_message(content, binary=isinstance(content, bytes))

        with suppress(RuntimeError):  # the server is ending
            self._loop.call_soon_threadsafe(send)


class NewsSocket(Socket):
    """What changes: ``{"kinds": [...], "is_connected": true}``, ``{"run": {...}}``, ``{"engine": "changed"}``; at first the runs there are."""

    def begin(self) -> None:
        """Tell all that happens until the page is gone."""
        self._stop: Callable[[], None] | None = self.desk.news.listen(self.tell)
        self.tell({"runs": self.desk.work.runs()})
        self.desk.client()  # its events are followed from then on
        if self._is_gone:
            self._end()

    def on_close(self) -> None:
        """Stop listening."""
        super().on_close()
        threading.Thread(target=self._end, name="dockyard-socket-end", daemon=True).start()

    def _end(self) -> None:
        stop, self._stop = getattr(self, "_stop", None), None
        if stop:
            stop()


class LogSocket(Socket):
    """What a container (``?container=NAME``) has printed and prints, as bytes; then ``{"ended": true}``."""

    _stream: LogStream | None = None

    def begin(self) -> None:
        """Send its output until either end closes."""
        tail = self.get_query_argument("tail", str(TAIL_LINES))
        lines = int(tail) if tail.isdecimal() else TAIL_LINES
        with LogStream(self.desk.client(), self.get_query_argument("container"), tail=lines) as stream:
            self._stream = stream
            for piece in stream:
                if not self.pour(piece):
                    return
        self.tell({"ended": True})

    def on_close(self) -> None:
        """Close the stream, which its reader notices."""
        super().on_close()
        if self._stream:
            self._stream.close()


class TerminalSocket(Socket):
    """A terminal for the shell of a plan (``?plan=ID``).

    Messages are those of :mod:`dockyard.remote_terminal`. Bytes from the page are what was typed; bytes to it begin with the number of the
    message, in eight bytes. ``{"is_open": ...}`` says whether a program is there, ``{"outcome": ...}`` how it ended.
    """

    action: ClassVar[Action] = "execute"
    _terminal: "_PageTerminal | None" = None

    def begin(self) -> None:
        """Let the page talk to the program until either ends."""
        client, task = self.desk.work.take_terminal(self.get_query_argument("plan"))
        if not isinstance(task, Shell | Attach):
            raise web.HTTPError(400)
        self._terminal = terminal = _PageTerminal(self.tell, self._later)
        self.tell({"line": task.command, "words": RemoteTerminal.words(), "warnings": _warnings(client, task)})
        try:
            if terminal.was_shown():
                result = task.run(client, cancel=terminal.gone, terminal=terminal)
                self.tell(
                    {
                        "outcome": {
                            "exit_code": result.exit_code,
                            "changes": changes_json(result.changes),
                            "warnings": [str(each) for each in result.warnings],
                        }
                    }
                )
        except Cancelled:
            return  # by closing the page: nobody is there to be told
        finally:
            terminal.ended()

    def on_message(self, message: str | bytes) -> None:
        """Give the program what was typed, and the terminal what the page says."""
        if self._terminal is None:
            return
        if isinstance(message, bytes):
            self._terminal.hear({"do": "input"}, [memoryview(message)])
        else:
            self._terminal.hear(json.loads(message), [])

    def on_close(self) -> None:
        """End the program, as a terminal window does that is closed."""
        super().on_close()
        if self._terminal:
            self._terminal.gone.set()
            self._terminal.leave()


class _PageTerminal(RemoteTerminal):
    """A terminal at the other end of a websocket."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None], pour: Callable[[bytes], None]) -> None:
        self.gone = threading.Event()
        self._tell, self._pour = tell, pour
        self._is_open = False
        self._shown = threading.Event()
        self.begin(self._shown.set, self.gone.set)

    @property
    def is_open(self) -> bool:
        """Whether a program is there to type to; the page is told."""
        return self._is_open

    @is_open.setter
    def is_open(self, value: bool) -> None:
        self._is_open = value
        self._tell({"is_open": value})

    def send(self, content: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Carry a message to the page."""
        if content.get("do") == "output":
            self._pour(int(content["number"]).to_bytes(8, "big") + b"".join(buffers))
        else:
            self._tell(content)

    def leave(self) -> None:
        """Go; whoever waits for a page goes on."""
        self._shown.set()
        super().leave()

    def was_shown(self) -> bool:
        """Wait until a page shows it; return whether one does."""
        self._shown.wait()
        return not self.gone.is_set()


def _warnings(client: Client, task: Shell | Attach) -> list[str]:
    return [str(each) for each in task.plan(client).warnings]
