"""``%docker`` in a real shell."""

import subprocess
import sys

import pytest

import dockyard
from dockyard.tables import Table
from dockyard.tasks import Change, Result, RunResult

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def engine(engine_in_use):
    """The engine on which lines are done."""


def test_a_line_is_done_and_its_result_is_the_cells_value(notebook):
    done = notebook.run_cell("%docker run --rm busybox echo '<b>hi</b>'").result
    assert isinstance(done, RunResult)
    assert done.output == b"<b>hi</b>\n"
    shown = notebook.display_formatter.format(done)[0]["text/html"]
    assert "&lt;b&gt;hi&lt;/b&gt;" in shown


PLAIN = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.history_manager.enabled = False
shell.run_cell("import dockyard").raise_error()
from dockyard.tasks import Change, RunResult
print(shell.display_formatter.format(RunResult((Change("create", "container", "<x>"),)))[0]["text/html"])
"""


def test_a_result_is_shown_in_a_cell_without_the_magics_too():
    done = subprocess.run([sys.executable, "-c", PLAIN], check=True, capture_output=True, text=True)
    assert "<code>&lt;x&gt;</code>" in done.stdout


def test_a_line_that_prints_and_changes_nothing_shows_nothing(notebook):
    assert notebook.display_formatter.format(RunResult(()))[0]["text/html"] == ""


def test_a_table_can_be_kept(notebook):
    notebook.run_cell("table = %docker images").raise_error()
    assert isinstance(notebook.user_ns["table"], Table)
    assert "busybox" in set(notebook.user_ns["table"]["repository"])


def test_a_text_is_printed(notebook, capsys):
    assert notebook.run_cell("%docker version").result is None
    assert '"ApiVersion"' in capsys.readouterr().out


def test_a_text_stands_in_a_cell_as_it_is(notebook, engine_in_use):
    text = dockyard.do("docker version", engine_in_use)
    shown = notebook.display_formatter.format(text)[0]["text/plain"]
    assert shown == str(text).removesuffix("\n")
    assert shown.startswith("{\n")


def test_what_cant_be_done_is_one_sentence(notebook, capsys):
    done = notebook.run_cell("%docker run --fly busybox")
    assert not done.success
    told = "".join(capsys.readouterr())
    assert "--fly" in told
    assert "Traceback" not in told


def test_a_result_shows_what_changed_in_the_language_in_use(notebook):
    result = Result(
        (Change("create", "container", "<x>"),), ("careful",), difference=(Change("remove", "volume", "v"),)
    )
    dockyard.language("ko")
    try:
        shown = notebook.display_formatter.format(result)[0]["text/html"]
    finally:
        dockyard.language("en")
    for each in ("&lt;x&gt;", "careful", "볼륨", "엔진에서 바뀐 것"):
        assert each in shown
