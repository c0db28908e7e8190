"""All nine lessons of the chapter, in the order of the map."""

from dockyard.lessons import copy
from dockyard.lessons.lesson import Lesson
from dockyard.locale import N_

__all__ = ["LESSONS"]

LESSONS: tuple[Lesson, ...] = (
    Lesson("map", 1, N_("The map"), N_("What the chapter teaches, and where you stand.")),
    copy.LESSON,
    Lesson("mounts", 3, N_("Mount storage: bind, volume, tmpfs"), N_("Keep data alive when its container is not.")),
    Lesson("volumes", 4, N_("Look after volumes"), N_("Make, inspect, list, remove and prune them.")),
    Lesson(
        "backup", 5, N_("Back a volume up and restore it"), N_("Take a volume's content out, and put it into another.")
    ),
    Lesson("images", 6, N_("Make images"), N_("From a container, and from a Dockerfile; move them as files.")),
    Lesson("modify", 7, N_("Change a container from inside"), N_("A shell in it, and which commands belong where.")),
    Lesson("registry", 8, N_("Names, tags and registries"), N_("Name an image, push it, pull it back.")),
    Lesson("compose", 9, N_("Compose and beyond"), N_("Many containers at once; a look at Kubernetes.")),
)
