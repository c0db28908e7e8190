"""The lines of ``docker build``, and what an engine says while it builds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.dockerfile import Dockerfile
from dockyard.errors import BadValue, BuildFailed, EngineRefused, UnknownFlag, WrongCount
from dockyard.tasks import Build
from dockyard.tasks.build_log import BuildLog

WORD = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8)
NAMES = st.lists(st.from_regex(r"[a-z0-9]{1,6}(:[a-z0-9]{1,4})?", fullmatch=True), max_size=2).map(tuple)
ARGS = st.lists(st.builds("{}={}".format, st.from_regex(r"[A-Z]{1,4}", fullmatch=True), WORD), max_size=2).map(tuple)
TASKS = st.builds(Build, WORD, NAMES, st.just("") | WORD, ARGS, st.booleans(), st.just("") | WORD, st.booleans())


@given(TASKS)
def test_a_task_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@given(TASKS, st.text())
def test_the_code_makes_the_same_task(task, text):
    made = Build(task.folder, task.names, text=text)
    line = made.code.partition("\n\n")[2].removesuffix(".run(dockyard.current())")
    assert eval(line, {"dockyard": dockyard, "Build": Build}) == made  # our own code


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker build -t ex22_original2 apa_folder", Build("apa_folder", ("ex22_original2",))),
        ("docker image build -t a -t b:1 .", Build(".", ("a", "b:1"))),
        ("docker build --no-cache --pull --target=web -f x/D .", Build(".", (), "x/D", (), True, "web", True)),
        ("docker build --build-arg 'A=b c' --build-arg B= x", Build("x", build_args=("A=b c", "B="))),
        ("docker build -t a -", Build("-", ("a",))),
        ("docker build -f - x", Build("x", file="-")),
    ],
)
def test_lines_as_people_write_them(line, task):
    assert dockyard.parse(line) == task


def test_a_text_has_the_line_that_reads_it():
    assert Build("-", ("a",), text="FROM b").command == "docker build -t a -"
    assert Build("-", ("a",), "-", text="FROM b").command == "docker build -t a -"
    assert Build("x", ("a",), text="FROM b").command == "docker build -t a -f - x"
    assert Build("x", ("a",), "x/Dockerfile", text="FROM b").command == "docker build -t a -f x/Dockerfile x"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("docker build", WrongCount),
        ("docker build a b", WrongCount),
        ("docker build ''", BadValue),
        ("docker build --build-arg A .", BadValue),
        ("docker build --squash .", UnknownFlag),
        ("docker build --secret id=x .", UnknownFlag),
    ],
)
def test_other_lines_are_refused(line, error):
    with pytest.raises(error):
        dockyard.parse(line)


@pytest.mark.parametrize("folder", ["https://x/y.git", "git@github.com:x/y", "github.com/x/y"])
def test_a_context_elsewhere_is_refused(folder):
    with pytest.raises(BadValue, match="on this machine"):
        Build(folder).plan(None)  # before any engine is asked


DOCKERFILE = """ARG A=1
FROM busybox AS one
RUN echo a && \\
    echo b
FROM busybox
COPY --from=one /a /b
"""


def said(*records):
    seen = []
    log = BuildLog(Dockerfile.parse(DOCKERFILE), seen.append)
    return log, seen, [json.dumps(each if isinstance(each, dict) else {"stream": each}).encode() for each in records]


def test_steps_are_told_with_their_lines():
    log, seen, records = said(
        "Step 1/5 : ARG A=1\n",
        "Step 3/5 : RUN echo a &&     echo b\n",
        " ---> Using cache\n",
        "a\n",
        {"aux": {"ID": "sha256:12"}},
    )
    log.take_all(records)
    assert [(each.done, each.total, each.line) for each in seen if each.said.startswith("Step")] == [
        (0, 5, 1),
        (2, 5, 3),
    ]
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (5, 5, "steps")
    assert "".join(each.said for each in seen) == log.text
    assert (log.image_id, log.cached) == ("sha256:12", 1)


def test_a_pull_is_told_in_bytes_and_stays_out_of_the_log():
    log, seen, records = said(
        "Step 2/5 : FROM busybox AS one\n",
        {"status": "Pulling from library/busybox", "id": "latest"},
        {"status": "Downloading", "id": "abc", "progressDetail": {"current": 5, "total": 9}},
        {"status": "Download complete", "id": "abc", "progressDetail": {}},
    )
    log.take_all(records)
    assert ("pulling the base: abc", 5, 9, "bytes") in [(each.doing, each.done, each.total, each.unit) for each in seen]
    assert log.text == "Step 2/5 : FROM busybox AS one\nlatest Pulling from library/busybox\n"


def test_a_failure_names_its_line_and_keeps_what_was_said():
    log, _, records = said(
        "Step 3/5 : RUN echo a &&     echo b\n", "oh no\n", {"error": "returned a non-zero code: 1", "errorDetail": {}}
    )
    with pytest.raises(BuildFailed) as failed:
        log.take_all(records)
    assert (
        str(failed.value) == "Line 3 of the Dockerfile failed, `RUN echo a &&     echo b`: returned a non-zero code: 1"
    )
    assert failed.value.facts["last_line"] == 4
    assert failed.value.facts["log"].endswith("oh no\n")


def test_a_failure_without_a_step_is_the_engine_s():
    log, _, records = said({"errorDetail": {"message": "no room"}})
    with pytest.raises(EngineRefused, match="no room"):
        log.take_all(records)
    wrong = log.failure("dockerfile parse error on line 5: unknown instruction: FORM")
    assert str(wrong) == "Line 5 of the Dockerfile failed, `FROM busybox`: unknown instruction: FORM"
    assert isinstance(log.failure("parse error on line 99: x"), BuildFailed)


def test_of_a_long_log_the_end_is_kept():
    log, _, records = said(*["x" * 999 + "\n"] * 2000, "the end\n")
    log.take_all(records)
    assert len(log.text) == 1 << 20
    assert log.text.endswith("the end\n")


def test_an_onbuild_step_that_no_line_holds_is_not_given_another_s():
    log, seen, records = said("Step 2/5 : RUN of elsewhere\n")
    log.take_all(records)
    assert {each.line for each in seen} == {0}
