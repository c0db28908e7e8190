"""Lessons begun anew by a click, after what that removes was on screen."""

import html
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import PlanOutdated
from dockyard.lessons import Reset
from dockyard.lessons import reset as look
from dockyard.locale import N_, translate
from dockyard.panels.panel import changes_html, heading, warnings_html
from dockyard.panels.working import WorkingPanel, button, says_html
from dockyard.tasks import Progress

__all__ = ["ResetPanel", "reset"]


class ResetPanel(WorkingPanel):
    """What beginning lessons anew would remove, and a button that agrees to it.

    Attributes:
        plan_view: What goes and what stays.
        look_button, agree_button: What can be clicked.
    """

    def __init__(self, make: Callable[[], Reset], client: Client | None) -> None:
        super().__init__(client, [])
        self._make = make
        self._shown: Reset | None = None
        self.plan_view, self.doing = widgets.HTML(), widgets.HTML()
        self.look_button = button(N_("Look again"), lambda: self._start(self._look))
        self.agree_button = button(N_("Remove these and begin anew"), lambda: self._start(self._agree), "danger")
        buttons = [self.agree_button, self.look_button]
        about = translate(
            N_(
                "Nothing is removed before you click. Steps that you have passed stay passed, and can be done once more."
            )
        )
        self.children = [
            heading(translate(N_("Begin anew"))),
            widgets.HTML(f"<div>{html.escape(about)}</div>"),
            self.plan_view,
            widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")),
            self.doing,
            self.outcome,
        ]
        self._start(self._look)

    def _look(self) -> None:
        self._shown = None
        self._shown = self._make()
        plan = self._shown.plan
        nothing = html.escape(translate(N_("There is nothing to remove.")))
        self.plan_view.value = warnings_html(plan.warnings) + changes_html(plan.changes) if plan.changes else nothing

    def _agree(self) -> None:
        assert self._shown is not None
        try:
            result = self._shown.agree(report=self._report, cancel=self._cancel)
        except PlanOutdated:
            self._look()
            raise
        gone = sum(change.action == "remove" for change in result.changes)
        self._look()
        says = translate(N_("Removed: {n}. The lesson begins anew.")).format(n=gone)
        self.outcome.value = says_html("✔ " + says, "good")

    def _report(self, progress: Progress) -> None:
        self.doing.value = html.escape(progress.text)

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.look_button.disabled = busy
        self.agree_button.disabled = busy or self._shown is None
        if not busy:
            self.doing.value = ""


def reset(*lessons: str, folder: str | Path = ".", client: Client | None = None) -> ResetPanel:
    """Return a panel that begins lessons anew: it shows what that removes, and does it when it is clicked.

    Args:
        lessons: Their keys, such as ``"copy"``; none for all of them.
        folder: Where their files lie; by default the notebook's own folder.
        client: The engine; by default the one in use.
    """
    return ResetPanel(lambda: look(*lessons, folder=folder, client=client), client)
