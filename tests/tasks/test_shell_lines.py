"""The lines of shells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.errors import CannotUndo, TerminalForExec, UnknownFlag, WrongCount
from dockyard.tasks import Attach, Shell

NAME = st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)
WORD = st.text("ab -'\"$한", min_size=1, max_size=6)
TASKS = st.one_of(
    st.builds(
        Shell,
        NAME,
        st.lists(WORD, min_size=1, max_size=3).map(tuple),
        st.just("") | NAME,
        st.just("") | st.just("/srv/my files"),
        st.lists(st.just("A=b c"), max_size=2).map(tuple),
    ),
    st.builds(Attach, NAME),
)


@given(TASKS)
def test_a_task_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker exec -it apa000ex19 /bin/bash", Shell("apa000ex19")),
        ("docker exec -i -t web sh -c 'ls -l'", Shell("web", ("sh", "-c", "ls -l"))),
        ("docker container exec -ti -u 33 --workdir=/srv web bash", Shell("web", ("bash",), "33", "/srv")),
        ("docker container attach web", Attach("web")),
    ],
)
def test_lines_as_people_write_them(line, task):
    assert dockyard.parse(line) == task


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("docker exec -it web", WrongCount),
        ("docker exec -i web cat", TerminalForExec),
        ("docker exec -it --privileged web sh", UnknownFlag),
        ("docker attach", WrongCount),
        ("docker attach --no-stdin web", UnknownFlag),
    ],
)
def test_what_is_not_taken_is_named(line, error):
    with pytest.raises(error):
        dockyard.parse(line)


def test_the_code_is_the_cell_that_opens_it():
    assert Shell("web").code == "import dockyard\n\ndockyard.shell('web')"
    assert Shell("web", ("sh",), "33").code.endswith("dockyard.shell('web', command=('sh',), user='33')")
    assert Attach("web").code.endswith("dockyard.panels.attach('web')")


def test_what_was_done_by_hand_is_not_taken_back():
    with pytest.raises(CannotUndo, match="by hand"):
        Shell("web").undo(None)
