"""What every task is: a line, a plan, a run with its evidence, and the way back."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal, Protocol

from dockyard.connection import Client
from dockyard.errors import Cancelled, CannotUndo, PlanOutdated
from dockyard.locale import N_, translate
from dockyard.tasks.change import Change
from dockyard.tasks.record import recorded_run, recorded_undo
from dockyard.wording import human_size

__all__ = ["Cancel", "Change", "Evidence", "Plan", "Progress", "Report", "Result", "Task", "check_cancel", "ignore"]


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        done: Bytes or steps done.
        total: How many there will be, or None where that is not known.
        unit: What is counted.
        doing: What is being done, in the reader's language.
    """

    done: int
    total: int | None
    unit: Literal["bytes", "steps"] = "bytes"
    doing: str = ""

    @property
    def text(self) -> str:
        """How far the work is, in words."""
        count = f" {human_size(self.done)}" if self.unit == "bytes" else ""
        of = f" / {human_size(self.total)}" if self.unit == "bytes" and self.total else ""
        return f"{self.doing}{count}{of}"


Report = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Report to no one."""


class Cancel(Protocol):
    """Anything that can say "stop now", such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


NEVER: Cancel = threading.Event()  # an event that no one sets


def check_cancel(cancel: Cancel) -> None:
    """Raise Cancelled if the user asked to stop."""
    if cancel.is_set():
        raise Cancelled()


@dataclass(frozen=True)
class Plan:
    """Everything that a run will do, computed before anything happens.

    Attributes:
        changes: In the order in which they will be made.
        warnings: What the user should know first, in the reader's language.
        work: What the task computed for its own run; opaque to everyone else.
    """

    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    work: object = field(default=None, repr=False, compare=False)

    @property
    def size_bytes(self) -> int:
        """Bytes that the changes bring or take, of those whose size is known."""
        return sum(change.size_bytes or 0 for change in self.changes if change.action != "keep")

    def require_same(self, shown: "Plan | None") -> None:
        """Check a plan that was made just now against the one that the user saw.

        Raises:
            PlanOutdated: They list other changes.
        """
        if shown is not None and shown.changes != self.changes:
            differing = {change.name for change in set(shown.changes) ^ set(self.changes)}
            raise PlanOutdated(what=", ".join(sorted(differing)))


@dataclass(frozen=True)
class Result:
    """What a run did.

    Attributes:
        changes: What was really created, changed or removed.
        warnings: What happened otherwise than planned, in the reader's language.
        difference: How the engine's containers, images, tags, volumes and networks differed afterwards, whoever caused it.
    """

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    difference: tuple[Change, ...] = field(default=(), kw_only=True, compare=False)


@dataclass(frozen=True)
class Evidence:
    """A fact, looked up after the run, that shows whether it happened.

    Attributes:
        ok: Whether the fact is as it should be.
        says: The fact in one sentence, in the reader's language.
        facts: The same as data, such as hashes on both sides.
    """

    ok: bool
    says: str
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Task(ABC):
    """Something a learner does with Docker, ready to be run from anywhere.

    A task is plain data: it holds no connection and remembers nothing, so it can be compared, shown and stored.
    """

    verb: ClassVar[str]
    """Docker's own word for it, such as ``cp``."""

    def __init_subclass__(cls, **options: object) -> None:
        """Put every run, and what is taken back, on record: see :mod:`dockyard.tasks.record`."""
        super().__init_subclass__(**options)
        for name, wrap in (("run", recorded_run), ("undo", recorded_undo)):
            if name in cls.__dict__:
                setattr(cls, name, wrap(cls.__dict__[name]))

    @property
    @abstractmethod
    def command(self) -> str:
        """The docker line that this task stands for, quoted for a shell."""

    @property
    def code(self) -> str:
        """Python that does the same with this package, runnable as a cell."""
        given = ", ".join(
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if each.init and getattr(self, each.name) != each.default
        )
        name = type(self).__name__
        return f"import dockyard\nfrom dockyard.tasks import {name}\n\n{name}({given}).run(dockyard.current())"

    @abstractmethod
    def plan(self, client: Client) -> Plan:
        """Return what a run would create, change or remove, having changed nothing.

        Raises:
            DockyardError: The run can't succeed; the sentence says why.
        """

    @abstractmethod
    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Do it, and return what was done.

        Args:
            client: The engine.
            plan: What was shown to the user; exactly that is done. Without one, the run makes its own.
            report: Called as the work goes on, from the calling thread.
            cancel: Looked at as the work goes on; nothing half-made stays when it stops.

        Raises:
            PlanOutdated: Something that the plan rests on is no longer so; nothing was done.
            Cancelled: ``cancel`` was set.
            DockyardError: It could not be done; the sentence says why.
        """

    @abstractmethod
    def verify(self, client: Client) -> Evidence:
        """Look up a fact that shows whether this has happened, whoever did it."""

    def undo(self, client: Client) -> Result:  # noqa: ARG002  # for those that can
        """Take the last run of this task on this engine back.

        Raises:
            CannotUndo: It can't be taken back, or there is nothing to take back; the sentence says which.
        """
        raise CannotUndo(command=self.command, reason=translate(N_("it changes nothing that could be brought back")))
