"""Every lesson from its first step to its last, without a notebook: what ``make tour`` runs."""

import socket
import tempfile
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from dockyard.connection import Client
from dockyard.errors import DockyardError
from dockyard.lessons.lesson import Bench, Lesson
from dockyard.lessons.progress import remember
from dockyard.lessons.reset import Reset
from dockyard.locale import translate

__all__ = ["tour"]


def tour(client: Client, lessons: Iterable[Lesson], say: Callable[[str], None]) -> int:
    """Do each step of each lesson, check it as a learner's would be checked, and return how many failed.

    The things it makes bear a name of their own, so that a learner's stay untouched; they are removed at the end.

    Args:
        client: The engine.
        lessons: Those to be walked.
        say: Told a line at a time.
    """
    failed = 0
    with tempfile.TemporaryDirectory(prefix="dockyard-tour-") as folder:
        own = replace(client, data_dir=Path(folder) / "data")
        for lesson in lessons:
            if not lesson.steps:
                continue
            place = Path(folder) / lesson.key
            place.mkdir()
            bench = Bench(own, place, _free_port(), _free_port(), f"-tour-{uuid.uuid4().hex[:6]}")
            say(f"\n{lesson.number:02} {translate(lesson.title)}")
            try:
                failed += sum(not _walk(lesson, index, bench, say) for index in range(len(lesson.steps)))
            finally:
                Reset(bench, [lesson]).agree()
    return failed


def _walk(lesson: Lesson, index: int, bench: Bench, say: Callable[[str], None]) -> bool:
    step = lesson.steps[index]
    try:
        step.do(bench)
        evidence = step.check(bench)
    except DockyardError as error:
        say(f"  ✘ {step.key}: {translate(step.title)}\n      {error}")
        return False
    if evidence.ok:
        remember(bench.client.data_dir, lesson.key, step.key, evidence)
    say(f"  {'✔' if evidence.ok else '✘'} {step.key}: {translate(step.title)}\n      {evidence.says}")
    return evidence.ok


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
