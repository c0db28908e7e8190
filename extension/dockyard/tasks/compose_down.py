"""Take a Compose project down: ``docker compose down``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from dockyard.command import line
from dockyard.compose import Project, read, require_name
from dockyard.connection import Client
from dockyard.errors import CannotUndo, NoComposeFile, NothingThere
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
from dockyard.tasks.compose_project import Standing, listed_ports, standing
from dockyard.tasks.compose_steps import remove_container, remove_network, remove_volumes, take_back
from dockyard.tasks.compose_up import project_words, without_sizes
from dockyard.tasks.kept import Kept, last_kept
from dockyard.tasks.snapshot import name_of
from dockyard.tasks.volume_content import sizes_bytes
from dockyard.tasks.volumes import VolumeRemove, loss_warnings, lost_for_good

__all__ = ["ComposeDown"]


@dataclass(frozen=True)
class _Work:
    containers: tuple[Mapping[str, Any], ...]
    networks: tuple[str, ...]
    volumes: VolumeRemove | None


@dataclass(frozen=True)
class ComposeDown(Task):
    """Stop and remove a project's containers and networks, and its volumes if asked (``docker compose down``).

    What is of a project, the engine knows by its labels; the file says which services are its own, in which order they end, and what it is called.
    With the project's name, no file is needed.

    Attributes:
        file: ``-f``: the file, or its folder; empty looks in the working folder and above.
        project: ``-p``: the project's name; empty for the file's own, or its folder's.
        env_files: ``--env-file``: where variables come from instead of ``.env``.
        volumes: ``-v``: remove its volumes with names too, and its containers' unnamed ones.
        remove_orphans: ``--remove-orphans``: remove containers of services that the file does not have.
        time_s: ``-t``: seconds until a container that does not end is killed; None takes the container's own or 10.
        keep: Whether what volumes hold is kept on this machine, so that undo can bring it back. It is no part of the line.
    """

    verb: ClassVar[str] = "compose down"
    file: str = ""
    project: str = ""
    env_files: tuple[str, ...] = ()
    volumes: bool = False
    remove_orphans: bool = False
    time_s: int | None = None
    keep: bool = field(default=True, compare=False)

    @property
    def command(self) -> str:
        """Such as ``docker compose -f com_folder/compose.yaml down -v``."""
        words = [*project_words(self.file, self.project, self.env_files), "down", *(["-v"] if self.volumes else [])]
        words += ["--remove-orphans"] if self.remove_orphans else []
        return line("docker", "compose", *words, *([] if self.time_s is None else ["-t", str(self.time_s)]))

    def plan(self, client: Client) -> Plan:
        """Return each container with the bytes that it wrote and are lost, each network and volume, and what stays and why.

        Raises:
            NoComposeFile, ComposeFileBroken, ProjectNameInvalid: It can't be said which project is meant.
            NothingThere: Nothing of it is on the engine.
        """
        name, project = self._named()
        there = standing(client, name, size=True)
        if there.is_empty:
            raise NothingThere(name=name)
        ours, orphans = self._containers(project, there)
        going = [*(orphans if self.remove_orphans else []), *ours]
        changes = [change for row in going for change in _ending(row)]
        if not self.remove_orphans:
            reason = translate(N_("its service is not in the file; --remove-orphans removes it"))
            changes += [Change("keep", "container", name_of(row), reason=reason) for row in orphans]
        others = _others(client, {str(row["Id"]) for row in going})
        networks = [change for each in there.networks for change in _network(each, others)]
        volumes = list(self._volumes(client, there, others))
        doomed = tuple(each.name for each in volumes if each.action == "remove" and each.name in there.volumes)
        removal = VolumeRemove(doomed, keep=self.keep) if doomed else None
        lost = lost_for_good(doomed, {each.name: each.size_bytes for each in volumes}, self.keep)
        warnings = (*_warnings(going), *loss_warnings(lost, self.keep))
        work = _Work(tuple(going), tuple(each.name for each in networks if each.action == "remove"), removal)
        return Plan((*changes, *networks, *volumes, *_external(project)), warnings, work=work)

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Remove, containers first, each before those that it depends on. See :meth:`Task.run`.

        Cancel is heard between them. What is gone by then stays gone, and :meth:`undo` brings it back.

        Raises:
            EngineRefused: The engine said no.
            TooLargeToKeep: A volume is larger than what is kept; it was not removed.
        """
        fresh = self.plan(client)
        without_sizes(fresh).require_same(plan and without_sizes(plan))
        work, warnings = fresh.work, fresh.warnings
        assert isinstance(work, _Work)
        total = len(work.containers) + len(work.networks)
        with Kept.of(client, self.command, in_steps=True) as kept:
            for count, row in enumerate(work.containers):
                doing = translate(N_("removing {name}")).format(name=name_of(row))
                report(Progress(count, total, "steps", doing))
                remove_container(
                    client, kept, str(row["Id"]), with_volumes=self.volumes, time_s=self.time_s, cancel=cancel
                )
            for count, name in enumerate(work.networks, len(work.containers)):
                check_cancel(cancel)
                report(Progress(count, total, "steps", translate(N_("removing {name}")).format(name=name)))
                remove_network(client, kept, name)
            if work.volumes:
                check_cancel(cancel)
                warnings = (*warnings, *remove_volumes(client, kept, work.volumes, report=report, cancel=cancel))
        report(Progress(total, total, "steps"))
        return Result(fresh.changes, tuple(dict.fromkeys(warnings)))

    def verify(self, client: Client) -> Evidence:
        """Look whether the project's containers and networks are gone, and its volumes if they were to go."""
        name, project = self._named()
        there = standing(client, name)
        ours, orphans = self._containers(project, there)
        left = [name_of(row) for row in (*ours, *(orphans if self.remove_orphans else []))]
        left += [] if orphans and not self.remove_orphans else there.networks
        left += there.volumes if self.volumes else []
        if left:
            return Evidence(False, translate(N_("Still there: {names}")).format(names=", ".join(left)), {"left": left})
        says = translate(N_("Nothing of {name} is left.")).format(name=name)
        if there.volumes:
            says = translate(N_("Of {name} only its volumes are left: {volumes}")).format(
                name=name, volumes=", ".join(there.volumes)
            )
        return Evidence(True, says, {"project": name, "volumes": list(there.volumes)})

    def undo(self, client: Client) -> Result:
        """Make networks, volumes with what they held, and containers again; those that ran run again.

        Containers come back with their settings, without what they had written outside of volumes; unnamed volumes that went with ``-v`` come
        back empty.

        Raises:
            CannotUndo: The run removed nothing, or a volume was not kept.
            ImageMissing: An image that a container was made from is gone.
        """
        kept = last_kept(client, self.command)
        if not kept.marks:
            raise CannotUndo(command=self.command, reason=translate(N_("it changed nothing")))
        changes = take_back(client, kept, keeps_files=True)
        kept.discard()
        return Result(changes)

    def _named(self) -> tuple[str, Project | None]:
        """The project's name, and what the file says of it, where there is one."""
        try:
            project = read(self.file, name=self.project, env_files=self.env_files).require()
        except NoComposeFile:
            if self.file or not self.project:
                raise
            return require_name(self.project), None
        return project.name, project

    def _containers(
        self, project: Project | None, there: Standing
    ) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """The containers of the file's services, those that depend on others first; and all other ones."""
        if project is None:
            return list(there.all_containers()), []
        order = [each.name for each in reversed(project.in_order())]
        ours = [row for name in order for row in there.containers.get(name, ())]
        return ours, [row for name, rows in there.containers.items() if name not in order for row in rows]

    def _volumes(self, client: Client, there: Standing, others: list[Mapping[str, Any]]) -> Iterator[Change]:
        sizes = sizes_bytes(client) if self.volumes and there.volumes else {}
        for name in there.volumes:
            users = [name_of(row) for row in others if any(each.get("Name") == name for each in row["Mounts"])]
            if not self.volumes:
                yield Change("keep", "volume", name, reason=translate(N_("volumes stay; -v removes them")))
            elif users:
                reason = translate(N_("{containers} uses it too")).format(containers=", ".join(users))
                yield Change("keep", "volume", name, reason=reason)
            else:
                yield Change("remove", "volume", name, sizes.get(name))


def _external(project: Project | None) -> Iterator[Change]:
    """What the file only uses."""
    reason = translate(N_("external: it is there, and stays"))
    if project:
        yield from (
            Change("keep", "network", each.name, reason=reason) for each in project.networks if each.is_external
        )
        yield from (Change("keep", "volume", each.name, reason=reason) for each in project.volumes if each.is_external)


def _ending(row: Mapping[str, Any]) -> Iterator[Change]:
    # No reason that depends on what it wrote: one that runs may write between the plan and the run.
    yield Change("remove", "container", name_of(row), int(row.get("SizeRw") or 0))
    for port in listed_ports(row):
        yield Change("remove", "port", port.text, reason=translate(N_("goes silent")))


def _others(client: Client, going: set[str]) -> list[Mapping[str, Any]]:
    return [row for row in client.get_json("/containers/json", all=1) if row["Id"] not in going]


def _network(name: str, others: list[Mapping[str, Any]]) -> Iterator[Change]:
    users = [name_of(row) for row in others if name in (row["NetworkSettings"].get("Networks") or {})]
    if users:
        reason = translate(N_("{containers} is on it too")).format(containers=", ".join(users))
        yield Change("keep", "network", name, reason=reason)
    else:
        yield Change("remove", "network", name)


def _warnings(going: list[Mapping[str, Any]]) -> Iterator[str]:
    if names := [name_of(row) for row in going if row.get("SizeRw")]:
        says = translate(N_("What {names} wrote outside of volumes is lost, and undo does not bring it back."))
        yield says.format(names=", ".join(names))
