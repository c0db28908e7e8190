"""Work that is no task: looking and measuring, in a thread of its own, with progress, Cancel, and a place for what came of it."""

import html
from collections.abc import Callable

import ipywidgets as widgets

from dockyard.locale import N_
from dockyard.panels.panel import progress_text
from dockyard.panels.working import WorkingPanel, button
from dockyard.tasks import Progress

__all__ = ["Work"]


class Work(WorkingPanel):
    """One thing at a time, as a part of a panel.

    Attributes:
        cancel: Set when the user asked to stop.
        cancel_button: What can be clicked, while something is done.
        doing: How far it has come.
    """

    def __init__(self) -> None:
        super().__init__(None, ())
        self.remove_class("dockyard-panel")  # the panel around it has the frame
        self.cancel = self._cancel
        self.cancel_button = button(N_("Cancel"), self.cancel.set)
        self.cancel_button.layout.display = "none"
        self.doing = widgets.HTML()
        self.children = [widgets.HBox([self.cancel_button, self.doing]), self.outcome]

    def start(self, work: Callable[[], str]) -> None:
        """Do it, and show the HTML that it returns; while something else is being done, nothing happens."""
        self._start(lambda: self._show(work()))

    def report(self, progress: Progress) -> None:
        """Show how far it is."""
        self.doing.value = html.escape(progress_text(progress))

    def _show(self, text: str) -> None:
        self.outcome.value = text

    def _set_busy(self, busy: bool) -> None:
        self.cancel_button.layout.display = None if busy else "none"
        if not busy:
            self.doing.value = ""
