"""Lines of docker compose, and the tasks that they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.errors import BadValue, NotInBackground, UnknownCommand, UnknownFlag, WrongCount
from dockyard.queries import find
from dockyard.tasks import ComposeDown, ComposeUp, parse

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r\n~", exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=8,
)
SERVICES = st.from_regex(r"[a-z0-9][a-z0-9._-]*", fullmatch=True)


@given(
    st.builds(
        ComposeUp,
        WORDS.filter(lambda word: word != "-"),
        st.just("") | SERVICES,
        st.lists(SERVICES, max_size=2).map(tuple),
        st.lists(WORDS, max_size=2).map(tuple),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )
    | st.builds(
        ComposeDown,
        st.just("") | WORDS.filter(lambda word: word != "-"),
        st.just("") | SERVICES,
        st.lists(WORDS, max_size=2).map(tuple),
        st.booleans(),
        st.booleans(),
        st.none() | st.integers(0, 100),
    )
)
def test_a_task_s_line_stands_for_it(task):
    assert parse(task.command) == task


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker compose up -d", ComposeUp()),
        ("docker-compose -f com_folder/docker-compose.yml up -d", ComposeUp("com_folder/docker-compose.yml")),
        ("docker compose --file=a.yaml --project-name p up --detach --build web", ComposeUp("a.yaml", "p", ("web",), build=True)),
        ("docker compose down", ComposeDown()),
        ("docker-compose -p p down --volumes --remove-orphans -t 3", ComposeDown("", "p", (), True, True, 3)),
    ],
)  # fmt: skip
def test_lines_as_people_write_them(line, task):
    assert parse(line) == task


def test_a_task_is_written_as_people_write_it():
    assert ComposeUp("com_folder/compose.yaml").command == "docker compose -f com_folder/compose.yaml up -d"
    assert ComposeDown(project="lab", volumes=True).command == "docker compose -p lab down -v"
    assert "ComposeUp(file='a')" in ComposeUp("a").code


@pytest.mark.parametrize(
    ("line", "error", "says"),
    [
        ("docker compose up", NotInBackground, "docker compose up -d"),
        ("docker compose", UnknownCommand, "compose up"),
        ("docker compose logs", UnknownCommand, "`docker compose logs`.*compose ps"),
        ("docker compose -f a -f b up -d", BadValue, "'b'.*only one file"),
        ("docker compose -f - up -d", BadValue, "write the file"),
        ("docker compose --profile x up -d", UnknownFlag, "--profile"),
        ("docker compose up -d --scale web=3", UnknownFlag, "--scale"),
        ("docker compose down --rmi all", UnknownFlag, "--rmi"),
        ("docker compose down web", WrongCount, "compose down"),
        ("docker compose down -t soon", BadValue, "'soon'"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(line, error, says):
    with pytest.raises(error, match=says):
        parse(line)


def test_lines_that_only_look_are_no_tasks():
    for line in ("docker compose ps", "docker-compose -f a.yaml ps -a -q", "docker compose config"):
        assert find(line) is not None
    assert find("docker compose up -d") is None
    with pytest.raises(UnknownCommand, match="compose down, compose up"):
        parse("docker compose ps")
    with pytest.raises(UnknownFlag, match="--format"):
        find("docker compose ps --format json")
