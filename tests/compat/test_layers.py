"""An image's layers and their files, on every engine: exactly what was done, with the bytes that ``docker history`` tells."""

import uuid

import pandas as pd
import pytest

import dockyard
from dockyard import charts
from dockyard.errors import Cancelled, ImageMissing, NoSuchLayer
from dockyard.tasks.layers import image_layers

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def images(client):
    """Two images, one made of the other: in it a file is added, one changed, one given another mode, and one, and a folder, deleted."""
    own = f"layers-{uuid.uuid4().hex[:8]}"
    made, image = [], "busybox"
    for number, line in enumerate(
        (
            "mkdir -p /lab/old && cd /lab && echo before > page && echo same > kept && echo gone > gone && echo x > old/x",
            "cd /lab && echo afterwards > page && chmod 600 kept && rm -r gone old && echo added > new",
        )
    ):
        name = f"{own}-{number}"
        client.api.create_container_from_config({"Image": image, "Cmd": ["sh", "-c", line]}, name)
        made.append(name)
        client.api.start(name)
        assert client.api.wait(name)["StatusCode"] == 0
        client.api.commit(name, own, str(number), message="lab work", changes=["ENV LAB=1"] if number else [])
        image = f"{own}:{number}"
    yield f"{own}:0", f"{own}:1"
    for name in made:
        client.api.remove_container(name)
    for number in (1, 0):
        client.api.remove_image(f"{own}:{number}")


def ours(changes):
    """What a layer does in the folder of this test, without the marks that containers leave in an image."""
    return [(each.path, each.what) for each in changes if each.path.startswith("/lab")]


def test_the_files_of_each_layer_are_exactly_what_was_done(client, images):
    *_, lower, top = image_layers(client, images[1])
    assert [path for path, _ in ours(lower.added)] == [
        "/lab",
        "/lab/gone",
        "/lab/kept",
        "/lab/old",
        "/lab/old/x",
        "/lab/page",
    ]
    assert not ours(lower.changed) + ours(lower.removed)
    assert ours(top.added) == [("/lab/new", ())]
    changed = dict(ours(top.changed))
    assert changed.keys() == {"/lab/kept", "/lab/page"}
    assert changed["/lab/kept"] == ("mode",)
    assert changed["/lab/page"][0] == "content"  # its time may be of the same second
    assert ours(top.removed) == [("/lab/gone", ()), ("/lab/old", ()), ("/lab/old/x", ())]
    assert top.content.files["/lab/kept"].mode == 0o600


@pytest.mark.any_runner
def test_the_tables_agree_with_each_other_and_with_the_engine(client, images):
    layers, history = dockyard.layers(images[1], client), dockyard.history(images[1], client)
    inspected = client.get_json("/images/{}/json", images[1])
    assert list(layers["diff_id"]) == inspected["RootFS"]["Layers"]
    assert set(layers["image_id"]) == set(history["image_id"]) == {inspected["Id"]}
    told = client.get_json("/images/{}/history", images[1])
    assert list(history["size_bytes"]) == [row["Size"] for row in told]
    assert (history["comment"].iloc[0], history["empty"].iloc[0]) == ("lab work", False)
    both = history[~history["empty"]].merge(layers, on=["image_id", "layer", "diff_id"], suffixes=("", "_read"))
    assert len(both) == len(layers)
    # What a layer below the two of this test has may be links, whose letters engines count, too.
    assert list(both["size_bytes"][:2]) == list(both["size_bytes_read"][:2])
    assert list(both["created_by"]) == list(both["created_by_read"])
    top = layers.iloc[-1]
    assert top["hidden_bytes"] >= len("before\n" + "same\n" + "gone\n" + "x\n")
    assert history["created"].dtype == layers["created"].dtype == pd.DatetimeTZDtype("us", "UTC")
    assert {str(layers[name].dtype) for name in ("layer", "size_bytes", "added", "changed", "removed")} == {"int64"}
    assert charts.layer_sizes(history).data[0].x[-1] == history["size_bytes"].sum()


@pytest.mark.any_runner
def test_a_step_without_a_layer_is_told(client, images):
    name = images[0].replace(":0", ":2")
    made = client.api.create_container_from_config({"Image": images[0], "Cmd": ["true"]})
    client.api.commit(made["Id"], *name.split(":"), changes=["LABEL a=b"])
    client.api.remove_container(made["Id"])
    try:
        table = dockyard.history(name, client)
        layers = client.get_json("/images/{}/json", name)["RootFS"]["Layers"]
        assert list(table[~table["empty"]]["diff_id"])[::-1] == layers
        assert table[table["empty"]]["layer"].isna().all()
    finally:
        client.api.remove_image(name)


@pytest.mark.any_runner
def test_two_images_are_held_against_each_other(client, images):
    table = dockyard.compare_images(*images, client)
    rows = table[table["path"].str.startswith("/lab/")]
    assert {row.path: row.difference for row in rows.itertuples()} == {
        "/lab/gone": "only in a",
        "/lab/kept": "metadata",
        "/lab/new": "only in b",
        "/lab/old": "only in a",
        "/lab/old/x": "only in a",
        "/lab/page": "content",
    }
    page = rows[rows["path"] == "/lab/page"].iloc[0]
    assert (page["a_size_bytes"], page["b_size_bytes"]) == (7, 11)
    assert "only in the first" in table.text
    assert images[0] in table._repr_html_()
    same = dockyard.compare_images(images[0], images[0], client)
    assert same.empty
    assert dict(same.dtypes) == dict(table.dtypes)


@pytest.mark.any_runner
def test_two_layers_are_held_against_each_other(client, images):
    last = len(dockyard.layers(images[1], client)) - 1
    table = dockyard.compare_images(images[1], images[1], client, a_layer=last - 1, b_layer=last)
    rows = dict(zip(table["path"], table["difference"], strict=True))
    assert (rows["/lab/gone"], rows["/lab/page"]) == ("only in a", "content")
    with pytest.raises(NoSuchLayer, match=f"no layer {last + 1}"):
        dockyard.compare_images(*images, client, b_layer=last + 1)


@pytest.mark.any_runner
def test_what_is_not_there_is_told_and_reading_can_be_stopped(client, images):
    for ask in (dockyard.layers, dockyard.history):
        with pytest.raises(ImageMissing, match="nothing-here"):
            ask("nothing-here", client)

    class Now:
        def is_set(self):
            return True

    with pytest.raises(Cancelled):
        image_layers(client, images[1], cancel=Now())
