"""A grid over a table: sorted, filtered, chosen from, and changed row by row. It knows nothing of Docker.

It is drawn by AG Grid Community. Rows go to the browser as messages, the changed ones alone, and never as the widget's state: notebooks save that.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import anywidget
import traitlets

from dockyard.locale import N_, language, translate
from dockyard.tables import Table
from dockyard.wording import human_size, relative_time, short_id

__all__ = ["Cell", "Column", "Grid", "listed", "moment", "short", "size", "text"]

LIBRARY = Path(__file__).parent / "ag_grid.js"
ABANDONED_S = 10  # how long no cell may show a grid before it counts as gone

# A text; or a text, what it is sorted by, its tone (good, warning, bad, idle, mark) and a sign before it; or of a moment, the seconds since 1970.
Cell = str | float | None | tuple[str, str | float] | tuple[str, str | float, str] | tuple[str, str | float, str, str]


def text(value: Any) -> Cell:
    """The cell of a text; nothing where there is none."""
    return "" if value is None or value != value else str(value)  # what is missing in a table differs from itself


def short(value: str) -> Cell:
    """The cell of an ID: twelve digits."""
    return short_id(value)


def listed(value: Iterable[str]) -> Cell:
    """The cell of several texts."""
    return ", ".join(value)


def size(value: float | None) -> Cell:
    """The cell of bytes: shown as people read them, sorted by what they are; nothing where they are not known."""
    return ("", -1) if value is None or value != value else (human_size(int(value)), int(value))  # as above


def moment(value: datetime) -> Cell:
    """The cell of a time: the browser shows how long ago it was, and goes on counting."""
    return None if value is None or value != value else round(value.timestamp(), 3)  # as above


@dataclass(frozen=True)
class Column:
    """One column of a grid.

    Attributes:
        name: What the table calls it.
        title: Its heading; a message of the catalogues.
        cell: How a value of it is shown.
        width: How much room it needs, in pixels; what is left over is shared out in the same proportion.
        sort: Whether the rows are sorted by it at first.
        filter: How it is filtered; by default as its cells are: by text, by size or by age. "choice" offers the values that are there.
    """

    name: str
    title: str
    cell: Callable[[Any], Cell] = text
    width: int = 120
    sort: Literal["", "asc", "desc"] = ""
    filter: Literal["", "text", "number", "choice"] = ""

    def spec(self) -> dict[str, Any]:
        """What the browser is told of it."""
        return {
            "name": self.name,
            "title": translate(self.title),
            "width": self.width,
            "sort": self.sort,
            "moment": self.cell is moment,
            "right": self.cell is size,
            "filter": self.filter or ("moment" if self.cell is moment else "size" if self.cell is size else "text"),
        }


class Grid(anywidget.AnyWidget):
    """A grid over a table.

    Attributes:
        label: What screen readers call it.
        search: Shows those rows alone that have all of its words in them.
        chosen: The keys of the rows that are chosen.
        filters: Whether each column has a filter too; those are the browser's alone, and nothing here knows what they leave out.
        says: What is wrong; empty where nothing is.
        disabled: Whether nothing can be chosen or typed.
        as_of: When something in it was measured that does not follow by itself, in seconds since 1970; 0 where there is nothing of the kind.
    """

    _esm = Path(__file__).parent / "grid.js"
    _css = Path(__file__).parent / "grid.css"
    label = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    several = traitlets.Bool().tag(sync=True)
    filters = traitlets.Bool().tag(sync=True)
    search = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
    says = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool().tag(sync=True)
    as_of = traitlets.Float().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        label: str,
        columns: Sequence[Column],
        key: Sequence[str],
        *,
        several: bool = True,
        filters: bool = True,
        on_chosen: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        """Make an empty grid.

        Args:
            label: What it shows, in the reader's language.
            columns: From left to right.
            key: The columns of the table whose values together tell one row from every other.
            several: Whether more than one row can be chosen at a time.
            filters: Whether each column has a filter.
            on_chosen: Called with the keys when someone chooses others; not when rows go by themselves.
        """
        self._columns, self._key_columns, self._on_chosen = tuple(columns), tuple(key), on_chosen
        self._rows: dict[str, tuple[Cell, ...]] = {}
        self._table = Table({name: [] for name in (*key, *(column.name for column in columns))})
        self._views: set[str] = set()
        self._leaving: threading.Timer | None = None
        self._one_at_a_time = threading.RLock()
        self._is_changing = False
        self.on_seen: Callable[[], None] = lambda: None
        super().__init__(
            label=label,
            columns=[column.spec() for column in columns],
            several=several,
            filters=filters,
            language=language(),
            words=_words(),
        )
        self.observe(lambda _: self._choose(), "chosen")
        self.on_msg(lambda _, content, buffers: self.hear(content))  # noqa: ARG005  # it sends none

    @property
    def is_seen(self) -> bool:
        """Whether a cell shows it."""
        return bool(self._views) or self._leaving is not None

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        """Each row's key, and what is shown in each of its columns."""
        return {key: self.read(key) for key in self._rows}

    def read(self, key: str) -> dict[str, str]:
        """Return what is shown of one row, by column.

        Raises:
            KeyError: There is no such row.
        """
        return {column.name: _read(cell) for column, cell in zip(self._columns, self._rows[key], strict=True)}

    @property
    def chosen_rows(self) -> Table:
        """The rows that are chosen, of the table that is shown."""
        with self._one_at_a_time:
            chosen = set(self.chosen)
            return Table(self._table.loc[[key in chosen for key in self._keys(self._table)]])

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns from the next table on."""
        self._columns = tuple(columns)
        self.columns = [column.spec() for column in columns]

    def show(self, table: Table, only: Collection[str] | None = None) -> None:
        """Show a table; rows that are as they were are left alone, and what is chosen stays so while it is there.

        Args:
            table: What is to be shown from now on.
            only: The keys of the rows that may differ from those of the table before, where the key is one column; by default all.
        """
        with self._one_at_a_time:
            before, self._table = self._rows, table
            if only is None:
                rows = self._read_rows(table)
            else:
                rows = {key: row for key, row in before.items() if key not in only}
                rows.update(self._read_rows(Table(table[table[self._key_columns[0]].isin(only)])))
            self._rows = rows
            put = [[key, *row] for key, row in rows.items() if before.get(key) != row]
            drop = [key for key in before if key not in rows]
            if self._views and (put or drop):
                self.send({"do": "change", "put": put, "drop": drop})
            self._is_changing = True
            self.chosen = [key for key in self.chosen if key in rows]
            self._is_changing = False

    def hear(self, content: Mapping[str, Any]) -> None:
        """Do what a message from the browser says."""
        do, view = content.get("do"), str(content.get("view"))
        if do == "library":
            self.send({"do": "library"}, [LIBRARY.read_bytes()])
        elif do == "ready":
            self._enter(view)
            with self._one_at_a_time:
                self.send({"do": "rows", "rows": [[key, *row] for key, row in self._rows.items()]})
            self.on_seen()
        elif do == "here":
            self._enter(view)
        elif do == "gone":
            self._leave()

    def close(self) -> None:
        """Go."""
        with self._one_at_a_time:
            self._views.clear()
            if self._leaving:
                self._leaving.cancel()
                self._leaving = None
        super().close()

    def _read_rows(self, table: Table) -> dict[str, tuple[Cell, ...]]:
        cells = zip(*([column.cell(value) for value in table[column.name]] for column in self._columns), strict=True)
        return dict(zip(self._keys(table), cells, strict=True))

    def _keys(self, table: Table) -> Iterator[str]:
        """The key of each row."""
        return (" ".join(map(str, key)) for key in zip(*(table[name] for name in self._key_columns), strict=True))

    def _choose(self) -> None:
        if self._on_chosen and not self._is_changing:
            self._on_chosen(tuple(self.chosen))

    def _enter(self, view: str) -> None:
        with self._one_at_a_time:
            self._views.add(view)
            if self._leaving:
                self._leaving.cancel()
                self._leaving = None

    def _leave(self) -> None:
        """A cell shows it no more; others that do are asked to say so, since a page that was closed did not."""
        with self._one_at_a_time:
            self._views.clear()
            if self._leaving:
                self._leaving.cancel()
            self._leaving = threading.Timer(ABANDONED_S, self._abandon)
            self._leaving.name, self._leaving.daemon = "dockyard-grid-abandoned", True
            self._leaving.start()
        self.send({"do": "count"})

    def _abandon(self) -> None:
        with self._one_at_a_time:
            self._leaving = None
        self.on_seen()


def _read(cell: Cell) -> str:
    """What a browser shows of a cell."""
    if isinstance(cell, tuple):
        sign = f"{cell[3]} " if len(cell) == 4 else ""
        return f"{sign}{cell[0]}"
    return (
        ""
        if cell is None
        else relative_time(datetime.fromtimestamp(cell, UTC))
        if isinstance(cell, float)
        else str(cell)
    )


def _words() -> dict[str, Any]:
    return {
        "search": translate(N_("Filter: parts of what is shown, with spaces between")),
        "count": translate(N_("{shown} of {all}")),
        "chosen": translate(N_("{n} chosen")),
        "hidden": translate(N_("{n} of them hidden by the filter")),
        "left": translate(N_("{n} left out by filters")),
        "clear": translate(N_("Clear all filters")),
        "newer": translate(N_("Newer than")),
        "older": translate(N_("Older than")),
        "hints": {
            "number": translate(N_("A number, such as 80")),
            "size": translate(N_("A size, such as 20MB or 1.5 GiB")),
            "moment": translate(N_("A span of time, such as 90m, 24h or 3 days")),
        },
        "as_of": translate(N_("sizes measured {when}")),
        "grid": {
            "noRowsToShow": translate(N_("Nothing there")),
            "noMatchingRows": translate(N_("Nothing fits the filter")),
            "ariaSortableColumn": translate(N_("Enter sorts by this column")),
            "ariaRowSelect": translate(N_("Space chooses this row")),
            "ariaRowDeselect": translate(N_("Space takes this row out of the choice")),
            "ariaRowToggleSelection": translate(N_("Space chooses this row or takes it out of the choice")),
            "ariaRowSelectAll": translate(N_("Space chooses all rows or none")),
            "ariaChecked": translate(N_("chosen")),
            "ariaUnchecked": translate(N_("not chosen")),
            "ariaIndeterminate": translate(N_("some chosen")),
            "contains": translate(N_("Contains")),
            "notContains": translate(N_("Does not contain")),
            "startsWith": translate(N_("Begins with")),
            "endsWith": translate(N_("Ends with")),
            "equals": translate(N_("Equals")),
            "greaterThan": translate(N_("More than")),
            "lessThan": translate(N_("Less than")),
            "inRange": translate(N_("Between")),
            "inRangeStart": translate(N_("At least")),
            "inRangeEnd": translate(N_("At most")),
            "blank": translate(N_("Empty")),
            "notBlank": translate(N_("Not empty")),
            "filterOoo": translate(N_("Filter by…")),
            "ariaLabelInputClear": translate(N_("Clear")),
            "resetFilter": translate(N_("Clear this filter")),
            "ariaFilterColumn": translate(N_("Control and Enter open its filter")),
            "ariaColumnFiltered": translate(N_("filtered")),
            "ariaLabelColumnFilter": translate(N_("Filter of a column")),
            "ariaFilteringOperator": translate(N_("How it is compared")),
            "ariaFilterValue": translate(N_("Compared with")),
            "ariaFilterFromValue": translate(N_("At least")),
            "ariaFilterToValue": translate(N_("At most")),
            "ariaFilterInput": translate(N_("Filter")),
        },
    }
