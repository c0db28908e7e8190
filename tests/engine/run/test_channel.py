"""Messages between the engine and the process that watches over a container."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

import pytest

from dockyard.engine.run.channel import Channel, Message


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = (Channel(sock) for sock in socket.socketpair())
    with closing(ours), closing(theirs):
        yield ours, theirs


def gather(channel: Channel, count: int) -> list[tuple[Message, list[int]]]:
    got: list[tuple[Message, list[int]]] = []
    while len(got) < count:
        messages = channel.receive()
        assert messages is not None
        got += messages
    return got


def test_messages_arrive_in_order_and_whole(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    for number in range(100):
        ours.send({"n": number, "text": "x" * number})
    assert [message["n"] for message, _ in gather(theirs, 100)] == list(range(100))


def test_each_message_has_its_own_files(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    pipes = [os.pipe() for _ in range(3)]
    ours.send({"n": 0}, [pipes[0][1]])
    ours.send({"n": 1})
    ours.send({"n": 2}, [pipes[1][1], pipes[2][1]])
    got = gather(theirs, 3)
    assert [len(files) for _, files in got] == [1, 0, 2]
    for word, opened in zip((b"a", b"b", b"c"), [file for _, files in got for file in files], strict=True):
        assert not os.get_inheritable(opened)
        os.write(opened, word)
        os.close(opened)
    for (reader, writer), word in zip(pipes, (b"a", b"b", b"c"), strict=True):
        assert os.read(reader, 1) == word
        os.close(reader)
        os.close(writer)


def test_the_end_is_told(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    ours.close()
    assert theirs.receive() is None


def test_what_does_not_fit_now_is_sent_later() -> None:
    one, two = socket.socketpair()
    one.setblocking(False)
    with closing(Channel(one)) as ours, closing(Channel(two)) as theirs:
        assert ours.post({"text": "x" * 3_000_000})
        got: list[tuple[Message, list[int]]] = []
        while not got:
            got += theirs.receive() or []
            ours.flush()
        assert len(got[0][0]["text"]) == 3_000_000
        assert not ours.flush()


class AnsweredAtOnce:
    """A socket whose other side has read a message, and gone, as soon as it is sent."""

    def __init__(self, sock: socket.socket, other: socket.socket) -> None:
        self._sock, self._other, self.sendall = sock, other, sock.sendall

    def sendmsg(self, *given: Any) -> int:
        sent = self._sock.sendmsg(*given)
        self._other.recv(1000)
        self._other.close()
        return sent


def test_a_side_that_goes_as_soon_as_it_has_a_message_has_had_it() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        Channel(cast("socket.socket", AnsweredAtOnce(ours, theirs))).send({"n": 0})
        assert theirs.fileno() == -1
