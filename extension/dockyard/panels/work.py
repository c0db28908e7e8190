"""Work that is no task: looking and measuring, in a thread of its own, with progress, Cancel, and a place for what came of it."""

import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.locale import N_
from dockyard.pace import Pace
from dockyard.panels.form import Form
from dockyard.panels.panel import REPORTS_PER_S
from dockyard.panels.working import WorkingPanel, button
from dockyard.tasks import Progress

__all__ = ["TellingPanel", "Work"]


class TellingPanel(WorkingPanel):
    """A panel whose work tells how far it has come, and can be stopped.

    Attributes:
        cancel: Set when the user asked to stop.
        cancel_button: What can be clicked, while something is done.
        doing: How far it has come.
    """

    def __init__(self, client: Client | None, forms: Sequence[Form]) -> None:
        super().__init__(client, forms)
        self.cancel = self._cancel
        self.cancel_button = button(N_("Cancel"), self.cancel.set)
        self.cancel_button.layout.display = "none"
        self.doing = widgets.HTML()
        self._pace = Pace(self._show_progress, REPORTS_PER_S)

    def report(self, progress: Progress) -> None:
        """Show how far it is, some times a second."""
        self._pace.news(progress)

    def _show_progress(self, progress: Progress) -> None:
        self.doing.value = html.escape(progress.text)

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.cancel_button.layout.display = None if busy else "none"
        if not busy:
            self._pace.end()
            self.doing.value = ""


class Work(TellingPanel):
    """One thing at a time, as a part of a panel."""

    def __init__(self) -> None:
        super().__init__(None, ())
        self.remove_class("dockyard-panel")  # the panel around it has the frame
        self.children = [widgets.HBox([self.cancel_button, self.doing]), self.outcome]

    def start(self, work: Callable[[], str]) -> None:
        """Do it, and show the HTML that it returns; while something else is being done, nothing happens."""
        self._start(lambda: self._show(work()))

    def _show(self, text: str) -> None:
        self.outcome.value = text
