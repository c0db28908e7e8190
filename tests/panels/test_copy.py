"""The copy panel, driven as a person drives it: values typed, buttons clicked, words read."""

import os
import threading
import time

import pytest

import dockyard
from dockyard import panels
from dockyard.tasks import CopyIn

pytestmark = pytest.mark.engine


@pytest.fixture
def panel(client):
    made = []

    def make(*words, **more):
        made.append(panels.copy(*words, client=client, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def shown(panel):
    return panel.plan_view.value + panel.outcome.value


def test_the_command_line_follows_the_fields(panel):
    made = panel("index.html", "web:/srv/")
    assert "docker cp index.html web:/srv/" in made.line.value
    assert made.copy_line.text == "docker cp index.html web:/srv/"
    made.form.fields["follow_link"].value = True
    made.form.fields["source"].value = "my page.html"
    assert "docker cp -L &#x27;my page.html&#x27; web:/srv/" in made.line.value
    assert made.task == CopyIn("my page.html", "web", "/srv/", follow_link=True)
    assert "CopyIn(source='my page.html'" in made.copy_code.text


def test_what_cant_be_run_says_why_and_cant_be_clicked(panel):
    made = panel("a", "b")
    assert "CONTAINER:PATH" in made.outcome.value
    assert made.run_button.disabled
    made.form.fields["target"].value = "web:/srv"
    assert not made.run_button.disabled
    assert made.outcome.value == ""


def test_the_plan_the_run_its_evidence_and_the_way_back(panel, client, container, shell, tmp_path):
    name = container()
    (tmp_path / "f").write_text("hello")
    made = panel(str(tmp_path / "f"), f"{name}:/tmp/")
    made.preview_button.click()
    made.wait()
    assert "new" in made.plan_view.value
    assert "/tmp/f" in made.plan_view.value
    assert "5B" in made.plan_view.value
    assert shell(name, "ls /tmp") == ""
    assert made.undo_button.disabled
    made.run_button.click()
    made.wait()
    assert "the same bytes on both sides" in made.outcome.value
    assert shell(name, "cat /tmp/f") == "hello"
    made.undo_button.click()
    made.wait()
    assert "Taken back." in made.outcome.value
    assert shell(name, "ls /tmp") == ""


def test_containers_are_suggested(panel, container):
    name = container()
    assert f"{name}:" in panel().form.fields["target"].options


def test_an_error_is_a_sentence_and_escaped(panel, container, tmp_path):
    (tmp_path / "f").write_text("x")
    made = panel(str(tmp_path / "f"), f"{container()}:/no/<b>such</b>/x")
    made.run_button.click()
    made.wait()
    assert "The folder &#x27;/no/&lt;b&gt;such&lt;/b&gt;&#x27; does not exist" in made.outcome.value
    assert "<b>such" not in made.outcome.value
    assert not made.run_button.disabled


def test_cancel_stops_and_nothing_is_left(panel, container, shell, tmp_path):
    name = container()
    (tmp_path / "big").write_bytes(os.urandom(200 << 20))
    made = panel(str(tmp_path / "big"), f"{name}:/tmp/")
    started = threading.Event()
    made.progress.observe(lambda change: change["new"] and started.set(), "value")
    made.run_button.click()
    assert started.wait(20)
    assert not made.cancel_button.disabled
    made.cancel_button.click()
    made.wait()
    assert "Stopped." in made.outcome.value
    assert shell(name, "ls /tmp") == ""


def test_the_kernel_is_free_while_a_task_runs(panel, container, tmp_path):
    (tmp_path / "big").write_bytes(os.urandom(200 << 20))
    made = panel(str(tmp_path / "big"), f"{container()}:/tmp/")
    began = time.monotonic()
    made.run_button.click()
    clicked_s = time.monotonic() - began
    assert made.cancel_button.disabled is False
    made.wait()
    assert clicked_s < (time.monotonic() - began) / 2
    assert "✔" in made.outcome.value


def test_a_copy_into_a_web_server_shows_its_page_before_and_after(panel, container, tmp_path):
    name = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
    (tmp_path / "index.html").write_text("<h1>mine</h1>")
    made = panel(str(tmp_path / "index.html"), f"{name}:/usr/local/apache2/htdocs/")
    made.run_button.click()
    made.wait()
    before, after = made.more.children[1], made.more.children[3]
    assert "It works!" in before.document
    assert "mine" in after.document


def test_a_closed_panel_leaves_no_thread(panel, container, tmp_path):
    (tmp_path / "big").write_bytes(os.urandom(100 << 20))
    made = panel(str(tmp_path / "big"), f"{container()}:/tmp/")
    made.run_button.click()
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "dockyard-panel"]


def test_a_panel_speaks_korean(panel):
    dockyard.language("ko")
    try:
        made = panel("a", "b:/c")
        assert made.run_button.description == "실행"
        assert made.form.fields["source"].description == "원본"
    finally:
        dockyard.language("en")


def test_a_panel_without_an_engine_says_so(monkeypatch):
    from dockyard import connection

    monkeypatch.setattr(connection, "_current", None)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    made = panels.copy("a", "b:/c")
    assert "Nothing answers at tcp://127.0.0.1:1" in made.outcome.value
    made.close()


@pytest.mark.parametrize(
    "line", ["docker cp -L a.txt web:/srv/", "docker cp -a web:/srv/a.txt .", "docker cp a:/x b:/y"]
)
def test_a_pasted_line_fills_the_form(line, panel):
    made = panel()
    made.paste.value = line
    assert made.task == dockyard.parse(line)
