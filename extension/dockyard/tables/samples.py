"""The sums of each measurement of an engine's disk, in a small SQLite file beside the journal."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from dockyard.connection import Client
from dockyard.errors import SamplesBroken

__all__ = ["SUMS", "add", "read"]

SUMS = ("images_bytes", "containers_bytes", "volumes_bytes", "cache_bytes", "reclaimable_bytes")
MOST_SAMPLES = 10_000  # in all; older ones go first
LOCKED_S = 5

TABLE = f"""CREATE TABLE IF NOT EXISTS samples (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, engine_id TEXT NOT NULL,
    {", ".join(f"{name} INTEGER NOT NULL" for name in SUMS)}
)"""


def add(client: Client, at: datetime, sums: Mapping[str, int]) -> None:
    """Keep one measurement of an engine."""
    row = {"at": at.isoformat(), "engine_id": client.engine_id, **sums}
    with _open(client.data_dir) as database:
        added = database.execute(
            f"INSERT INTO samples ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})",  # noqa: S608  # names of SUMS
            row,
        )
        database.execute("DELETE FROM samples WHERE number <= ?", ((added.lastrowid or 0) - MOST_SAMPLES,))


def read(client: Client) -> list[dict[str, Any]]:
    """Return an engine's measurements, oldest first.

    Raises:
        SamplesBroken: The file can't be read, or is something else.
    """
    if not _path(client.data_dir).exists():
        return []
    try:
        with _open(client.data_dir) as database:
            database.row_factory = sqlite3.Row
            found = database.execute("SELECT * FROM samples WHERE engine_id = ? ORDER BY at", (client.engine_id,))
            return [dict(row) for row in found]
    except (sqlite3.Error, OSError) as error:
        raise SamplesBroken(path=str(_path(client.data_dir)), reason=str(error)) from error


@contextmanager
def _open(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The database, its table made; what is done inside is one transaction."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = _path(data_dir)
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=LOCKED_S)
    try:
        database.execute(
            "PRAGMA synchronous = OFF"
        )  # nothing waits for the disk: a measurement that is lost with the power is no loss
        with database:
            database.execute(TABLE)
            yield database
    finally:
        database.close()


def _path(data_dir: Path) -> Path:
    return data_dir / "disk.sqlite"
