"""What a container prints, as a stream that can be closed from elsewhere."""

import threading

import pytest

from dockyard.connection.logs import LogStream
from dockyard.errors import NoSuchContainer

pytestmark = pytest.mark.engine


def test_the_past_alone(client, container):
    name = container("busybox", "sh", "-c", "echo out; echo err >&2; sleep 1000")
    with LogStream(client, name, follow=True) as stream:
        seen = b""
        for piece in stream:
            seen += piece
            if b"out" in seen and b"err" in seen:
                break
    with LogStream(client, name, follow=False) as stream:
        assert sorted(b"".join(stream).splitlines()) == [b"err", b"out"]
    with LogStream(client, name, follow=False, tail=0) as stream:
        assert b"".join(stream) == b""


def test_closing_it_ends_whoever_waits(client, container):
    stream = LogStream(client, container())
    reader = threading.Thread(target=list, args=(stream,))
    reader.start()
    stream.close()
    reader.join(10)
    assert not reader.is_alive()


def test_no_such_container(client):
    with pytest.raises(NoSuchContainer):
        LogStream(client, "nothing-of-that-name")
