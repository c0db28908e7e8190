"""The panel over an image's layers."""

import threading
import uuid

import pytest

from clicks import click, fault_of
from dockyard import panels
from dockyard.tasks import layer_files

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def images(client):
    """Two images, one made of the other: in it a file is added, one changed, one given another mode, and a folder deleted."""
    own = f"layers-panel-{uuid.uuid4().hex[:8]}"
    made, image = [], "busybox"
    for number, line in enumerate(
        (
            "mkdir -p /lab/old && cd /lab && head -c 70000 /dev/zero > old/big && echo same > kept && for i in $(seq 60); do echo $i > old/$i; done",
            "cd /lab && chmod 600 kept && rm -r old && echo '<b>' > '<b>' && head -c 3000 /dev/zero > new",
        )
    ):
        container = client.api.create_container(image, ["sh", "-c", line])["Id"]
        made.append(container)
        client.api.start(container)
        assert client.api.wait(container)["StatusCode"] == 0
        client.api.commit(container, own, str(number))
        image = f"{own}:{number}"
    yield f"{own}:0", f"{own}:1"
    for container in made:
        client.api.remove_container(container)
    for number in (1, 0):
        client.api.remove_image(f"{own}:{number}")


def test_the_layers_and_their_files_are_shown(client, images, shown):
    panel = shown(panels.layers(images[1], client=client))
    assert images[0] in panel.form.fields["image"].options
    assert panel._chooser.layout.display == "none"
    click(panel.read_button, panel)
    assert f"{images[1]}: 3 layers with" in panel.sizes.value
    assert [row["size_bytes"] for row in panel.layer.rows.values()][1:] == ["70.2kB", "3.01kB"]
    assert (panel.layer.rows["2"]["hidden_bytes"], panel.layer.rows["2"]["removed"]) == ("70.2kB", "62")
    assert "they add up to" in panel.says.value
    (chart,) = panel.chart.outputs
    assert chart["data"]["text/plain"] in panel.says.value
    assert chart["data"]["application/vnd.plotly.v1+json"]["data"][0]["type"] == "waterfall"
    assert list(panel.layer.rows) == ["0", "1", "2"]
    assert panel.layer.chosen == ["2"]
    files = panel.files.value
    assert "Layer 2:" in files
    assert "<td>new</td><td>file</td><td><code>/lab/new</code></td><td>3kB</td>" in files
    assert "&lt;b&gt;" in files
    assert "<code>/lab/<b>" not in files
    assert (
        "<td>removed</td><td>file</td><td><code>/lab/old/big</code></td><td>70kB</td><td>hidden from here on" in files
    )
    assert files.index("/lab/old/big") < files.index("/lab/new")
    assert "more (" in files
    panel.search.value = "KEPT"
    assert "1 of them fit the filter." in panel.files.value
    assert "<code>/lab/kept</code></td><td>5B</td><td>mode</td>" in panel.files.value
    assert "/lab/new" not in panel.files.value
    panel.search.value = ""
    panel.layer.chosen = ["1"]
    assert "<code>/lab/old/big</code></td><td>70kB</td>" in panel.files.value
    assert "hidden from here on" not in panel.files.value


def test_two_images_are_compared(client, images, shown):
    panel = shown(panels.layers(*images, client=client))
    click(panel.compare_button, panel)
    said = panel.comparison.value
    assert f"{images[0]} and {images[1]}: 62 paths only in the first" in said
    assert "and 15 more paths" in said
    assert "The largest first." in said
    assert '<td>/lab/old/big</td><td>only in the first</td><td></td><td class="dockyard-number">70kB</td>' in said
    assert said.index("/lab/old/big") < said.index("/lab/new") < said.index("/lab/old/10")
    assert "<td>/lab/kept</td><td>same content</td><td>mode</td>" in said


def test_a_fault_stands_beside_its_field_and_clears_what_was_shown(client, images, shown):
    panel = shown(panels.layers(images[0], "no-such:1", client=client))
    click(panel.read_button, panel)
    click(panel.compare_button, panel)
    assert "no-such:1" in fault_of(panel, "other")
    assert fault_of(panel, "image") == ""
    panel.form.fields["other"].value = ""
    click(panel.compare_button, panel)
    assert "Compare with" in fault_of(panel, "other")
    panel.form.fields["image"].value = "no-such"
    click(panel.read_button, panel)
    assert "no-such" in fault_of(panel, "image")
    assert (panel.sizes.value, panel.files.value, panel.chart.outputs, panel.layer.rows) == ("", "", (), {})


def test_reading_tells_how_far_it_is_and_is_cancelled(client, images, shown, monkeypatch):
    go, reads = threading.Event(), threading.Event()
    export = layer_files.export_images

    def slowly(*given):
        for piece in export(*given):
            yield piece
            reads.set()
            go.wait(30)

    monkeypatch.setattr(layer_files, "export_images", slowly)
    panel = shown(panels.layers(images[0], client=client))
    panel.read_button.click()
    assert reads.wait(30)
    assert panel.read_button.disabled
    assert panel.cancel_button.layout.display is None
    panel.cancel_button.click()
    go.set()
    panel.wait()
    assert 'class="dockyard-warning"' in panel.outcome.value
    assert panel.sizes.value == ""
    assert not panel.read_button.disabled
    assert panel.cancel_button.layout.display == "none"
