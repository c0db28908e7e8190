"""The panel over what running containers use: processor, memory and network, live."""

import html
import threading
from datetime import UTC, datetime

import ipywidgets as widgets

from dockyard import charts
from dockyard.connection import Client, current
from dockyard.locale import N_, translate
from dockyard.meter import MOST_STREAMS, Meter
from dockyard.panels.panel import engine_html, heading
from dockyard.panels.shown import Shown
from dockyard.panels.whole import Whole
from dockyard.panels.working import button

__all__ = ["UsagePanel", "usage"]

EVERY_S = 2


class UsagePanel(Whole):
    """What running containers use. It reads while it is shown: not once it is stopped or closed, nor after its last cell is gone.

    Attributes:
        live: The figure, with the last minutes in it: see :class:`dockyard.charts.LiveUsage`.
        stop_button, go_button: Read no more; read on.
        says: What the figure shows, in a sentence.
    """

    def __init__(self, client: Client | None) -> None:
        self._client = client or current()
        self._guard = threading.Lock()
        self._round: _Round | None = None
        self._is_wanted = False
        self.live = charts.LiveUsage()
        self.says = widgets.HTML()
        self.stop_button, self.go_button = button(N_("Stop"), self.stop), button(N_("Go on"), self.go)
        self._shown = Shown(self._pause, self._resume)
        engine = widgets.HTML(engine_html(self._client))
        css = charts.figure_css("var(--jp-ui-font-color1, #333)", ".dockyard-panel")
        super().__init__(
            [
                widgets.HBox([heading(translate(N_("What running containers use"))), engine]),
                widgets.HTML(f"<style>{css}</style>"),
                widgets.HBox([self.stop_button, self.go_button]),
                self.live.widget,
                self.says,
                self._shown,
            ]
        )
        self.add_class("dockyard-panel")
        self.go()

    @property
    def is_reading(self) -> bool:
        """Whether the engine is being read."""
        return self._round is not None

    def go(self) -> None:
        """Read, and show what is read."""
        self._is_wanted = True
        self._resume()

    def stop(self) -> None:
        """Read no more; what was read stays."""
        self._is_wanted = False
        self._pause()

    def close(self) -> None:
        """Read no more, and go."""
        self.stop()
        super().close()

    def _resume(self) -> None:
        with self._guard:
            if self._round is None and self._is_wanted:
                self._round = _Round(self._client, self)
        self._show_buttons()

    def _pause(self) -> None:
        with self._guard:
            ending, self._round = self._round, None
        if ending:
            ending.end()
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.stop_button.disabled, self.go_button.disabled = not self.is_reading, self.is_reading


class _Round:
    """From a start to a stop: a meter, and a thread that shows what it reads."""

    def __init__(self, client: Client, panel: UsagePanel) -> None:
        self._panel = panel
        self._ended = threading.Event()
        self._meter = Meter(client)
        self._thread = threading.Thread(target=self._show, name="dockyard-usage-panel", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._meter.close()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _show(self) -> None:
        while not self._ended.wait(EVERY_S):
            self._panel.live.add(datetime.now(UTC), self._meter.readings)
            text = self._panel.live.alt
            if left := self._meter.left_out:
                more = translate(N_("{n} more run; at most {most} are read at once."))
                text += f" {more.format(n=left, most=MOST_STREAMS)}"
            self._panel.says.value = f"<div>{html.escape(text)}</div>"


def usage(client: Client | None = None) -> UsagePanel:
    """Return a panel that shows what running containers use, live: processor, memory and network over the last minutes.

    Args:
        client: The engine; by default the one in use.
    """
    return UsagePanel(client)
