"""Exec as a task, on every engine."""

import threading
import time

import pytest

from dockyard.errors import Cancelled, CannotUndo, LeftRunning, NoSuchContainer, WrongState
from dockyard.tasks import Exec
from dockyard.tasks.container import processes

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def box(client):
    """A busybox for all of the tests here."""
    made = client.api.create_container("busybox", ["sleep", "1000"], stop_signal="SIGKILL")["Id"]
    client.api.start(made)
    yield made
    client.api.remove_container(made, force=True)


def sh(box, text, **options):
    return Exec(box, ("sh", "-c", text), **options)


def test_what_it_prints_and_how_it_ends_is_told_as_it_comes(client, box):
    task = sh(box, "echo one; sleep 1; echo two >&2; exit 3", workdir="/tmp")
    seen = []
    done = task.run(client, plan=task.plan(client), report=lambda each: seen.append((time.monotonic(), each.doing)))
    assert (done.output, done.exit_code, done.changes) == (b"one\ntwo\n", 3, ())
    assert [doing for _, doing in seen] == ["one", "two"]
    assert seen[1][0] - seen[0][0] > 0.5
    evidence = task.verify(client)
    assert (evidence.ok, evidence.facts) == (False, {"exit_code": 3})
    with pytest.raises(CannotUndo, match="docker commit"):
        task.undo(client)


def test_user_folder_and_environment(client, box):
    task = sh(box, 'id -u; pwd; echo "$A"', user="65534", workdir="/etc", env=("A=b c",))
    assert task.run(client).output == b"65534\n/etc\nb c\n"
    assert task.verify(client).ok


def test_the_files_that_it_writes_are_listed(client, box):
    first = sh(box, "mkdir /made; echo abc > /made/f; echo x >> /etc/group")
    assert {(each.action, each.kind, each.name) for each in first.run(client).changes} == {
        ("create", "folder", "/made"),
        ("create", "file", "/made/f"),
        ("change", "file", "/etc/group"),
    }
    again = sh(box, "echo more >> /made/f; rm /etc/passwd")
    changes = again.run(client).changes
    assert {(each.action, each.name, each.size_bytes) for each in changes} == {
        ("change", "/made/f", len("abc\nmore\n")),
        ("remove", "/etc/passwd", None),
    }
    assert sh(box, "true").run(client).changes == ()


@pytest.mark.parametrize("text", ["sleep 777 & sleep 778;\necho done", "trap '' TERM; while :; do sleep 0.1; done"])
def test_cancel_ends_it_inside_with_all_that_it_started(text, client, box):
    cancel = threading.Event()
    began = time.monotonic()
    threading.Timer(0.7, cancel.set).start()
    with pytest.raises(Cancelled) as told:
        sh(box, text).run(client, cancel=cancel)
    assert not isinstance(told.value, LeftRunning)
    assert time.monotonic() - began < 15
    left = [
        each for each in processes(client, box) if "<defunct>" not in each
    ]  # ended, and not buried by the first process
    assert left == ["sleep 1000"]


def test_in_the_background_it_is_not_waited_for(client, box):
    began = time.monotonic()
    task = Exec(box, ("sleep", "3"), detach=True)
    done = task.run(client)
    assert time.monotonic() - began < 3
    assert done.exit_code is None
    assert task.verify(client).ok
    while "sleep 3" in processes(client, box):
        assert time.monotonic() - began < 20
        time.sleep(0.1)


def test_a_command_that_is_not_there_is_told(client, box):
    done = Exec(box, ("no-such-program",)).run(client)
    assert done.exit_code in (126, 127)
    assert b"no-such-program" in done.output


@pytest.mark.any_runner
def test_one_that_does_not_run_is_refused_with_the_way_out(client, container):
    name = container(start=False)
    with pytest.raises(WrongState, match=f"docker start {name}"):
        Exec(name, ("true",)).plan(client)
    client.api.start(name)
    client.api.pause(name)
    with pytest.raises(WrongState, match=f"docker unpause {name}"):
        Exec(name, ("true",)).plan(client)
    with pytest.raises(NoSuchContainer):
        Exec("nothing-here", ("true",)).plan(client)


@pytest.mark.any_runner
def test_without_a_shell_it_is_said_to_run_on(client, container):
    name = container()
    client.api.start(name)
    made = Exec(name, ("rm", "/bin/sh")).run(client)
    assert [(each.action, each.name) for each in made.changes] == [("remove", "/bin/sh")]
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    with pytest.raises(LeftRunning, match=f"docker restart {name}"):
        Exec(name, ("sleep", "777")).run(client, cancel=cancel)
