"""Charts of the engine's tables. They only draw: each takes a table, asks the engine nothing, and works offline.

Colours are those of Okabe and Ito, which colour-blind people tell apart; what could be freed is hatched too. ``figure.layout.meta["alt"]`` says the
figure in a sentence, for those who can't see it. ``figure.write_html("disk.html")`` puts one in a file.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dockyard.locale import N_, translate
from dockyard.wording import human_size

__all__ = ["disk_sunburst", "disk_treemap", "image_sizes", "layer_sizes", "lives", "usage"]

COLOURS = {"image": "#0072B2", "container": "#E69F00", "volume": "#009E73", "build cache": "#CC79A7"}
NEUTRAL = "#767676"  # enough contrast for text on a light page and on a dark one
ROOT = "#ffffff"
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
FONTS = "Noto Sans KR, Noto Sans CJK KR, Malgun Gothic, Apple SD Gothic Neo, sans-serif"
MOST_TILES = 40  # of a kind; smaller ones are drawn as one
MOST_BARS = 30
MOST_LIVES = 60


@dataclass
class _Tile:
    key: str
    label: str
    parent: str
    size_bytes: int
    colour: str
    is_reclaimable: bool = False
    row: dict[str, str] = field(default_factory=dict)


def disk_treemap(disk: pd.DataFrame, *, most: int = MOST_TILES) -> go.Figure:
    """Return what takes up the disk as nested tiles; an area is its bytes. What a prune would free is hatched.

    Each tile's ``customdata`` is ``[kind, id, name, size]``, so that a click leads back to the row.

    Args:
        disk: As :func:`dockyard.disk` returns it.
        most: How many tiles of a kind are drawn by themselves; the smaller ones are one tile.
    """
    return _disk_figure(go.Treemap, disk, most)


def disk_sunburst(disk: pd.DataFrame, *, most: int = MOST_TILES) -> go.Figure:
    """Return the same as :func:`disk_treemap` as rings."""
    return _disk_figure(go.Sunburst, disk, most)


def image_sizes(disk: pd.DataFrame, *, most: int = MOST_BARS) -> go.Figure:
    """Return the largest images as bars: what each shares with others, and what is its own.

    Args:
        disk: As :func:`dockyard.disk` returns it.
        most: How many images.
    """
    images = disk[disk["kind"] == "image"].nlargest(most, "size_bytes").iloc[::-1]
    figure = go.Figure()
    for column, label, colour, pattern in (
        ("shared_bytes", translate(N_("shared with other images")), "#56B4E9", "/"),
        ("unique_bytes", translate(N_("its own")), COLOURS["image"], ""),
    ):
        figure.add_bar(
            x=images[column],
            y=_shortened(images["name"]),
            name=label,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[human_size(int(size)) for size in images[column]],
            hovertemplate="%{y}<br>%{customdata}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="stack")
    _size_axis(figure, "x", int(images["size_bytes"].max()) if len(images) else 0)
    alt = translate(N_("{n} images as bars; the largest is {name} with {size}."))
    top = images.iloc[-1] if len(images) else None
    named = {
        "name": "-" if top is None else top["name"],
        "size": human_size(0 if top is None else int(top["size_bytes"])),
    }
    return _finished(figure, translate(N_("Images: shared and own layers")), alt.format(n=len(images), **named))


def layer_sizes(history: pd.DataFrame) -> go.Figure:
    """Return an image's layers as a waterfall: how each step of its Dockerfile made it grow.

    Args:
        history: As :func:`dockyard.history` returns it.
    """
    steps = history.iloc[::-1]
    sizes = [int(size) for size in steps["size_bytes"]]
    total = sum(sizes)
    labels = [f"{number}. {text}" for number, text in enumerate(_shortened(steps["created_by"], 50), 1)]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[*labels, translate(N_("together"))],
            x=[*sizes, total],
            measure=[*["relative"] * len(sizes), "total"],
            text=[*map(human_size, sizes), human_size(total)],
            hovertext=[*steps["created_by"], ""],
            hovertemplate="%{hovertext}<br>%{text}<extra></extra>",
            increasing={"marker": {"color": COLOURS["image"]}},
            totals={"marker": {"color": NEUTRAL}},
        )
    )
    figure.update_yaxes(autorange="reversed")
    _size_axis(figure, "x", total)
    alt = translate(N_("{n} steps add up to {size}; the largest adds {largest}."))
    says = alt.format(n=len(sizes), size=human_size(total), largest=human_size(max(sizes, default=0)))
    return _finished(figure, translate(N_("How the image grew, step by step")), says)


def lives(events: pd.DataFrame, now: pd.Timestamp | None = None) -> go.Figure:
    """Return when containers ran, a line for each: from start to end, with what ended it by error marked.

    Args:
        events: As :func:`dockyard.events` returns them.
        now: Up to when what still runs is drawn; by default the present.
    """
    end = now or pd.Timestamp.now("UTC")
    spans = list(_spans(events[events["kind"] == "container"], end))
    names = list(dict.fromkeys(span[0] for span in spans))[-MOST_LIVES:]
    figure = go.Figure()
    for ending, label, colour, pattern in (
        ("running", translate(N_("still running")), COLOURS["volume"], ""),
        ("ended", translate(N_("ended with 0")), COLOURS["image"], ""),
        ("failed", translate(N_("ended with an error")), "#D55E00", "x"),
    ):
        chosen = [span for span in spans if span[3] == ending and span[0] in names]
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
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(type="date")
    alt = translate(N_("{n} containers over time; {running} of them still run."))
    running = len({span[0] for span in spans if span[3] == "running"})
    return _finished(figure, translate(N_("Lives of containers")), alt.format(n=len(names), running=running))


def usage(samples: pd.DataFrame, column: str = "cpu_percent") -> go.Figure:
    """Return what containers used over time, a line for each.

    Args:
        samples: Tables as :func:`dockyard.stats` returns them, one below the other (``pandas.concat``).
        column: Which of their columns, such as ``memory_bytes``.
    """
    figure = go.Figure()
    dashes = ("solid", "dash", "dot", "dashdot")
    for number, (name, rows) in enumerate(samples.groupby("name", sort=True)):
        figure.add_scatter(
            x=rows["at"],
            y=rows[column],
            name=str(name),
            mode="lines+markers",
            line={"color": SERIES[number % len(SERIES)], "dash": dashes[number // len(SERIES) % len(dashes)]},
        )
    titles = {
        "cpu_percent": N_("Processor, percent of one"),
        "memory_bytes": N_("Memory"),
        "received_bytes": N_("Received"),
        "sent_bytes": N_("Sent"),
        "read_bytes": N_("Read from disk"),
        "written_bytes": N_("Written to disk"),
    }
    if column.endswith("_bytes"):
        _size_axis(figure, "y", int(samples[column].max()) if len(samples) else 0)
    title = translate(titles[column]) if column in titles else column
    alt = translate(N_("{what} of {n} containers over time."))
    return _finished(figure, title, alt.format(what=title, n=samples["name"].nunique()))


# ---------------------------------------------------------------- disk


def _disk_figure(trace: Any, disk: pd.DataFrame, most: int) -> go.Figure:
    tiles = list(_disk_tiles(disk, most))
    total = tiles[0].size_bytes
    free = int(disk["reclaimable_bytes"].sum())
    figure = go.Figure(
        trace(
            ids=[tile.key for tile in tiles],
            labels=[tile.label for tile in tiles],
            parents=[tile.parent for tile in tiles],
            values=[tile.size_bytes for tile in tiles],
            branchvalues="total",
            **({"leaf": {"opacity": 1}} if trace is go.Sunburst else {}),
            marker={
                "colors": [tile.colour for tile in tiles],
                "line": {"width": 1, "color": "#ffffff"},
                "pattern": {
                    "shape": ["/" if tile.is_reclaimable else "" for tile in tiles],
                    "fillmode": "overlay",  # else the colour is in the lines alone, and a tile looks like its parent
                    "fgcolor": "rgba(255,255,255,0.6)",
                    "solidity": 0.2,
                },
            },
            customdata=[
                [tile.row.get(name, "") for name in ("kind", "id", "name")] + [human_size(tile.size_bytes)]
                for tile in tiles
            ],
            texttemplate="%{label}<br>%{customdata[3]}",
            hovertemplate="%{label}<br>%{customdata[3]}<br>%{percentRoot:.1%}<extra></extra>",
        )
    )
    alt = translate(N_("{size} on disk, of which a prune could free {free}; the largest is {name}."))
    largest = max(tiles[1:], key=lambda tile: tile.size_bytes if tile.row else -1, default=None)
    says = alt.format(size=human_size(total), free=human_size(free), name=largest.label if largest else "-")
    title = translate(N_("Disk: {size}; hatched is what a prune would free ({free})"))
    return _finished(figure, title.format(size=human_size(total), free=human_size(free)), says)


def _disk_tiles(disk: pd.DataFrame, most: int) -> Iterator[_Tile]:
    """The root, then each kind with what belongs to it. Parents are exactly as large as their parts."""
    branches = [_branch(disk, kind, most) for kind in COLOURS]
    yield _Tile("all", translate(N_("Docker's disk")), "", sum(branch[0].size_bytes for branch in branches), ROOT)
    for branch in branches:
        if branch[0].size_bytes:
            yield from branch


def _branch(disk: pd.DataFrame, kind: str, most: int) -> list[_Tile]:
    labels = {
        "image": N_("Images"),
        "container": N_("Containers (what they wrote)"),
        "volume": N_("Volumes"),
        "build cache": N_("Build cache"),
    }
    colour = COLOURS[kind]
    rows = disk[(disk["kind"] == kind) & (disk["unique_bytes"] > 0)].sort_values("unique_bytes", ascending=False)
    tiles = [
        _Tile(
            f"{kind}/{row['id']}",
            str(row["name"]),
            kind,
            int(row["unique_bytes"]),
            colour,
            bool(row["reclaimable_bytes"]),
            {name: str(row[name]) for name in ("kind", "id", "name")},
        )
        for row in rows.head(most).to_dict("records")
    ]
    tail = rows.iloc[most:]
    if len(tail):
        others = translate(N_("{n} smaller ones")).format(n=len(tail))
        tiles.append(_Tile(f"{kind}/others", others, kind, int(tail["unique_bytes"].sum()), colour))
    shared = int(disk.attrs.get("layers_bytes", 0)) - int(rows["unique_bytes"].sum()) if kind == "image" else 0
    if shared > 0:
        tiles.append(_Tile("image/shared", translate(N_("layers that images share")), kind, shared, "#56B4E9"))
    return [_Tile(kind, translate(labels[kind]), "all", sum(tile.size_bytes for tile in tiles), colour), *tiles]


# ---------------------------------------------------------------- lives


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


# ---------------------------------------------------------------- how all look


def _shortened(texts: Sequence[str] | pd.Series, most: int = 40) -> list[str]:
    """Labels that fit; what was cut ends with an ellipsis."""
    return [text if len(text) <= most else text[: most - 1] + "…" for text in map(str, texts)]


def _size_axis(figure: go.Figure, axis: str, largest: int) -> None:
    """Ticks in people's units: plotly's own are of powers of ten without a B."""
    rough = largest / 5 or 1
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    values = [round(step * number) for number in range(6)]
    figure.update_layout({f"{axis}axis": {"tickvals": values, "ticktext": [human_size(value) for value in values]}})


def _finished(figure: go.Figure, title: str, alt: str) -> go.Figure:
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        font={"family": FONTS, "color": NEUTRAL},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 10, "r": 10, "t": 45, "b": 10},
        legend={"orientation": "h", "y": -0.1},
        meta={"alt": alt},
    )
    grid = {"gridcolor": "rgba(127,127,127,0.3)", "zerolinecolor": NEUTRAL, "automargin": True}
    figure.update_xaxes(**grid)
    figure.update_yaxes(**grid)
    return figure
