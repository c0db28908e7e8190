import socket

import pytest

from dockyard.engine.containers.container import Container
from dockyard.engine.errors import Conflict, NotFound
from dockyard.engine.run.running import Attachment


@pytest.fixture
def container(tmp_path):
    return Container(tmp_path, "0" * 64, "box", "2026-01-02T15:04:05Z", "sha256:1", "sha256:2", {}, {})


def test_clients_that_hung_up_before_it_was_started_are_let_go(container):
    ends = [socket.socketpair() for _ in range(3)]
    for ours, theirs in ends[:2]:
        container.wait_with(Attachment(ours))
        theirs.close()
    container.wait_with(Attachment(ends[2][0]))
    assert [each.sock for each in container.waiting] == [ends[2][0]]
    assert [ours.fileno() < 0 for ours, _ in ends] == [True, True, False]
    for each in ends[2]:
        each.close()


def test_a_client_that_only_ends_its_input_still_waits():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.shutdown(socket.SHUT_WR)
        assert not Attachment(ours).gone


def test_one_client_alone_takes_leave_of_it(container):
    with container.taking_leave("box"):
        with (
            pytest.raises(Conflict, match="removal of container box is already in progress"),
            container.taking_leave("box"),
        ):
            pytest.fail("two took leave")
        assert container.leaving
    assert not container.leaving
    container.removed = True
    with pytest.raises(NotFound, match="No such container: box"), container.taking_leave("box"):
        pytest.fail("it was gone")
