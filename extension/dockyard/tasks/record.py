"""The journal: every run of a task on this machine, with what it changed. One SQLite file below the client's data folder.

A run that is a part of another one is not recorded by itself. A journal that can't be written stops no task: its result says so as a warning.
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

from dockyard.connection import Client
from dockyard.errors import Cancelled, EngineError, JournalBroken
from dockyard.locale import N_, translate
from dockyard.tasks.change import Change
from dockyard.tasks.snapshot import Snapshot, difference, take

__all__ = ["Entry", "entries", "off_record", "recorded_run", "recorded_undo", "writes"]

MOST_ENTRIES = 10_000
LOCKED_S = 5
CHANGE_COUNTER = slice(24, 28)  # where the file's header has it
Outcome = Literal["done", "failed", "cancelled"]
Method = TypeVar("Method", bound=Callable[..., Any])

TABLE = """CREATE TABLE IF NOT EXISTS runs (
    step INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, engine_id TEXT NOT NULL, engine TEXT NOT NULL, folder TEXT NOT NULL,
    command TEXT NOT NULL, code TEXT NOT NULL, outcome TEXT NOT NULL, error TEXT NOT NULL, duration_s REAL NOT NULL,
    changes TEXT NOT NULL, undone_at TEXT NOT NULL
)"""

_is_inside: ContextVar[bool] = ContextVar("dockyard_recording", default=False)


@dataclass(frozen=True)
class Entry:
    """One run.

    Attributes:
        at: When it began, in UTC.
        engine_id: The engine's own identity.
        engine: The engine's address.
        folder: The working folder, at which relative paths in ``command`` begin.
        command: The docker line.
        code: The same as Python.
        outcome: How it ended.
        error: Why it failed, in the reader's language of that time.
        duration_s: How long it took, in seconds.
        changes: What differed afterwards in the engine's containers, images, tags, volumes and networks.
        undone_at: When it was taken back, in UTC; None where it was not.
        step: Its number, counted from 1; 0 before it is stored.
    """

    at: datetime
    engine_id: str
    engine: str
    folder: str
    command: str
    code: str
    outcome: Outcome
    error: str
    duration_s: float
    changes: tuple[Change, ...] = ()
    undone_at: datetime | None = None
    step: int = field(default=0, compare=False)


def entries(data_dir: Path) -> list[Entry]:
    """Return every run on record, oldest first.

    Raises:
        JournalBroken: The file can't be read, or is no journal.
    """
    if not _path(data_dir).exists():
        return []
    try:
        with _open(data_dir) as database:
            database.row_factory = sqlite3.Row
            return [_entry(dict(row)) for row in database.execute("SELECT * FROM runs ORDER BY step")]
    except (sqlite3.Error, OSError) as error:
        raise JournalBroken(path=str(_path(data_dir)), reason=str(error)) from error


def writes(data_dir: Path) -> int:
    """Return how often the journal was written, by whichever process: a number that differs once it was written again.

    It is asked for without opening the database (SQLite, "Database File Format", file change counter).
    """
    try:
        with _path(data_dir).open("rb") as file:
            return int.from_bytes(file.read(CHANGE_COUNTER.stop)[CHANGE_COUNTER], "big")
    except OSError:
        return 0  # there is none yet


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        **{
            **row,
            "at": datetime.fromisoformat(row["at"]),
            "changes": tuple(Change(**each) for each in json.loads(row["changes"])),
            "undone_at": datetime.fromisoformat(row["undone_at"]) if row["undone_at"] else None,
        }
    )


def recorded_run(run: Method) -> Method:
    """Wrap a task's ``run`` so that it is put on record; its result gains ``difference``, and a warning where that failed."""

    @wraps(run)
    def on_record(task: Any, client: Client, **options: Any) -> Any:
        if _is_inside.get():
            return run(task, client, **options)
        with _Recording(task, client) as recording:
            result = run(task, client, **options)
        return replace(result, difference=recording.changes, warnings=(*result.warnings, *recording.warnings))

    return on_record  # type: ignore[return-value]  # the same signature


def recorded_undo(undo: Method) -> Method:
    """Wrap a task's ``undo`` so that the run that it took back is marked."""

    @wraps(undo)
    def on_record(task: Any, client: Client) -> Any:
        if _is_inside.get():
            return undo(task, client)
        with off_record():
            result = undo(task, client)
        with suppress(sqlite3.Error, OSError), _open(client.data_dir) as database:  # it is taken back all the same
            database.execute(
                "UPDATE runs SET undone_at = ? WHERE step = "
                "(SELECT MAX(step) FROM runs WHERE command = ? AND engine_id = ? AND outcome = 'done' AND undone_at = '')",
                (datetime.now(UTC).isoformat(), task.command, client.engine_id),
            )
        return result

    return on_record  # type: ignore[return-value]  # the same signature


@contextmanager
def off_record() -> Iterator[None]:
    """Keep runs inside the block out of the journal: those of a trial that leaves nothing behind."""
    token = _is_inside.set(True)
    try:
        yield
    finally:
        _is_inside.reset(token)


class _Recording:
    """A context manager: what happens inside is one run of ``task``."""

    def __init__(self, task: Any, client: Client) -> None:
        self._task, self._client = task, client
        self.changes: tuple[Change, ...] = ()
        self.warnings: tuple[str, ...] = ()

    def __enter__(self) -> "_Recording":
        self._token = _is_inside.set(True)
        self._before = self._snapshot()
        self._at, self._began = datetime.now(UTC), time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        duration_s = time.monotonic() - self._began
        _is_inside.reset(self._token)
        after = self._snapshot()
        if self._before and after:
            self.changes = difference(self._before, after)
        stopped = isinstance(error, Cancelled | KeyboardInterrupt)
        task, client = self._task, self._client
        try:
            _store(
                client.data_dir,
                Entry(
                    self._at,
                    client.engine_id,
                    client.address,
                    os.getcwd(),
                    task.command,
                    task.code,
                    "cancelled" if stopped else "failed" if error else "done",
                    (str(error) or type(error).__name__) if error else "",
                    duration_s,
                    self.changes,
                ),
            )
        except (sqlite3.Error, OSError, EngineError) as reason:
            self.warnings = (translate(N_("This run could not be put in the journal: {reason}")).format(reason=reason),)

    def _snapshot(self) -> Snapshot | None:
        with suppress(EngineError):  # the run itself tells that the engine does not answer
            return take(self._client)
        return None


def _store(data_dir: Path, entry: Entry) -> None:
    row = {
        **vars(entry),
        "at": entry.at.isoformat(),
        "changes": json.dumps([asdict(change) for change in entry.changes], ensure_ascii=False),
        "undone_at": "",
    }
    del row["step"]  # the database counts
    with _open(data_dir) as database:
        added = database.execute(
            f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})",  # noqa: S608  # names of Entry's fields
            row,
        )
        database.execute("DELETE FROM runs WHERE step <= ?", ((added.lastrowid or 0) - MOST_ENTRIES,))


@contextmanager
def _open(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The journal's database, its table made; what is done inside is one transaction."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = _path(data_dir)
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=LOCKED_S)
    try:
        with database:
            database.execute(TABLE)
            yield database
    finally:
        database.close()


def _path(data_dir: Path) -> Path:
    return data_dir / "journal.sqlite"
