"""Shells in containers on every engine: typing, sizes, how they end, and that nothing of them stays."""

import subprocess
import sys
import threading

import pytest

from dockyard.errors import Cancelled, EngineRefused, NotAttachable, NoTerminal, WrongState
from dockyard.tasks import Attach, Change, Shell
from dockyard.waiting import eventually
from typist import Typist

pytestmark = pytest.mark.engine


@pytest.fixture
def processes(client):
    """The command lines of what runs in a container."""

    def listed(name):
        answer = client.get_json("/containers/{}/top", name)
        column = next(place for place, title in enumerate(answer["Titles"]) if title in ("CMD", "COMMAND"))
        rows = [row[column] for row in answer["Processes"]]
        return [each for each in rows if "<defunct>" not in each]  # what the container's first program does not bury

    return listed


def without_shells(processes, name):
    found = [each for each in processes(name) if "sleep 1000" not in each]
    assert not found, found


def threads():
    return [each.name for each in threading.enumerate() if each.name.startswith("dockyard-shell")]


def test_a_shell_from_its_prompt_to_its_exit(client, container, processes):
    name = container()
    at = Typist((33, 77)).sit_down(Shell(name, ("/bin/sh",)), client)
    at.type("stty size\n")
    at.read("33 77")
    at.session.resize(20, 60)
    at.session.resize(21, 61)
    at.type("sleep 0.2; stty size\n")
    at.read("21 61")
    at.type("echo 한글 | tee /root/note; echo -n again >> /etc/hostname.mine; printf '%s-%s\\n' the end\n")
    at.read("\r\n한글\r\n")
    at.read("the-end")
    at.type("exit 7\n")
    result = at.outcome()
    assert result.exit_code == 7
    assert Change("create", "file", "/root/note", 7) in result.changes
    assert Change("create", "file", "/etc/hostname.mine", 5) in result.changes
    assert threads() == []
    eventually(lambda: without_shells(processes, name), AssertionError)


def test_a_closed_terminal_ends_the_shell_and_leaves_services(client, container, processes):
    name = container()
    at = Typist().sit_down(Shell(name, ("/bin/sh",)), client)
    at.type("setsid sleep 987 < /dev/null > /dev/null 2>&1 &\n")
    at.type("echo star''ted; sleep 986\n")
    at.read("started")
    at.session.end()
    assert at.outcome().exit_code not in (None, 0)
    eventually(lambda: _only(processes(name), "sleep 1000", "sleep 987"), AssertionError)
    assert threads() == []


def _only(found, *expected):
    assert sorted(found) == sorted(expected)


def test_a_kernel_that_dies_ends_its_shell(client, container, processes, engine_address):
    """With its connections: an end for which no code of ours runs any more."""
    name = container()
    code = (
        "import sys, dockyard; sys.path.append('tests'); from typist import Typist; from dockyard.tasks import Shell\n"
        f"at = Typist().sit_down(Shell({name!r}, ('/bin/sh',)), dockyard.connect({engine_address!r}))\n"
        "at.type('sleep 985\\n'); at.read('sleep 985'); print('ready', flush=True); import time; time.sleep(100)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as kernel:
        assert kernel.stdout.readline() == "ready\n"
        kernel.kill()
    eventually(lambda: without_shells(processes, name), AssertionError)


def test_cancel_ends_the_shell(client, container):
    cancel = threading.Event()
    at = Typist().sit_down(Shell(container(), ("/bin/sh",)), client, cancel=cancel)
    cancel.set()
    with pytest.raises(Cancelled):
        at.outcome()
    assert threads() == []


def test_a_program_that_is_not_there_says_so(client, container):
    at = Typist().sit_down(Shell(container(), ("/bin/nothing",)), client)
    result = at.outcome()
    assert b"no such file" in at.seen
    assert result.exit_code in (126, 127)


def test_output_waits_for_whoever_reads(client, container):
    """A flood is held where it comes from."""
    at = Typist()
    room = threading.Semaphore(4)
    show = at.show
    at.show = lambda piece: (room.acquire(), show(piece[-100:]))
    at.sit_down(Shell(container(), ("/bin/sh",)), client)
    at.type("yes\n")
    at.read("y\r\ny\r\n")
    before = len(at.seen)
    threading.Event().wait(0.5)
    assert len(at.seen) - before < 1000
    at.session.type(b"\x03")
    room.release(100_000)
    at.type("echo over''\n")
    at.read("over\r\n")
    at.type("exit\n")
    at.outcome()


def test_attaching_to_the_program_of_a_container(client, container):
    name = container("busybox", "sh", Tty=True, OpenStdin=True)
    at = Typist((22, 66)).sit_down(Attach(name), client)
    at.type("stty size\n")
    at.read("22 66")
    at.session.end()
    assert at.outcome().exit_code is None  # it runs on
    at = Typist().sit_down(Attach(name), client)
    at.type("exit 3\n")
    assert at.outcome().exit_code == 3


@pytest.mark.any_runner
def test_what_can_not_be_talked_to_is_told_beforehand(client, container):
    stopped, running = container(start=False), container()
    with pytest.raises(WrongState, match="docker start"):
        Shell(stopped).plan(client)
    with pytest.raises(NotAttachable, match="Open a shell beside it"):
        Attach(running).plan(client)
    with pytest.raises(NoTerminal, match="needs a terminal"):
        Shell(running).run(client)
    with pytest.raises(EngineRefused, match="user"):
        Shell(running, ("/bin/sh",), user="nobody-of-that-name").run(client, terminal=Typist())
