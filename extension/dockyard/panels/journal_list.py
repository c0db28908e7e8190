"""The runs on record as a grid: newest first, filtered, chosen from, and new as soon as something was run, by whichever kernel."""

import threading
from collections.abc import Callable

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import DockyardError
from dockyard.locale import N_, translate
from dockyard.panels.grid import Cell, Column, Grid, moment
from dockyard.panels.whole import Whole
from dockyard.tables import Table
from dockyard.tasks import Change
from dockyard.tasks.record import Entry, entries, writes
from dockyard.wording import human_size

__all__ = ["JournalList", "ended", "what_changed"]

LOOK_EVERY_S = 0.5
MOST_NAMES = 4
# How a run ended: a sign that differs by shape, a word, and a tone.
ENDED = {
    "done": ("✔", N_("done"), "good"),
    "failed": ("✘", N_("failed"), "bad"),
    "cancelled": ("■", N_("stopped"), "warning"),
    "taken back": ("↶", N_("taken back"), "idle"),
}


def _step(value: int) -> Cell:
    return (str(value), int(value))


def _ended(value: str) -> Cell:
    sign, word, tone = ENDED[value]
    return (translate(word), translate(word), tone, sign)


COLUMNS = (
    Column("step", N_("Step"), _step, 70, "desc"),
    Column("ended", N_("How it ended"), _ended, 110),
    Column("at", N_("When"), moment, 120),
    Column("command", N_("Line"), width=280),
    Column("changed", N_("What this changed"), width=280),
)


class JournalList(Whole):
    """Runs to choose one from. While a cell shows them they follow the journal; nothing is looked at while none does.

    Attributes:
        here: Whether those of this engine alone are shown.
        grid: The runs; the keys of its rows are their steps.
    """

    def __init__(self, client: Client, changed: Callable[[], None]) -> None:
        """Show the journal of a client's data folder, and call ``changed`` when another run is chosen, or when something was run."""
        self._client, self._changed = client, changed
        self._engine_id = client.engine_id
        self._entries: dict[int, Entry] = {}
        self._seen = -1
        self._reading = threading.Lock()
        self._starting = threading.Lock()
        self._leaving: threading.Event | None = None
        self._reader: threading.Thread | None = None
        self._is_closed = False
        self.here = widgets.Checkbox(
            value=True, indent=False, description=translate(N_("This engine only")), layout=widgets.Layout(width="auto")
        )
        self.here.observe(lambda _: self._turn(), "value")
        self.grid = Grid(
            translate(N_("Runs")), COLUMNS, ("step",), several=False, filters=False, on_chosen=lambda _: changed()
        )
        self.grid.on_seen = self._follow_if_seen
        super().__init__([self.here, self.grid])
        self._read()

    @property
    def chosen(self) -> Entry | None:
        """The run that is chosen."""
        return self._entries.get(int(self.grid.chosen[0])) if self.grid.chosen else None

    @property
    def shown(self) -> list[Entry]:
        """The runs that are shown and fit the filter, oldest first."""
        words = self.grid.search.casefold().split()
        moments = {column.name for column in COLUMNS if column.cell is moment}  # the filter passes over them
        found = []
        for key, row in self.grid.rows.items():
            told = " ".join(shown for name, shown in row.items() if name not in moments).casefold()
            if all(word in told for word in words):
                found.append(int(key))
        return [self._entries[step] for step in sorted(found)]

    def close(self) -> None:
        """Stop following the journal, and go."""
        self._is_closed = True
        self._follow_if_seen()
        super().close()

    # ------------------------------------------------------------ following

    def _follow_if_seen(self) -> None:
        with self._starting:
            is_wanted = self.grid.is_seen and not self._is_closed
            ended = None
            if is_wanted and self._leaving is None:
                self._leaving = threading.Event()
                self._reader = threading.Thread(
                    target=self._follow, args=(self._leaving,), name="dockyard-journal", daemon=True
                )
                self._reader.start()
            elif not is_wanted and self._leaving is not None:
                self._leaving.set()
                ended, self._reader, self._leaving = self._reader, None, None
        if ended is not None and ended is not threading.current_thread():
            ended.join()

    def _follow(self, leaving: threading.Event) -> None:
        while not leaving.wait(LOOK_EVERY_S):
            if self._read():
                self._changed()

    def _read(self) -> bool:
        """Read the journal, if it was written since it was read last; return whether it was."""
        with self._reading:
            if (now := writes(self._client.data_dir)) == self._seen:
                return False
            self._seen = now
            try:
                self._entries = {entry.step: entry for entry in entries(self._client.data_dir)}
                self.grid.says = ""
            except DockyardError as error:
                self.grid.says = str(error)
                return False
            self._show()
            return True

    def _turn(self) -> None:
        with self._reading:
            self._show()
        self._changed()

    def _show(self) -> None:
        rows = [each for each in self._entries.values() if not self.here.value or each.engine_id == self._engine_id]
        self.grid.show(
            Table(
                {
                    "step": [entry.step for entry in rows],
                    "ended": [_how(entry) for entry in rows],
                    "at": [entry.at for entry in rows],
                    "command": [" ".join(entry.command.split()) for entry in rows],
                    "changed": [what_changed(entry) for entry in rows],
                }
            )
        )


def ended(entry: Entry) -> str:
    """How a run ended, in a sign and a word."""
    sign, word, _ = ENDED[_how(entry)]
    return f"{sign} {translate(word)}"


def what_changed(entry: Entry) -> str:
    """What a run changed in the engine's lists, in sentences of the reader's language."""
    told = []
    for action, sentence in (
        ("create", N_("It made {names}.")),
        ("change", N_("It changed {names}.")),
        ("remove", N_("It removed {names}.")),
    ):
        names = [_named(change) for change in entry.changes if change.action == action]
        if (left := len(names) - MOST_NAMES) > 1:
            names[MOST_NAMES:] = [translate(N_("{n} more")).format(n=left)]
        told += [translate(sentence).format(names=", ".join(names))] if names else []
    return " ".join(told) or translate(N_("No container, image, volume or network came, changed or went."))


def _named(change: Change) -> str:
    more = change.reason or ("" if change.size_bytes is None else human_size(change.size_bytes))
    return f"{translate(change.kind)} {change.name}" + (f" ({more})" if more else "")


def _how(entry: Entry) -> str:
    return entry.outcome if entry.undone_at is None else "taken back"
