"""The prune panel."""

import pytest

from clicks import click, fault_of
from dockyard import panels
from dockyard.tasks import Prune
from registries import tar_of

pytestmark = pytest.mark.engine


@pytest.fixture
def image(client):
    """An image with a label, which nothing uses."""
    name = "prune-panel:1"
    client.api.import_image_from_data(
        tar_of({"file": b"x" * 50_000}), *name.split(":"), changes=["LABEL prune-panel=1"]
    )
    found = client.get_json("/images/{}/json", name)["Id"]
    yield found
    if client.find_json("/images/{}/json", found):
        client.api.remove_image(found, force=True)


def test_a_prune_is_shown_then_done_then_taken_back(client, image, shown):
    panel = shown(panels.prune("image", all=True, filters="label=prune-panel", client=client))
    assert panel.task == Prune("image", all=True, filters=("label=prune-panel",))
    assert "docker image prune -a --filter label=prune-panel" in panel.line.value
    click(panel.run_button, panel)
    assert "Nothing was done yet" in panel.outcome.value
    assert client.find_json("/images/{}/json", image)
    plan = panel.plan_view.value
    assert "<code>prune-panel:1</code></td><td>50kB</td>" in plan
    assert "no container has it" in plan
    assert "1 of" in plan
    assert plan.index("prune-panel:1") < plan.index("busybox")
    click(panel.run_button, panel)
    assert "✔" in panel.outcome.value
    assert "were freed" in panel.more.children[0].value
    assert client.find_json("/images/{}/json", image) is None
    click(panel.undo_button, panel)
    assert "Taken back" in panel.outcome.value
    assert client.get_json("/images/prune-panel:1/json")["Id"] == image


def test_where_nothing_goes_nothing_is_asked(client, shown):
    panel = shown(panels.prune("volume", filters="label=no-such-label", client=client))
    click(panel.run_button, panel)
    assert "Removed: 0." in panel.outcome.value
    click(panel.undo_button, panel)
    assert "nothing that it removed was kept" in panel.outcome.value


def test_what_was_not_brought_back_is_told(client, image, container, shown):
    name = container("busybox", start=False, Labels={"prune-panel": "1"})
    panel = shown(panels.prune("system", all=True, filters=["label=prune-panel"], client=client))
    for button in (panel.preview_button, panel.run_button, panel.undo_button):
        click(button, panel)
    container.made.remove(name)
    assert "Not brought back: " in panel.plan_view.value
    assert name in panel.plan_view.value
    assert client.get_json("/images/prune-panel:1/json")["Id"] == image


@pytest.mark.parametrize(
    ("field", "values", "sentence"),
    [
        ("scope", {"scope": "everything"}, "container, image, volume"),
        ("filters", {"filters": "until=soon"}, "an age such as 24h"),
        ("all", {"scope": "network", "all": True}, "docker network prune"),
        ("volumes", {"scope": "image", "volumes": True}, "docker image prune"),
    ],
)
def test_a_fault_stands_beside_its_field(field, values, sentence, client, shown):
    panel = shown(panels.prune(**values, client=client))
    assert sentence in fault_of(panel, field)
    assert panel.run_button.disabled


def test_a_pasted_line_fills_the_form(client, shown):
    panel = shown(panels.prune(client=client))
    panel.paste.value = "docker system prune -af --volumes --filter label!=keep"
    assert panel.task == Prune("system", all=True, volumes=True, filters=("label!=keep",))
