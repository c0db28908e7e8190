"""The advisor's panel."""

import pytest

from clicks import click, fault_of
from dockyard import panels

pytestmark = pytest.mark.engine


def test_answers_change_the_advice_and_its_line(client, shown):
    panel = shown(panels.mount_advisor(client=client))
    assert "Take a volume." in panel.advice.value
    assert "docker volume create apa000vol1" in panel.advice.value
    assert "-v apa000vol1:/usr/local/apache2/htdocs httpd" in panel.line.value
    panel.form.fields["edited"].value = True
    assert "Take a bind mount" in panel.advice.value
    assert "mkdir -p" in panel.advice.value
    assert "--name apa000ex20" in panel.line.value
    panel.form.fields["edited"].value = panel.form.fields["lasts"].value = False
    assert "Take a tmpfs" in panel.advice.value
    assert "--tmpfs /scratch:size=64m" in panel.line.value


def test_a_fault_stands_beside_its_field_and_text_is_escaped(client, shown):
    panel = shown(panels.mount_advisor(client=client))
    panel.form.fields["source"].value = "<b>"
    assert "<b>:" not in panel.line.value
    assert "create &#x27;&lt;b&gt;&#x27;" in panel.advice.value
    panel.form.fields["ports"].value = "nonsense"
    assert "write HOST:CONTAINER" in fault_of(panel, "ports")
    assert panel.advice.value == ""


def test_the_advice_is_run_and_taken_back(client, shown):
    panel = shown(panels.mount_advisor(lasts=False, image="busybox", client=client))
    panel.form.fields["name"].value = "panel-advice"
    click(panel.preview_button, panel)
    assert "in memory, at most 67.1MB" in panel.plan_view.value
    click(panel.run_button, panel)
    assert client.find_json("/containers/{}/json", "panel-advice")["HostConfig"]["Tmpfs"] == {"/scratch": "size=64m"}
    click(panel.undo_button, panel)
    assert client.find_json("/containers/{}/json", "panel-advice") is None


def test_all_three_are_tried_here(client, shown):
    panel = shown(panels.mount_advisor(client=client))
    click(panel.try_button, panel)
    table = panel.comparison.value
    assert str(client.engine) in table
    assert "dockyard-trial-" in table
    assert "/_data</td><td>still there</td><td>still there</td>" in table
    assert "<td>in memory</td><td>gone</td><td>gone</td><td>can&#x27;t be reached</td>" in table


def test_a_tmpfs_is_measured(client, shown):
    panel = shown(panels.mount_advisor(client=client))
    click(panel.measure_button, panel)
    assert panel.speeds.value.count("MiB/s") == 4
    assert "67.1MB each time, medians of 5 rounds" in panel.speeds.value
    assert "✔ Before the restart both had the file" in panel.speeds.value
