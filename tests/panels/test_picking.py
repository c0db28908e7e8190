"""Panels whose form is filled by choosing in a live grid."""

import pytest

from dockyard import panels
from dockyard.tasks import Save, Untag
from embedded import until
from grids import looked_at

pytestmark = pytest.mark.engine


def choose(panel, *names):
    panel.list.chosen = [key for key, row in panel.list.rows.items() if row["name"] in names]


def test_images_that_are_chosen_are_saved(shown, client):
    panel = shown(panels.save("a.tar", client=client))
    choose(panel, "busybox:latest", "registry:latest")
    assert isinstance(panel.task, Save)
    assert set(panel.task.names) == {"busybox:latest", "registry:latest"}
    panel.list.chosen = []
    assert panel.task is None


def test_names_that_are_chosen_are_taken_off(shown, client, container, new_name):
    one = container(start=False)
    panel = shown(panels.untag(client=client))
    looked_at(panel.list)
    client.api.commit(one, *new_name.split(":"))
    until(lambda: any(row["name"] == new_name for row in panel.list.rows.values()))
    choose(panel, new_name)
    assert panel.task == Untag((new_name,))
    panel.run_button.click()
    panel.wait()
    until(lambda: not any(row["name"] == new_name for row in panel.list.rows.values()))
    assert panel.names == ()
    assert panel.form.values["names"] == new_name  # what was done stays on screen


def test_an_image_without_a_name_is_named_by_its_id(shown, client, container):
    identity = client.api.commit(container(start=False))["Id"]
    panel = shown(panels.untag(client=client))
    panel.list.chosen = [f"{identity} "]
    assert panel.task == Untag((identity,))
    client.api.remove_image(identity)


def test_nothing_is_chosen_while_a_run_is_under_way(shown, client):
    panel = shown(panels.save("a.tar", "busybox", client=client))
    assert not panel.list.disabled
    panel._set_busy(True)
    assert panel.list.disabled
    panel._set_busy(False)
    assert not panel.list.disabled
