"""The journal as a table."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from dockyard import exports
from dockyard.connection import Client, current
from dockyard.tables.frame import Table, moments
from dockyard.tasks.record import Entry, entries

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Journal", "journal"]


class Journal(Table):
    """A table of runs that can be written out as something to run again; choose the rows first, as pandas does."""

    @property
    def _constructor(self) -> "type[Journal]":
        return Journal

    def script(self) -> str:
        """Return a shell script of these runs' docker lines: see :func:`dockyard.exports.as_script`."""
        return exports.as_script(self._entries())

    def notebook(self) -> "NotebookNode":
        """Return a notebook with a cell for each of these runs: see :func:`dockyard.exports.as_notebook`."""
        return exports.as_notebook(self._entries())

    def compose(self) -> str:
        """Return a Compose file with the containers that these runs started: see :func:`dockyard.exports.as_compose`."""
        return exports.as_compose(self._entries())

    def _entries(self) -> list[Entry]:
        given = {each.name for each in fields(Entry)} - {"at", "undone_at", "changes"}
        rows: list[dict[Any, Any]] = self.to_dict("records")
        return [
            Entry(
                at=row["at"].to_pydatetime(),
                undone_at=None if pd.isna(row["undone_at"]) else row["undone_at"].to_pydatetime(),
                **{name: row[name] for name in given},
            )
            for row in rows
        ]


def journal(client: Client | None = None) -> Journal:
    """Return every run of a task on this machine, oldest first, on whatever engine it was.

    ``created``, ``changed`` and ``removed`` are tuples such as ``("container apa000ex19", "volume apa000vol1")``; ``size_bytes`` is what images
    came to (below zero: what went), of which shared layers are a part. ``outcome`` is ``done``, ``failed`` or ``cancelled``.

    Args:
        client: Whose data folder holds the journal; by default the engine's in use.
    """
    rows = entries((client or current()).data_dir)

    def named(row: Entry, action: str) -> tuple[str, ...]:
        return tuple(f"{change.kind} {change.name}" for change in row.changes if change.action == action)

    signs = {"create": 1, "remove": -1}
    table = Table(
        {
            "step": pd.array([row.step for row in rows], dtype="int64"),
            "at": moments([row.at for row in rows]),
            "engine_id": [row.engine_id for row in rows],
            "engine": [row.engine for row in rows],
            "folder": [row.folder for row in rows],
            "command": [row.command for row in rows],
            "code": [row.code for row in rows],
            "outcome": pd.Categorical([row.outcome for row in rows], categories=("done", "failed", "cancelled")),
            "error": [row.error for row in rows],
            "duration_s": pd.array([row.duration_s for row in rows], dtype="float64"),
            "created": [named(row, "create") for row in rows],
            "changed": [named(row, "change") for row in rows],
            "removed": [named(row, "remove") for row in rows],
            "size_bytes": pd.array(
                [sum(signs.get(each.action, 0) * (each.size_bytes or 0) for each in row.changes) for row in rows],
                dtype="int64",
            ),
            "undone_at": moments([row.undone_at for row in rows]),
        }
    )
    objects = dict.fromkeys(("created", "changed", "removed"), "object")
    text = dict.fromkeys(("engine_id", "engine", "folder", "command", "code", "error"), "str")
    return Journal(table.astype({**text, **objects}))
