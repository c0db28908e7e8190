"""What running containers use: over samples that were taken, and live."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, zip_longest
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dockyard.charts.look import DASHES, NEUTRAL, SERIES, as_widget, escaped, finished, shortened, size_axis
from dockyard.connection.stats import Usage
from dockyard.locale import N_, translate
from dockyard.wording import human_size

__all__ = ["LiveUsage", "usage"]

MOST_LINES = len(SERIES)
SPAN_S = 300  # what a live figure shows
HIGHEST_LINES = 36  # colours times dashes: beyond, two lines would look the same


def usage(samples: pd.DataFrame, column: str = "cpu_percent") -> go.Figure:
    """Return what containers used over time, a line for each; the 36 with the most of it.

    Args:
        samples: Tables as :func:`dockyard.stats` returns them, one below the other (``pandas.concat``).
        column: Which of their columns, such as ``memory_bytes``.
    """
    figure = go.Figure()
    highest = samples.groupby("name")[column].max().nlargest(HIGHEST_LINES)
    shown = samples[samples["name"].isin(highest.index)]
    for number, (name, rows) in enumerate(shown.groupby("name", sort=True)):
        figure.add_scatter(
            x=rows["at"],
            y=rows[column],
            name=escaped(name),
            mode="lines+markers",
            line=_line(number),
            marker=_marker(number),
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
        size_axis(figure, "yaxis", int(samples[column].max()) if len(samples) else 0)
    figure.update_xaxes(type="date", title={"text": "UTC"})
    title = translate(titles[column]) if column in titles else column
    alt = translate(N_("{what} of {n} containers over time."))
    return finished(figure, title, alt.format(what=title, n=samples["name"].nunique()))


@dataclass
class _Moment:
    at: datetime
    loads: Mapping[str, Usage]
    rates: dict[str, float] = field(default_factory=dict)


class LiveUsage:
    """A figure of what running containers use, which grows as it is told of more and forgets what is older than :data:`SPAN_S`.

    Six containers have a line each, those with the most of something lately; the others are one line together.

    Attributes:
        widget: The figure: processor, memory and network below each other, over the last minutes.
    """

    def __init__(self, most: int = MOST_LINES) -> None:
        self._moments: deque[_Moment] = deque()
        self._slots: list[str] = [""] * most
        self.widget = as_widget(self._figure(most))

    @property
    def alt(self) -> str:
        """What the figure shows now, in a sentence."""
        return str(self.widget.layout.meta["alt"])

    def add(self, at: datetime, loads: Mapping[str, Usage]) -> None:
        """Show what containers use at a moment, by their IDs; one that is not told of any more ends its line."""
        before = self._moments[-1] if self._moments else None
        moment = _Moment(at, dict(loads))
        if before and (passed_s := (at - before.at).total_seconds()) > 0:
            for key, load in loads.items():
                if key in before.loads:
                    moment.rates[key] = max(0, _moved(load) - _moved(before.loads[key])) / passed_s
        self._moments.append(moment)
        while (at - self._moments[0].at).total_seconds() > SPAN_S:
            self._moments.popleft()
        self._draw()

    def _figure(self, most: int) -> go.Figure:
        titles = (N_("Processor, percent of one"), N_("Memory"), N_("Network, bytes a second"))
        figure = make_subplots(
            rows=3, shared_xaxes=True, vertical_spacing=0.09, subplot_titles=[translate(title) for title in titles]
        )
        for row in (1, 2, 3):
            for number in range(most + 1):
                is_rest = number == most
                figure.add_scatter(
                    row=row,
                    col=1,
                    x=[],
                    y=[],
                    mode="lines",
                    legendgroup=str(number),
                    showlegend=row == 1,
                    visible=False,
                    line={"color": NEUTRAL, "dash": "dot", "width": 1} if is_rest else _line(number, width=2),
                    hovertemplate="%{text}<extra>%{fullData.name}</extra>",
                )
        figure.update_xaxes(range=[-SPAN_S, 0], zeroline=False)
        figure.update_xaxes(title={"text": translate(N_("seconds ago"))}, row=3)
        figure.update_yaxes(rangemode="tozero")
        figure.update_layout(height=620, uirevision="stays", hovermode="x unified")
        made = finished(figure, translate(N_("What running containers use")), translate(N_("No container runs.")))
        # Below, where names of many containers have room for more lines.
        return made.update_layout(legend={"y": -0.12, "yanchor": "top"}, margin={"t": 70})

    def _draw(self) -> None:
        self._choose()
        ages = [(each.at - self._moments[-1].at).total_seconds() for each in self._moments]
        figures: list[tuple[list[float | None], list[str]]] = []
        for metric in _METRICS:
            values = [{key: metric(each, key) for key in each.loads} for each in self._moments]
            lines = [[row.get(key) for row in values] for key in self._slots]
            rest = [
                [each for key, each in row.items() if key not in self._slots and each is not None] for row in values
            ]
            lines.append([sum(each) if each else None for each in rest])
            figures += [(line, [_SHOWN[metric](each) for each in line]) for line in lines]
        now = self._moments[-1].loads
        names = [self._name(key) for key in self._slots]
        others = sum(key not in self._slots for key in now)
        names.append(translate(N_("{n} others together")).format(n=others))
        with self.widget.batch_update():
            for number, (trace, (line, text)) in enumerate(zip(self.widget.data, figures, strict=True)):
                trace.update(
                    x=ages,
                    y=line,
                    text=text,
                    name=names[number % len(names)],
                    visible=any(each is not None for each in line),
                )
            for axis, row in (("yaxis2", 1), ("yaxis3", 2)):
                in_row = figures[row * len(names) : (row + 1) * len(names)]
                size_axis(
                    self.widget, axis, round(max((each for line, _ in in_row for each in line if each), default=0))
                )
            self.widget.layout.meta = {"alt": self._says(now)}

    def _choose(self) -> None:
        """Give slots to those with the most of something lately; who has one keeps it while it is chosen."""
        known = dict.fromkeys(key for each in self._moments for key in each.loads)
        ranks = []
        for metric in _METRICS:
            peaks = {
                key: max((metric(each, key) or 0 for each in self._moments if key in each.loads), default=0)
                for key in known
            }
            ranks.append(sorted(known, key=peaks.__getitem__, reverse=True))
        wanted = [*dict.fromkeys(key for key in chain(*zip_longest(*ranks)) if key)][: len(self._slots)]
        self._slots = [key if key in wanted else "" for key in self._slots]
        waiting = [key for key in wanted if key not in self._slots]
        self._slots = [key or (waiting.pop(0) if waiting else "") for key in self._slots]

    def _name(self, key: str) -> str:
        found = next((each.loads[key].name for each in reversed(self._moments) if key in each.loads), "")
        return shortened([found])[0]

    def _says(self, now: Mapping[str, Usage]) -> str:
        if not now:
            return translate(N_("No container runs."))
        busiest = max(now.values(), key=lambda load: load.cpu_percent)
        largest = max(now.values(), key=lambda load: load.memory_bytes)
        says = translate(
            N_(
                "Running containers: {n}; {busiest} uses the most processor ({cpu}), {largest} the most memory ({memory})."
            )
        )
        return says.format(
            n=len(now),
            busiest=busiest.name,
            cpu=f"{busiest.cpu_percent:.1f}%",
            largest=largest.name,
            memory=human_size(largest.memory_bytes),
        )


def _moved(load: Usage) -> int:
    return load.received_bytes + load.sent_bytes


def _cpu(moment: _Moment, key: str) -> float | None:
    return round(moment.loads[key].cpu_percent, 2)


def _memory(moment: _Moment, key: str) -> float | None:
    return moment.loads[key].memory_bytes


def _network(moment: _Moment, key: str) -> float | None:
    """None at a container's first moment: its speed is not known before the second."""
    rate = moment.rates.get(key)
    return None if rate is None else round(rate)


_METRICS = (_cpu, _memory, _network)
_SHOWN: dict[Any, Callable[[float | None], str]] = {
    _cpu: lambda value: "" if value is None else f"{value:.1f}%",
    _memory: lambda value: "" if value is None else human_size(int(value)),
    _network: lambda value: "" if value is None else f"{human_size(int(value))}/s",
}


def _line(number: int, **more: Any) -> dict[str, Any]:
    """Lines next to each other differ in colour and in dash."""
    return {
        "color": SERIES[number % len(SERIES)],
        "dash": DASHES[(number + number // len(SERIES)) % len(DASHES)],
        **more,
    }


def _marker(number: int) -> dict[str, Any]:
    symbols = ("circle", "square", "diamond", "cross", "x", "triangle-up")
    return {"symbol": symbols[(number + number // len(SERIES)) % len(symbols)]}
