"""Where a learner was: the lesson of the last step that was passed, and the step to go on with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dockyard.lessons.lesson import Lesson, Step
from dockyard.lessons.progress import done_steps, last_lesson

__all__ = ["Place", "next_step", "place"]


@dataclass(frozen=True)
class Place:
    """Where to go on.

    Attributes:
        lesson: The lesson.
        step: The step in it.
    """

    lesson: Lesson
    step: Step


def next_step(data_dir: Path, lesson: Lesson) -> Step | None:
    """Return the first step that was not passed since the lesson was begun, or None where all were."""
    done = done_steps(data_dir, lesson.key)
    return next((step for step in lesson.steps if step.key not in done), None)


def place(data_dir: Path, lessons: Sequence[Lesson]) -> Place | None:
    """Return where to go on: in the lesson that was worked in last, else in those after it, else in those before; None where all is done.

    Whoever has passed nothing yet begins with the first lesson that has steps.
    """
    keys = [lesson.key for lesson in lessons]
    last = last_lesson(data_dir)
    first = keys.index(last) if last in keys else 0
    for lesson in (*lessons[first:], *lessons[:first]):
        if step := next_step(data_dir, lesson):
            return Place(lesson, step)
    return None
