"""When containers ran."""

import pandas as pd

from dockyard import charts


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


def test_lives_end_as_they_ended():
    figure = charts.lives(events(), now=pd.Timestamp("2026-01-01 00:10", tz="UTC"))
    assert {(bar.name, *bar.y) for bar in figure.data} == {
        ("still running", "c"),
        ("ended with 0", "a"),
        ("ended with an error", "b"),
    }
    assert figure.data[0].x[0] == 7 * 60 * 1000
    assert list(figure.layout.yaxis.tickvals) == ["a", "b", "c"]


def test_of_many_the_ones_that_run_and_the_latest_are_drawn():
    at = pd.date_range("2026-01-01", periods=400, freq="min", tz="UTC")
    rows = [(at[0], "container", "start", "old", "old", {})]
    for number in range(199):
        rows.append((at[2 * number + 1], "container", "start", f"c{number}", f"c{number}", {}))
        rows.append((at[2 * number + 2], "container", "die", f"c{number}", f"c{number}", {"exitCode": "0"}))
    table = pd.DataFrame(rows, columns=["at", "kind", "action", "id", "name", "attributes"])
    drawn = list(charts.lives(table, now=at[-1]).layout.yaxis.tickvals)
    assert len(drawn) == 60
    assert (drawn[0], drawn[-1]) == ("old", "c198")
