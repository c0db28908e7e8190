"""How all charts look: colours, fonts, axes in people's units, and the words that say a figure."""

import html
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dockyard.locale import language
from dockyard.wording import human_size

__all__ = [
    "COLOURS",
    "DASHES",
    "FAILED",
    "FRAME",
    "NEUTRAL",
    "SERIES",
    "SHARED",
    "as_output",
    "as_widget",
    "escaped",
    "figure_css",
    "finished",
    "ink_on",
    "shortened",
    "size_axis",
    "write_page",
]

FRAME = "#6b6b6b"  # of what is neither here nor there: the whole
COLOURS = {"image": "#0072B2", "container": "#E69F00", "volume": "#009E73", "build cache": "#CC79A7"}
SHARED = "#56B4E9"  # layers that several images have
FAILED = "#D55E00"
# Seen on a light page and on a dark one: at least 3:1 on both, as WCAG 2.2 (1.4.11) asks of graphics, and text of it 4:1.
NEUTRAL = "#767676"
SERIES = ("#0072B2", "#D55E00", "#009E73", "#BF5F94", "#8A7000", "#767676")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
FONTS = "Noto Sans KR, Noto Sans CJK KR, NanumGothic, Malgun Gothic, Apple SD Gothic Neo, sans-serif"
CONFIG = {"displaylogo": False, "responsive": True}
PNG_SCALE = 2
SMALLEST = 9  # letters that are read; a tile with room for less has its name where the pointer is
# Where a page knows its theme, what lies on the page itself is as dark or light as its text.
ON_THE_PAGE = ("text[class$=title]", "g[class$=tick] > text", "text.legendtext", "text.annotation-text")


def finished(figure: go.Figure, title: str, alt: str) -> go.Figure:
    """Give a figure its title, the sentence that says it, and the look of all of them."""
    figure.update_layout(
        title={
            "text": title,
            "font": {"size": 15},
            "x": 0.01,
            "xanchor": "left",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 14},
        },
        font={"family": FONTS, "color": NEUTRAL},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 10, "r": 10, "t": 75 if len(figure.data) > 1 else 45, "b": 10},
        # Between the title and what is drawn, where no axis has its words.
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        uniformtext={"minsize": SMALLEST, "mode": "hide"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": NEUTRAL, "activecolor": SERIES[0]},
        meta={"alt": alt},
    )
    grid = {"gridcolor": "rgba(127,127,127,0.3)", "zerolinecolor": NEUTRAL, "automargin": True}
    figure.update_xaxes(**grid)
    figure.update_yaxes(**grid)
    return figure


def escaped(text: object) -> str:
    """A text from outside as plotly shows it letter by letter: it takes some of HTML's marks as such."""
    return html.escape(str(text), quote=False)


def shortened(texts: Sequence[str] | pd.Series, most: int = 40, *, keep_end: bool = False) -> list[str]:
    """Labels that fit, escaped; what was cut is an ellipsis. Of an image's name the end says more than its registry."""
    return [escaped(_cut(text, most, keep_end) if len(text) > most else text) for text in map(str, texts)]


def ink_on(colour: str) -> str:
    """Black or white, whichever is read more easily on a colour such as ``#0072B2``."""
    return "#ffffff" if luminance(colour) < 0.18 else "#000000"


def luminance(colour: str) -> float:
    """How light a colour is, from 0 to 1 (WCAG 2.2, "relative luminance")."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def size_axis(figure: go.Figure, axis: str, largest: int) -> None:
    """Ticks in people's units: plotly's own are of powers of ten without a B."""
    rough = largest / 5 or 1
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    values = [round(step * number) for number in range(6)]
    figure.update_layout({axis: {"tickvals": values, "ticktext": [human_size(value) for value in values]}})


def as_widget(figure: go.Figure) -> Any:
    """Return a figure as a widget: ``FigureWidget``, whose clicks reach Python, and which can be changed while it is shown."""
    widget = _Widget(figure)
    widget._config = _config(figure)
    widget._is_whole = True
    widget.open()
    return widget


def as_output(figure: go.Figure) -> dict[str, Any]:
    """Return a figure as an output of a notebook (Jupyter, ``display_data``), for one that is only looked at; its text is the figure in a sentence."""
    drawn = {**json.loads(figure.to_json()), "config": _config(figure)}
    data = {"application/vnd.plotly.v1+json": drawn, "text/plain": figure.layout.meta["alt"]}
    return {"output_type": "display_data", "data": data, "metadata": {}}


class _Widget(go.FigureWidget):  # type: ignore[misc]  # plotly has no types
    """A figure that is sent to the browser whole: plotly's own is sent empty, and what is in it follows, which a browser that draws at once does not see."""

    _is_whole = False

    def open(self) -> None:
        if self._is_whole:
            super().open()


def figure_css(ink: str, scope: str = "") -> str:
    """Rules that give titles, ticks and legends of figures a page's own colour.

    Args:
        ink: Such as ``var(--jp-ui-font-color1)``.
        scope: A selector of what the figures are in, such as ``.dockyard-panel``.
    """
    selectors = ", ".join(f"{scope} .js-plotly-plot {each}".strip() for each in ON_THE_PAGE)
    return f"{selectors} {{ fill: {ink} !important; }}"


def write_page(figure: go.Figure, path: str | Path) -> Path:
    """Write a figure as a page that needs nothing else, neither network nor Python, and return where it is.

    It is light or dark as its reader's system is, has the figure's sentence for screen readers, and a camera that saves it as PNG.

    Args:
        figure: One of this module's.
        path: Such as ``"disk.html"``; a file of that name is replaced.
    """
    alt = html.escape(str(figure.layout.meta["alt"]))
    drawn = figure.to_html(full_html=False, include_plotlyjs=True, config=_config(figure), default_height="85vh")
    text = (
        f'<!doctype html><html lang="{language()}"><meta charset="utf-8"><title>{escaped(figure.layout.title.text)}</title>'
        f"<style>:root {{ color-scheme: light dark; }} body {{ font-family: {FONTS}; }} {figure_css('CanvasText')}</style>"
        f'<figure style="margin: 0"><div role="img" aria-label="{alt}">{drawn}</div><figcaption>{alt}</figcaption></figure></html>\n'
    )
    target = Path(path)
    target.write_text(text, encoding="utf-8")
    return target


def _cut(text: str, most: int, keep_end: bool) -> str:
    return f"…{text[1 - most :]}" if keep_end else f"{text[: most - 1]}…"


def _config(figure: go.Figure) -> dict[str, Any]:
    """What plotly's own buttons do: the camera names its file after the figure."""
    name = str(figure.layout.title.text or "dockyard").partition(":")[0].strip().replace(" ", "-").lower()
    return {**CONFIG, "toImageButtonOptions": {"format": "png", "scale": PNG_SCALE, "filename": name}}
