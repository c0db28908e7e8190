"""The disk over time: what was measured, and what runs of tasks added and removed between."""

import pandas as pd
import plotly.graph_objects as go

from dockyard.charts.look import COLOURS, NEUTRAL, escaped, finished, size_axis
from dockyard.locale import N_, translate
from dockyard.wording import human_size

__all__ = ["disk_over_time"]

MOST_POINTS = 1000  # more are thinned out, evenly
AREAS = {
    "images_bytes": ("image", N_("Images"), ""),
    "containers_bytes": ("container", N_("Containers (what they wrote)"), "/"),
    "volumes_bytes": ("volume", N_("Volumes"), "."),
    "cache_bytes": ("build cache", N_("Build cache"), "x"),
}


def disk_over_time(samples: pd.DataFrame, journal: pd.DataFrame | None = None) -> go.Figure:
    """Return how much the engine's disk held at each measurement, by kind, one upon the other.

    Args:
        samples: As :func:`dockyard.disk_samples` returns them.
        journal: As :func:`dockyard.journal` returns it: what its runs added to images and took from them is a dotted line from zero.
    """
    measured = _thinned(samples)
    figure = go.Figure()
    for column, (kind, label, pattern) in AREAS.items():
        figure.add_scatter(
            x=measured["at"],
            y=measured[column],
            name=translate(label),
            mode="lines+markers",
            stackgroup="disk",
            line={"color": COLOURS[kind], "shape": "linear"},
            fillpattern={"shape": pattern, "fgcolor": COLOURS[kind], "fillmode": "overlay", "solidity": 0.3},
            customdata=[human_size(int(size)) for size in measured[column]],
            hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
        )
    totals = measured[list(AREAS)].sum(axis="columns")
    highest = int(totals.max()) if len(totals) else 0
    if journal is not None:
        highest = max(highest, _add_runs(figure, journal))
    size_axis(figure, "yaxis", highest)
    figure.update_xaxes(type="date", title={"text": "UTC"})
    alt = translate(N_("Measurements of the disk: {n}; the first is {first}, the last {last}."))
    ends = [human_size(int(totals.iloc[place])) if len(totals) else "-" for place in (0, -1)]
    return finished(figure, translate(N_("Disk over time")), alt.format(n=len(samples), first=ends[0], last=ends[1]))


def _add_runs(figure: go.Figure, journal: pd.DataFrame) -> int:
    """Draw the runs that changed images, and return the highest sum in bytes."""
    runs = _thinned(journal.assign(sum_bytes=journal["size_bytes"].cumsum())[journal["size_bytes"] != 0])
    figure.add_scatter(
        x=runs["at"],
        y=runs["sum_bytes"],
        name=translate(N_("what runs added and removed")),
        mode="lines+markers",
        line={"color": NEUTRAL, "dash": "dot", "shape": "hv"},
        marker={"symbol": ["triangle-up" if size > 0 else "triangle-down" for size in runs["size_bytes"]], "size": 9},
        customdata=[
            (escaped(command), f"{'+' if size > 0 else '-'}{human_size(abs(int(size)))}")
            for command, size in zip(runs["command"], runs["size_bytes"], strict=True)
        ],
        hovertemplate="%{x}<br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    )
    return int(runs["sum_bytes"].max()) if len(runs) else 0


def _thinned(rows: pd.DataFrame) -> pd.DataFrame:
    """At most :data:`MOST_POINTS` of them, with the first and the last."""
    if len(rows) <= MOST_POINTS:
        return rows
    places = [round(place * (len(rows) - 1) / (MOST_POINTS - 1)) for place in range(MOST_POINTS)]
    return rows.iloc[places]
