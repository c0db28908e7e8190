"""A panel: a form over one task, with its command line, its plan, Run and Cancel, progress, evidence, and the way back.

The task runs in a thread of its own, so that the kernel stays free. Everything from outside is escaped before it is shown.
"""

import html
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from dockyard.connection import Client, current
from dockyard.errors import Cancelled, DockyardError
from dockyard.locale import N_, translate
from dockyard.panels.clipboard import CopyButton
from dockyard.panels.form import Field, Form, Value
from dockyard.tasks import Change, Evidence, Plan, Progress, Result, Task
from dockyard.wording import human_size

__all__ = ["Panel"]

REPORTS_PER_S = 10
MOST_CHANGES = 50
STYLE = """<style>
.dockyard-panel { border: 1px solid var(--jp-border-color1, #ccc); border-radius: 4px; padding: 10px; gap: 4px; }
.dockyard-panel code, .dockyard-panel pre { background: var(--jp-layout-color2, #eee); color: inherit; padding: 2px 6px; border-radius: 3px; white-space: pre-wrap; overflow-wrap: anywhere; }
.dockyard-fault, .dockyard-bad { color: var(--jp-error-color0, #a00); }
.dockyard-good { color: var(--jp-success-color0, #060); }
.dockyard-warning { color: var(--jp-warn-color0, #850); }
.dockyard-panel table { border-collapse: collapse; } .dockyard-panel td, .dockyard-panel th { padding: 1px 8px; text-align: left; }
</style>"""


class Panel(widgets.VBox):
    """A form over one task.

    Attributes:
        form: Its fields.
        line: The docker line that the fields stand for.
        preview_button, run_button, cancel_button, undo_button: What can be clicked.
        plan_view: What a run will change.
        progress: How far it has come.
        outcome: What came of it, with its evidence.
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        values: Mapping[str, Value],
        make: Callable[[Mapping[str, Value]], Task],
        client: Client | None = None,
    ) -> None:
        self._make, self._client = make, client
        self._cancel = threading.Event()
        self._worker: threading.Thread | None = None
        self._planned: tuple[Task, Plan] | None = None
        self._ran: Task | None = None
        self._reported_at = 0.0

        self.form = Form(fields, values, self._on_change)
        self.line = widgets.HTML()
        self.copy_line, self.copy_code = CopyButton(_("Copy the command")), CopyButton(_("Copy as a cell"))
        self.preview_button = _button(N_("Show what it will change"), self._preview)
        self.run_button = _button(N_("Run"), self._run, "primary")
        self.cancel_button = _button(N_("Cancel"), self._cancel.set)
        self.undo_button = _button(N_("Undo"), self._undo)
        self.plan_view, self.outcome, self.doing = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.progress = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="min(44em, 98%)"))
        self.more = widgets.VBox()
        self._set_busy(False)
        self.undo_button.disabled = True

        buttons = [self.preview_button, self.run_button, self.cancel_button, self.undo_button]
        super().__init__(
            [
                widgets.HTML(f"{STYLE}<b>{html.escape(title)}</b>"),
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
        )
        self.add_class("dockyard-panel")
        self._on_change()

    @property
    def client(self) -> Client:
        """The engine that the panel works on."""
        return self._client or current()

    @property
    def task(self) -> Task | None:
        """The task that the fields stand for; None while they do not make one."""
        try:
            return self._make(self.form.values)
        except DockyardError:
            return None

    def wait(self, timeout_s: float = 60) -> None:
        """Wait until what was started has ended.

        Raises:
            TimeoutError: It has not ended in time.
        """
        if self._worker is not None:
            self._worker.join(timeout_s)
            if self._worker.is_alive():
                raise TimeoutError(f"still running after {timeout_s} s")

    def close(self) -> None:
        """Stop what runs, and go."""
        self._cancel.set()
        if self._worker is not None and self._worker is not threading.current_thread():
            self._worker.join()
        super().close()

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
            self._show_error(error)
            self.run_button.disabled = self.preview_button.disabled = True
            return
        self.outcome.value = ""
        self.line.value = f"<code>{html.escape(task.command)}</code>"
        self.copy_line.text, self.copy_code.text = task.command, task.code
        self.run_button.disabled = self.preview_button.disabled = False

    def _preview(self) -> None:
        self._start(self._do_preview)

    def _run(self) -> None:
        self._start(self._do_run)

    def _undo(self) -> None:
        self._start(self._do_undo)

    # ------------------------------------------------------------ what the worker does

    def _do_preview(self) -> None:
        task = self._make(self.form.values)
        self._planned = (task, task.plan(self.client))
        self.plan_view.value = _plan_html(self._planned[1])

    def _do_run(self) -> None:
        task = self._make(self.form.values)
        if self._planned is None or self._planned[0] != task:
            self._do_preview()
        assert self._planned is not None
        plan, self._planned = self._planned[1], None
        self.before_run(task)
        result = task.run(self.client, plan=plan, report=self._report, cancel=self._cancel)
        self._ran = task
        self.undo_button.disabled = False
        self.outcome.value = _evidence_html(task.verify(self.client), result.warnings)
        self.after_run(task, result)

    def _do_undo(self) -> None:
        assert self._ran is not None
        result = self._ran.undo(self.client)
        self.undo_button.disabled = True
        self.plan_view.value = _changes_html(result.changes)
        taken_back = html.escape(_("Taken back."))
        self.outcome.value = f'<span class="dockyard-good" role="status">{taken_back}</span>'

    def _start(self, work: Callable[[], None]) -> None:
        if self._worker is not None and self._worker.is_alive():
            return
        self._cancel.clear()
        self._set_busy(True)
        self.outcome.value = self.doing.value = ""
        self._worker = threading.Thread(target=self._work, args=(work,), name="dockyard-panel", daemon=True)
        self._worker.start()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Cancelled as error:
            self.outcome.value = f'<span class="dockyard-warning" role="status">{html.escape(str(error))}</span>'
        except DockyardError as error:
            self._show_error(error)
        except Exception as error:
            self.outcome.value = f'<span class="dockyard-bad" role="alert">{html.escape(repr(error))}</span>'
            raise  # a bug keeps its traceback
        finally:
            self._set_busy(False)

    def _report(self, progress: Progress) -> None:
        now = time.monotonic()
        ended = progress.total is not None and progress.done >= progress.total
        if not ended and now - self._reported_at < 1 / REPORTS_PER_S:
            return
        self._reported_at = now
        self.progress.value = progress.done / progress.total if progress.total else 0
        count = f" {human_size(progress.done)}" if progress.unit == "bytes" else ""
        of = f" / {human_size(progress.total)}" if progress.unit == "bytes" and progress.total else ""
        self.doing.value = html.escape(f"{progress.doing}{count}{of}")

    # ------------------------------------------------------------ what is shown

    def _show_error(self, error: DockyardError) -> None:
        sentence, flag = str(error), str(error.facts.get("flag", ""))
        if not self.form.show_fault(sentence, flag):
            self.outcome.value = f'<span class="dockyard-bad" role="alert">{html.escape(sentence)}</span>'

    def _set_busy(self, busy: bool) -> None:
        self.run_button.disabled = self.preview_button.disabled = busy
        self.cancel_button.disabled = not busy
        self.form.freeze(busy)
        self.progress.layout.visibility = "visible" if busy else "hidden"
        if not busy:
            self.progress.value = 0
            self.doing.value = ""


_ = translate


def _button(label: str, click: Callable[[], None], style: str = "") -> widgets.Button:
    button = widgets.Button(description=translate(label), button_style=style, layout=widgets.Layout(width="auto"))
    button.on_click(lambda _: click())
    return button


def _plan_html(plan: Plan) -> str:
    warnings = "".join(f'<div class="dockyard-warning">⚠ {html.escape(text)}</div>' for text in plan.warnings)
    return warnings + _changes_html(plan.changes)


def _changes_html(changes: Sequence[Change]) -> str:
    words = {"create": _("new"), "change": _("replaced"), "remove": _("removed")}
    rows = [
        f"<tr><td>{words[change.action]}</td><td>{html.escape(_(change.kind))}</td><td><code>{html.escape(change.name)}</code></td>"
        f"<td>{'' if change.size_bytes is None else human_size(change.size_bytes)}</td><td>{html.escape(change.reason)}</td></tr>"
        for change in changes[:MOST_CHANGES]
    ]
    if (left := len(changes) - MOST_CHANGES) > 0:
        total = sum(change.size_bytes or 0 for change in changes[MOST_CHANGES:])
        more = _("and {n} more ({size})").format(n=left, size=human_size(total))
        rows.append(f"<tr><td colspan=5>{html.escape(more)}</td></tr>")
    return f"<table>{''.join(rows)}</table>" if rows else html.escape(_("Nothing will change."))


def _evidence_html(evidence: Evidence, warnings: Sequence[str]) -> str:
    mark, style = ("✔", "good") if evidence.ok else ("✘", "bad")
    shown = f'<div class="dockyard-{style}" role="status">{mark} {html.escape(evidence.says)}</div>'
    return shown + "".join(f'<div class="dockyard-warning">⚠ {html.escape(text)}</div>' for text in warnings)


# The kinds of things that changes name, for the catalogues.
KINDS = (
    N_("file"), N_("folder"), N_("link"), N_("hard link"), N_("pipe"), N_("device"),
    N_("container"), N_("volume"), N_("image"), N_("port"),
)  # fmt: skip
