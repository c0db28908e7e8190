import os
import signal

import pytest

from dockyard.engine.clock import ago
from dockyard.engine.containers.execs import detach_keys
from dockyard.engine.containers.names import invent, valid
from dockyard.engine.containers.processes import top, usage
from dockyard.engine.containers.signals import signal_number
from dockyard.engine.containers.state import Health, State
from dockyard.engine.containers.users import find_user
from dockyard.engine.errors import BadParameter
from dockyard.engine.files.view import View
from dockyard.engine.timestamps import SECOND_NS, parse_moment_ns

NOW = parse_moment_ns("2026-01-02T03:10:00Z")


@pytest.mark.parametrize(
    ("text", "number"),
    [("SIGTERM", 15), ("term", 15), ("9", 9), ("", 9), ("RTMIN+3", signal.SIGRTMIN + 3), ("SIGWINCH", 28)],
)
def test_a_signal_is_known_by_name_or_number(text, number):
    assert signal_number(text) == number


@pytest.mark.parametrize("text", ["FOO", "0", "99", "SIGRTMIN+99", "TERM+x"])
def test_what_is_no_signal_is_refused(text):
    with pytest.raises(BadParameter, match="Invalid signal: "):
        signal_number(text)


def test_names_are_checked_and_made_up():
    assert valid("/web-1") == "web-1"
    with pytest.raises(BadParameter, match="only \\[a-zA-Z0-9\\]"):
        valid("l!d")
    assert valid(invent(set()))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "Less than a second"),
        (1, "1 second"),
        (45, "45 seconds"),
        (61, "About a minute"),
        (150, "2 minutes"),
        (3700, "About an hour"),
        (7300, "2 hours"),
        (200000, "2 days"),
        (1500000, "2 weeks"),
        (10**7, "3 months"),
        (10**8, "3 years"),
    ],
)
def test_spans_are_said_as_docker_says_them(seconds, words):
    assert ago(seconds * SECOND_NS) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State(), "Created"),
        (State("running", started_at="2026-01-02T03:05:00Z"), "Up 5 minutes"),
        (State("running", started_at="2026-01-02T03:05:00Z", health=Health("healthy")), "Up 5 minutes (healthy)"),
        (State("running", started_at="2026-01-02T03:05:00Z", health=Health()), "Up 5 minutes (health: starting)"),
        (State("paused", started_at="2026-01-02T03:05:00Z"), "Up 5 minutes (Paused)"),
        (State("exited", exit_code=3, finished_at="2026-01-02T03:09:50Z"), "Exited (3) 10 seconds ago"),
        (State("restarting", exit_code=1, finished_at="2026-01-02T03:09:58Z"), "Restarting (1) 2 seconds ago"),
    ],
)
def test_a_state_in_words(state, words):
    assert state.describe(NOW) == words


def test_a_state_is_kept_whole():
    state = State("running", pid=7, health=Health("healthy", 0, [{"ExitCode": 0}]))
    assert State.from_json(state.to_json()) == state


@pytest.fixture
def view(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nwww:x:33:34::/var/www:/bin/sh\nbroken\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nwww:x:34:\nstaff:x:50:www,other\nlogs:x:60:\n")
    return View(tmp_path)


@pytest.mark.parametrize(
    ("asked", "uid", "gid", "groups", "home"),
    [
        ("", 0, 0, (0,), "/root"),
        ("www", 33, 34, (34, 50), "/var/www"),
        ("33", 33, 34, (34, 50), "/var/www"),
        ("www:logs", 33, 60, (60,), "/var/www"),
        ("1000", 1000, 0, (0,), "/"),
        ("1000:1001", 1000, 1001, (1001,), "/"),
    ],
)
def test_users_are_looked_up_in_the_container(view, asked, uid, gid, groups, home):
    found = find_user(view, asked)
    assert (found.uid, found.gid, found.groups, found.home) == (uid, gid, groups, home)


def test_more_groups_by_name_and_number(view):
    assert find_user(view, "", ["logs", "77"]).groups == (0, 60, 77)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("nobody", "unable to find user nobody: no matching entries in passwd file"),
        ("www:none", "unable to find group none: no matching entries in group file"),
        ("99999999999", "uids must be in range 0-2147483647"),
    ],
)
def test_a_user_that_the_container_does_not_know_is_refused(view, asked, sentence):
    with pytest.raises(BadParameter) as caught:
        find_user(view, asked)
    assert str(caught.value) == sentence


def test_a_passwd_that_leads_out_of_the_container_is_not_read(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").symlink_to("/../../../../../../etc/passwd")
    with pytest.raises(BadParameter):
        find_user(View(tmp_path), "root-of-the-host")


@pytest.mark.parametrize(
    ("text", "keys"), [("", b"\x10\x11"), ("ctrl-a,b", b"\x01b"), ("ctrl-@", b"\0"), ("ctrl-[", b"\x1b")]
)
def test_detach_keys_are_read(text, keys):
    assert detach_keys(text) == keys


def test_detach_keys_that_can_not_be_are_refused():
    with pytest.raises(BadParameter, match="Unknown character: 'shift-a'"):
        detach_keys("shift-a")


def test_processes_are_listed_and_measured():
    listed = top([os.getpid()], "")
    assert listed["Titles"][:3] == ["UID", "PID", "PPID"]
    assert [row[1] for row in listed["Processes"]] == [str(os.getpid())]
    measured = usage([os.getpid()])
    assert measured.memory_bytes > 1 << 20
    assert measured.user_ns > 0
    assert measured.machine_ns >= measured.user_ns
