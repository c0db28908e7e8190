"""Builds over docker-py's transports, which serve addresses without a plain socket (ssh), and over connections that break."""

import socket
import threading

import pytest

from dockyard.connection import building
from dockyard.connection.building import BuildCall
from dockyard.errors import BuildFailed, Cancelled, EngineDead
from dockyard.tasks import Build

pytestmark = pytest.mark.engine


@pytest.fixture
def without_socket(monkeypatch):
    monkeypatch.setattr(building, "has_plain_socket", lambda _: False)


def test_a_build_without_a_plain_socket(client, without_socket, tmp_path):
    (tmp_path / "big").write_bytes(bytes(300_000))
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCOPY big /big\nRUN echo $((1 + 1))\n")
    task = Build(str(tmp_path))
    seen = []
    done = task.run(client, report=seen.append)
    assert "\n2\n" in done.log
    assert [each.done for each in seen if each.unit == "bytes"][-1] > 300_000
    task.undo(client)
    with pytest.raises(BuildFailed, match="COYP"):
        Build("-", text="FROM busybox\nCOYP a b\n").run(client)


def test_sending_without_a_plain_socket_can_be_stopped(client, without_socket, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM busybox\n")
    (tmp_path / "big").write_bytes(bytes(8 << 20))
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        Build(str(tmp_path)).run(client, report=lambda _: cancel.set(), cancel=cancel)


def test_an_engine_that_goes_away_is_told(client, tmp_path, monkeypatch):
    """What listens here takes the context and hangs up."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def hang_up():
            taken, _ = listener.accept()
            taken.recv(100)
            taken.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        gone = client.__class__(client.api, f"unix://{tmp_path}/s", "test", client.engine, client.data_dir)
        call = BuildCall(gone, {"t": "x"})
        call.send(iter([b"x" * 100]), 100, lambda _: None)
        with pytest.raises(EngineDead):
            list(call)
        call.close()
        thread.join()
