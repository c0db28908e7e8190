"""The panel over the disk: what takes it up as a picture, and for each thing in it the prune that would free it."""

import html
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import ipywidgets as widgets

from dockyard import charts
from dockyard.connection import Client
from dockyard.live import News, watch
from dockyard.locale import N_, translate
from dockyard.panels.looks import wide
from dockyard.panels.panel import changes_html, engine_html, heading
from dockyard.panels.prune import prune
from dockyard.panels.working import WorkingPanel, button
from dockyard.tables.disk_use import measured_disk
from dockyard.tables.frame import Table
from dockyard.tasks import Change, Prune, parse
from dockyard.tasks.prune_rules import Facts, Thing
from dockyard.wording import human_size, relative_time

__all__ = ["DiskPanel", "disk"]

MOST_ROWS = 12
LOOK_EVERY_S = 5  # at the age
FOLLOW_EVERY_S = 30  # the least time between two measurements that no one clicked
SHARE = 20  # and so many times as long as a measurement took, so that the engine is never busy with them alone
COLUMNS = ["name", "state", "size_bytes", "unique_bytes", "shared_bytes", "reclaimable_bytes", "users", "created"]
# What takes all of a kind that can go: it knows of each thing why it goes or stays.
WHOLE = {
    "image": Prune("image", all=True),
    "container": Prune("container"),
    "volume": Prune("volume", all=True),
    "build cache": Prune("builder", all=True),
    "all": Prune("system", all=True, volumes=True),
}


class DiskPanel(WorkingPanel):
    """What takes up the disk. The engine measures only when asked: by a click, or where :attr:`follow` is on.

    Attributes:
        measure_button: Lets the engine measure.
        shape: Tiles or rings.
        follow: Whether it is measured again when things changed, in reason.
        age: When it was measured, and whether things changed since.
        figure: The picture, a ``FigureWidget``; None before the first measurement. A click on a tile chooses it.
        things: The same tiles as a list, which the keyboard chooses from.
        rows: The rows that what is chosen stands for.
        plan_view: Which prune would free it, and what else that would take.
        prune_button: Opens the prune panel, filled in.
    """

    def __init__(self, client: Client | None) -> None:
        super().__init__(client, ())
        self.table: Table | None = None
        self._facts: Facts | None = None
        self._task: Prune | None = None
        self._took_s = 0.0
        self._is_stale = False
        self._hears_first = True
        self._closed = threading.Event()
        self._clock: threading.Thread | None = None
        self._stop: Any = None

        self.measure_button = button(N_("Measure"), self.measure, "primary")
        self.measure_button.tooltip = "docker system df -v"
        self.shape = widgets.ToggleButtons(
            options=[(translate(N_("Tiles")), "treemap"), (translate(N_("Rings")), "sunburst")],
            style={"button_width": "6em"},
        )
        self.follow = widgets.Checkbox(
            description=translate(N_("Measure again when things change")), indent=False, layout={"width": "auto"}
        )
        self.age, self.says, self.freeable = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.figure: Any = None
        self._place = widgets.VBox()
        self.things = widgets.Dropdown(
            description=translate(N_("Thing")),
            style={"description_width": "9em"},
            layout={"width": "min(44em, 98%)", "display": "none"},
        )
        self.rows, self.plan_view, self.engine = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.prune_button = button(N_("Open the prune panel with this"), self._open_prune)
        self.prune_button.layout.display = "none"
        self.more = widgets.VBox()
        self.shape.observe(lambda _: self._draw(), "value")
        self.things.observe(lambda _: self._show_choice(), "value")
        self._say_age()
        buttons = [self.measure_button, self.shape, self.follow]
        css = charts.figure_css("var(--jp-ui-font-color1, #333)", ".dockyard-panel")
        self.children = [
            widgets.HBox([heading(translate(N_("What takes up the disk"))), self.engine]),
            widgets.HTML(f"<style>{css}</style>"),
            widgets.HBox(buttons, layout={"flex_flow": "row wrap", "align_items": "center"}),
            self.age,
            self._place,
            self.says,
            self.freeable,
            self.things,
            self.rows,
            self.plan_view,
            self.prune_button,
            self.outcome,
            self.more,
        ]

    def measure(self) -> None:
        """Let the engine measure, which can take long, and show what it says. Returns at once: see :meth:`wait`."""
        self._start(self._do_measure)

    def choose(self, key: str) -> None:
        """Choose a tile, as a click on it does.

        Args:
            key: As :func:`dockyard.charts.disk_rows` takes it, such as ``"volume/apa000vol1"``.
        """
        self.things.value = key

    def close(self) -> None:
        """Measure no more, stop following the engine, and go."""
        self._closed.set()
        if self._stop:
            self._stop()
        super().close()
        if self._clock and self._clock is not threading.current_thread():
            self._clock.join()

    # ------------------------------------------------------------ what the worker does

    def _do_measure(self) -> None:
        self.engine.value = engine_html(self.client)
        self.age.value = _status(translate(N_("The engine measures …")))
        self._is_stale = False
        began = time.monotonic()
        self.table, self._facts = measured_disk(self.client)
        self._took_s = time.monotonic() - began
        self.more.children = ()
        self._draw()
        self._say_age()
        if self._clock is None and not self._closed.is_set():
            self._stop = watch(self.client).listen(self._heard)
            self._clock = threading.Thread(target=self._look, name="dockyard-disk", daemon=True)
            self._clock.start()

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.measure_button.disabled = busy
        if not busy:
            self._say_age()

    # ------------------------------------------------------------ as time goes by

    def _heard(self, news: News) -> None:
        """Things changed; the first news are of the listening itself."""
        if not self._hears_first and news.kinds & {"container", "image", "volume"}:
            self._is_stale = True
            self._say_age()
        self._hears_first = False

    def _look(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            if self.is_busy or self.table is None:
                continue
            age_s = (datetime.now(UTC) - self.table.attrs["at"]).total_seconds()
            if self.follow.value and self._is_stale and age_s > max(FOLLOW_EVERY_S, SHARE * self._took_s):
                self.measure()
            else:
                self._say_age()

    def _say_age(self) -> None:
        if self.table is None:
            self.age.value = _status(
                translate(N_("Not measured yet: the engine walks everything for it, which can take long."))
            )
            return
        at = self.table.attrs["at"]
        says = translate(N_("Measured at {time} ({ago}), in {duration} s."))
        text = says.format(time=f"{at.astimezone():%H:%M:%S}", ago=relative_time(at), duration=f"{self._took_s:.1f}")
        if self._is_stale:
            text = " ".join((text, translate(N_("Things have changed since."))))
        self.age.value = _status(text)

    # ------------------------------------------------------------ what is shown

    def _draw(self) -> None:
        if self.table is None:
            return
        draw = charts.disk_treemap if self.shape.value == "treemap" else charts.disk_sunburst
        drawn = draw(self.table)
        drawn.update_layout(height=480)
        old, self.figure = self.figure, charts.as_widget(drawn)
        trace = self.figure.data[0]
        trace.on_click(lambda _, points, __: self._on_click(points.point_inds))
        self._place.children = (self.figure,)
        if old is not None:
            old.close()
        self.says.value = f"<div>{html.escape(drawn.layout.meta['alt'])}</div>"
        self.freeable.value = _freeable_html(self.table)
        chosen = self.things.value
        self.things.options = [
            (_choice(label, size, freed, depth=key.count("/")), key)
            for key, label, (*_, size, freed) in zip(trace.ids, trace.labels, trace.customdata, strict=True)
        ]
        self.things.value = chosen if chosen in trace.ids else "all"
        self.things.layout.display = None
        self._show_choice()

    def _on_click(self, places: Sequence[int]) -> None:
        if places and self.figure is not None:
            self.choose(self.figure.data[0].ids[places[0]])

    def _show_choice(self) -> None:
        if self.table is None or self._facts is None or not self.things.value:
            return
        rows = Table(charts.disk_rows(self.table, self.things.value))
        self.rows.value = _rows_html(rows)
        commands = sorted({each for each in rows["prune"] if each}, key=len)
        whole = WHOLE[self.things.value.partition("/")[0]]
        is_all = self.things.value == "all"
        task = parse(commands[-1]) if commands and not is_all else whole
        assert isinstance(task, Prune)
        things = task.things_of(self.client, self._facts)
        self._task = task if any(thing.goes for thing in things) and (commands or is_all) else None
        self.plan_view.value = _plan_html(task, things, rows, self._task is not None)
        self.prune_button.layout.display = None if self._task else "none"
        for each in self.more.children:
            each.close()
        self.more.children = ()

    def _open_prune(self) -> None:
        if self._task is not None:
            task = self._task
            panel = prune(task.scope, all=task.all, volumes=task.volumes, client=self.client)
            self.more.children = (panel,)
            panel.preview_button.click()


def disk(*, measure: bool = False, client: Client | None = None) -> DiskPanel:
    """Return a panel that shows what takes up the disk, and what would free each thing.

    Args:
        measure: Whether the engine measures at once; else it waits for a click.
        client: The engine; by default the one in use.
    """
    panel = DiskPanel(client)
    if measure:
        panel.measure()
    return panel


def _status(text: str) -> str:
    return f'<span role="status">{html.escape(text)}</span>'


def _choice(label: str, size: str, freed: str, *, depth: int) -> str:
    parts = [html.unescape(label), size, *([html.unescape(freed)] if freed else [])]
    return f"{'    ' * depth}{' · '.join(parts)}"


def _rows_html(rows: Table) -> str:
    shown = Table(rows[COLUMNS].head(MOST_ROWS).reset_index(drop=True))
    left = len(rows) - len(shown)
    more = html.escape(translate(N_("and {n} more")).format(n=left)) if left > 0 else ""
    return wide(translate(N_("What is chosen")), f"{shown._repr_html_()}{more}")


def _freeable_html(table: Table) -> str:
    """What each prune would free."""
    groups = table[table["prune"] != ""].groupby("prune")["reclaimable_bytes"].agg(["sum", "size"])
    if groups.empty:
        return html.escape(translate(N_("No prune would free anything.")))
    says = translate(N_("{size} ({n} of them)"))
    rows = "".join(
        f"<tr><td><code>{html.escape(str(command))}</code></td><td>{html.escape(says.format(n=int(row['size']), size=human_size(int(row['sum']))))}</td></tr>"
        for command, row in groups.sort_values("sum", ascending=False).iterrows()
    )
    title = html.escape(translate(N_("What each prune would free:")))
    return f"<div>{title}</div><table>{rows}</table>"


def _plan_html(task: Prune, things: Sequence[Thing], rows: Table, frees: bool) -> str:
    """Which prune frees what is chosen, and everything that it would take or leave, what is chosen first."""
    chosen = set(zip(rows["kind"].astype(str), rows["id"], strict=True))
    ordered = sorted(
        things, key=lambda thing: ((thing.kind, thing.id) not in chosen, not thing.goes, -(thing.size_bytes or 0))
    )
    if not frees:
        title = translate(N_("No prune would free it:"))
        ordered = [thing for thing in ordered if (thing.kind, thing.id) in chosen]
    else:
        going = [thing for thing in things if thing.goes]
        says = translate(N_("{command} would take {n} of {all} things and free {size}:"))
        size = human_size(sum(thing.size_bytes or 0 for thing in going))
        title = says.format(command=task.command, n=len(going), all=len(things), size=size)
    changes = [
        Change("remove" if each.goes else "keep", each.kind, each.name, each.size_bytes, each.reason)
        for each in ordered
    ]
    table = changes_html(changes[:MOST_ROWS])
    left = len(changes) - MOST_ROWS
    more = html.escape(translate(N_("and {n} more")).format(n=left)) if left > 0 else ""
    return f"<div><b>{html.escape(title)}</b></div>{table if changes else ''}{more}"
