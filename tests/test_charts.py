"""Charts say what their tables say, and stay readable however much there is."""

import re
from itertools import pairwise

import pandas as pd
import pytest

import dockyard
from dockyard import charts


def disk(images=3, volumes=2, layers_bytes=None):
    rows = [
        (
            "image",
            f"sha256:{number:064x}",
            f"image-{number}",
            1000 * (number + 1),
            400,
            600 + 1000 * number,
            0 if number else 600,
            1,
        )
        for number in range(images)
    ]
    rows += [("container", "c1", "web", 50, 0, 50, 0, 0), ("container", "c2", "<b>old</b>", 70, 0, 70, 70, 0)]
    rows += [("volume", f"v{number}", f"v{number}", 10 + number, 0, 10 + number, 0, 1) for number in range(volumes)]
    names = ["kind", "id", "name", "size_bytes", "shared_bytes", "unique_bytes", "reclaimable_bytes", "users"]
    table = pd.DataFrame(rows, columns=names)
    table.attrs["layers_bytes"] = (
        int(table[table["kind"] == "image"]["unique_bytes"].sum()) + 400 if layers_bytes is None else layers_bytes
    )
    return table


def events():
    at = pd.date_range("2026-01-01", periods=5, freq="min", tz="UTC")
    actions = [
        ("start", "a", {}),
        ("start", "b", {}),
        ("die", "a", {"exitCode": "0"}),
        ("start", "c", {}),
        ("die", "b", {"exitCode": "3"}),
    ]
    rows = [(at[place], "container", action, name, name, more) for place, (action, name, more) in enumerate(actions)]
    return pd.DataFrame(rows, columns=["at", "kind", "action", "id", "name", "attributes"])


@pytest.mark.parametrize("chart", [charts.disk_treemap, charts.disk_sunburst])
@pytest.mark.parametrize("images", [0, 3, 5000])
def test_every_parent_is_as_large_as_its_parts(chart, images):
    table = disk(images)
    (trace,) = chart(table).data
    sizes = dict(zip(trace.ids, trace.values, strict=True))
    for parent in set(trace.parents) - {""}:
        assert sizes[parent] == sum(
            size for key, size in sizes.items() if dict(zip(trace.ids, trace.parents, strict=True))[key] == parent
        )
    others = int(table[table["kind"] != "image"]["unique_bytes"].sum())
    assert sizes["all"] == table.attrs["layers_bytes"] + others
    assert len(trace.ids) < 150


def test_what_a_prune_would_free_is_hatched_and_a_tile_leads_back_to_its_row():
    (trace,) = charts.disk_treemap(disk()).data
    shapes = dict(zip(trace.labels, trace.marker.pattern.shape, strict=True))
    assert {label for label, shape in shapes.items() if shape} == {"image-0", "<b>old</b>"}
    assert trace.marker.pattern.fillmode == "overlay"  # lines over the tile's own colour, seen on its parent's too
    keys = {row[2]: row[:2] for row in trace.customdata}
    assert keys["web"] == ["container", "c1"]


def test_small_things_are_one_tile_with_their_bytes():
    table = disk(volumes=100)
    (trace,) = charts.disk_treemap(table, most=10).data
    place = list(trace.ids).index("volume/others")
    assert trace.labels[place] == "90 smaller ones"
    assert trace.values[place] == sum(10 + number for number in range(90))


def test_lives_end_as_they_ended():
    figure = charts.lives(events(), now=pd.Timestamp("2026-01-01 00:10", tz="UTC"))
    assert {(bar.name, *bar.y) for bar in figure.data} == {
        ("still running", "c"),
        ("ended with 0", "a"),
        ("ended with an error", "b"),
    }
    assert figure.data[0].x[0] == 7 * 60 * 1000


def test_layers_add_up():
    history = pd.DataFrame({"created_by": ["CMD x", "COPY a b " + "c" * 100, "FROM"], "size_bytes": [0, 300, 1000]})
    (trace,) = charts.layer_sizes(history).data
    assert list(trace.x) == [1000, 300, 0, 1300]
    assert trace.y[1].endswith("…")


def test_images_are_their_shared_and_their_own_bytes():
    shared, own = charts.image_sizes(disk()).data
    assert list(shared.x) == [400, 400, 400]
    assert list(own.x) == [600, 1600, 2600]


def test_usage_has_a_line_a_container():
    samples = pd.DataFrame(
        {"name": ["a", "b", "a"], "at": pd.date_range("2026-01-01", periods=3, tz="UTC"), "memory_bytes": [1, 2, 3]}
    )
    figure = charts.usage(samples, "memory_bytes")
    assert [(line.name, list(line.y)) for line in figure.data] == [("a", [1, 3]), ("b", [2])]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_chart_says_itself_in_words_in_both_languages(language):
    dockyard.language(language)
    try:
        samples = pd.DataFrame(
            {"name": ["a"], "at": pd.date_range("2026-01-01", periods=1, tz="UTC"), "cpu_percent": [1.0]}
        )
        history = pd.DataFrame({"created_by": ["FROM"], "size_bytes": [10]})
        figures = [
            charts.disk_treemap(disk()),
            charts.disk_sunburst(disk()),
            charts.image_sizes(disk()),
            charts.layer_sizes(history),
            charts.lives(events()),
            charts.usage(samples),
        ]
    finally:
        dockyard.language("en")
    for figure in figures:
        assert bool(re.search("[가-힣]", figure.layout.meta["alt"])) is (language == "ko")
        assert "{" not in figure.layout.meta["alt"] + figure.layout.title.text


def test_colours_of_kinds_differ_in_lightness_too():
    def lightness(colour):
        red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    ordered = sorted(map(lightness, charts.COLOURS.values()))
    assert all(second - first > 10 for first, second in pairwise(ordered))
