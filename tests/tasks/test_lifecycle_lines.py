"""Lines of start, stop, restart, kill, pause, unpause, rename and rm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.errors import BadValue, MissingValue, UnknownFlag, WrongCount
from dockyard.tasks import Kill, Pause, RemoveContainer, RenameContainer, Restart, Start, Stop, Unpause

NAME = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,8}", fullmatch=True)
NAMES = st.lists(NAME, min_size=1, max_size=3).map(tuple)
SIGNAL = st.sampled_from(["SIGTERM", "HUP", "9"])
TIME = st.none() | st.integers(-1, 1000)
TASKS = st.one_of(
    st.builds(Start, NAMES),
    st.builds(Stop, NAMES, TIME, st.just("") | SIGNAL),
    st.builds(Restart, NAMES, TIME, st.just("") | SIGNAL),
    st.builds(Kill, NAMES, SIGNAL | st.just("SIGKILL")),
    st.builds(Pause, NAMES),
    st.builds(Unpause, NAMES),
    st.builds(RenameContainer, NAME, NAME),
    st.builds(RemoveContainer, NAMES, st.booleans(), st.booleans(), st.booleans()),
)


@given(TASKS)
def test_a_task_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@given(TASKS)
def test_the_code_makes_the_same_task(task):
    line = task.code.splitlines()[-1].removesuffix(".run(dockyard.current())")
    made = eval(line, {"dockyard": dockyard, **vars(dockyard.tasks)})  # our own code
    assert made == task
    assert getattr(made, "keep", None) == getattr(task, "keep", None)


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker stop a b", Stop(("a", "b"))),
        ("docker stop -t5 --signal=SIGINT a", Stop(("a",), 5, "SIGINT")),
        ("docker stop --timeout 5 a", Stop(("a",), 5)),
        ("docker container restart --time -1 a", Restart(("a",), -1)),
        ("docker kill --signal HUP a", Kill(("a",), "HUP")),
        ("docker container rm -fv a b", RemoveContainer(("a", "b"), force=True, volumes=True)),
        ("docker container rename a b", RenameContainer("a", "b")),
        ("docker container unpause a", Unpause(("a",))),
    ],
)
def test_lines_as_people_write_them(line, task):
    assert dockyard.parse(line) == task


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("docker start", WrongCount),
        ("docker start -a web", UnknownFlag),
        ("docker stop -t soon web", BadValue),
        ("docker stop web -t", MissingValue),
        ("docker kill", WrongCount),
        ("docker pause --all", UnknownFlag),
        ("docker rename web", WrongCount),
        ("docker rename a b c", WrongCount),
        ("docker rm -l web", UnknownFlag),
        ("docker rm", WrongCount),
    ],
)
def test_other_lines_are_refused(line, error):
    with pytest.raises(error):
        dockyard.parse(line)


def test_a_command_without_flags_says_so():
    with pytest.raises(UnknownFlag, match="no flags"):
        dockyard.parse("docker start -a web")
