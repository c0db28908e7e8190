"""The journal as a panel: what was run, what it changed, a chosen step taken back, and the whole written out to be run again."""

import html
from collections.abc import Callable, Mapping
from pathlib import Path

import ipywidgets as widgets

from dockyard import exports
from dockyard.connection import Client, current
from dockyard.errors import DockyardError, NothingStands
from dockyard.lines import standing, undo
from dockyard.locale import N_, translate
from dockyard.panels.clipboard import CopyButton
from dockyard.panels.journal_list import JournalList, ended, what_changed
from dockyard.panels.panel import changes_html, engine_html, heading, warnings_html
from dockyard.panels.working import WorkingPanel, button, says_html
from dockyard.tasks.record import Entry

__all__ = ["JournalPanel", "journal"]

SCROLLS = "max-height: 24em; overflow: auto; margin: 0"
# What each form of export is called, the file that it becomes, and what makes its text.
FORMS: Mapping[str, tuple[str, str, Callable[[list[Entry]], str]]] = {
    "script": (N_("Shell script"), "journal.sh", exports.as_script),
    "notebook": (N_("Notebook"), "journal.ipynb", exports.as_notebook_text),
    "compose": (N_("Compose file"), "compose.yaml", exports.as_compose),
}


class JournalPanel(WorkingPanel):
    """The runs on record.

    Attributes:
        list: The runs, newest first, live.
        details: All about the chosen one: its whole line, how it ended, what it changed, and whether it can be taken back.
        undo_button: Takes the chosen one back.
        form: What the runs that are shown would be written out as.
        write_button, show_button: Write them into a new file; show them.
        text, copy_text: What is shown, and the way to the clipboard.
    """

    def __init__(self, folder: Path, client: Client | None) -> None:
        super().__init__(client, ())
        self._folder = folder
        self._has_work = False
        self.details, self.text = widgets.HTML(), widgets.HTML()
        self.undo_button = button(N_("Undo this run"), self._undo)
        self.form = widgets.ToggleButtons(
            options=[(translate(label), key) for key, (label, _, _) in FORMS.items()],
            description=translate(N_("The runs shown, as a")),
            style={"description_width": "auto", "button_width": "auto"},
        )
        self.write_button = button(N_("Write a new file"), lambda: self._start(self._do_write))
        self.show_button = button(N_("Show it"), lambda: self._start(self._do_show))
        self.copy_text = CopyButton(translate(N_("Copy the text")))
        self.copy_text.layout.display = "none"
        engine = client or current()
        self.list = JournalList(engine, self._on_choice)
        self.children = [
            widgets.HBox([heading(translate(N_("Journal"))), widgets.HTML(engine_html(engine))]),
            self.list,
            self.details,
            widgets.HBox([self.undo_button]),
            self.form,
            widgets.HBox([self.write_button, self.show_button], layout=widgets.Layout(flex_flow="row wrap")),
            self.outcome,
            self.copy_text,
            self.text,
        ]
        self._on_choice()

    # ------------------------------------------------------------ what is chosen and clicked

    def _on_choice(self) -> None:
        entry = self.list.chosen
        if entry is None:
            self.details.value = html.escape(translate(N_("Choose a run to see all about it.")))
            self.undo_button.disabled = True
            return
        reason = self._against_undo(entry)
        self.details.value = _details_html(entry, reason)
        self.undo_button.disabled = bool(reason) or self._has_work

    def _against_undo(self, entry: Entry) -> str:
        """Why a run can't be taken back, as far as the journal tells; empty where it does not tell."""
        if entry.engine_id != self.client.engine_id:
            return translate(N_("It was done on another engine ({engine}), which is not in use here.")).format(
                engine=entry.engine
            )
        try:
            standing(entry.step, self.client)
        except DockyardError as error:
            return str(error)
        return ""

    def _undo(self) -> None:
        entry = self.list.chosen
        if entry is not None:
            self._start(lambda: self._do_undo(entry))

    # ------------------------------------------------------------ what the worker does

    def _do_undo(self, entry: Entry) -> None:
        self._show_text("")
        self.outcome.value = says_html(translate(N_("Taking back step {step} …")).format(step=entry.step), "warning")
        result = undo(entry.step, self.client)
        says = says_html(translate(N_("Step {step} was taken back.")).format(step=entry.step), "good")
        self.outcome.value = says + warnings_html(result.warnings) + changes_html(result.changes)

    def _do_write(self) -> None:
        self._show_text("")
        _, name, make = FORMS[self.form.value]
        runs = self._standing()
        path = exports.write_new(self._folder, name, make(runs))
        says = translate(N_("Runs written into {path}: {n}."))
        self.outcome.value = says_html(says.format(n=len(runs), path=path), "good")

    def _do_show(self) -> None:
        _, _, make = FORMS[self.form.value]
        self._show_text(make(self._standing()))

    def _standing(self) -> list[Entry]:
        """The runs that are shown and that can be run again.

        Raises:
            NothingStands: There is none.
        """
        if not (runs := exports.that_stand(self.list.shown)):
            raise NothingStands()
        return runs

    def _show_text(self, text: str) -> None:
        label = html.escape(translate(N_("The runs as text")), quote=True)
        area = f'<pre tabindex="0" role="region" aria-label="{label}" style="{SCROLLS}">{html.escape(text)}</pre>'
        self.text.value = area if text else ""
        self.copy_text.text = text
        self.copy_text.layout.display = None if text else "none"

    def _set_busy(self, busy: bool) -> None:
        self._has_work = busy
        for each in (self.write_button, self.show_button, self.undo_button):
            each.disabled = busy
        if not busy:
            self._on_choice()


def journal(folder: str | Path = ".", *, client: Client | None = None) -> JournalPanel:
    """Return a panel over the runs on record: look, take one back, write them out.

    Args:
        folder: Where files are written; by default the notebook's own folder.
        client: The engine; by default the one in use.
    """
    return JournalPanel(Path(folder).resolve(), client)


def _details_html(entry: Entry, against_undo: str) -> str:
    began = entry.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")  # by this machine's clock
    took = translate(N_("{moment}, for {seconds:.1f} s")).format(moment=began, seconds=entry.duration_s)
    how = f"{ended(entry)}: {entry.error}" if entry.error else ended(entry)
    rows = (
        (N_("Line"), f"<code>{html.escape(entry.command)}</code>"),
        (N_("When"), html.escape(took)),
        (N_("How it ended"), html.escape(how)),
        (N_("What this changed"), html.escape(what_changed(entry))),
        (N_("In the folder"), f"<code>{html.escape(entry.folder)}</code>"),
        (N_("On the engine"), f"<code>{html.escape(entry.engine)}</code>"),
        (N_("Undo"), html.escape(against_undo or translate(N_("Nothing is known that would be against it.")))),
    )
    cells = "".join(
        f'<tr><th scope="row">{html.escape(translate(label))}</th><td>{cell}</td></tr>' for label, cell in rows
    )
    caption = html.escape(translate(N_("Step {step}")).format(step=entry.step))
    return f'<table role="status"><caption>{caption}</caption>{cells}</table>'
