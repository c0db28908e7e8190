"""What running containers use, from samples and live."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from dockyard import charts
from dockyard.connection.stats import Usage

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def load(name, cpu=1.0, memory=1000, network=0):
    return Usage(name, name, BEGAN, cpu, memory, 0, network, 0, 0, 0, 1)


def lines(live, row):
    """What is seen of one of the three figures: name to values."""
    count = len(live.widget.data) // 3
    return {trace.name: list(trace.y) for trace in live.widget.data[row * count : (row + 1) * count] if trace.visible}


def test_usage_has_a_line_a_container():
    samples = pd.DataFrame(
        {"name": ["a", "b", "a"], "at": pd.date_range("2026-01-01", periods=3, tz="UTC"), "memory_bytes": [1, 2, 3]}
    )
    figure = charts.usage(samples, "memory_bytes")
    assert [(line.name, list(line.y)) for line in figure.data] == [("a", [1, 3]), ("b", [2])]


def test_of_many_containers_those_with_the_most_have_a_line_and_no_two_look_alike():
    at = pd.Timestamp("2026-01-01", tz="UTC")
    samples = pd.DataFrame(
        {"name": [f"web-{number:04}" for number in range(2000)], "at": at, "cpu_percent": range(2000)}
    )
    figure = charts.usage(samples)
    assert len(figure.data) == 36
    assert figure.data[-1].name == "web-1999"
    assert len({(line.line.color, line.line.dash) for line in figure.data}) == 36


def test_a_live_figure_grows_and_forgets():
    live = charts.LiveUsage()
    for second in range(0, 400, 2):
        live.add(BEGAN + timedelta(seconds=second), {"a": load("a", cpu=second, network=second * 100)})
    cpu = lines(live, 0)["a"]
    assert (cpu[0], cpu[-1]) == (98, 398)
    assert len(cpu) == 151
    assert set(lines(live, 2)["a"]) == {100}
    assert live.alt == "Running containers: 1; a uses the most processor (398.0%), a the most memory (1kB)."


def test_a_container_that_ends_ends_its_line_and_one_that_comes_begins_one():
    live = charts.LiveUsage()
    live.add(BEGAN, {"a": load("a")})
    live.add(BEGAN + timedelta(seconds=2), {"b": load("b", memory=7)})
    assert lines(live, 1) == {"a": [1000, None], "b": [None, 7]}
    live.add(BEGAN + timedelta(seconds=4), {})
    assert lines(live, 1)["b"] == [None, 7, None]
    assert live.alt == "No container runs."


def test_those_with_the_most_have_lines_and_the_others_are_one_together():
    live = charts.LiveUsage(most=2)
    loads = {f"c{number}": load(f"c{number}", cpu=number, memory=100 - number) for number in range(50)}
    live.add(BEGAN, loads)
    assert lines(live, 0) == {"c49": [49], "c0": [0], "48 others together": [sum(range(1, 49))]}


def test_a_line_keeps_its_colour_while_others_come_and_go():
    live = charts.LiveUsage(most=2)
    live.add(BEGAN, {"a": load("a", cpu=5), "b": load("b", cpu=4, memory=1)})
    colours = {trace.name: trace.line.color for trace in live.widget.data if trace.visible}
    live.add(BEGAN + timedelta(seconds=2), {"b": load("b", cpu=50, memory=5000), "c": load("c", cpu=9, memory=9000)})
    after = {trace.name: trace.line.color for trace in live.widget.data if trace.visible}
    assert after["b"] == colours["b"]


@pytest.mark.parametrize("name", ["<b>x</b>", "x" * 200])
def test_names_are_escaped_and_fit(name):
    live = charts.LiveUsage()
    live.add(BEGAN, {"a": load(name)})
    (shown,) = lines(live, 0)
    assert "<" not in shown
    assert len(shown) < 50
