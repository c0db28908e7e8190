"""The run panel."""

import pytest

import dockyard
from dockyard import panels
from dockyard.tasks import Port, Run

pytestmark = pytest.mark.engine


@pytest.fixture
def panel(client):
    made = []

    def make(*words, **more):
        made.append(panels.run(*words, client=client, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()
    for name in ("panel-web", "panel-say"):
        if client.find_json("/containers/{}/json", name):
            client.api.remove_container(name, force=True)


def test_fields_become_a_run(panel):
    made = panel("httpd", name="web", ports=["8080:80", "8081:81"], env="A=b c", words="sleep '1 2'")
    assert made.task == Run(
        "httpd", ("sleep", "1 2"), name="web", detach=True, ports=(Port(80, 8080), Port(81, 8081)), env=("A=b c",)
    )
    assert "docker run --name web -d -p 8080:80" in made.line.value


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("ports", "nonsense", "write HOST:CONTAINER"),
        ("env", "A", "write KEY=value"),
        ("words", "'open", "quotation mark"),
        ("mounts", "type=bind,target=/a", "type=bind,source=FOLDER"),
        ("tmpfs", "/a:mode=9", "a mode is octal"),
    ],
)
def test_a_fault_stands_beside_its_field(field, value, sentence, panel):
    made = panel("httpd")
    made.form.fields[field].value = value
    place = list(made.form.fields).index(field)
    assert sentence in made.form.children[place].children[1].value
    assert made.run_button.disabled


def test_images_are_suggested(panel):
    assert "httpd:latest" in panel().form.fields["image"].options


def test_a_run_shows_the_page_behind_its_port(panel, client):
    made = panel("httpd", name="panel-web", ports="127.0.0.1::80")
    made.run_button.click()
    made.wait()
    assert "panel-web: running" in made.outcome.value
    preview = made.more.children[0]
    assert "It works!" in preview.document
    made.undo_button.click()
    made.wait()
    assert client.find_json("/containers/{}/json", "panel-web") is None


def test_a_run_with_a_terminal_shows_it(panel):
    made = panel("busybox", name="panel-say", words="sh", terminal=True)
    assert "-d -i -t" in made.line.value
    made.run_button.click()
    made.wait()
    assert made.more.children[0].copy_line.text == "docker attach panel-say"


def test_a_foreground_run_shows_what_it_printed(panel):
    made = panel("busybox", words="echo '<b>hi</b>'", detach=False, remove=True)
    made.run_button.click()
    made.wait()
    assert made.more.children[0].value == "<b>hi</b>\n"


def test_warnings_of_the_plan_are_shown(panel, tmp_path):
    made = panel("httpd", volumes=f"{tmp_path}:/usr/local/apache2/htdocs", tmpfs="/mem:size=64m")
    made.preview_button.click()
    made.wait()
    assert "is empty" in made.plan_view.value
    assert "Index of /" in made.plan_view.value
    assert "at most 67.1MB" in made.plan_view.value


def test_a_pasted_line_fills_the_form(panel):
    made = panel("httpd", name="old", remove=True)
    line = (
        "docker run -d --name web -p 8080:80 -v vol:/data --mount type=volume,target=/b --tmpfs /m busybox sleep '1 2'"
    )
    made.paste.value = f"$ {line}"
    assert made.task == dockyard.parse(line)
    assert made.paste.value == ""


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("docker run --user 5 busybox", "can&#x27;t show all of that `docker run` line"),
        ("docker cp a b:/c", "can&#x27;t show all of that `docker cp` line"),
        ("docker fly", "fly"),
    ],
)
def test_a_line_that_the_form_cant_hold_changes_nothing(line, sentence, panel):
    made = panel("httpd", name="web")
    before = made.task
    made.paste.value = line
    assert sentence in made.outcome.value
    assert (made.task, made.paste.value) == (before, line)


def test_what_a_run_changed_in_the_engine_is_shown(panel):
    made = panel("busybox", name="panel-say", words="sleep 100")
    made.run_button.click()
    made.wait()
    assert "<details>" in made.outcome.value
    assert "<code>panel-say</code>" in made.outcome.value
