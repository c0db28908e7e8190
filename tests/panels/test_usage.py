"""The panel over what running containers use."""

import threading

import pytest

from dockyard import panels
from embedded import until

pytestmark = pytest.mark.engine


def threads():
    names = ("dockyard-usage", "dockyard-usage-panel")
    return [each for each in threading.enumerate() if each.name in names]


def seen(panel):
    """Names of the lines that are shown."""
    return {trace.name for trace in panel.live.widget.data if trace.visible}


def test_it_shows_what_runs_as_it_runs_and_ends_when_closed(client, container):
    name = container()
    panel = panels.usage(client)
    until(lambda: name in seen(panel) and "Running containers" in panel.says.value)
    late = container()
    until(lambda: late in seen(panel))
    panel.close()
    assert not threads()


def test_it_is_stopped_and_goes_on(client, container):
    name = container()
    panel = panels.usage(client)
    until(lambda: name in seen(panel))
    panel.stop_button.click()
    assert not panel.is_reading
    assert not threads()
    assert (panel.stop_button.disabled, panel.go_button.disabled) == (True, False)
    points = len(panel.live.widget.data[0].x)
    panel.go_button.click()
    until(lambda: len(panel.live.widget.data[0].x) > points)
    panel.close()


def test_it_rests_while_no_cell_shows_it(client, monkeypatch):
    monkeypatch.setattr("dockyard.panels.shown.GONE_S", 0.1)
    panel = panels.usage(client)
    panel._shown.hear(1)
    panel._shown.hear(0)
    until(lambda: not panel.is_reading)
    panel._shown.hear(1)
    assert panel.is_reading
    panel.stop()
    panel._shown.hear(1)  # who stopped it is not overruled by a cell that shows it
    assert not panel.is_reading
    panel.close()


def test_a_cell_that_is_run_again_does_not_interrupt_it(client):
    panel = panels.usage(client)
    panel._shown.hear(0)
    panel._shown.hear(1)
    assert panel.is_reading
    panel.close()
    assert not [each for each in threading.enumerate() if each.name == "dockyard-shown"]
