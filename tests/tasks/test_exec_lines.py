"""Lines of exec, and what is made of a container's list of written files."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.connection.archive import PathStat
from dockyard.errors import BadValue, TerminalForExec, UnknownFlag, WrongCount
from dockyard.tasks import Exec
from dockyard.tasks.exec_end import _parsed
from dockyard.tasks.file_changes import Written, newly_written

NAME = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,8}", fullmatch=True)
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8)
PAIR = st.from_regex(r"[A-Z]{1,3}=[a-z $'-]{0,4}", fullmatch=True)
TASKS = st.builds(
    Exec,
    NAME,
    st.lists(TEXT, min_size=1, max_size=4).map(tuple),
    st.just("") | NAME,
    st.just("") | TEXT.map(lambda path: f"/{path}"),
    st.lists(PAIR, max_size=2).map(tuple),
    st.booleans(),
)


@given(TASKS)
def test_a_task_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@given(TASKS)
def test_the_code_makes_the_same_task(task):
    line = task.code.splitlines()[-1].removesuffix(".run(dockyard.current())")
    assert eval(line, {"dockyard": dockyard, **vars(dockyard.tasks)}) == task  # our own code


def test_flags_end_at_the_container():
    task = dockyard.parse("docker container exec -u 33 -w /var -e A=b -e C= web ls -l -it /")
    assert task == Exec("web", ("ls", "-l", "-it", "/"), "33", "/var", ("A=b", "C="))


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("docker exec web", WrongCount),
        ("docker exec -itd web bash", TerminalForExec),
        ("docker exec -i web cat", TerminalForExec),
        ("docker exec --tty web top", TerminalForExec),
        ("docker exec -e A web env", BadValue),
        ("docker exec --privileged web id", UnknownFlag),
    ],
)
def test_other_lines_are_refused(line, error):
    with pytest.raises(error):
        dockyard.parse(line)


def stat(size_bytes, second=0, *, is_dir=False, link=None):
    return PathStat("x", size_bytes, 0o644, is_dir, link, datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC))


def test_what_was_written_in_between_is_told():
    before = Written(
        {"/etc": 0, "/etc/old": 0, "/tmp/gone": 1, "/same": 1, "/made": 1},
        {"/etc": stat(0, is_dir=True), "/etc/old": stat(1), "/tmp/gone": stat(2), "/same": stat(3), "/made": stat(4)},
    )
    after = Written(
        {"/etc": 0, "/etc/old": 0, "/same": 1, "/made": 2, "/new": 1, "/new/f": 1, "/link": 1, "/empty": 0},
        {
            "/etc": stat(0, 9, is_dir=True),
            "/etc/old": stat(1, 9),
            "/same": stat(3),
            "/new": stat(0, is_dir=True),
            "/new/f": stat(7),
            "/link": stat(1, link="/new/f"),
            "/empty": stat(0, is_dir=True),
        },
    )
    assert [(each.action, each.kind, each.name, each.size_bytes) for each in newly_written(before, after)] == [
        ("change", "folder", "/empty", None),
        ("change", "file", "/etc/old", 1),
        ("create", "link", "/link", 1),
        ("remove", "file", "/made", None),
        ("create", "folder", "/new", None),
        ("create", "file", "/new/f", 7),
        ("remove", "file", "/tmp/gone", None),
    ]


def test_processes_are_read_whatever_their_names_hold():
    rest = " ".join(["0"] * 18)
    listed = f"7 (a ) b) S 0 7 7 {rest[:29]} 55 1 1\nsh\1-c\1a\2b\1\n\n8 (kworker) S 2 0 {rest}\n\nnonsense"
    (found,) = _parsed(listed)
    assert (found.pid, found.parent, found.group, found.words) == (7, 0, 7, ("sh", "-c", "a\nb"))
