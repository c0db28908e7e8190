"""What a learner has passed, kept on this machine; once passed, a step stays passed."""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dockyard.tasks import Evidence

__all__ = ["forget", "passed", "passed_steps", "remember"]


def passed(data_dir: Path, lesson: str, step: str) -> dict[str, Any] | None:
    """Return when and how a step was passed (``at``, ``says``, ``facts``), or None."""
    found = _read(data_dir).get(lesson, {}).get(step)
    return dict(found) if found else None


def passed_steps(data_dir: Path, lesson: str) -> set[str]:
    """Return the keys of the steps that have been passed."""
    return set(_read(data_dir).get(lesson, {}))


def remember(data_dir: Path, lesson: str, step: str, evidence: Evidence) -> None:
    """Write down that a step was passed; its first evidence stays."""
    everything = _read(data_dir)
    steps = everything.setdefault(lesson, {})
    if step not in steps:
        steps[step] = {"at": datetime.now(UTC).isoformat(), "says": evidence.says, "facts": evidence.facts}
        _write(data_dir, everything)


def forget(data_dir: Path, lesson: str) -> None:
    """Begin a lesson anew."""
    everything = _read(data_dir)
    if everything.pop(lesson, None) is not None:
        _write(data_dir, everything)


def _read(data_dir: Path) -> dict[str, dict[str, dict[str, Any]]]:
    try:
        found: dict[str, dict[str, dict[str, Any]]] = json.loads((data_dir / "progress.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _write(data_dir: Path, everything: dict[str, dict[str, dict[str, Any]]]) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=data_dir, prefix="progress-", delete=False, encoding="utf-8") as draft:
        json.dump(everything, draft, ensure_ascii=False, indent=1)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(data_dir / "progress.json")
