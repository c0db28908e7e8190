"""The lessons of the chapter: the map, each lesson's checks, and a tour through all of them.

lesson = dockyard.lessons.start("copy")    # in a lesson's notebook
lesson.check("copy-in")                    # looks at the engine, not at how the learner did it
dockyard.lessons.reset("copy")             # what beginning anew would remove; .agree() does it
"""

from dockyard.lessons.catalogue import LESSONS
from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.reset import Reset
from dockyard.lessons.tour import tour
from dockyard.lessons.view import LessonMap, LessonView, map, reset, start  # noqa: A004  # what it is called in the chapter

__all__ = [
    "LESSONS",
    "Bench",
    "Lesson",
    "LessonMap",
    "LessonView",
    "Made",
    "Reset",
    "Step",
    "map",
    "reset",
    "start",
    "tour",
]
