"""What happened on the engine, as a table."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from dockyard.connection import Client, current
from dockyard.errors import engine_errors
from dockyard.tables.frame import Filters, Table, encoded

__all__ = ["events"]


def events(
    client: Client | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    filters: Filters | None = None,
) -> Table:
    """Return what the engine still remembers of what happened, oldest first; Docker keeps the last 256 events.

    Args:
        client: The engine; by default the one in use.
        since: From when on, with a time zone; by default all.
        until: Up to when, with a time zone; by default now.
        filters: As ``docker events --filter``, such as ``{"type": "container", "event": ["start", "die"]}``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    engine = client or current()
    params = {
        "since": f"{since.timestamp():.9f}" if since else "0",
        "until": f"{(until or datetime.now(UTC)).timestamp():.9f}",
        **encoded(filters),
    }
    with engine_errors(engine.address):
        answer = engine.api.get(engine.url("/events"), params=params, timeout=engine.api.timeout)
        answer.raise_for_status()
    rows = [json.loads(line) for line in answer.text.splitlines() if line]
    table = Table(
        {
            "at": pd.to_datetime([int(row["timeNano"]) for row in rows], unit="ns", utc=True),
            "kind": [row["Type"] for row in rows],
            "action": [row["Action"] for row in rows],
            "id": [row["Actor"]["ID"] for row in rows],
            "name": [_name(row["Actor"]) for row in rows],
            "attributes": [row["Actor"].get("Attributes") or {} for row in rows],
        }
    )
    text = dict.fromkeys(("action", "id", "name"), "str")
    return Table(table.astype({**text, "at": "datetime64[ns, UTC]", "kind": "category", "attributes": "object"}))


def _name(actor: Mapping[str, Any]) -> str:
    return str((actor.get("Attributes") or {}).get("name") or actor["ID"])
