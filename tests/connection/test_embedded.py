"""The embedded engine as the last place where an engine is looked for."""

import re
import socket

import pytest

import dockyard
from dockyard import connection
from dockyard.connection import embedded
from dockyard.connection.places import Place
from dockyard.engine.run import probe, trial
from dockyard.errors import EngineDead, NoEngine
from dockyard.locale import speaking


@pytest.fixture
def nowhere(embedded_home, monkeypatch):
    """No usual socket exists; the embedded engine may start."""
    monkeypatch.setenv("DOCKER_CONFIG", str(embedded_home))
    monkeypatch.setattr(connection, "usual_places", lambda *_: [Place(f"unix://{embedded_home}/none.sock", "Docker")])
    monkeypatch.setattr(connection, "_current", None)
    return embedded_home


def test_it_is_started_where_there_is_no_other(nowhere):
    client = dockyard.connect()
    assert client.source == "Dockyard's embedded engine"
    assert client.engine.is_embedded
    assert "embedded engine, no isolation" in str(client)
    assert embedded.status().address == client.address


def test_one_that_runs_is_found_again(nowhere):
    first = dockyard.connect()
    assert dockyard.connect(start=False).address == first.address


def test_any_other_engine_goes_before_it(nowhere, client, monkeypatch):
    monkeypatch.setattr(connection, "usual_places", lambda *_: [Place(client.address, "Docker")])
    assert dockyard.connect().address == client.address
    assert embedded.status() is None


def test_a_socket_that_nobody_serves_does_not_stand_in_its_way(nowhere):
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(f"{nowhere}/none.sock")
    assert dockyard.connect().engine.is_embedded


def test_it_never_takes_the_place_of_a_named_engine(nowhere, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(EngineDead):
        dockyard.connect()
    assert embedded.status() is None


def test_it_can_be_switched_off(nowhere, monkeypatch):
    dockyard.connect()
    monkeypatch.setenv("DOCKYARD_EMBEDDED", "0")
    with pytest.raises(NoEngine, match="DOCKYARD_EMBEDDED=0 switches it off"):
        dockyard.connect()
    assert embedded.runners() == []


def test_it_is_not_started_where_that_is_not_wanted(nowhere):
    with pytest.raises(NoEngine, match="it is not running"):
        dockyard.connect(start=False)
    assert embedded.status() is None


def test_another_system_is_told_what_can_run_containers_there(monkeypatch):
    monkeypatch.delenv("DOCKYARD_EMBEDDED")
    monkeypatch.setattr("sys.platform", "darwin")
    assert embedded.why_not() == "it needs Linux; here Docker Desktop, Colima or Podman can run containers"
    assert embedded.runners() == []


@pytest.mark.parametrize(
    "reason",
    [probe.NO_PROOT, probe.NEEDS_SECCOMP, probe.TOO_SLOW, probe.FAILED, trial.NO_QUESTIONS, trial.UNKNOWN_PROCESSOR],
)
def test_why_a_runner_does_not_work_is_said_in_the_readers_language(monkeypatch, reason):
    monkeypatch.delenv("DOCKYARD_EMBEDDED", raising=False)
    monkeypatch.setattr(probe, "report", lambda: [("proot", f"{reason}: Operation not permitted"), ("seccomp", "")])
    assert embedded.runners() == [("proot", f"{reason}: Operation not permitted"), ("seccomp", "")]
    with speaking("ko"):
        (_, said), works = embedded.runners()
    assert re.search("[가-힣]", said), said
    assert said.endswith(": Operation not permitted")
    assert reason not in said
    assert works == ("seccomp", "")


def test_looking_does_not_start_it(nowhere):
    last = connection.looks()[-1]
    assert (last.client, last.error) == (None, None)
    dockyard.connect()
    assert connection.looks()[-1].client.engine.is_embedded
