"""Lessons: their checks look at state, hints grow, what is passed stays passed; the tour walks all of them."""

import nbformat
import pytest
from nbclient import NotebookClient

import dockyard
from dockyard.errors import NoPage, UnknownLesson
from dockyard.lessons import LESSONS, Bench, tour
from dockyard.lessons.progress import passed_steps
from dockyard.lessons.view import LessonView
from dockyard.pages import fetch
from dockyard.waiting import eventually


@pytest.fixture
def lesson(client, tmp_path, container):
    """Lesson 2 on a bench of its own, its container not yet there."""
    from dataclasses import replace

    own = replace(client, data_dir=tmp_path / "data")
    (tmp_path / "work").mkdir()
    view = LessonView(next(each for each in LESSONS if each.key == "copy"), Bench(own, tmp_path / "work", 0, "-test"))
    yield view
    view.reset()


@pytest.mark.engine
def test_the_tour_passes_on_a_real_engine_and_leaves_nothing(client):
    before = set(dockyard.containers(client)["name"])
    lines = []
    assert tour(client, LESSONS, lines.append) == 0
    assert sum("✔" in line for line in lines) == sum(len(each.steps) for each in LESSONS)
    assert set(dockyard.containers(client)["name"]) == before


@pytest.mark.engine
def test_a_tour_counts_what_fails(client, container, monkeypatch):
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
def test_reset_removes_what_the_lesson_made(lesson, docker_cli):
    (lesson.bench.folder / "index.html").write_text("x")
    (lesson.bench.folder / "own.txt").write_text("kept")
    docker_cli("create", "--name", "apa000ex19-test", "httpd")
    assert lesson.check("write").passed
    said = lesson.reset()
    assert "apa000ex19-test" in said
    assert [path.name for path in lesson.bench.folder.iterdir()] == ["own.txt"]
    assert passed_steps(lesson.bench.client.data_dir, "copy") == set()
    assert lesson.reset() == "There was nothing to remove."


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
    from dockyard.lessons import LessonMap

    shown = LessonMap(tmp_path)._repr_html_()
    assert shown.count("<tr>") == 9
    assert '<a href="02_copy.ipynb">' in shown
    assert "0 / 6" in shown
    assert shown.count("not in this version") == 7


@pytest.mark.engine
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_notebooks_run_from_top_to_bottom_as_a_learner_runs_them(language, client, tmp_path, monkeypatch):
    """Each cell is run; each panel's Run is clicked."""
    from pathlib import Path

    monkeypatch.setenv("DOCKER_HOST", client.address)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = Path(__file__).parents[2] / "notebooks" / language
    try:
        for name in ("01_map.ipynb", "02_copy.ipynb"):
            book = nbformat.read(folder / name, 4)
            cells = []
            for cell in book.cells:
                cells.append(cell)
                if cell.cell_type == "code" and ("panels.run(" in cell.source or "panels.copy(" in cell.source):
                    cells.append(
                        nbformat.v4.new_code_cell(
                            "panel = _\npanel.run_button.click()\npanel.wait()\nprint(panel.outcome.value)"
                        )
                    )
                if cell.cell_type == "code" and "panels.run(" in cell.source:
                    cells.append(
                        nbformat.v4.new_code_cell(
                            "from dockyard.waiting import eventually\nfrom dockyard.errors import NoPage\nfrom dockyard.pages import fetch\neventually(lambda: fetch(dockyard.current(), 'apa000ex19'), NoPage);"
                        )
                    )
            book.cells = cells
            NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
            checks = [cell for cell in book.cells if "lesson.check(" in cell.source]
            for cell in checks:
                assert "✔" in cell.outputs[0].data["text/plain"], (cell.source, cell.outputs)
        wrong = next(cell for cell in book.cells if "/no/such/folder/" in cell.source)
        assert "/no/such/folder/" in wrong.outputs[0].text
    finally:
        if client.find_json("/containers/{}/json", "apa000ex19"):
            client.api.remove_container("apa000ex19", force=True)
