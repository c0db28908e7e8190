"""Lessons as a notebook shows them."""

import html
from pathlib import Path

from dockyard.connection import Client, current, data_dir
from dockyard.errors import DockyardError, UnknownLesson
from dockyard.lessons.catalogue import LESSONS
from dockyard.lessons.lesson import Bench, Lesson, Step
from dockyard.lessons.progress import forget, passed, passed_steps, remember
from dockyard.locale import N_, translate
from dockyard.tasks import Evidence

__all__ = ["CheckResult", "LessonMap", "LessonView", "map", "start"]


class CheckResult:
    """What a check found, with a hint where the step is still to be done.

    Attributes:
        step: The step.
        passed: Whether it is passed, now or before.
        evidence: What was found now; None where it could not be looked up.
        hint: What to try next; empty when passed.
    """

    def __init__(self, step: Step, passed: bool, evidence: Evidence | None, says: str, hint: str) -> None:
        self.step, self.passed, self.evidence, self.says, self.hint = step, passed, evidence, says, hint

    def __repr__(self) -> str:
        mark = "✔" if self.passed else "✘"
        return f"{mark} {translate(self.step.title)}\n  {self.says}" + (f"\n  {self.hint}" if self.hint else "")

    def _repr_html_(self) -> str:
        mark, colour = ("✔", "--jp-success-color0, #060") if self.passed else ("○", "--jp-warn-color0, #850")
        hint = f'<div style="white-space: pre-line">💡 {html.escape(self.hint)}</div>' if self.hint else ""
        return (
            f'<div role="status" style="border-left: 4px solid var({colour}); padding: 4px 10px">'
            f'<b><span style="color: var({colour})">{mark}</span> {html.escape(translate(self.step.title))}</b>'
            f"<div>{html.escape(self.says)}</div>{hint}</div>"
        )


class LessonView:
    """A lesson in a notebook.

    Attributes:
        lesson: What it teaches.
        bench: Where it is done.
    """

    def __init__(self, lesson: Lesson, bench: Bench) -> None:
        self.lesson, self.bench = lesson, bench
        self._tries: dict[str, int] = {}

    def check(self, key: str) -> CheckResult:
        """Look at the engine and say whether a step is done; a step once passed stays passed.

        Raises:
            UnknownLesson: There is no such step.
        """
        step = next((step for step in self.lesson.steps if step.key == key), None)
        if step is None:
            raise UnknownLesson(name=key, known=", ".join(step.key for step in self.lesson.steps))
        before = passed(self._data_dir, self.lesson.key, key)
        evidence: Evidence | None = None
        try:
            evidence = step.check(self.bench)
            says = evidence.says
        except DockyardError as error:
            says = str(error)
        if evidence and evidence.ok:
            remember(self._data_dir, self.lesson.key, key, evidence)
            return CheckResult(step, True, evidence, says, "")
        if before:
            says = translate(N_("Passed before. Now: {says}")).format(says=says)
            return CheckResult(step, True, evidence, says, "")
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        return CheckResult(step, False, evidence, says, step.hint(tries))

    def reset(self) -> str:
        """Remove what the lesson made, and begin anew."""
        gone = self.lesson.clean(self.bench)
        forget(self._data_dir, self.lesson.key)
        self._tries.clear()
        return (
            translate(N_("Removed: {names}")).format(names=", ".join(gone))
            if gone
            else translate(N_("There was nothing to remove."))
        )

    def _repr_html_(self) -> str:
        done = passed_steps(self._data_dir, self.lesson.key)
        rows = "".join(
            f"<li>{'✔' if step.key in done else '○'} {html.escape(translate(step.title))} <code>{step.key}</code></li>"
            for step in self.lesson.steps
        )
        return f"<b>{html.escape(translate(self.lesson.title))}</b><ul style='list-style: none'>{rows}</ul>"

    @property
    def _data_dir(self) -> Path:
        return self.bench.client.data_dir


class LessonMap:
    """Every lesson, how far it is done, and the way to its notebook."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def _repr_html_(self) -> str:
        rows = []
        for lesson in LESSONS:
            title = html.escape(translate(lesson.title))
            if lesson.steps:
                done, total = len(passed_steps(self._home, lesson.key)), len(lesson.steps)
                state = f"{'✔ ' if done == total else ''}{done} / {total}"
                title = f'<a href="{lesson.notebook}">{title}</a>'
            else:
                state = translate(N_("you are here")) if lesson.key == "map" else translate(N_("not in this version"))
            about = html.escape(translate(lesson.about))
            rows.append(
                f"<tr><td>{lesson.number}</td><td style='text-align: left'>{title}<br><small>{about}</small></td><td>{html.escape(state)}</td></tr>"
            )
        return f"<table>{''.join(rows)}</table>"


def start(key: str, *, folder: str | Path = ".", client: Client | None = None) -> LessonView:
    """Return a lesson, to be checked step by step.

    Args:
        key: Such as ``"copy"``.
        folder: Where its files lie; by default the notebook's own folder.
        client: The engine; by default the one in use.

    Raises:
        UnknownLesson: There is no such lesson, or this version does not have it.
    """
    known = [lesson for lesson in LESSONS if lesson.steps]
    lesson = next((lesson for lesson in known if lesson.key == key), None)
    if lesson is None:
        raise UnknownLesson(name=key, known=", ".join(lesson.key for lesson in known))
    return LessonView(lesson, Bench(client or current(), Path(folder).resolve()))


def map() -> LessonMap:  # noqa: A001  # what it is called in the chapter
    """Return the map of lessons."""
    return LessonMap(data_dir())
