"""The lesson that ``docs/write-a-lesson.md`` shows is a lesson: the tour walks it, and its checks can fail."""

import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from dockyard.lessons import Bench, Lesson, LessonView, Reset, tour

PAGES = [Path(__file__).parents[2] / "docs" / each / "write-a-lesson.md" for each in ("", "ko")]


def shown(page: Path) -> str:
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.S | re.M)[0]


@pytest.fixture
def lesson() -> Lesson:
    """What the page's code makes."""
    names: dict[str, object] = {"__name__": "rename"}
    exec(compile(shown(PAGES[0]), str(PAGES[0]), "exec"), names)
    made = names["LESSON"]
    assert isinstance(made, Lesson)
    return made


def test_both_languages_show_the_same_lesson():
    assert shown(PAGES[0]) == shown(PAGES[1])


@pytest.mark.engine
def test_the_tour_walks_it_and_leaves_nothing(lesson, client):
    lines: list[str] = []
    assert tour(client, [lesson], lines.append) == 0
    assert [line.split(":")[0].strip() for line in lines if "✔" in line] == ["✔ run", "✔ rename"]
    names = [name for row in client.get_json("/containers/json", all=1) for name in row["Names"]]
    assert not [name for name in names if "apa000old" in name or "apa000new" in name]


@pytest.mark.engine
def test_its_checks_fail_until_it_is_done(lesson, client, tmp_path, docker_cli):
    bench = Bench(replace(client, data_dir=tmp_path), tmp_path, mark=f"-{uuid.uuid4().hex[:6]}")
    view = LessonView(lesson, bench)
    try:
        assert not view.check("run").passed
        docker_cli("run", "-d", "--name", bench.name("apa000old"), "httpd")
        assert view.check("run").passed
        assert not view.check("rename").passed
        docker_cli("rename", bench.name("apa000old"), bench.name("apa000new"))
        assert view.check("rename").passed
    finally:
        Reset(bench, [lesson]).agree()
