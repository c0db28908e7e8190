"""Give a container another name: ``docker rename``."""

from dataclasses import dataclass
from typing import ClassVar

from dockyard.command import line, parse_flags
from dockyard.connection import Client
from dockyard.errors import CannotUndo, NameInvalid, NameTaken, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import (
    NEVER,
    Cancel,
    Change,
    Evidence,
    Plan,
    Progress,
    Report,
    Result,
    Task,
    check_cancel,
    ignore,
)
from dockyard.tasks.container import name_in, require_container
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.run import NAME
from dockyard.wording import short_id

__all__ = ["RenameContainer", "rename_from_words", "require_free"]


@dataclass(frozen=True)
class RenameContainer(Task):
    """Give a container another name (``docker rename``). It keeps its ID, and runs on if it runs.

    Attributes:
        container: Name or ID.
        name: What it is to be called.
    """

    verb: ClassVar[str] = "rename"
    container: str
    name: str

    @property
    def command(self) -> str:
        """Such as ``docker rename apa000ex22 web``."""
        return line("docker", "rename", self.container, self.name)

    def plan(self, client: Client) -> Plan:
        """Return the container with its name before and after.

        Raises:
            NoSuchContainer, NameInvalid, NameTaken: It can't be done.
        """
        found = require_container(client, self.container)
        require_free(client, self.name)
        return Plan((_renamed(name_in(found), self.name),))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Rename. See :meth:`Task.run`."""
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        report(Progress(0, 1, "steps", translate(N_("renaming"))))
        found = require_container(client, self.container)
        with Kept.of(client, self.command) as kept:
            _rename(client, found["Id"], self.name)
            kept.marks.append(Mark(found["Id"], "container", name_in(found)))
        report(Progress(1, 1, "steps"))
        return Result(fresh.changes)

    def verify(self, client: Client) -> Evidence:
        """Look whether a container has the name."""
        found = client.find_json("/containers/{}/json", self.name)
        if found is None or name_in(found) != self.name:
            return Evidence(False, translate(N_("No container is called {name}.")).format(name=self.name))
        says = translate(N_("{name} is the container {id}, {status}"))
        says = says.format(name=self.name, id=short_id(found["Id"]), status=found["State"]["Status"])
        return Evidence(True, says, {"id": found["Id"]})

    def undo(self, client: Client) -> Result:
        """Give the container its former name back.

        Raises:
            CannotUndo: It is gone, or has a third name by now.
            NameTaken: Another container has the former name by now.
        """
        kept = last_kept(client, self.command)
        mark = kept.marks[0]
        found = client.find_json("/containers/{}/json", mark.path)
        if found is None:
            kept.discard()
            raise CannotUndo(command=self.command, reason=translate(N_("the container is gone already")))
        if name_in(found) != self.name:
            reason = translate(N_("it is called {name} by now")).format(name=name_in(found))
            raise CannotUndo(command=self.command, reason=reason)
        require_free(client, mark.state)
        _rename(client, mark.path, mark.state)
        kept.discard()
        return Result((_renamed(self.name, mark.state),))


def require_free(client: Client, name: str) -> None:
    """Check that a new container, or a renamed one, can have a name.

    Raises:
        NameInvalid: No container can.
        NameTaken: Another one has it.
    """
    if not NAME.fullmatch(name):
        raise NameInvalid(name=name)
    found = client.find_json("/containers/{}/json", name)
    if found and name_in(found) == name:
        raise NameTaken(name=name, status=found["State"]["Status"])


def rename_from_words(given: tuple[str, ...]) -> RenameContainer:
    """Return the task of ``docker rename`` with these words after ``rename``.

    Raises:
        BadLine: The words are not as ``docker rename`` takes them.
    """
    parsed = parse_flags("rename", (), given)
    return RenameContainer(*parsed.require_words("rename", translate(N_("a container and its new name")), 2, 2))


def _rename(client: Client, container_id: str, name: str) -> None:
    with engine_errors(client.address):
        client.api.rename(container_id, name)


def _renamed(before: str, after: str) -> Change:
    return Change("change", "container", after, reason=f"{before} → {after}")
