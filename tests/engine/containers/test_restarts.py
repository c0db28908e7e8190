import threading
from pathlib import Path

import pytest

from dockyard.engine.containers.config import host_config
from dockyard.engine.containers.container import Container
from dockyard.engine.containers.restarts import Restarts

BEGAN = "2026-01-02T03:04:05Z"


def ended(policy, code=1, *, most=0, finished=BEGAN, stopped=False, restarts=0):
    host = host_config({"RestartPolicy": {"Name": policy, "MaximumRetryCount": most}})
    container = Container(Path("/nowhere"), "0" * 64, "web", BEGAN, "sha256:0", "sha256:0", {}, host)
    state = container.state
    state.status, state.exit_code, state.started_at, state.finished_at = "exited", code, BEGAN, finished
    state.stopped_by_user, state.restarts = stopped, restarts
    return container


@pytest.fixture
def restarts():
    planned = Restarts(lambda _: None)
    yield planned
    planned.close()


@pytest.mark.parametrize(
    ("container", "again"),
    [
        (ended("no"), False),
        (ended("always", 0), True),
        (ended("unless-stopped", 0), True),
        (ended("on-failure", 0), False),
        (ended("on-failure", 1), True),
        (ended("on-failure", 1, most=2, restarts=1), True),
        (ended("on-failure", 1, most=2, restarts=2), False),
        (ended("always", stopped=True), False),
    ],
)
def test_a_policy_decides_after_an_end(restarts, container, again):
    assert restarts.after_end(container) is again
    assert restarts.claim(container) is again


@pytest.mark.parametrize(
    ("container", "again"),
    [
        (ended("no"), False),
        (ended("on-failure"), False),
        (ended("unless-stopped"), True),
        (ended("unless-stopped", stopped=True), False),
        (ended("always", stopped=True), True),
    ],
)
def test_a_policy_decides_when_the_engine_begins(restarts, container, again):
    assert restarts.after_engine(container) is again


def test_the_container_is_started_after_the_pause():
    started = threading.Event()
    restarts = Restarts(lambda _: started.set())
    restarts.after_end(ended("always"))
    assert started.wait(10)


def test_a_restart_is_claimed_once(restarts):
    container = ended("always")
    restarts.after_end(container)
    assert restarts.claim(container)
    assert not restarts.claim(container)


def test_nothing_is_planned_after_the_close(restarts):
    restarts.close()
    assert not restarts.after_end(ended("always"))
