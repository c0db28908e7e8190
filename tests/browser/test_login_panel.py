"""A password typed into a real page, and what the page saves of it."""

import base64
import json
import uuid
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from dockyard.tasks import Secret, start_registry
from embedded import until
from registries import free_port

pytestmark = [pytest.mark.engine, pytest.mark.browser]

CARROT = "carrot-and-radish"
WRONG = "radish-and-carrot"


@pytest.fixture
def kept(lab):
    """Where log-ins are kept: below the test's folder. JupyterLab saves the state of widgets with the notebook."""
    settings = lab.settings / "@jupyter-widgets" / "jupyterlab-manager"
    settings.mkdir(parents=True)
    (settings / "plugin.jupyterlab-settings").write_text(json.dumps({"saveState": True}))
    return lab.folder / "docker" / "config.json"


@pytest.fixture
def locked(client):
    name = f"registry-{uuid.uuid4().hex[:8]}"
    yield start_registry(client, name=name, port=free_port(), user="usagi", secret=Secret(CARROT)).address
    client.api.remove_container(name, force=True, v=True)


@pytest.mark.walks("login")
def test_a_typed_password_logs_in_and_is_saved_nowhere(kept, lab, locked, notebook, screen, picture):
    path = Path(lab.folder) / "login.ipynb"
    place = f'import os\nos.environ["DOCKER_CONFIG"] = "{kept.parent}"\n'
    cell = nbformat.v4.new_code_cell(f'{place}import dockyard\ndockyard.panels.login("{locked}", "usagi")')
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    panel = notebook("login.ipynb").run("dockyard.panels.login")
    password = panel.get_by_label("Password", exact=True)
    run = panel.get_by_role("button", name="Run", exact=True)

    password.fill(WRONG)
    run.click()
    panel.get_by_text("does not take this password").wait_for()
    expect(password).to_have_value("")
    password.fill(CARROT)
    password.press("Enter")
    expect(password).to_have_value("")
    expect(password).to_have_attribute("placeholder", "(taken; it is used once and not kept here)")
    run.click()
    panel.get_by_text("usagi is logged in").wait_for()
    picture(screen, "login-panel")

    screen.keyboard.press("Control+s")
    expect(screen.locator(".jp-mod-current .jp-mod-dirty")).to_have_count(0)
    until(lambda: "usagi is logged in" in path.read_text(encoding="utf-8"), 60)  # the panel is in it, with its state
    text = path.read_text(encoding="utf-8")
    for secret in (CARROT, WRONG):
        assert secret not in text
        assert secret not in screen.content()
        assert base64.b64encode(f"usagi:{secret}".encode()).decode() not in text
    assert kept.exists()
