"""All nine lessons of the chapter, in the order of the map."""

from dockyard.lessons import backup, compose, copy, images, modify, mounts, registry, volumes
from dockyard.lessons.lesson import Lesson
from dockyard.locale import N_

__all__ = ["LESSONS"]

LESSONS: tuple[Lesson, ...] = (
    Lesson("map", 1, N_("The map"), N_("What the chapter teaches, and where you stand.")),
    copy.LESSON,
    mounts.LESSON,
    volumes.LESSON,
    backup.LESSON,
    images.LESSON,
    modify.LESSON,
    registry.LESSON,
    compose.LESSON,
)
