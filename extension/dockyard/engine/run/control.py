"""The watching process's end of its conversations with engines: the one that started it, and those that come after."""

import os
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from dockyard.engine.run.channel import Channel, Message
from dockyard.engine.run.loop import READABLE, WRITABLE, Loop
from dockyard.engine.run.refused import Refused

__all__ = ["Control", "Request"]


class Request(NamedTuple):
    """What an engine asks for.

    Attributes:
        message: With its fields.
        files: That came with it.
        answer: Called once, with the result or a :class:`Refused`.
    """

    message: Message
    files: list[int]
    answer: Callable[[Any], None]


class Control:
    """All engines that listen."""

    def __init__(self, loop: Loop, meet: Callable[[Request], None], greeting: Callable[[], Message | None]) -> None:
        """Be ready for engines.

        Args:
            loop: Where it waits.
            meet: Called with each request; it may raise :class:`Refused`.
            greeting: Returns what an engine is told first, if anything.
        """
        self._loop, self._meet, self._greeting = loop, meet, greeting
        self._channels: list[Channel] = []
        self.on_alone: Callable[[], None] = lambda: None

    @property
    def alone(self) -> bool:
        """Whether no engine listens."""
        return not self._channels

    def listen(self, folder: str) -> None:
        """Let engines to come find this process by a socket in ``folder``.

        The socket is bound by a name relative to the folder, since a path of one has at most 107 bytes.
        """
        os.chdir(folder)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("control")
        listener.listen()
        os.chdir("/")
        listener.setblocking(False)
        self._loop.watch(listener.fileno(), READABLE, lambda _: self.adopt(listener.accept()[0]))

    def adopt(self, sock: socket.socket) -> None:
        """Talk to an engine."""
        sock.setblocking(False)
        channel = Channel(sock)
        self._channels.append(channel)
        self._loop.watch(channel.fileno(), READABLE, lambda events: self._hear(channel, events))
        if greeting := self._greeting():
            self._post(channel, greeting)

    def tell_all(self, message: Message) -> None:
        """Tell every engine."""
        for channel in list(self._channels):
            self._post(channel, message)

    def _hear(self, channel: Channel, events: int) -> None:
        try:
            if events & WRITABLE and not channel.flush():
                self._loop.change(channel.fileno(), READABLE)
            if not events & ~WRITABLE:
                return
            messages = channel.receive()
        except BlockingIOError:
            return
        except OSError:
            messages = None
        if messages is None:
            self._let_go(channel)
            return
        for message, files in messages:
            self._take(channel, message, files)

    def _take(self, channel: Channel, message: Message, files: list[int]) -> None:
        def answer(result: Any) -> None:
            if isinstance(result, Refused):
                self._post(channel, {"n": message["n"], "failed": result.sentence, "code": result.code})
            else:
                self._post(channel, {"n": message["n"], "result": result})

        try:
            self._meet(Request(message, files, answer))
        except Refused as refused:
            answer(refused)

    def _post(self, channel: Channel, message: Message) -> None:
        if channel not in self._channels:
            return
        try:
            if channel.post(message):
                self._loop.change(channel.fileno(), READABLE | WRITABLE)
        except OSError:
            self._let_go(channel)

    def _let_go(self, channel: Channel) -> None:
        self._channels.remove(channel)
        self._loop.forget(channel.fileno())
        channel.close()
        if not self._channels:
            self.on_alone()
