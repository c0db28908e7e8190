"""What a learner has passed, kept on this machine, for every kernel; once passed, a step stays passed.

A lesson can be begun anew. Its steps stay passed, but what was found when they were passed no longer counts as found: a check that rests on an
earlier one, such as "this is another container than the one before", then rests on what is found from now on.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dockyard.tasks import Evidence

__all__ = ["begin_anew", "done_steps", "last_lesson", "passed", "passed_steps", "remember"]

Lessons = dict[str, dict[str, dict[str, Any]]]


def passed(data_dir: Path, lesson: str, step: str) -> dict[str, Any] | None:
    """Return when and how a step was passed (``at``, ``says``, ``facts``) since the lesson was begun, or None."""
    found = _read(data_dir).get(lesson, {}).get(step)
    return dict(found) if found and "facts" in found else None


def done_steps(data_dir: Path, lesson: str) -> set[str]:
    """Return the keys of the steps that have been passed since the lesson was begun."""
    return {key for key, found in _read(data_dir).get(lesson, {}).items() if "facts" in found}


def passed_steps(data_dir: Path, lesson: str) -> set[str]:
    """Return the keys of the steps that have ever been passed."""
    return set(_read(data_dir).get(lesson, {}))


def last_lesson(data_dir: Path) -> str | None:
    """Return the key of the lesson in which a step was passed last, or None where none was."""
    times = [
        (found.get("again", found["at"]), lesson)
        for lesson, steps in _read(data_dir).items()
        for found in steps.values()
    ]
    return max(times)[1] if times else None


def remember(data_dir: Path, lesson: str, step: str, evidence: Evidence) -> None:
    """Write down that a step was passed; the first evidence since the lesson was begun stays."""
    with _changing(data_dir) as everything:
        found = everything.setdefault(lesson, {}).setdefault(step, {})
        if "facts" not in found:
            found["again" if found else "at"] = datetime.now(UTC).isoformat()
            found |= {"says": evidence.says, "facts": evidence.facts}


def begin_anew(data_dir: Path, lesson: str, steps: Collection[str] | None = None) -> None:
    """Begin a lesson anew, or some steps of it. They stay passed, and can be passed once more."""
    with _changing(data_dir) as everything:
        for key, found in everything.get(lesson, {}).items():
            if steps is None or key in steps:
                found.pop("facts", None)


def _read(data_dir: Path) -> Lessons:
    try:
        found: Lessons = json.loads((data_dir / "progress.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


@contextmanager
def _changing(data_dir: Path) -> Iterator[Lessons]:
    """What is on record, to be changed; two kernels that change it do so one after the other."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "progress.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        everything = _read(data_dir)
        before = json.dumps(everything)
        yield everything
        if json.dumps(everything) != before:
            _write(data_dir, everything)


def _write(data_dir: Path, everything: Lessons) -> None:
    with tempfile.NamedTemporaryFile("w", dir=data_dir, prefix="progress-", delete=False, encoding="utf-8") as draft:
        json.dump(everything, draft, ensure_ascii=False, indent=1)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(data_dir / "progress.json")
