"""The panel that runs a shell instead of an image's software."""

import pytest

import dockyard
from clicks import click, fault_of
from dockyard import panels

pytestmark = pytest.mark.engine


def test_the_process_lists_of_each_stage_are_shown_and_nothing_stays(client, shown):
    before = set(dockyard.containers(client)["name"])
    panel = shown(panels.shell_instead(client=client))
    assert "httpd:latest" in panel.form.fields["source"].options
    click(panel.try_button, panel)
    stages = panel.stages.value.split("<li>")[1:]
    assert len(stages) == 5
    assert "-d httpd</code>" in stages[0]
    assert "<code>httpd -DFOREGROUND</code> ×" in stages[0]
    assert "-d -i -t httpd /bin/bash</code>" in stages[1]
    assert "is running; in it runs:<br><code>/bin/bash</code></div>" in stages[1]
    assert "INSTEAD of the software" in stages[1]
    assert "→ exit" in stages[2]
    assert "is exited; in it runs:<br>nothing" in stages[2]
    assert "docker start" in stages[3]
    assert "<code>/bin/bash</code>" in stages[3]
    assert "<code>httpd -DFOREGROUND</code> ×" in stages[4]
    assert all("✔" in stage for stage in stages)
    assert "As it should be" in panel.outcome.value
    assert set(dockyard.containers(client)["name"]) == before


def test_a_container_that_ends_at_once_is_told(client, container, shown):
    name = container()
    panel = shown(panels.shell_instead(name, client=client))
    click(panel.try_button, panel)
    assert f"docker top {name}" in panel.stages.value
    assert "<code>sleep 1000</code>" in panel.stages.value
    assert "⚠ The image&#x27;s own command has ended already" in panel.stages.value
    assert "Not all is as it should be" in panel.outcome.value
    assert client.get_json("/containers/{}/json", name)["State"]["Running"]


def test_a_fault_stands_beside_its_field(client, shown):
    panel = shown(panels.shell_instead("no-such-image", client=client))
    click(panel.try_button, panel)
    assert "has no image &#x27;no-such-image" in fault_of(panel, "source")
    panel.form.fields["source"].value = ""
    assert fault_of(panel, "source") == ""
    click(panel.try_button, panel)
    assert "What" in fault_of(panel, "source")
