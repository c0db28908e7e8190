"""Lessons as a notebook shows them."""

import html
from pathlib import Path

from dockyard.connection import Client, current, data_dir
from dockyard.errors import DockyardError, UnknownLesson
from dockyard.lessons.catalogue import LESSONS
from dockyard.lessons.lesson import Bench, Lesson, Step
from dockyard.lessons.place import next_step, place
from dockyard.lessons.progress import done_steps, last_lesson, passed_steps, remember
from dockyard.lessons.reset import Reset
from dockyard.locale import N_, translate
from dockyard.tasks import Evidence
from dockyard.tasks.snapshot import name_of

__all__ = ["CheckResult", "LessonMap", "LessonView", "map", "reset", "start"]


class CheckResult:
    """What a check found, with a hint where the step is still to be done.

    Attributes:
        step: The step.
        passed: Whether it is passed, now or before.
        evidence: What was found now; None where it could not be looked up.
        hint: What to try next; empty when the step is passed since the lesson was begun.
        done: That the lesson is done; empty while a step of it is left.
    """

    def __init__(
        self, step: Step, passed: bool, evidence: Evidence | None, says: str, *, hint: str = "", done: str = ""
    ) -> None:
        self.step, self.passed, self.evidence, self.says, self.hint = step, passed, evidence, says, hint
        self.done = done

    def __repr__(self) -> str:
        mark = "✔" if self.passed else "✘"
        return "\n  ".join([f"{mark} {translate(self.step.title)}", *filter(None, (self.says, self.hint, self.done))])

    def _repr_html_(self) -> str:
        mark, colour = ("✔", "--jp-success-color0, #060") if self.passed else ("○", "--jp-warn-color0, #850")
        hint = f'<div style="white-space: pre-line">💡 {html.escape(self.hint)}</div>' if self.hint else ""
        done = f"<div><b>{html.escape(self.done)}</b></div>" if self.done else ""
        return (
            f'<div role="status" style="border-left: 4px solid var({colour}); padding: 4px 10px">'
            f'<b><span style="color: var({colour})">{mark}</span> {html.escape(translate(self.step.title))}</b>'
            f"<div>{html.escape(self.says)}</div>{hint}{done}</div>"
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
        evidence: Evidence | None = None
        try:
            evidence = step.check(self.bench)
            says = evidence.says
        except DockyardError as error:
            says = str(error)
        if evidence and evidence.ok:
            remember(self._data_dir, self.lesson.key, key, evidence)
            return CheckResult(step, True, evidence, says, done=self._done())
        before = key in passed_steps(self._data_dir, self.lesson.key)
        if before:
            says = translate(N_("Passed before. Now: {says}")).format(says=says)
        if key in done_steps(self._data_dir, self.lesson.key):
            return CheckResult(step, True, evidence, says, done=self._done())
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        return CheckResult(step, before, evidence, says, hint=step.hint(tries))

    def reset(self) -> Reset:
        """Return what beginning anew would remove; its ``agree()`` does it. What was passed stays passed."""
        self._tries.clear()
        return Reset(self.bench, [self.lesson])

    def _repr_html_(self) -> str:
        ever, done = passed_steps(self._data_dir, self.lesson.key), done_steps(self._data_dir, self.lesson.key)
        following = next_step(self._data_dir, self.lesson)
        rows = []
        for step in self.lesson.steps:
            again = translate(N_("passed before")) if step.key in ever and step.key not in done else ""
            title = html.escape(translate(step.title))
            if step is following:
                here = html.escape(translate(N_("go on here")))
                title = f"<b>{title}</b> ◂ {here}"
            note = f" ({html.escape(again)})" if again else ""
            rows.append(f"<li>{'✔' if step.key in ever else '○'} {title}{note} <code>{step.key}</code></li>")
        return (
            f"<b>{html.escape(translate(self.lesson.title))}</b><ul style='list-style: none'>{''.join(rows)}</ul>"
            f"<div><b>{html.escape(self._done())}</b></div><div>{html.escape(self._stopped())}</div>"
        )

    def _done(self) -> str:
        """That every step has been passed since the lesson was begun; empty while one is left."""
        if next_step(self._data_dir, self.lesson):
            return ""
        return translate(N_("Lesson {number} is done.")).format(number=self.lesson.number)

    def _stopped(self) -> str:
        """The lesson's containers that are there and do not run, as after a night: what a later step may need."""
        names = {self.bench.name(name) for name in self.lesson.made(self.bench).containers}
        try:
            rows = self.bench.client.get_json("/containers/json", all=1)
        except DockyardError as error:
            return str(error)
        there = sorted(name_of(row) for row in rows if name_of(row) in names and row["State"] != "running")
        if not there:
            return ""
        line = "docker start " + " ".join(there)
        return translate(N_("Not running now: {names}. If a step needs one: {line}")).format(
            names=", ".join(there), line=line
        )

    @property
    def _data_dir(self) -> Path:
        return self.bench.client.data_dir


class LessonMap:
    """Every lesson, how far it is done, and the way to its notebook."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __repr__(self) -> str:
        words, _ = self._where()
        return "\n".join(
            [words, *(f"{lesson.number:02} {translate(lesson.title)}: {self._state(lesson)}" for lesson in LESSONS)]
        )

    def _repr_html_(self) -> str:
        rows = []
        for lesson in LESSONS:
            title = html.escape(translate(lesson.title))
            if lesson.steps:
                title = f'<a href="{lesson.notebook}">{title}</a>'
            about = html.escape(translate(lesson.about))
            rows.append(
                f"<tr><td>{lesson.number}</td><td style='text-align: left'>{title}<br><small>{about}</small></td><td>{html.escape(self._state(lesson))}</td></tr>"
            )
        words, notebook = self._where()
        where = f'<a href="{notebook}"><b>{html.escape(words)}</b></a>' if notebook else f"<b>{html.escape(words)}</b>"
        return f"<p>{where}</p><table>{''.join(rows)}</table>"

    def _state(self, lesson: Lesson) -> str:
        if not lesson.steps:
            return translate(N_("you are here")) if lesson.key == "map" else translate(N_("not in this version"))
        done = len(passed_steps(self._home, lesson.key) & {step.key for step in lesson.steps})
        total = len(lesson.steps)
        return f"{'✔ ' if done == total else ''}{done} / {total}"

    def _where(self) -> tuple[str, str]:
        """Where to go on, in words, and the notebook of it; without one where all is done."""
        found = place(self._home, LESSONS)
        if found is None:
            return translate(N_("You have passed every step of every lesson.")), ""
        go_on = last_lesson(self._home) is not None
        words = (
            N_("Go on where you were: lesson {number}, {lesson}: {step}")
            if go_on
            else N_("Begin here: lesson {number}, {lesson}: {step}")
        )
        return (
            translate(words).format(
                number=found.lesson.number, lesson=translate(found.lesson.title), step=translate(found.step.title)
            ),
            found.lesson.notebook,
        )


def start(key: str, *, folder: str | Path = ".", client: Client | None = None) -> LessonView:
    """Return a lesson, to be checked step by step.

    Args:
        key: Such as ``"copy"``.
        folder: Where its files lie; by default the notebook's own folder.
        client: The engine; by default the one in use.

    Raises:
        UnknownLesson: There is no such lesson, or this version does not have it.
    """
    return LessonView(_lesson(key), Bench(client or current(), Path(folder).resolve()))


def reset(*keys: str, folder: str | Path = ".", client: Client | None = None) -> Reset:
    """Return what beginning lessons anew would remove; its ``agree()`` does it. What was passed stays passed.

    Args:
        keys: Such as ``"copy"``; none for all lessons.
        folder: Where their files lie; by default the notebook's own folder.
        client: The engine; by default the one in use.

    Raises:
        UnknownLesson: There is no such lesson, or this version does not have it.
    """
    lessons = [_lesson(key) for key in keys] or [lesson for lesson in LESSONS if lesson.steps]
    return Reset(Bench(client or current(), Path(folder).resolve()), lessons)


def map() -> LessonMap:  # noqa: A001  # what it is called in the chapter
    """Return the map of lessons."""
    return LessonMap(data_dir())


def _lesson(key: str) -> Lesson:
    known = [lesson for lesson in LESSONS if lesson.steps]
    lesson = next((lesson for lesson in known if lesson.key == key), None)
    if lesson is None:
        raise UnknownLesson(name=key, known=", ".join(lesson.key for lesson in known))
    return lesson
