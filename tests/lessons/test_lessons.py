"""Lessons: their checks look at state, hints grow, what is passed stays passed; the tour walks all of them."""

import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import dockyard
from dockyard.errors import NoPage, UnknownLesson
from dockyard.lessons import LESSONS, Bench, Reset, tour
from dockyard.lessons.progress import passed_steps, remember
from dockyard.lessons.view import LessonMap, LessonView
from dockyard.pages import fetch
from dockyard.tasks import Evidence
from dockyard.waiting import eventually


@pytest.fixture
def lesson(client, tmp_path, container):
    """Lesson 2 on a bench of its own, its container not yet there."""
    own = replace(client, data_dir=tmp_path / "data")
    (tmp_path / "work").mkdir()
    view = LessonView(
        next(each for each in LESSONS if each.key == "copy"), Bench(own, tmp_path / "work", 0, mark="-test")
    )
    yield view
    view.reset().agree()


@pytest.mark.engine
def test_a_tour_counts_what_fails(book_ports, client, container, monkeypatch):
    monkeypatch.setattr("dockyard.lessons.copy.HTDOCS", "/nowhere")
    lines = []
    assert tour(client, LESSONS, lines.append) > 0
    assert any("✘ copy-in" in line for line in lines)


@pytest.mark.engine
def test_a_check_does_not_care_how_it_was_done(lesson, docker_cli):
    assert not lesson.check("run").passed
    docker_cli("run", "--name", "apa000ex19-test", "-d", "-p", "127.0.0.1::80", "httpd")
    eventually(lambda: fetch(lesson.bench.client, "apa000ex19-test"), NoPage)
    assert lesson.check("run").passed
    (lesson.bench.folder / "index.html").write_text("mine")
    docker_cli("cp", str(lesson.bench.folder / "index.html"), "apa000ex19-test:/usr/local/apache2/htdocs/")
    assert lesson.check("copy-in").passed
    assert lesson.check("cache").passed


@pytest.mark.engine
def test_hints_grow_and_a_passed_step_stays_passed(lesson):
    hints = [lesson.check("write").hint for _ in range(3)]
    assert len(set(hints)) == 2
    assert hints[1] == hints[2]
    path = lesson.bench.folder / "index.html"
    path.write_text("x")
    assert lesson.check("write").passed
    path.unlink()
    again = lesson.check("write")
    assert again.passed
    assert "Passed before. Now: There is no index.html" in again.says
    assert passed_steps(lesson.bench.client.data_dir, "copy") == {"write"}
    assert "✔" in lesson._repr_html_()


@pytest.mark.engine
def test_a_wrong_file_is_not_taken_for_the_right_one(lesson, docker_cli):
    docker_cli("run", "--name", "apa000ex19-test", "-d", "-p", "127.0.0.1::80", "httpd")
    eventually(lambda: fetch(lesson.bench.client, "apa000ex19-test"), NoPage)
    (lesson.bench.folder / "index.html").write_text("mine")
    assert not lesson.check("copy-in").passed
    (lesson.bench.folder / "from_container").mkdir()
    (lesson.bench.folder / "from_container/index.html").write_text("something else")
    assert not lesson.check("copy-out").passed


@pytest.mark.engine
def test_an_unknown_lesson_or_step_is_refused_by_name(lesson, client):
    with pytest.raises(UnknownLesson, match="copy-in"):
        lesson.check("nonsense")
    with pytest.raises(UnknownLesson, match="'cookery'"):
        dockyard.lessons.start("cookery", client=client)


def test_the_map_links_the_lessons_there_are_and_names_the_others(tmp_path):
    shown = LessonMap(tmp_path)._repr_html_()
    assert shown.count("<tr>") == 9
    assert '<a href="02_copy.ipynb">' in shown
    assert "0 / 6" in shown
    assert shown.count("not in this version") == sum(not each.steps for each in LESSONS) - 1


def test_the_map_offers_to_go_on_where_one_was(tmp_path):
    start = "Begin here: lesson 2, Copy files between this machine and a container: Start Apache"
    assert start in LessonMap(tmp_path)._repr_html_()
    remember(tmp_path, "volumes", "create", Evidence(True, "made"))
    shown = LessonMap(tmp_path)
    assert "Go on where you were: lesson 4, Look after volumes: Run apa000ex21 with it" in shown._repr_html_()
    assert '<p><a href="04_volumes.ipynb">' in shown._repr_html_()
    assert "04 Look after volumes: 1 / 6" in repr(shown)
    for lesson in LESSONS:
        for step in lesson.steps:
            remember(tmp_path, lesson.key, step.key, Evidence(True, "done"))
    assert "You have passed every step of every lesson." in LessonMap(tmp_path)._repr_html_()


NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = [lesson.notebook for lesson in LESSONS if lesson.steps]
# Panels that are a form over one task: in the notebooks a learner clicks Run there.
TASK_PANEL = re.compile(r"panels\.(run|copy|commit|save|load|tag|untag|push|pull|backup|restore|prune|compose)\(")
CLICK = """panel = _
panel.run_button.click()
panel.wait()
if "Run again" in panel.outcome.value:
    panel.run_button.click()
    panel.wait()
print(panel.outcome.value)"""
SORT = """from dockyard.lessons.sorting import CARDS
panel = _
for card in CARDS:
    panel.buttons[card.place].click()
    panel.wait()
    print(panel.outcome.value)"""
DONE = {"en": "is done.", "ko": "과를 마쳤습니다."}
WAIT = """from dockyard.waiting import eventually
from dockyard.errors import NoPage
from dockyard.pages import fetch
eventually(lambda: fetch(dockyard.current(), {name!r}), NoPage);"""


def code_of(language, name):
    return [cell.source for cell in nbformat.read(NOTEBOOKS / language / name, 4).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "02_copy.ipynb"])
def test_both_languages_do_the_same(name):
    assert [each.replace('language("ko")', 'language("en")') for each in code_of("ko", name)] == code_of("en", name)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_checks_every_step_in_order(name):
    lesson = next(each for each in LESSONS if each.notebook == name)
    for language in ("en", "ko"):
        asked = re.findall(r'lesson\.check\("([^"]+)"\)', "\n".join(code_of(language, name)))
        assert asked == [step.key for step in lesson.steps]


TELLS = {"en": ("*Why:*", "*Expect:*", "*Try it wrong:*"), "ko": ("*왜:*", "*예상:*", "*일부러 틀려 보기:*")}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", TELLS)
def test_each_step_says_why_what_to_expect_and_what_to_try_wrong(name, language):
    told, asked = "", 0
    for cell in nbformat.read(NOTEBOOKS / language / name, 4).cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            told = cell.source
        elif found := re.search(r'lesson\.check\("([^"]+)"\)', cell.source):
            assert [each for each in TELLS[language] if each not in told] == [], found[1]
            told, asked = "", asked + 1
    assert asked


@pytest.mark.parametrize("name", ["01_map.ipynb", *NAMES])
def test_a_notebook_ends_with_the_way_to_begin_anew(name):
    key = name[3:-6]
    for language in TELLS:
        expected = "dockyard.panels.reset()" if key == "map" else f'dockyard.panels.reset("{key}")'
        assert code_of(language, name)[-1] == expected


def as_a_learner_runs_it(book):
    """Its cells, each panel followed by a click on Run, each exercise by its answers, and each server by a wait until it serves."""
    cells = []
    for cell in book.cells:
        cells.append(cell)
        if cell.cell_type == "code" and TASK_PANEL.search(cell.source):
            cells.append(nbformat.v4.new_code_cell(CLICK))
        if cell.source == 'dockyard.panels.compose("com_folder")':
            cells.append(nbformat.v4.new_code_cell(WAIT.format(name="apa000ex31")))
        if "panels.sorter(" in cell.source:
            cells.append(nbformat.v4.new_code_cell(SORT))
        if found := re.search(r'panels\.run\(.*name="(\w+)", ports="\d+:80"', cell.source):
            cells.append(nbformat.v4.new_code_cell(WAIT.format(name=found[1])))
    return cells


@pytest.mark.engine
@pytest.mark.parametrize(
    "names",
    [["01_map.ipynb", *NAMES], ["02_copy.ipynb"], ["09_compose.ipynb"]],
    ids=["all-en", "copy-ko", "compose-ko"],
)
def test_the_notebooks_run_from_top_to_bottom_as_a_learner_runs_them(names, book_ports, client, tmp_path, monkeypatch):
    """One lesson after another, in one folder, as they build on each other. Each cell is run; each panel's Run is clicked."""
    monkeypatch.setenv("DOCKER_HOST", client.address)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    language = "en" if len(names) > 1 else "ko"
    bench = Bench(replace(client, data_dir=tmp_path / "data"), tmp_path)
    try:
        for name in names:
            book = nbformat.read(NOTEBOOKS / language / name, 4)
            book.cells = as_a_learner_runs_it(book)
            NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
            for cell in book.cells:
                if "lesson.check(" in cell.source:
                    assert "✔" in cell.outputs[0].data["text/plain"], (name, cell.source, cell.outputs)
                if cell.source.startswith("try:"):
                    assert cell.outputs[0].text, (name, cell.source)
            checks = [cell for cell in book.cells if "lesson.check(" in cell.source]
            told = [DONE[language] in cell.outputs[0].data["text/plain"] for cell in checks]
            assert told == [cell is checks[-1] for cell in checks], name
    finally:
        Reset(bench, LESSONS).agree()
