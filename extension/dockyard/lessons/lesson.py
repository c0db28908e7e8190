"""What a lesson is: steps, each with a check of the engine's state, whoever brought that state about."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dockyard.connection import Client
from dockyard.locale import N_, translate
from dockyard.tasks import Evidence

__all__ = ["Bench", "Lesson", "Made", "Step"]


@dataclass(frozen=True)
class Bench:
    """Where a lesson is done.

    Attributes:
        client: The engine.
        folder: The learner's folder, in which the lesson's files lie.
        port: The port on which the lesson's first container is published.
        registry_port: The port of the lesson's private registry.
        mark: Put after every container's name; empty but for a tour, which must not touch a learner's things.
    """

    client: Client
    folder: Path
    port: int = 8080
    registry_port: int = 5000
    mark: str = ""

    def name(self, name: str) -> str:
        """What a thing of the book is called on this bench, such as ``apa000ex19``."""
        return name + self.mark


@dataclass(frozen=True)
class Made:
    """What a lesson makes, by the book's names: what goes when it is begun anew. What is not there is passed over.

    Attributes:
        containers: They go with their volumes that have no name.
        volumes: They stay while a container that is none of these has one.
        networks: Likewise.
        images: Names of images; an image goes with its last name.
        files: Files and folders, from the learner's folder; they are put aside, not deleted.
    """

    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        key: What it is called in code, such as ``copy-in``.
        title: What to do, in English, as it stands in the catalogues.
        check: Looks whether it has been done.
        do: Does it, as a tour needs it.
        hints: More telling each time, in English, as they stand in the catalogues.
        lines: Docker lines that do it; shown when no hint is left.
    """

    key: str
    title: str
    check: Callable[[Bench], Evidence]
    do: Callable[[Bench], None]
    hints: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    def hint(self, tries: int) -> str:
        """What to say after so many tries, from 1, in the reader's language; the last one for all that follow."""
        all_hints = [translate(hint) for hint in self.hints]
        if self.lines:
            all_hints.append("\n".join([translate(N_("Run this:")), *self.lines]))
        return all_hints[min(tries, len(all_hints)) - 1]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        key: What it is called in code, such as ``copy``.
        number: Its place on the map; its notebook begins with it.
        title: In English, as it stands in the catalogues.
        about: One sentence, likewise.
        steps: In order. Empty for a lesson that this version does not have yet.
        made: What it makes.
    """

    key: str
    number: int
    title: str
    about: str
    steps: tuple[Step, ...] = ()
    made: Callable[[Bench], Made] = lambda _: Made()

    @property
    def notebook(self) -> str:
        """File name of its notebook, such as ``02_copy.ipynb``."""
        return f"{self.number:02}_{self.key}.ipynb"
