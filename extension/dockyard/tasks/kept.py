"""What a run replaced and what it made, kept on this machine so that it can be taken back, also after a restart.

One folder a run, below the client's data folder: ``record.json``, written last and at once, and the kept files, ``0``, ``1``, ...
A folder without a record belongs to a run that did not end; it is cleared away later.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dockyard.connection import Client
from dockyard.errors import CannotUndo
from dockyard.locale import N_, translate

__all__ = ["Kept", "Mark", "last_kept"]

LARGEST_TOTAL_BYTES = 2 << 30
UNFINISHED_AFTER = timedelta(days=1)


@dataclass
class Mark:
    """One thing that a run made or replaced.

    Attributes:
        path: Where it is; or a container's or volume's ID.
        kind: ``file``, ``folder``, ``container``; ``mode`` for a folder that was there and got other permissions.
        state: What it was right after the run, so that later changes are noticed, such as ``"14 1700000000000000000"``; empty where
            the run did not end. For ``mode``: the permissions and the time before.
        kept: Name of the kept file with what was there before; empty where nothing was.
    """

    path: str
    kind: str
    state: str = ""
    kept: str = ""


@dataclass
class Kept:
    """The record of one run.

    Attributes:
        folder: Where it is.
        command: The task's line.
        engine: The engine's own ID.
        at: When, in UTC (ISO 8601).
        marks: In the order in which things were done.
    """

    folder: Path
    command: str
    engine: str
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    marks: list[Mark] = field(default_factory=list)
    _files: int = field(default=0, init=False, repr=False)

    @classmethod
    def begin(cls, client: Client, command: str) -> "Kept":
        """Start the record of a run; nothing of it counts before :meth:`save`."""
        home = _home(client)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        return cls(
            Path(tempfile.mkdtemp(prefix=datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f-"), dir=home)),
            command,
            client.engine_id,
        )

    @classmethod
    @contextmanager
    def of(cls, client: Client, command: str, *, in_steps: bool = False) -> Iterator["Kept"]:
        """Record a run: the record counts when the block ends well, and is forgotten when it does not.

        Args:
            client: The engine.
            command: The task's line.
            in_steps: What is marked by then stays done, so that it counts where the block ends otherwise, too.
        """
        kept = cls.begin(client, command)
        try:
            yield kept
        except BaseException:
            if in_steps and kept.marks:
                kept.save()
            else:
                kept.discard()
            raise
        kept.save()

    def new_file(self) -> Path:
        """Return a path in the record's folder for one more kept file."""
        self._files += 1
        return self.folder / str(self._files)

    def save(self) -> None:
        """Make the record count, durably; older ones beyond 2 GiB in all are let go."""
        marks = [asdict(mark) for mark in self.marks]
        text = json.dumps(
            {"command": self.command, "engine": self.engine, "at": self.at, "marks": marks}, ensure_ascii=False
        )
        draft = self.folder / "record.json.part"
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / "record.json")
        _let_go(self.folder)

    def discard(self) -> None:
        """Forget the run."""
        shutil.rmtree(self.folder)


def last_kept(client: Client, command: str) -> Kept:
    """Return the newest record of ``command`` on this engine.

    Raises:
        CannotUndo: There is none.
    """
    for folder in _newest_first(_home(client)):
        record = _read(folder)
        if record and record.command == command and record.engine == client.engine_id:
            return record
    raise CannotUndo(command=command, reason=translate(N_("no run of it on this engine is on record")))


def _home(client: Client) -> Path:
    return client.data_dir / "kept"


def _newest_first(home: Path) -> Iterator[Path]:
    yield from sorted((each for each in home.iterdir() if each.is_dir()), reverse=True) if home.is_dir() else []


def _read(folder: Path) -> Kept | None:
    try:
        data = json.loads((folder / "record.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Kept(folder, data["command"], data["engine"], data["at"], [Mark(**mark) for mark in data["marks"]])


def _let_go(newest: Path) -> None:
    """Drop the oldest records beyond the cap, and what runs that never ended left; the newest always stays."""
    total = _size_bytes(newest)
    for folder in _newest_first(newest.parent):
        if folder == newest:
            continue
        if not (folder / "record.json").exists():
            age = datetime.now(UTC) - datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            if age > UNFINISHED_AFTER:
                shutil.rmtree(folder)
            continue
        total += _size_bytes(folder)
        if total > LARGEST_TOTAL_BYTES:
            shutil.rmtree(folder)


def _size_bytes(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.iterdir())
