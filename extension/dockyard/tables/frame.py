"""What every table is: a DataFrame with real types, shown in people's units."""

import json
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from dockyard.connection import Client, current
from dockyard.locale import N_, translate
from dockyard.wording import human_size, relative_time, short_id

__all__ = ["Filters", "Table", "ask", "encoded", "moments", "replaced", "times", "typed"]

Filters = Mapping[str, str | Sequence[str]]

# How a state looks: a sign that differs by shape, not by colour alone.
SIGNS = {"running": "●", "paused": "◐", "restarting": "◌", "created": "○", "exited": "○", "removing": "◌", "dead": "✖"}
BAD = "bad"
# Colours of their own behind the words, so that they are read on a light page and on a dark one: those of Okabe and Ito, and the ink upon them.
BADGES = {
    "running": ("#009E73", "#000000"),
    "paused": ("#E69F00", "#000000"),
    "restarting": ("#56B4E9", "#000000"),
    "removing": ("#56B4E9", "#000000"),
    "exited": ("#6b6b6b", "#ffffff"),
    "created": ("#6b6b6b", "#ffffff"),
    "dead": ("#D55E00", "#000000"),
    BAD: ("#D55E00", "#000000"),
    "dangling": ("#CC79A7", "#000000"),
    "unused": ("#F0E442", "#000000"),
}
KINDS = tuple(BADGES)
WORDS = {"dangling": N_("dangling"), "unused": N_("unused"), "in use": N_("in use")}
FAILED = re.compile(r"Exited \((?!0\))|\(unhealthy\)")
BADGE_STYLE = "border-radius: 3px; padding: 0 0.4em; white-space: nowrap"


class Table(pd.DataFrame):
    """A DataFrame that a notebook shows in people's units. Everything else is pandas'."""

    @property
    def _constructor(self) -> "type[Table]":
        return Table

    def _repr_html_(self) -> str:
        badges = _Badges()
        shown = ((name, _shown(str(name), self.dtypes[name], badges)) for name in self.columns)
        made = self.to_html(
            formatters={name: each for name, each in shown if each},
            max_rows=int(pd.get_option("display.max_rows")),
            show_dimensions=True,
            notebook=True,
            escape=True,
        )
        return badges.drawn(made)


class _Badges:
    """Words that stand on a colour. pandas escapes what cells hold, so a badge is marked there with letters of no script, and drawn afterwards."""

    def __init__(self) -> None:
        # Another letter each time: a name can't be made to look like a badge. (What is drawn is escaped all the same.)
        self._mark = chr(0xF0000 + secrets.randbelow(0xFFFE))

    def mark(self, kind: str, text: str) -> str:
        """A cell's text as a badge of a kind; as it is where there is no such kind. Short, since pandas cuts long cells."""
        return f"{self._mark}{chr(0xE000 + KINDS.index(kind))}{text}{self._mark}" if kind in BADGES else text

    def drawn(self, made: str) -> str:
        """The table with its badges."""

        def draw(found: re.Match[str]) -> str:
            back, ink = BADGES[KINDS[ord(found[1]) - 0xE000]]
            return f'<span style="background: {back}; color: {ink}; {BADGE_STYLE}">{found[2]}</span>'

        # One that was cut ends with its cell.
        return re.sub(rf"{self._mark}([\uE000-\uE0FF])(.*?)(?:{self._mark}|(?=<))", draw, made, flags=re.DOTALL)


def ask(client: Client | None, path: str, filters: Filters | None, **params: int) -> Any:
    """Return the decoded answer of one call, with filters as the Engine API takes them.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    return (client or current()).get_json(path, **params, **encoded(filters))


def encoded(filters: Filters | None) -> dict[str, str]:
    """Filters as a parameter of the Engine API; nothing where there are none."""
    wanted = {key: [value] if isinstance(value, str) else list(value) for key, value in (filters or {}).items()}
    return {"filters": json.dumps(wanted)} if wanted else {}


def typed(table: Table, *, text: Sequence[str]) -> Table:
    """Every column of the type that it has with rows in it, in an empty table too."""
    objects = [
        name for name in ("ports", "mounts", "networks", "digests", "subnets", "labels") if name in table.columns
    ]
    types = {**dict.fromkeys(text, "str"), **dict.fromkeys(objects, "object"), "created": "datetime64[us, UTC]"}
    return Table(table.astype(types))


def replaced(table: Table, key: str, keys: Collection[str], rows: Table) -> Table:
    """Return a table with these rows in place of those that had these keys; a key without a row is gone. New rows come first."""
    stay = table[~table[key].isin(keys)]
    return Table(pd.concat([rows, stay], ignore_index=True)) if len(stay) else rows


def times(seconds: Sequence[int]) -> pd.DatetimeIndex:
    """Return moments from seconds since 1970."""
    return pd.to_datetime(seconds, unit="s", utc=True)


def moments(values: Sequence[datetime | None]) -> pd.DatetimeIndex:
    """Return moments from datetimes; ``NaT`` where there is none."""
    return pd.DatetimeIndex(
        [pd.NaT if value is None else pd.Timestamp(value) for value in values], dtype="datetime64[us, UTC]"
    )


def _state(value: str) -> str:
    """A state in words, with its sign; what is not a container's has the same one everywhere."""
    sign = SIGNS.get(value, "◇" if value in ("dangling", "unused") else "")
    return f"{sign} {translate(WORDS[value]) if value in WORDS else value}".strip()


def _shown(name: str, dtype: Any, badges: _Badges) -> Callable[[Any], str] | None:
    """How a column's values are shown: by its unit, which is the end of its name, or by its type."""
    if name.endswith("_bytes"):
        return lambda value: human_size(int(value))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return lambda value: "" if pd.isna(value) else relative_time(value.to_pydatetime())
    if name == "id" or name.endswith("_id"):
        return lambda value: short_id(str(value))
    if name == "state":
        return lambda value: badges.mark(str(value), _state(str(value)))
    if name == "status":
        return lambda value: badges.mark(BAD, f"✖ {value}") if FAILED.search(str(value)) else str(value)
    if name == "outcome":
        return lambda value: badges.mark(
            BAD if value == "failed" else "", f"{'✖ ' if value == 'failed' else ''}{value}"
        )
    if name == "dangling":
        return lambda value: badges.mark("dangling", _state("dangling")) if value else ""
    if name == "labels":
        return lambda value: ", ".join(f"{key}={each}" for key, each in value.items())
    if pd.api.types.is_object_dtype(dtype):
        return lambda value: ", ".join(value) if isinstance(value, tuple) else str(value)
    return None
