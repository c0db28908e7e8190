"""A panel: a form over one task, with its command line, its plan, Run and Cancel, progress, evidence, and the way back.

The task runs in a thread of its own, so that the kernel stays free. Everything from outside is escaped before it is shown.
"""

import html
from collections.abc import Callable, Iterable, Mapping, Sequence

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import DockyardError, MissingField, OtherTask
from dockyard.locale import N_, translate
from dockyard.pace import Pace
from dockyard.panels.clipboard import CopyButton
from dockyard.panels.form import Field, Form, Value
from dockyard.panels.looks import STYLE, heading
from dockyard.panels.working import Faults, WorkingPanel, button, says_html
from dockyard.tasks import Change, Evidence, Plan, Progress, Result, Task, parse
from dockyard.wording import human_size

__all__ = [
    "STYLE",
    "Faults",
    "Panel",
    "changes_html",
    "difference_html",
    "engine_html",
    "heading",
    "warnings_html",
]

REPORTS_PER_S = 10
MOST_CHANGES = 50


class Panel(WorkingPanel):
    """A form over one task.

    Attributes:
        form: Its fields.
        paste: Takes a docker line and fills the fields from it.
        engine: Which engine it is, where that must be known: the embedded one isolates nothing.
        line: The docker line that the fields stand for.
        preview_button, run_button, cancel_button, undo_button: What can be clicked.
        plan_view: What a run will change.
        progress: How far it has come.
        outcome: What came of it, with its evidence.
        more: What a kind of panel shows beside it.
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        values: Mapping[str, Value],
        make: Callable[[Mapping[str, Value]], Task],
        client: Client | None = None,
        read: Callable[[Task], Mapping[str, Value] | None] | None = None,
    ) -> None:
        self._make, self._read = make, read
        self._planned: tuple[Task, Plan] | None = None
        self._ran: Task | None = None
        self._pace = Pace(self._show_progress, REPORTS_PER_S)
        self._is_new = True

        self.form = Form(fields, values, self._on_change)
        super().__init__(client, [self.form])
        self.paste = widgets.Text(
            placeholder=_("Paste a docker line here to fill the form"),
            continuous_update=False,
            layout=widgets.Layout(width="min(44em, 98%)", display=None if read else "none"),
            description=_("Docker line"),
            style={"description_width": "9em"},
        )
        self.paste.observe(lambda _: self._on_paste(), "value")
        self.engine, self.line = widgets.HTML(), widgets.HTML()
        self.copy_line, self.copy_code = CopyButton(_("Copy the command")), CopyButton(_("Copy as a cell"))
        self.preview_button = button(N_("Show what it will change"), self._preview)
        self.run_button = button(N_("Run"), self._run, "primary")
        self.cancel_button = button(N_("Cancel"), self._cancel.set)
        self.undo_button = button(N_("Undo"), self._undo)
        self.plan_view, self.doing = widgets.HTML(), widgets.HTML()
        self.progress = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="min(44em, 98%)"))
        self.more = widgets.VBox()
        self._set_busy(False)
        self.undo_button.disabled = True

        buttons = [self.preview_button, self.run_button, self.cancel_button, self.undo_button]
        self.children = [
            widgets.HBox([heading(title), self.engine]),
            self.paste,
            self.form,
            self.line,
            widgets.HBox([self.copy_line, self.copy_code], layout=widgets.Layout(flex_flow="row wrap")),
            widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")),
            self.plan_view,
            self.progress,
            self.doing,
            self.outcome,
            self.more,
        ]
        self._on_change()
        self._is_new = False

    @property
    def task(self) -> Task | None:
        """The task that the fields stand for; None while they do not make one."""
        try:
            return self._make(self.form.values)
        except DockyardError:
            return None

    def suggest(self, ask: Callable[[], Iterable[str]], *names: str) -> None:
        """Give fields what the engine has as suggestions; where it can't be asked, say why."""
        try:
            choices = tuple(ask())
        except DockyardError as error:
            self._show_error(error)
            return
        for name in names:
            self.form.suggest(name, choices)

    def carry_out(self, task: Task, plan: Plan) -> Result:
        """Run the task; for panels that give it more than its plan. Called in the worker's thread."""
        return task.run(self.client, plan=plan, report=self._report, cancel=self._cancel)

    def plan_html(self, plan: Plan) -> str:
        """What a plan looks like; for panels that say more of it."""
        return warnings_html(plan.warnings) + changes_html(plan.changes)

    def asks_first(self, plan: Plan) -> bool:  # noqa: ARG002  # for those that do
        """For panels with plans that must have been on screen before they are carried out: a first Run shows them, a second one does it."""
        return False

    def before_run(self, task: Task) -> None:
        """For panels that show how things were before; called in the worker's thread."""

    def after_run(self, task: Task, result: Result) -> None:
        """For panels that show more than the evidence; called in the worker's thread."""

    # ------------------------------------------------------------ what is clicked

    def _on_change(self) -> None:
        self._planned = None
        self.plan_view.value = ""
        self.form.show_fault("")
        try:
            task = self._make(self.form.values)
        except DockyardError as error:
            self.line.value = ""
            self.copy_line.text = self.copy_code.text = ""
            if not (self._is_new and isinstance(error, MissingField)):  # nobody could fill it in yet
                self._show_error(error)
            self.run_button.disabled = self.preview_button.disabled = True
            return
        self.outcome.value = ""
        self.line.value = f"<code>{html.escape(task.command)}</code>"
        self.copy_line.text, self.copy_code.text = task.command, task.code
        self.run_button.disabled = self.preview_button.disabled = False

    def _on_paste(self) -> None:
        text = self.paste.value.strip()
        if not text:
            return
        try:
            task = parse(text)
            values = self._read(task) if self._read else None
            if values is None or self._make(values) != task:
                raise OtherTask(verb=task.verb)
        except DockyardError as error:
            self._show_error(error)
            return
        self.form.fill(values)
        self.paste.value = ""

    def _preview(self) -> None:
        self._start(self._do_preview)

    def _run(self) -> None:
        self._start(self._do_run)

    def _undo(self) -> None:
        self._start(self._do_undo)

    # ------------------------------------------------------------ what the worker does

    def _do_preview(self) -> None:
        task = self._make(self.form.values)
        self.engine.value = engine_html(self.client)
        self._planned = (task, task.plan(self.client))
        self.plan_view.value = self.plan_html(self._planned[1])

    def _do_run(self) -> None:
        task = self._make(self.form.values)
        if self._planned is None or self._planned[0] != task:
            self._do_preview()
            if self._planned is not None and self.asks_first(self._planned[1]):
                self.outcome.value = says_html(
                    _("Nothing was done yet. Read the warning; Run again does it."), "warning"
                )
                return
        assert self._planned is not None
        plan, self._planned = self._planned[1], None
        self.before_run(task)
        result = self.carry_out(task, plan)
        self._ran = task
        self.undo_button.disabled = False
        fresh = [each for each in result.warnings if each not in plan.warnings]  # those still stand with the plan
        self.outcome.value = _evidence_html(task.verify(self.client), fresh) + difference_html(result)
        self.after_run(task, result)

    def _do_undo(self) -> None:
        assert self._ran is not None
        result = self._ran.undo(self.client)
        self.undo_button.disabled = True
        self.more.children = ()
        self.plan_view.value = warnings_html(result.warnings) + changes_html(result.changes)
        self.outcome.value = says_html(_("Taken back."), "good")

    def _start(self, work: Callable[[], None]) -> None:
        self.doing.value = ""
        super()._start(work)

    def _report(self, progress: Progress) -> None:
        self._pace.news(progress)

    def _show_progress(self, progress: Progress) -> None:
        self.progress.value = progress.done / progress.total if progress.total else 0
        self.doing.value = html.escape(progress.text)

    # ------------------------------------------------------------ what is shown

    def _set_busy(self, busy: bool) -> None:
        self.run_button.disabled = self.preview_button.disabled = busy
        self.cancel_button.disabled = not busy
        super()._set_busy(busy)
        self.progress.layout.display = None if busy else "none"
        if not busy:
            self._pace.end()
            self.progress.value = 0
            self.doing.value = ""


_ = translate


def engine_html(client: Client) -> str:
    """Which engine it is, where that must be known: the embedded one isolates nothing."""
    return (
        f'<span class="dockyard-warning">{html.escape(str(client.engine))}</span>' if client.engine.is_embedded else ""
    )


def warnings_html(warnings: Sequence[str]) -> str:
    """Warnings, one below the other."""
    return "".join(f'<div class="dockyard-warning">⚠ {html.escape(text)}</div>' for text in warnings)


def changes_html(changes: Sequence[Change]) -> str:
    """Changes as a table of at most :data:`MOST_CHANGES` rows."""
    rows = [
        f"<tr><td>{change.word}</td><td>{html.escape(_(change.kind))}</td><td><code>{html.escape(change.name)}</code></td>"
        f"<td>{'' if change.size_bytes is None else human_size(change.size_bytes)}</td><td>{html.escape(change.reason)}</td></tr>"
        for change in changes[:MOST_CHANGES]
    ]
    if (left := len(changes) - MOST_CHANGES) > 0:
        total = sum(change.size_bytes or 0 for change in changes[MOST_CHANGES:])
        more = _("and {n} more ({size})").format(n=left, size=human_size(total))
        rows.append(f"<tr><td colspan=5>{html.escape(more)}</td></tr>")
    return (
        f'<table class="dockyard-changes">{"".join(rows)}</table>' if rows else html.escape(_("Nothing will change."))
    )


def difference_html(result: Result) -> str:
    """What differed in the engine afterwards, folded away."""
    if not result.difference:
        return ""
    title = html.escape(_("What this changed in the engine"))
    return f"<details><summary>{title}</summary>{changes_html(result.difference)}</details>"


def _evidence_html(evidence: Evidence, warnings: Sequence[str]) -> str:
    mark, style = ("✔", "good") if evidence.ok else ("✘", "bad")
    shown = f'<div class="dockyard-{style}" role="status">{mark} {html.escape(evidence.says)}</div>'
    return shown + warnings_html(warnings)


# The kinds of things that changes name, for the catalogues.
KINDS = (
    N_("file"), N_("folder"), N_("link"), N_("hard link"), N_("pipe"), N_("device"),
    N_("container"), N_("volume"), N_("image"), N_("tag"), N_("network"), N_("build cache"), N_("port"), N_("tmpfs"),
)  # fmt: skip
