"""What all tasks that change the state of containers have in common, and the words for what that changes."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dockyard.command import line
from dockyard.connection import Client
from dockyard.errors import CannotUndo, NoSuchContainer, PortHeld, engine_errors
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
from dockyard.tasks.container import (
    name_in,
    port_holder,
    processes,
    published_ports,
    require_container,
    settled_processes,
    wanted_ports,
)
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.output import checked, until_cancelled

__all__ = [
    "UP",
    "LifeResult",
    "LifeTask",
    "ProcessLists",
    "becomes",
    "bring_to",
    "call_until_cancelled",
    "closing",
    "lost_in_memory",
    "opening",
    "stays",
]

UP = ("running", "restarting")


@dataclass(frozen=True)
class ProcessLists:
    """What ran in a container before and after.

    Attributes:
        container: Its name.
        before: Command lines, as ``docker top`` lists them; empty where it did not run.
        after: The same afterwards.
    """

    container: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class LifeResult(Result):
    """What was done.

    Attributes:
        processes: What ran in each container before and after; none for pause and unpause, which change no process.
    """

    processes: tuple[ProcessLists, ...] = ()


@dataclass(frozen=True)
class _Step:
    """One container that a run will do something with."""

    container_id: str
    name: str
    was: str


@dataclass(frozen=True)
class LifeTask(Task):
    """A command that changes the state of containers, and nothing else of them.

    Attributes:
        containers: Names or IDs.
    """

    shows_processes: ClassVar[bool] = True
    containers: tuple[str, ...]

    @property
    def command(self) -> str:
        """Such as ``docker stop apa000ex20 apa000ex21``."""
        return line("docker", self.verb, *self._flag_words(), *self.containers)

    def plan(self, client: Client) -> Plan:
        """Return each container with its state before and after, and each port that opens or goes silent.

        A container that is in that state already stays as it is.

        Raises:
            NoSuchContainer: There is no such container.
            WrongState: It can't be done with a container in its state.
            PortHeld: A port that a container would publish is in use.
        """
        changes: list[Change] = []
        warnings: list[str] = []
        steps: dict[str, _Step] = {}
        for name in self.containers:
            found = require_container(client, name)
            if found["Id"] in steps:
                continue
            coming = list(self._changes(client, found))
            changes += coming
            warnings += self._warnings(found)
            if any(change.action != "keep" for change in coming):
                steps[found["Id"]] = _Step(found["Id"], name_in(found), found["State"]["Status"])
        return Plan(tuple(changes), tuple(warnings), work=tuple(steps.values()))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> LifeResult:
        """Do it, one container after the other. See :meth:`Task.run`.

        Cancel is heard between them and while one is waited for. What was done by then stays done, and :meth:`undo` takes it back; a container
        that has got its signal already ends all the same.

        Raises:
            EngineRefused: Such as for a program that can't be started.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        steps = fresh.work if isinstance(fresh.work, tuple) else ()
        lists: list[ProcessLists] = []
        with Kept.of(client, self.command, in_steps=True) as kept:
            for count, step in enumerate(steps):
                check_cancel(cancel)
                report(Progress(count, len(steps), "steps", f"{self.verb} {step.name}"))
                before = processes(client, step.container_id) if self.shows_processes else ()
                for path, params in self._calls():
                    kept.marks += [] if _has(kept, step) else [Mark(step.container_id, "container", step.was)]
                    call_until_cancelled(client, path, step.container_id, params, cancel)
                if self.shows_processes:
                    lists.append(ProcessLists(step.name, before, settled_processes(client, step.container_id)))
        report(Progress(len(steps), len(steps), "steps"))
        return LifeResult(fresh.changes, fresh.warnings, tuple(lists))

    def verify(self, client: Client) -> Evidence:
        """Look at the state of each container."""
        says: list[str] = []
        facts: dict[str, object] = {}
        ok = True
        for name in self.containers:
            found = client.find_json("/containers/{}/json", name)
            ok &= self._is_done(found["State"]) if found else self._may_be_gone
            status = found["State"]["Status"] if found else translate(N_("no such container"))
            if found and status == "exited":
                status = translate(N_("exited with code {code}")).format(code=found["State"]["ExitCode"])
            runs = processes(client, name) if found and found["State"]["Running"] else ()
            says.append(f"{name}: {status}" + (f" ({runs[0]})" if runs else ""))
            facts[name] = {"status": found["State"]["Status"] if found else "", "processes": list(runs)}
        return Evidence(ok, "; ".join(says), facts)

    def undo(self, client: Client) -> Result:
        """Bring each container back to the state that it had before the last run.

        Raises:
            CannotUndo: One is gone, or all are as they were before.
        """
        kept = last_kept(client, self.command)
        changes: list[Change] = []
        for mark in kept.marks:
            if client.find_json("/containers/{}/json", mark.path) is None:
                kept.discard()
                raise CannotUndo(command=self.command, reason=translate(N_("the container is gone already")))
        for mark in reversed(kept.marks):
            changes += bring_to(client, mark.path, mark.state)
        kept.discard()
        if not changes:
            raise CannotUndo(command=self.command, reason=translate(N_("its containers are in the state of before")))
        return Result(tuple(changes))

    @property
    def _may_be_gone(self) -> bool:
        return False

    @abstractmethod
    def _changes(self, client: Client, found: Mapping[str, Any]) -> Iterator[Change]:
        """What would change about one container."""

    @abstractmethod
    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Paths and parameters of the Engine API, in order."""

    @abstractmethod
    def _is_done(self, state: Mapping[str, Any]) -> bool:
        """Whether a container's state is what the command brings about."""

    def _warnings(self, found: Mapping[str, Any]) -> Iterator[str]:  # noqa: ARG002  # for those that have some
        yield from ()

    def _flag_words(self) -> Iterator[str]:
        yield from ()


def bring_to(client: Client, container_id: str, wanted: str) -> list[Change]:
    """Bring a container to a state that it had before: running, paused, or not running. Return what that changed.

    Raises:
        EngineRefused: The engine said no, such as where a port is taken by now.
    """
    found = require_container(client, container_id)
    status = found["State"]["Status"]
    if wanted not in (*UP, "paused"):
        paths = ["stop"] if found["State"]["Running"] else []
    else:
        paths = [*([] if found["State"]["Running"] else ["start"])]
        paths += ["unpause"] if status == "paused" and wanted in UP else []
        paths += ["pause"] if status != "paused" and wanted == "paused" else []
    for path in paths:
        call_until_cancelled(client, f"/containers/{{}}/{path}", container_id, {}, NEVER)
    after = require_container(client, container_id)["State"]["Status"] if paths else status
    return [becomes(name_in(found), status, after)] if paths else []


def lost_in_memory(found: Mapping[str, Any]) -> Iterator[Change]:
    """What a container that runs keeps in memory, which is gone when it ends."""
    targets = list(found["HostConfig"].get("Tmpfs") or ())
    targets += [each["Destination"] for each in found["Mounts"] if each["Type"] == "tmpfs"]
    for target in sorted(set(targets)):
        reason = translate(N_("a tmpfs lies in memory; its files are gone when the container ends"))
        yield Change("remove", "folder", f"{name_in(found)}:{target}", reason=reason)


def call_until_cancelled(client: Client, path: str, container_id: str, params: dict[str, Any], cancel: Cancel) -> None:
    """Ask for a change that the engine answers when it has come about, however long that takes; cancel ends the waiting.

    Raises:
        NoSuchContainer: It went meanwhile.
    """

    def answer() -> Iterator[bytes]:
        with engine_errors(client.address):
            reply = client.api.post(client.url(path, container_id), params=params, stream=True, timeout=None)
            if reply.status_code == 404:
                raise NoSuchContainer(name=container_id[:12])
            yield from checked(reply).iter_content(1 << 16)

    for _ in until_cancelled(answer(), cancel):
        check_cancel(cancel)


def _has(kept: Kept, step: _Step) -> bool:
    return any(mark.path == step.container_id for mark in kept.marks)


def stays(name: str, status: str) -> Change:
    """A container that is in the state already."""
    return Change("keep", "container", name, reason=translate(N_("it is {status} already")).format(status=status))


def becomes(name: str, before: str, after: str) -> Change:
    """A container that goes from one state to another."""
    return Change("change", "container", name, reason=f"{before} → {after}")


def opening(client: Client, found: Mapping[str, Any]) -> Iterator[Change]:
    """The ports that a container opens when it starts.

    Raises:
        PortHeld: One is in use.
    """
    for port in wanted_ports(found):
        if holder := port_holder(client, port):
            raise PortHeld(port=port.host_port, name=name_in(found), holder=holder)
        chosen = "" if port.host_port else translate(N_("the engine chooses the host's port"))
        yield Change("create", "port", port.text, reason=chosen)


def closing(found: Mapping[str, Any]) -> Iterator[Change]:
    """What goes with the end of what a container runs: its ports, and its files in memory."""
    for port in published_ports(found):
        yield Change("remove", "port", port.text, reason=translate(N_("goes silent")))
    yield from lost_in_memory(found)
