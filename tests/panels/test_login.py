"""The panels over login and logout, and the secret that passes through: looked for in everything that could be saved."""

import base64
import json
import os
from pathlib import Path

import ipywidgets
import nbformat
import pytest
from nbclient import NotebookClient

import dockyard
from clicks import click, fault_of
from dockyard import panels
from dockyard.panels.secret import SecretField
from dockyard.tasks import Login, Logout, Secret
from dockyard.tasks.logins import known_login
from dockyard.tasks.record import entries

pytestmark = pytest.mark.engine

CARROT = "carrot-and-radish"
WRONG = "radish-and-carrot"


@pytest.fixture(scope="module")
def locked(start):
    return start(user="usagi", secret=Secret(CARROT))


@pytest.fixture(autouse=True)
def own_config(config):
    return config


def typed(field, text):
    """What the browser sends when a password was typed."""
    content = {"secret": text}
    field._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
    return content


def every_state():
    """The state of every widget that there is, in each way in which it can be saved."""
    instances = ipywidgets.widgets.widget._instances.values()
    return json.dumps(
        [ipywidgets.Widget.get_manager_state(), [each.get_state() for each in instances]], default=repr
    ) + "".join(map(repr, instances))


def ways_to_write(secret):
    """A secret as it is, and as an Authorization header or docker's configuration file would have it."""
    return secret, base64.b64encode(f"usagi:{secret}".encode()).decode()


def test_a_login_and_a_logout(shown, client, locked):
    panel = shown(panels.login(locked, "usagi", client=client))
    assert panel.task == Login("usagi", locked)
    assert "--password-stdin" in panel.line.value
    click(panel.preview_button, panel)
    assert "not encrypted" in panel.plan_view.value
    typed(panel.form.fields["password"], CARROT)
    click(panel.run_button, panel)
    assert "usagi is logged in" in panel.outcome.value
    assert not panel.form.fields["password"].is_filled
    user, secret = known_login(locked)
    assert (user, secret.reveal()) == ("usagi", CARROT)

    out = shown(panels.logout(locked, client=client))
    click(out.run_button, out)
    assert "Nobody is logged in" in out.outcome.value
    assert known_login(locked)[0] == ""


def test_a_login_is_taken_back(shown, client, locked):
    panel = shown(panels.login(locked, "usagi", client=client))
    typed(panel.form.fields["password"], CARROT)
    click(panel.run_button, panel)
    click(panel.undo_button, panel)
    assert known_login(locked)[0] == ""


def test_what_is_wrong_stands_beside_its_field(shown, client, locked):
    panel = shown(panels.login("http://usagi@localhost", client=client))
    assert fault_of(panel, "user") == ""  # nobody could fill it in yet
    panel.form.fields["user"].value = " "
    assert "Fill in" in fault_of(panel, "user")
    panel.form.fields["user"].value = "usagi"
    assert "HOST:PORT" in fault_of(panel, "registry")
    panel.form.fields["registry"].value = locked
    click(panel.run_button, panel)
    assert "Fill in" in fault_of(panel, "password")
    typed(panel.form.fields["password"], WRONG)
    assert fault_of(panel, "password") == ""
    click(panel.run_button, panel)
    assert "does not take this password" in fault_of(panel, "password")
    panel.form.fields["registry"].value = "localhost:1"
    typed(panel.form.fields["password"], CARROT)
    click(panel.run_button, panel)
    assert "refused" in fault_of(panel, "registry")


@pytest.mark.parametrize(("password", "said"), [(CARROT, "is logged in"), (WRONG, "")])
def test_no_state_of_any_widget_ever_has_the_password(password, said, shown, client, locked):
    panel = shown(panels.login(locked, "usagi", client=client))
    typed(panel.form.fields["password"], password)
    states = [every_state()]
    panel.preview_button.click()
    panel.wait()
    states.append(every_state())
    panel.run_button.click()
    states.append(every_state())
    panel.wait()
    states.append(every_state())
    assert said in panel.outcome.value
    assert len(states[0]) > 1000
    for state in states:
        assert not any(text in state for text in ways_to_write(password))


def test_a_message_does_not_keep_what_it_brought():
    field = SecretField("Password")
    seen = []
    field.on_given(lambda: seen.append(field.is_filled))
    assert typed(field, CARROT) == {}
    assert repr(field.take()) == "Secret(hidden)"
    assert field.take() is None
    typed(field, "")
    assert seen == [True, False]  # whether something waits, each time that something came
    typed(field, CARROT)
    field.close()
    assert field.take() is None


def test_a_pasted_line_fills_the_form_and_one_with_a_password_does_not(shown, client):
    panel = shown(panels.login(client=client))
    panel.paste.value = "docker login -u usagi --password-stdin localhost:5000"
    assert panel.task == Login("usagi", "localhost:5000")
    panel.paste.value = "docker login -u usagi -p carrot localhost:5000"
    assert "-p" in panel.outcome.value
    out = shown(panels.logout(client=client))
    out.paste.value = "docker logout localhost:5000"
    assert out.task == Logout("localhost:5000") == dockyard.parse("docker logout localhost:5000")


CELLS = [
    """%xmode Verbose
import os
import dockyard
from dockyard.tasks import Login, Secret
client = dockyard.connect(os.environ["LAB_ENGINE"])""",
    """def log_in(name):
    panel = dockyard.panels.login(os.environ["LAB_REGISTRY"], "usagi", client=client)
    message = {"content": {"data": {"method": "custom", "content": {"secret": os.environ[name]}}}, "buffers": []}
    panel.form.fields["password"]._handle_msg(message)
    panel.run_button.click()
    panel.wait()
    return panel""",
    "refused = log_in('LAB_WRONG')\nrefused",
    "done = log_in('LAB_SECRET')\ndone",
    "[(each.task, each.form, each.form.values, vars(each.form.fields['password'])) for each in (refused, done)]",
    "Login('usagi', os.environ['LAB_REGISTRY']).run(client, secret=Secret(os.environ['LAB_WRONG']))",
    "dockyard.journal(client)",
    "%history",
    "%whos",
]


def test_a_saved_notebook_has_no_trace_of_a_password(client, locked, config, tmp_path, monkeypatch):
    for name, value in (("ENGINE", client.address), ("REGISTRY", locked), ("SECRET", CARROT), ("WRONG", WRONG)):
        monkeypatch.setenv(f"LAB_{name}", value)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=True, allow_errors=True).execute()
    nbformat.write(notebook, tmp_path / "login.ipynb")

    text = (tmp_path / "login.ipynb").read_text(encoding="utf-8")
    state = json.dumps(notebook.metadata["widgets"])
    assert "usagi is logged in" in state
    assert "does not take this password" in state
    assert "LoginRefused" in text
    assert "Secret(hidden)" in text  # the verbose traceback shows what each frame holds
    assert known_login(locked)[1].reveal() == CARROT
    forbidden = [*ways_to_write(CARROT), *ways_to_write(WRONG)]
    assert not any(each in text for each in forbidden)
    assert not any(each in repr(entry) for entry in entries(client.data_dir) for each in forbidden)
    for folder in (tmp_path, client.data_dir, Path(os.environ["XDG_STATE_HOME"])):
        for file in folder.rglob("*"):
            if file.is_file() and file != config:  # where docker itself keeps log-ins
                assert not any(each.encode() in file.read_bytes() for each in forbidden), file
