"""The disk over time."""

import pandas as pd

from dockyard import charts

SUMS = ["images_bytes", "containers_bytes", "volumes_bytes", "cache_bytes", "reclaimable_bytes"]


def samples(count):
    at = pd.date_range("2026-01-01", periods=count, freq="h", tz="UTC")
    return pd.DataFrame({"at": at, **{name: [1000 + number for number in range(count)] for name in SUMS}})


def test_kinds_lie_one_upon_the_other():
    figure = charts.disk_over_time(samples(3))
    assert [trace.name for trace in figure.data] == ["Images", "Containers (what they wrote)", "Volumes", "Build cache"]
    assert {trace.stackgroup for trace in figure.data} == {"disk"}
    assert list(figure.data[0].y) == [1000, 1001, 1002]
    assert figure.layout.meta["alt"] == "Measurements of the disk: 3; the first is 4kB, the last 4.01kB."


def test_of_many_measurements_the_first_and_the_last_stay():
    (first, *_) = charts.disk_over_time(samples(20_000)).data
    assert len(first.x) == 1000
    assert (first.y[0], first.y[-1]) == (1000, 20_999)


def test_runs_are_summed_and_marked_by_their_way():
    at = pd.date_range("2026-01-01", periods=4, freq="h", tz="UTC")
    journal = pd.DataFrame({"at": at, "size_bytes": [500, 0, -200, 100], "command": ["a", "b", "<c>", "d"]})
    runs = charts.disk_over_time(samples(0), journal).data[-1]
    assert list(runs.y) == [500, 300, 400]
    assert list(runs.marker.symbol) == ["triangle-up", "triangle-down", "triangle-up"]
    assert tuple(runs.customdata[1]) == ("&lt;c&gt;", "-200B")
