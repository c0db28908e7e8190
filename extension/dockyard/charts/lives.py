"""When containers ran, and how they ended."""

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from dockyard.charts.look import COLOURS, FAILED, finished, shortened
from dockyard.locale import N_, translate

__all__ = ["lives"]

MOST_LIVES = 60


def lives(events: pd.DataFrame, now: pd.Timestamp | None = None) -> go.Figure:
    """Return when containers ran, a line for each: from start to end, with what ended by error marked; the 60 that run or started last.

    Args:
        events: As :func:`dockyard.events` returns them.
        now: Up to when what still runs is drawn; by default the present.
    """
    end = now or pd.Timestamp.now("UTC")
    spans = sorted(_spans(events[events["kind"] == "container"], end), key=lambda span: span[1])
    latest = dict.fromkeys(span[0] for span in sorted(spans, key=lambda span: (span[3] != "running", -span[1].value)))
    chosen_names = set([*latest][:MOST_LIVES])
    names = [name for name in dict.fromkeys(span[0] for span in spans) if name in chosen_names]
    figure = go.Figure()
    for ending, label, colour, pattern in (
        ("running", translate(N_("still running")), COLOURS["volume"], ""),
        ("ended", translate(N_("ended with 0")), COLOURS["image"], "/"),
        ("failed", translate(N_("ended with an error")), FAILED, "x"),
    ):
        chosen = [span for span in spans if span[3] == ending and span[0] in chosen_names]
        figure.add_bar(
            y=[span[0] for span in chosen],
            base=[span[1] for span in chosen],
            x=[(span[2] - span[1]).total_seconds() * 1000 for span in chosen],
            orientation="h",
            name=label,
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[str(span[2] - span[1]).removeprefix("0 days ").partition(".")[0] for span in chosen],
            hovertemplate="%{y}<br>%{customdata}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="overlay", height=max(250, 110 + 22 * len(names)))
    figure.update_xaxes(type="date", title={"text": "UTC"})
    figure.update_yaxes(
        type="category", autorange="reversed", categoryarray=names, tickvals=names, ticktext=shortened(names)
    )
    alt = translate(N_("Containers over time: {n}; still running: {running}."))
    running = len({span[0] for span in spans if span[3] == "running"})
    return finished(figure, translate(N_("Lives of containers")), alt.format(n=len(names), running=running))


def _spans(events: pd.DataFrame, end: pd.Timestamp) -> Iterator[tuple[str, pd.Timestamp, pd.Timestamp, str]]:
    """Name, start, end and kind of ending of each life."""
    started: dict[str, tuple[str, pd.Timestamp]] = {}
    for row in events.to_dict("records"):
        if row["action"] == "start":
            started[row["id"]] = (row["name"], row["at"])
        elif row["action"] == "die" and row["id"] in started:
            name, begin = started.pop(row["id"])
            yield name, begin, row["at"], "ended" if row["attributes"].get("exitCode") == "0" else "failed"
    for name, begin in started.values():
        yield name, begin, end, "running"
