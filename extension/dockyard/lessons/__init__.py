"""The lessons of the chapter: the map, each lesson's checks, and a tour through all of them.

lesson = dockyard.lessons.start("copy")    # in a lesson's notebook
lesson.check("copy-in")                    # looks at the engine, not at how the learner did it
"""

from dockyard.lessons.catalogue import LESSONS
from dockyard.lessons.lesson import Bench, Lesson, Step
from dockyard.lessons.tour import tour
from dockyard.lessons.view import LessonMap, LessonView, map, start  # noqa: A004  # what it is called in the chapter

__all__ = ["LESSONS", "Bench", "Lesson", "LessonMap", "LessonView", "Step", "map", "start", "tour"]
