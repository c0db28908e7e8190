"""Layers: an image's as a waterfall, and which images share them."""

import pandas as pd

from dockyard import charts

COLUMNS = ["id", "parent", "depth", "diff_id", "created_by", "size_bytes", "images"]


def test_layers_add_up():
    history = pd.DataFrame({"created_by": ["CMD x", "COPY a b " + "c" * 100, "FROM"], "size_bytes": [0, 300, 1000]})
    (trace,) = charts.layer_sizes(history).data
    assert list(trace.x) == [1000, 300, 0, 1300]
    assert trace.y[1].endswith("…")


def test_of_many_steps_the_smallest_are_one_bar_and_the_sum_stays():
    history = pd.DataFrame(
        {"created_by": [f"RUN <{number}>" for number in range(500)], "size_bytes": [*range(500)][::-1]}
    )
    (trace,) = charts.layer_sizes(history, most=10).data
    assert len(trace.y) == 12
    assert trace.y[0] == "491. RUN &lt;9&gt;"
    assert trace.y[10] == "490 smaller ones"
    assert sum(trace.x[:-1]) == trace.x[-1] == sum(range(500))


def layers():
    """Two images on one base, and one alone."""
    rows = [
        ("base", "", 0, "base", "FROM", 100, ("a", "b")),
        ("a1", "base", 1, "a1", "RUN a", 30, ("a",)),
        ("b1", "base", 1, "b1", "RUN b", 20, ("b",)),
        ("c1", "", 0, "c1", "COPY c", 7, ("c",)),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_a_layer_is_as_tall_as_itself_and_all_upon_it():
    figure = charts.layer_sharing(layers())
    (trace,) = figure.data
    sizes = dict(zip(trace.ids, trace.values, strict=True))
    assert sizes == {"all": 157, "base": 150, "a1": 30, "b1": 20, "c1": 7}
    shapes = dict(zip(trace.ids, trace.marker.pattern.shape, strict=True))
    assert [key for key, shape in shapes.items() if shape] == ["base"]
    assert figure.layout.meta["alt"] == "Images: 3, of 257B together; they take up 157B, since they share layers."


def test_of_many_images_the_layers_of_the_small_ones_are_one_tile_at_their_place():
    (trace,) = charts.layer_sharing(layers(), most=1).data
    sizes = dict(zip(trace.ids, trace.values, strict=True))
    assert sizes == {"all": 157, "base": 150, "a1": 30, "base/others": 20, "/others": 7}
    many = [
        (f"l{number}", "base" if number else "", 1, f"l{number}", f"RUN {number}", 1 + number, (f"image-{number}",))
        for number in range(1, 5000)
    ]
    names = tuple(f"image-{number}" for number in range(1, 5000))
    table = pd.DataFrame([("base", "", 0, "base", "FROM", 9, names), *many], columns=COLUMNS)
    (trace,) = charts.layer_sharing(table).data
    assert len(trace.ids) < 60
    assert trace.values[0] == table["size_bytes"].sum()
    assert max(len(row[1]) for row in trace.customdata) < 300


def test_without_images_there_is_nothing_and_no_error():
    (trace,) = charts.layer_sharing(layers().head(0)).data
    assert list(trace.values) == [0]
