"""The panel that begins lessons anew: a click removes what was on screen, and nothing else."""

import pytest

from dockyard import panels

pytestmark = pytest.mark.engine


@pytest.fixture
def things(docker_cli, engine_in_use, tmp_path, monkeypatch):
    """A container and a file of lesson 2, in a folder of their own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    docker_cli("create", "--name", "apa000ex19", "httpd")
    (tmp_path / "index.html").write_text("x")
    yield tmp_path
    docker_cli("rm", "-f", "apa000ex19", check=False)


def test_the_plan_is_on_screen_before_anything_can_be_clicked(things, shown, docker_cli):
    panel = shown(panels.reset("copy", folder=things))
    panel.wait()
    assert "apa000ex19" in panel.plan_view.value
    assert "index.html" in panel.plan_view.value
    assert docker_cli("inspect", "-f", "{{.Name}}", "apa000ex19")
    panel.agree_button.click()
    panel.wait()
    assert "Removed: 2." in panel.outcome.value
    assert "There is nothing to remove." in panel.plan_view.value
    assert "refused" in docker_cli("inspect", "apa000ex19", check=False)
    assert not (things / "index.html").exists()


def test_what_came_meanwhile_is_shown_first(things, shown, docker_cli):
    panel = shown(panels.reset("copy", folder=things))
    panel.wait()
    (things / "from_container").mkdir()
    panel.agree_button.click()
    panel.wait()
    assert "from_container" in panel.outcome.value
    assert "from_container" in panel.plan_view.value
    assert docker_cli("inspect", "-f", "{{.Name}}", "apa000ex19")
    panel.agree_button.click()
    panel.wait()
    assert "Removed: 3." in panel.outcome.value


def test_an_unknown_lesson_is_said(engine_in_use, shown):
    panel = shown(panels.reset("cookery"))
    panel.wait()
    assert "cookery" in panel.outcome.value
    assert panel.agree_button.disabled
