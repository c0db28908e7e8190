"""What takes up the disk: as nested tiles, as rings, and its largest images as bars."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dockyard.charts.look import COLOURS, FRAME, SHARED, escaped, finished, ink_on, shortened, size_axis
from dockyard.locale import N_, translate
from dockyard.wording import human_size, short_id

__all__ = ["disk_rows", "disk_sunburst", "disk_treemap", "image_sizes"]

MOST_TILES = 40  # of a kind; smaller ones are drawn as one
MOST_BARS = 30
LONGEST = 36  # letters of a name
ROOT = "all"
LABELS = {
    "image": N_("Images"),
    "container": N_("Containers (what they wrote)"),
    "volume": N_("Volumes"),
    "build cache": N_("Build cache"),
}


@dataclass
class _Tile:
    key: str
    label: str
    parent: str
    size_bytes: int
    colour: str
    prune: str = ""
    row: dict[str, str] = field(default_factory=dict)


def disk_treemap(disk: pd.DataFrame, *, most: int = MOST_TILES) -> go.Figure:
    """Return what takes up the disk as nested tiles; an area is its bytes. What a prune would free is hatched.

    Each tile's ``customdata`` is ``[kind, id, name, size, prune]``, and its ``id`` what :func:`disk_rows` takes, so that a click leads back to the rows.

    Args:
        disk: As :func:`dockyard.disk` returns it.
        most: How many tiles of a kind are drawn by themselves; the smaller ones are one tile, or two: what a prune would free of them, and the rest.
    """
    # The path to a tile that was zoomed into stands above the tiles.
    return _disk_figure(go.Treemap, disk, most).update_layout(margin={"t": 85})


def disk_sunburst(disk: pd.DataFrame, *, most: int = MOST_TILES) -> go.Figure:
    """Return the same as :func:`disk_treemap` as rings."""
    return _disk_figure(go.Sunburst, disk, most)


def disk_rows(disk: pd.DataFrame, key: str, *, most: int = MOST_TILES) -> pd.DataFrame:
    """Return the rows that a tile stands for: one thing, the smaller ones, the images that share layers, a kind, or all.

    Args:
        disk: What the figure was drawn of.
        key: The tile's ``id``, such as ``"volume/apa000vol1"``.
        most: As the figure was drawn with.
    """
    kind, _, name = key.partition("/")
    rows = disk if key == ROOT else disk[disk["kind"] == kind]
    if name in ("others", "freed"):
        tail = _drawn(disk, kind).iloc[most:]
        return tail[(tail["reclaimable_bytes"] > 0) == (name == "freed")]
    if key == "image/shared":
        return rows[rows["shared_bytes"] > 0]
    return rows[rows["id"] == name] if name else rows


def image_sizes(disk: pd.DataFrame, *, most: int = MOST_BARS) -> go.Figure:
    """Return the largest images as bars: what each shares with others, and what is its own.

    Args:
        disk: As :func:`dockyard.disk` returns it.
        most: How many images.
    """
    images = disk[disk["kind"] == "image"].nlargest(most, "size_bytes").iloc[::-1]
    figure = go.Figure()
    for column, label, colour, pattern in (
        ("shared_bytes", translate(N_("shared with other images")), SHARED, "/"),
        ("unique_bytes", translate(N_("its own")), COLOURS["image"], ""),
    ):
        figure.add_bar(
            x=images[column],
            y=images["id"],
            name=label,
            orientation="h",
            marker={"color": colour, "line": {"color": COLOURS["image"], "width": 1}, "pattern": {"shape": pattern}},
            customdata=[
                (human_size(int(size)), name)
                for size, name in zip(images[column], shortened(images["name"], 80, keep_end=True), strict=True)
            ],
            hovertemplate="%{customdata[1]}<br>%{customdata[0]}<extra>%{fullData.name}</extra>",
        )
    # Two images may have the same beginning of a name; the axis tells them apart by ID, and shows the name.
    figure.update_layout(barmode="stack", height=max(300, 90 + 22 * len(images)))
    figure.update_yaxes(tickvals=list(images["id"]), ticktext=shortened(images["name"], keep_end=True))
    size_axis(figure, "xaxis", int(images["size_bytes"].max()) if len(images) else 0)
    alt = translate(N_("Images as bars: {n}; the largest is {name} with {size}."))
    top = images.iloc[-1] if len(images) else None
    named = {
        "name": "-" if top is None else top["name"],
        "size": human_size(0 if top is None else int(top["size_bytes"])),
    }
    return finished(figure, translate(N_("Images: shared and own layers")), alt.format(n=len(images), **named))


def _disk_figure(trace: Any, disk: pd.DataFrame, most: int) -> go.Figure:
    tiles = list(_disk_tiles(disk, most))
    total, free = tiles[0].size_bytes, int(disk["reclaimable_bytes"].sum())
    figure = go.Figure(
        trace(
            ids=[tile.key for tile in tiles],
            labels=[escaped(tile.label) for tile in tiles],
            parents=[tile.parent for tile in tiles],
            values=[tile.size_bytes for tile in tiles],
            branchvalues="total",
            **({"leaf": {"opacity": 1}} if trace is go.Sunburst else {}),
            marker={
                "colors": [tile.colour for tile in tiles],
                "line": {"width": 1, "color": "#ffffff"},
                "pattern": {
                    "shape": ["/" if tile.prune else "" for tile in tiles],
                    "fillmode": "overlay",  # else the colour is in the lines alone, and a tile looks like its parent
                    "fgcolor": "rgba(255,255,255,0.6)",
                    "solidity": 0.2,
                },
            },
            textfont={"color": [ink_on(tile.colour) for tile in tiles]},
            customdata=[
                [
                    *(escaped(tile.row.get(name, "")) for name in ("kind", "id", "name")),
                    human_size(tile.size_bytes),
                    translate(N_("freed by {command}")).format(command=tile.prune) if tile.prune else "",
                ]
                for tile in tiles
            ],
            texttemplate="%{label}<br>%{customdata[3]}",
            hovertemplate="%{label}<br>%{customdata[3]} · %{percentRoot:.1%}<br>%{customdata[4]}<extra></extra>",
        )
    )
    alt = translate(N_("{size} on disk, of which a prune could free {free}; the largest is {name}."))
    largest = max((tile for tile in tiles if tile.row), key=lambda tile: tile.size_bytes, default=None)
    says = alt.format(size=human_size(total), free=human_size(free), name=largest.label if largest else "-")
    parts = (translate(N_("Disk: {size}")), translate(N_("hatched: a prune would free {free}")))
    title = "<br>".join(parts).format(size=human_size(total), free=human_size(free))  # two lines, for narrow pages
    return finished(figure, title, says).update_layout(margin={"t": 60})


def _disk_tiles(disk: pd.DataFrame, most: int) -> Iterator[_Tile]:
    """The root, then each kind with what belongs to it. Parents are exactly as large as their parts."""
    branches = [_branch(disk, kind, most) for kind in COLOURS]
    total = sum(branch[0].size_bytes for branch in branches)
    yield _Tile(ROOT, translate(N_("Docker's disk")), "", total, FRAME)
    for branch in branches:
        if branch[0].size_bytes:
            yield from branch


def _branch(disk: pd.DataFrame, kind: str, most: int) -> list[_Tile]:
    colour, rows = COLOURS[kind], _drawn(disk, kind)
    tiles = [
        _Tile(
            f"{kind}/{row['id']}",
            _label(str(row["name"])),
            kind,
            int(row["unique_bytes"]),
            colour,
            str(row["prune"]) if row["reclaimable_bytes"] else "",
            {name: str(row[name]) for name in ("kind", "id", "name")},
        )
        for row in rows.head(most).to_dict("records")
    ]
    tail = rows.iloc[most:]
    is_freed = tail["reclaimable_bytes"] > 0
    for key, part in (("freed", tail[is_freed]), ("others", tail[~is_freed])):
        if len(part):
            label = translate(N_("{n} smaller ones")).format(n=len(part))
            prunes = ", ".join(sorted(set(part["prune"]))) if key == "freed" else ""
            tiles.append(_Tile(f"{kind}/{key}", label, kind, int(part["unique_bytes"].sum()), colour, prunes))
    shared = int(disk.attrs.get("layers_bytes", 0)) - int(rows["unique_bytes"].sum()) if kind == "image" else 0
    if shared > 0:
        tiles.append(_Tile("image/shared", translate(N_("layers that images share")), kind, shared, SHARED))
    return [_Tile(kind, translate(LABELS[kind]), ROOT, sum(tile.size_bytes for tile in tiles), colour), *tiles]


def _drawn(disk: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Those of a kind that take up something, the largest first, in the same order every time."""
    rows = disk[(disk["kind"] == kind) & (disk["unique_bytes"] > 0)]
    return rows.sort_values(["unique_bytes", "id"], ascending=[False, True])


def _label(name: str) -> str:
    """A name that fits; of a volume without one its short ID."""
    if len(name) == 64 and set(name) <= set("0123456789abcdef"):
        return short_id(name)
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"
