"""``%%dockerfile`` in a real shell."""

import pytest
from IPython.core.completer import provisionalcompleter

import dockyard
from dockyard.tasks import BuildResult

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def engine(engine_in_use):
    """The engine on which cells are built."""


@pytest.fixture
def displayed(monkeypatch):
    """What cells show, in order; what is shown in place of something takes its place."""
    seen = []

    class Handle:
        def __init__(self):
            self.place = len(seen)

        def update(self, shown):
            seen[self.place] = shown.data

    def display(shown, **options):
        handle = Handle()
        seen.append(shown.data)
        return handle

    monkeypatch.setattr("dockyard.panels.dockerfile_cell.display", display)
    return seen


def test_a_cell_is_built_and_its_layers_are_shown(notebook, new_name, displayed, tmp_path):
    (tmp_path / "page").write_text("<b>page</b>")
    cell = "FROM busybox\nCOPY page /page\nRUN echo '<i>'; cat /page\nCMD cat /page\n"
    done = notebook.run_cell(f"%%dockerfile -t {new_name} {tmp_path}\n{cell}").result
    assert isinstance(done, BuildResult)
    assert [each.name for each in tmp_path.iterdir()] == ["page"]
    shown = notebook.display_formatter.format(done)[0]["text/html"]
    assert "&lt;i&gt;" in shown
    assert "11B" in shown
    assert "Step 4/4" in shown
    assert "Line 4: CMD in shell form" in displayed[0]
    assert displayed[1] == ""  # the live log is gone
    assert dockyard.do(f"docker run --rm {new_name}").output == b"<b>page</b>"


def test_without_a_folder_the_dockerfile_alone_is_sent(notebook, new_name, displayed):
    done = notebook.run_cell(f"%%dockerfile -t {new_name} --build-arg A=b\nFROM busybox\nARG A\nLABEL a=$A\n").result
    labels = dockyard.current().get_json("/images/{}/json", done.image_id)["Config"]["Labels"]
    assert labels["a"] == "b"


def test_the_cell_is_written_where_it_is_asked_for(notebook, new_name, displayed, tmp_path):
    cell = "FROM busybox\nCMD echo hi\n"
    file = tmp_path / "Dockerfile"
    notebook.run_cell(f"%%dockerfile -t {new_name} -f {file} {tmp_path}\n{cell}").raise_error()
    assert file.read_text() == cell
    dockyard.undo()
    assert not file.exists()


def test_the_line_that_failed_is_shown_in_its_place(notebook, new_name, displayed, capsys):
    cell = "FROM busybox\nRUN true\nRUN echo '<u>' && \\\n    false\nRUN true\n"
    assert not notebook.run_cell(f"%%dockerfile -t {new_name}\n{cell}").success
    told = "".join(capsys.readouterr())
    assert "Line 3 of the Dockerfile failed" in told
    assert "Traceback" not in told
    *_, log, lines = displayed
    assert "&lt;u&gt;\n" in log
    assert "▶   3 RUN echo &#x27;&lt;u&gt;&#x27;" in lines
    assert "▶   4     false" in lines
    assert "\n    5 RUN true" in lines


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--squash", "does not take --squash"),
        ("-t UPPER", "UPPER"),
        ("-t x /nothing/here", "/nothing/here"),
        ("-t x -f y", "without a folder there are no files"),
        ("-t x | cat", "no shell runs"),
    ],
)
def test_what_cant_be_built_is_one_sentence(notebook, line, sentence, capsys):
    assert not notebook.run_cell(f"%%dockerfile {line}\nFROM busybox\n").success
    told = "".join(capsys.readouterr())
    assert sentence in told
    assert "Traceback" not in told


def test_an_instruction_is_explained(notebook, capsys):
    notebook.run_cell("%dockerfile copy").raise_error()
    assert "COPY index.html" in capsys.readouterr().out
    notebook.run_cell("%dockerfile").raise_error()
    assert capsys.readouterr().out.count("\n\n") == 16


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("EN", ["ENTRYPOINT", "ENV"]),
        ("FROM busybox AS one\nCOPY --from=o", ["one"]),
        ("FROM bus", ["busybox:latest"]),
        ("COPY pa", ["page", "page/a"]),
    ],
)
def test_what_may_stand_there_is_offered(notebook, cell, found, tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page/a").touch()
    text = f"%%dockerfile -t x {tmp_path}\n{cell}"
    with provisionalcompleter():
        offered = list(notebook.Completer.completions(text, len(text)))
    assert [each.text for each in offered] == found
    word = cell.rpartition("=")[2].split()[-1]
    assert {text[each.start : each.end] for each in offered} == {word}


def test_other_cells_are_completed_as_before(notebook):
    with provisionalcompleter():
        assert "FROM" not in [each.text for each in notebook.Completer.completions("fro", 3)]
