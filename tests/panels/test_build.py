"""The build panel."""

import pytest

import dockyard
from clicks import click, fault_of
from dockyard import panels
from dockyard.tasks import Build
from embedded import until

pytestmark = pytest.mark.engine

LINES = "FROM busybox\nCOPY page /page\nRUN echo '<i>'\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page").write_text("page")
    return tmp_path


@pytest.fixture
def panel(client, shown):
    return lambda *words, **more: shown(panels.build(*words, client=client, **more))


def test_fields_become_a_build(panel, folder):
    made = panel(str(folder), "x y:1", text=LINES, build_args="A=b c", target="0", no_cache=True, pull=True)
    file = str(folder / "Dockerfile")
    assert made.task == Build(str(folder), ("x", "y:1"), file, ("A=b c",), True, "0", True, LINES)
    made.form.fields["save"].value = False
    assert made.task == Build(str(folder), ("x", "y:1"), "-", ("A=b c",), True, "0", True, LINES)
    made.form.fields["folder"].value = ""
    assert made.task == Build("-", ("x", "y:1"), "", ("A=b c",), True, "0", True, LINES)


def test_a_folder_s_own_dockerfile_is_opened(panel, folder):
    (folder / "Dockerfile").write_text(LINES)
    made = panel(str(folder), "x")
    assert made.form.fields["text"].value == LINES
    assert made.task == Build(str(folder), ("x",))
    assert f"docker build -t x {folder}" in made.line.value


def test_a_pasted_line_fills_the_form(panel, folder):
    (folder / "Dockerfile").write_text(LINES)
    made = panel()
    made.paste.value = f"docker build --no-cache -t x:1 {folder}"
    assert made.task == Build(str(folder), ("x:1",), no_cache=True)
    assert made.form.fields["text"].value == LINES
    made.paste.value = "docker build -t x /nothing/here"
    assert "can&#x27;t show all" in made.outcome.value


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("names", "UPPER", "UPPER"), ("build_args", "A", "write KEY=value"), ("text", " ", "Dockerfile")],
)
def test_a_fault_stands_beside_its_field(field, value, sentence, panel, folder):
    made = panel(str(folder), "x", text=LINES)
    made.form.fields[field].value = value
    assert sentence in fault_of(made, field)
    assert made.run_button.disabled


def test_findings_follow_every_letter(panel, folder):
    made = panel(str(folder), "x", text="FROM busybox:1\n")
    assert made.findings_view.value == ""
    made.form.fields["text"].value += "COPY none <b>\n"
    assert "Line 2: none is not in the context" in made.findings_view.value
    made.form.fields["text"].value += "CMD <b>\n"
    assert "Line 3: CMD in shell form" in made.findings_view.value
    assert "page" in made.editing.files
    assert "busybox:latest" in made.editing.images


def test_a_build_shows_its_log_and_its_layers_and_is_taken_back(panel, folder, client, new_name):
    made = panel(str(folder), new_name, text=LINES)
    click(made.preview_button, made)
    assert "1 files" in made.plan_view.value
    click(made.run_button, made)
    assert f"{new_name} is the image" in made.outcome.value
    assert "&lt;i&gt;" in made.log_view.value
    assert "4B" in made.more.children[0].value
    assert (folder / "Dockerfile").read_text() == LINES
    click(made.undo_button, made)
    assert client.find_json("/images/{}/json", new_name) is None
    assert not (folder / "Dockerfile").exists()


def test_the_line_that_failed_is_pointed_out(panel, new_name):
    made = panel("", new_name, text="FROM busybox\nRUN echo '<u>'; false\n")
    click(made.run_button, made)
    assert "Line 2 of the Dockerfile failed" in made.outcome.value
    assert "&lt;u&gt;\n" in made.log_view.value
    assert "▶   2 RUN echo &#x27;&lt;u&gt;&#x27;; false" in made.failure_view.value


def test_a_build_can_be_cancelled(panel, client, new_name):
    made = panel("", new_name, text="FROM busybox\nRUN echo here; sleep 600\n")
    made.run_button.click()
    assert until(lambda: "here" in made.log_view.value.partition("RUN echo here")[2])
    made.cancel_button.click()
    made.wait(20)
    assert "here" in made.log_view.value
    assert "top" in made.outcome.value  # stopped
    assert client.find_json("/images/{}/json", new_name) is None


def test_it_speaks_korean(panel):
    dockyard.language("ko")
    try:
        made = panel("", "x", text="FROM busybox\nCOYP a b\n")
        assert made.run_button.description == "빌드"
        assert "2번째 줄" in made.findings_view.value
        assert "바탕이 되는 이미지" in made.editing.explanation.value
    finally:
        dockyard.language("en")
