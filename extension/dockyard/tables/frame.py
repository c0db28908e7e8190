"""What every table is: a DataFrame with real types, shown in people's units."""

import json
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


class Table(pd.DataFrame):
    """A DataFrame that a notebook shows in people's units. Everything else is pandas'."""

    @property
    def _constructor(self) -> "type[Table]":
        return Table

    def _repr_html_(self) -> str:
        return self.to_html(
            formatters={name: shown for name in self.columns if (shown := _shown(str(name), self.dtypes[name]))},
            max_rows=int(pd.get_option("display.max_rows")),
            show_dimensions=True,
            notebook=True,
            escape=True,
        )


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


def _shown(name: str, dtype: Any) -> Callable[[Any], str] | None:
    """How a column's values are shown: by its unit, which is the end of its name, or by its type."""
    if name.endswith("_bytes"):
        return lambda value: human_size(int(value))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return lambda value: "" if pd.isna(value) else relative_time(value.to_pydatetime())
    if name == "id" or name.endswith("_id"):
        return lambda value: short_id(str(value))
    if name == "state":
        return lambda value: f"{SIGNS.get(str(value), '?')} {value}"
    if name == "dangling":
        return lambda value: translate(N_("dangling")) if value else ""
    if name == "labels":
        return lambda value: ", ".join(f"{key}={each}" for key, each in value.items())
    if pd.api.types.is_object_dtype(dtype):
        return lambda value: ", ".join(value) if isinstance(value, tuple) else str(value)
    return None
