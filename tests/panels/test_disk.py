"""The panel over the disk."""

import sys
import threading

import pytest

import dockyard
from clicks import click
from dockyard import panels
from dockyard.tasks import Prune
from embedded import until

pytestmark = pytest.mark.engine


@pytest.fixture
def calls(client):
    """How often the engine was asked to measure while a test runs."""
    seen = []
    hook = lambda answer, *_, **__: seen.append(answer.request.path_url)  # noqa: E731
    client.api.hooks["response"].append(hook)
    yield lambda: sum("/system/df" in each for each in seen)
    client.api.hooks["response"].remove(hook)


@pytest.fixture
def things(client, container):
    """A volume that nothing uses, a container that runs, and one that ended."""
    client.api.create_volume("disk-panel")
    runner = container("busybox", "sh", "-c", "head -c 400000 /dev/urandom > /x; sleep 1000")
    ended = container("busybox", "sh", "-c", "head -c 500000 /dev/urandom > /x")
    client.api.wait(ended)
    yield {"runner": runner, "ended": ended}
    if client.find_json("/volumes/{}", "disk-panel"):
        client.api.remove_volume("disk-panel")


def identity(client, name):
    return client.get_json("/containers/{}/json", name)["Id"]


def test_the_engine_measures_only_when_asked(client, things, shown, calls):
    panel = shown(panels.disk(client=client))
    assert "Not measured yet" in panel.age.value
    assert panel.figure is None
    assert calls() == 0
    click(panel.measure_button, panel)
    assert calls() == 1
    assert "Measured at" in panel.age.value
    assert "on disk" in panel.says.value
    panel.choose(f"container/{identity(client, things['ended'])}")
    panel.shape.value = "sunburst"
    assert panel.figure.data[0].type == "sunburst"
    assert calls() == 1


def test_a_click_on_a_tile_shows_its_row_and_the_prune_that_would_free_it(client, things, shown):
    panel = shown(panels.disk(client=client))
    click(panel.measure_button, panel)
    key = f"container/{identity(client, things['ended'])}"
    place = panel.figure.data[0].ids.index(key)
    # What the browser sends when a tile is clicked.
    panel.figure._js2py_pointsCallback = {
        "event_type": "plotly_click",
        "points": {"trace_indexes": [0], "point_indexes": [place], "xs": [None], "ys": [None]},
        "device_state": None,
        "selector": None,
    }
    assert panel.things.value == key
    assert things["ended"] in panel.rows.value
    assert "○ exited" in panel.rows.value
    plan = panel.plan_view.value
    assert "docker container prune would take" in plan
    assert plan.index(things["ended"]) < plan.index(things["runner"])
    click(panel.prune_button, panel)
    (inner,) = panel.more.children
    assert inner.task == Prune("container")
    inner.wait()
    assert things["ended"] in inner.plan_view.value


def test_what_no_prune_frees_says_why(client, things, shown):
    panel = shown(panels.disk(client=client))
    click(panel.measure_button, panel)
    panel.choose(f"container/{identity(client, things['runner'])}")
    assert "No prune would free it" in panel.plan_view.value
    assert "it is in use (running)" in panel.plan_view.value
    assert panel.prune_button.layout.display == "none"


def test_kinds_and_the_whole_can_be_chosen_by_keyboard(client, things, shown):
    panel = shown(panels.disk(client=client))
    click(panel.measure_button, panel)
    labels = [label for label, _ in panel.things.options]
    assert any(things["ended"] in label and "freed by docker container prune" in label for label in labels)
    assert panel.things.value == "all"
    assert "docker system prune -a --volumes would take" in panel.plan_view.value
    panel.choose("container")
    assert things["runner"] in panel.rows.value
    assert things["ended"] in panel.rows.value


def test_it_says_that_things_changed_since(client, things, shown, calls):
    panel = shown(panels.disk(client=client))
    click(panel.measure_button, panel)
    until(lambda: not panel._hears_first)
    assert "changed" not in panel.age.value
    client.api.create_volume("disk-panel-late")
    until(lambda: "Things have changed since." in panel.age.value)
    client.api.remove_volume("disk-panel-late")
    assert calls() == 1
    click(panel.measure_button, panel)
    assert "disk-panel-late" not in panel.rows.value
    assert calls() == 2


def test_where_it_is_to_follow_it_measures_again_by_itself_in_reason(client, things, shown, calls, monkeypatch):
    module = sys.modules[panels.DiskPanel.__module__]
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(module, "FOLLOW_EVERY_S", 0.5)
    panel = shown(panels.disk(client=client))
    click(panel.measure_button, panel)
    until(lambda: not panel._hears_first)
    panel.follow.value = True
    client.api.create_volume("disk-panel-late")
    until(lambda: calls() >= 2)
    panel.wait()
    client.api.remove_volume("disk-panel-late")


def test_nothing_of_it_is_left_when_it_is_closed(client, things):
    panel = panels.disk(measure=True, client=client)
    panel.wait()
    panel.close()
    assert not [each for each in threading.enumerate() if each.name == "dockyard-disk"]
    assert panel.figure.comm is None


def test_an_engine_that_is_gone_is_told(client, shown, monkeypatch):
    panel = shown(panels.disk(client=client))
    monkeypatch.setattr(type(client), "get_json", refuse)
    click(panel.measure_button, panel)
    assert "Nothing answers" in panel.outcome.value
    assert not panel.measure_button.disabled
    assert "Not measured yet" in panel.age.value


def refuse(client, *_, **__):
    raise dockyard.errors.EngineDead(address=client.address)
