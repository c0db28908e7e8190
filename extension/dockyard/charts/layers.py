"""Layers: how an image grew by them, and which images share them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dockyard.charts.look import COLOURS, FRAME, NEUTRAL, SHARED, escaped, finished, ink_on, shortened, size_axis
from dockyard.locale import N_, translate
from dockyard.wording import human_size, short_id

__all__ = ["layer_sharing", "layer_sizes"]

MOST_STEPS = 60
MOST_IMAGES = 40
NAMES_SHOWN = 8
LONGEST = 40  # letters of a step


def layer_sizes(history: pd.DataFrame, *, most: int = MOST_STEPS) -> go.Figure:
    """Return an image's layers as a waterfall: how each step of its Dockerfile made it grow.

    Args:
        history: As :func:`dockyard.history` returns it.
        most: How many steps are drawn by themselves; of more, the smallest are one bar at the end.
    """
    steps = history.iloc[::-1].reset_index(drop=True)
    total = int(steps["size_bytes"].sum())
    drawn = steps.loc[sorted(steps["size_bytes"].sort_values(ascending=False, kind="stable").index[:most])]
    sizes = [int(size) for size in drawn["size_bytes"]]
    numbers = [int(place) + 1 for place in drawn.index]
    labels = [f"{number}. {text}" for number, text in zip(numbers, shortened(drawn["created_by"], 50), strict=True)]
    hovers = shortened(drawn["created_by"], 300)
    if left := len(steps) - len(drawn):
        labels.append(translate(N_("{n} smaller ones")).format(n=left))
        sizes.append(total - sum(sizes))
        hovers.append("")
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[*labels, translate(N_("together"))],
            x=[*sizes, total],
            measure=[*["relative"] * len(sizes), "total"],
            text=[*map(human_size, sizes), human_size(total)],
            hovertext=[*hovers, ""],
            hovertemplate="%{hovertext}<br>%{text}<extra></extra>",
            cliponaxis=False,
            increasing={"marker": {"color": COLOURS["image"]}},
            totals={"marker": {"color": NEUTRAL}},
            connector={"line": {"color": NEUTRAL, "width": 1}},
        )
    )
    figure.update_layout(height=max(250, 110 + 22 * len(labels)))
    figure.update_yaxes(autorange="reversed")
    size_axis(figure, "xaxis", total)
    alt = translate(N_("Steps: {n}; they add up to {size}, and the largest is {largest}."))
    largest = int(steps["size_bytes"].max()) if len(steps) else 0
    says = alt.format(n=len(steps), size=human_size(total), largest=human_size(largest))
    return finished(figure, translate(N_("How the image grew, step by step")), says)


def layer_sharing(shared_layers: pd.DataFrame, *, most: int = MOST_IMAGES) -> go.Figure:
    """Return which layers are under which images: each lies to the right of the one that it was put upon, and is as tall as what stands on it.

    A layer with several images to the right of it is on the disk once.

    Args:
        shared_layers: As :func:`dockyard.shared_layers` returns it.
        most: How many images are drawn, those with the most bytes of their own; the others' layers are one tile at their place.
    """
    layers, root = _drawn(shared_layers, most), "all"
    sizes = {key: tile.size_bytes for key, tile in layers.items()}
    for key in sorted(layers, key=lambda each: -layers[each].depth):
        if parent := layers[key].parent:
            sizes[parent] += sizes[key]
    total = sum(sizes[key] for key, tile in layers.items() if not tile.parent)
    keys = [root, *layers]
    users = {key: len(tile.images) for key, tile in layers.items()}
    colours = [FRAME, *(SHARED if users[key] > 1 else COLOURS["image"] for key in layers)]
    once = int(shared_layers["size_bytes"].sum())
    figure = go.Figure(
        go.Icicle(
            ids=keys,
            labels=[translate(N_("all layers")), *(escaped(tile.label) for tile in layers.values())],
            parents=["", *(tile.parent or root for tile in layers.values())],
            values=[total, *(sizes[key] for key in layers)],
            branchvalues="total",
            tiling={"orientation": "h"},
            leaf={"opacity": 1},
            marker={
                "colors": colours,
                "line": {"width": 1, "color": "#ffffff"},
                "pattern": {
                    "shape": ["", *("/" if users[key] > 1 else "" for key in layers)],
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,0.6)",
                    "solidity": 0.2,
                },
            },
            textfont={"color": [ink_on(colour) for colour in colours]},
            customdata=[
                [human_size(once), ""],
                *([human_size(tile.size_bytes), _names(tile.images)] for tile in layers.values()),
            ],
            texttemplate="%{label}<br>%{customdata[0]}",
            hovertemplate="%{label}<br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        )
    )
    alone = sum(
        int(size) * len(images)
        for size, images in zip(shared_layers["size_bytes"], shared_layers["images"], strict=True)
    )
    images = len({image for each in shared_layers["images"] for image in each})
    alt = translate(N_("Images: {n}, of {size} together; they take up {once}, since they share layers."))
    says = alt.format(n=images, size=human_size(alone), once=human_size(once))
    title = translate(N_("Layers under images; hatched are those that several share"))
    return finished(figure, title, says)


@dataclass(frozen=True)
class _Tile:
    label: str
    parent: str
    depth: int
    size_bytes: int
    images: tuple[str, ...]


def _drawn(layers: pd.DataFrame, most: int) -> dict[str, _Tile]:
    """The layers of the images that are drawn, by their ID, and one of what is left at each place."""
    tiles = {
        str(row["id"]): _Tile(_label(row), str(row["parent"]), int(row["depth"]), int(row["size_bytes"]), row["images"])
        for row in layers.to_dict("records")
    }
    own: dict[str, int] = defaultdict(int)
    for tile in tiles.values():
        for image in tile.images:
            own[image] += tile.size_bytes // len(tile.images)
    chosen = set(sorted(own, key=lambda image: (-own[image], image))[:most])
    drawn = {key: tile for key, tile in tiles.items() if chosen.intersection(tile.images)}
    left: dict[str, list[_Tile]] = defaultdict(list)
    for key, tile in tiles.items():
        if key not in drawn:
            place = tile.parent
            while place and place not in drawn:
                place = tiles[place].parent
            left[place].append(tile)
    for place, others in left.items():
        drawn[f"{place}/others"] = _Tile(
            translate(N_("{n} layers of other images")).format(n=len(others)),
            place,
            drawn[place].depth + 1 if place else 0,
            sum(tile.size_bytes for tile in others),
            tuple(dict.fromkeys(image for tile in others for image in tile.images)),
        )
    return drawn


def _label(row: Mapping[Any, Any]) -> str:
    text = str(row["created_by"]) or short_id(str(row["diff_id"]))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _names(images: tuple[str, ...]) -> str:
    lines = [escaped(each) for each in images[:NAMES_SHOWN]]
    if (left := len(images) - NAMES_SHOWN) > 0:
        lines.append(translate(N_("and {n} more")).format(n=left))
    return "<br>".join(lines)
