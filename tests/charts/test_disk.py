"""Pictures of the disk say what the table says, and stay readable however much there is."""

import pandas as pd
import pytest

from dockyard import charts

PRUNES = {
    "image": "docker image prune -a",
    "container": "docker container prune",
    "volume": "docker volume prune -a",
    "build cache": "docker builder prune",
}


def disk(images=3, volumes=2):
    """The first image, every second volume, and the container ``<b>old</b>`` would be freed by a prune."""
    rows = [
        ("image", f"sha256:{number:064x}", f"image-{number}", 1000 * (number + 1), 400, number == 0)
        for number in range(images)
    ]
    rows += [("container", "c1", "web", 50, 0, False), ("container", "c2", "<b>old</b>", 70, 0, True)]
    rows += [("volume", f"v{number}", f"v{number}", 10 + number, 0, number % 2 == 0) for number in range(volumes)]
    table = pd.DataFrame(rows, columns=["kind", "id", "name", "size_bytes", "shared_bytes", "goes"])
    table["unique_bytes"] = table["size_bytes"] - table["shared_bytes"]
    table["reclaimable_bytes"] = table["unique_bytes"].where(table["goes"], 0)
    table["prune"] = table["kind"].map(PRUNES).where(table["goes"], "")
    table.attrs["layers_bytes"] = int(table[table["kind"] == "image"]["unique_bytes"].sum()) + 400
    return table


@pytest.mark.parametrize("chart", [charts.disk_treemap, charts.disk_sunburst])
@pytest.mark.parametrize("images", [0, 3, 5000])
def test_every_parent_is_as_large_as_its_parts(chart, images):
    table = disk(images)
    (trace,) = chart(table).data
    sizes = dict(zip(trace.ids, trace.values, strict=True))
    parents = dict(zip(trace.ids, trace.parents, strict=True))
    for parent in set(trace.parents) - {""}:
        assert sizes[parent] == sum(size for key, size in sizes.items() if parents[key] == parent)
    others = int(table[table["kind"] != "image"]["unique_bytes"].sum())
    assert sizes["all"] == table.attrs["layers_bytes"] + others
    assert len(trace.ids) < 150


@pytest.mark.parametrize("volumes", [2, 5000])
def test_what_is_hatched_is_exactly_what_a_prune_would_free(volumes):
    table = disk(volumes=volumes)
    (trace,) = charts.disk_treemap(table).data
    hatched = [size for size, shape in zip(trace.values, trace.marker.pattern.shape, strict=True) if shape]
    assert sum(hatched) == table["reclaimable_bytes"].sum()
    assert trace.marker.pattern.fillmode == "overlay"  # lines over the tile's own colour, seen on its parent's too


def test_a_tile_says_which_prune_would_free_it():
    (trace,) = charts.disk_treemap(disk()).data
    says = {row[2]: row[4] for row in trace.customdata}
    assert says["image-0"] == "freed by docker image prune -a"
    assert says["image-1"] == says["web"] == ""


def test_names_from_outside_are_shown_letter_by_letter():
    (trace,) = charts.disk_treemap(disk()).data
    assert "&lt;b&gt;old&lt;/b&gt;" in trace.labels
    assert not any("<b>" in label for label in trace.labels)


@pytest.mark.parametrize("volumes", [3, 100])
def test_every_tile_leads_back_to_the_rows_that_it_stands_for(volumes):
    table = disk(volumes=volumes)
    (trace,) = charts.disk_treemap(table, most=10).data
    for key, size in zip(trace.ids, trace.values, strict=True):
        rows = charts.disk_rows(table, key, most=10)
        assert len(rows)
        if key == "image/shared":
            assert set(rows["name"]) == {"image-0", "image-1", "image-2"}
        elif key not in ("all", "image"):
            assert rows["unique_bytes"].sum() == size


def test_small_things_are_told_apart_by_whether_a_prune_frees_them():
    table = disk(volumes=100)
    (trace,) = charts.disk_treemap(table, most=10).data
    labels = dict(zip(trace.ids, trace.labels, strict=True))
    assert (labels["volume/freed"], labels["volume/others"]) == ("45 smaller ones", "45 smaller ones")
    assert set(charts.disk_rows(table, "volume/freed", most=10)["prune"]) == {"docker volume prune -a"}


def test_an_unnamed_volume_has_its_short_id_and_a_long_name_its_end():
    table = disk(volumes=2)
    table.loc[table["kind"] == "volume", "name"] = ["0a" * 32, "registry.example:5000/" + "x" * 40 + "/service:1.2"]
    (trace,) = charts.disk_treemap(table).data
    assert "0a0a0a0a0a0a" in trace.labels
    assert any(label.startswith("…") and label.endswith("/service:1.2") for label in trace.labels)


def test_images_are_their_shared_and_their_own_bytes():
    shared, own = charts.image_sizes(disk()).data
    assert list(shared.x) == [400, 400, 400]
    assert list(own.x) == [600, 1600, 2600]


def test_images_with_the_same_beginning_of_a_name_have_bars_of_their_own():
    table = disk()
    table.loc[table["kind"] == "image", "name"] = [f"{'x' * 80}{number}" for number in range(3)]
    figure = charts.image_sizes(table)
    assert len(set(figure.data[0].y)) == 3
    assert len(set(figure.layout.yaxis.ticktext)) == 3
