"""Bring a Compose file up: ``docker compose up -d``."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from dockyard.command import line
from dockyard.compose import Network, Reading, Volume, read
from dockyard.connection import Client
from dockyard.errors import CannotUndo, engine_errors
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
from dockyard.tasks.build import Build
from dockyard.tasks.compose_plan import Options, Step, UpPlan, plan_up
from dockyard.tasks.compose_project import standing
from dockyard.tasks.compose_steps import (
    await_dependency,
    make_container,
    make_network,
    make_volume,
    put_aside,
    require_unchanged,
    start,
    take_back,
)
from dockyard.tasks.kept import Kept, last_kept
from dockyard.tasks.life_task import UP
from dockyard.tasks.pull import has_image, pull
from dockyard.tasks.written import write_kept

__all__ = ["ComposeUp", "ComposeUpResult", "project_words", "without_sizes"]


@dataclass(frozen=True)
class ComposeUpResult(Result):
    """What bringing a project up did.

    Attributes:
        containers: Each service's container, by its full ID.
    """

    containers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ComposeUp(Task):
    """Make and start what a Compose file asks for (``docker compose up -d``), and leave what is there already as it asks.

    Attributes:
        file: ``-f``: the file, or its folder; empty looks in the working folder and above.
        project: ``-p``: the project's name; empty for the file's own, or its folder's.
        services: Those to bring up, with what they depend on; empty for all.
        env_files: ``--env-file``: where variables come from instead of ``.env``.
        build: ``--build``: build images even where they are there.
        force_recreate: ``--force-recreate``: make every container anew.
        remove_orphans: ``--remove-orphans``: remove containers of services that the file does not have.
        text: The file itself, which is first written to ``file``.
    """

    verb: ClassVar[str] = "compose up"
    file: str = ""
    project: str = ""
    services: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    build: bool = False
    force_recreate: bool = False
    remove_orphans: bool = False
    text: str | None = None

    @property
    def command(self) -> str:
        """Such as ``docker compose -f com_folder/compose.yaml up -d``."""
        switches = (("--build", self.build), ("--force-recreate", self.force_recreate))
        words = [*project_words(self.file, self.project, self.env_files), "up", "-d"]
        words += [flag for flag, on in (*switches, ("--remove-orphans", self.remove_orphans)) if on]
        return line("docker", "compose", *words, *self.services)

    def plan(self, client: Client) -> Plan:
        """Return each network, volume, image and container with what becomes of it and why, in the order in which it will happen.

        Raises:
            NoComposeFile, ComposeFileBroken, ProjectNameInvalid, NoSuchService: The file can't be brought up.
            NoSuchNetwork, NoSuchVolume: Something that the file calls external is not there.
            NotOfThisProject, NameTaken, PortHeld: Something else has a name or a port that it asks for.
        """
        reading = self._read()
        options = Options(self.services, self.build, self.force_recreate, self.remove_orphans)
        found = plan_up(client, reading.require(), options)
        told = (str(each) for each in reading.findings if each.level == "warning")
        return Plan((*self._file_change(), *found.changes), (*told, *found.warnings), work=found)

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> ComposeUpResult:
        """Bring it up, each service after those that it depends on. See :meth:`Task.run`.

        A run that fails or is cancelled leaves everything as it was, but for images that were pulled or built.

        Raises:
            ServiceFailed: A service that another one waits for ended, or is not healthy.
            NoSuchImage, BuildFailed: An image could not be had.
            EngineRefused: The engine said no, such as to a program that can't be started.
        """
        fresh = self.plan(client)
        without_sizes(fresh).require_same(plan and without_sizes(plan))
        check_cancel(cancel)
        assert isinstance(fresh.work, UpPlan)
        with Kept.of(client, self.command) as kept:
            try:
                if self._is_written:
                    assert self.text is not None
                    write_kept(Path(self.file), self.text, kept)
                rising = _Rising(client, kept, fresh.work, report, cancel)
                rising.do()
            except BaseException:
                take_back(client, kept, keeps_files=False)
                raise
        changes = tuple(rising.as_it_was(each) for each in fresh.changes)
        return ComposeUpResult(changes, fresh.warnings, rising.containers)

    def verify(self, client: Client) -> Evidence:
        """Look at every service's container, and at the networks and volumes."""
        project = self._read().require()
        there, chosen = standing(client, project.name), project.in_order(self.services)
        says, ok = [], True
        facts: dict[str, object] = {}
        for service in chosen:
            rows = there.containers.get(service.name, ())
            found = client.find_json("/containers/{}/json", rows[0]["Id"]) if rows else None
            if found is None:
                ok = False
                says.append(f"{service.name}: " + translate(N_("no such container")))
                continue
            state = found["State"]
            ok &= state["Status"] == "running" or (state["Status"] == "exited" and state["ExitCode"] == 0)
            status = state["Status"]
            if status == "exited":
                status = translate(N_("exited with code {code}")).format(code=state["ExitCode"])
            health = (state.get("Health") or {}).get("Status", "none")
            says.append(f"{service.name}: {status}" + (f" ({health})" if health != "none" else ""))
            facts[service.name] = {"status": state["Status"], "id": found["Id"]}
        wanted: list[Network | Volume] = [*project.used_networks(chosen), *project.used_volumes(chosen)]
        made = there.networks.keys() | there.volumes.keys()
        if missing := sorted(each.name for each in wanted if not each.is_external and each.name not in made):
            ok = False
            says.append(translate(N_("missing: {names}")).format(names=", ".join(missing)))
        return Evidence(ok, "; ".join(says), {"project": project.name, "services": facts})

    def undo(self, client: Client) -> Result:
        """Remove what the last run made, and bring back what it replaced; a volume that holds files by now stays, and so do images.

        A container that was made anew comes back with its settings, without what it had written outside of volumes.

        Raises:
            CannotUndo: The run changed nothing, or a file has changed since.
        """
        kept = last_kept(client, self.command)
        if not kept.marks:
            raise CannotUndo(command=self.command, reason=translate(N_("it changed nothing")))
        require_unchanged(kept)
        changes = take_back(client, kept, keeps_files=True)
        kept.discard()
        return Result(changes)

    def _read(self) -> Reading:
        return read(self.file, name=self.project, env_files=self.env_files, text=self.text)

    def _file_change(self) -> Iterator[Change]:
        if self._is_written:
            yield Change("change" if Path(self.file).exists() else "create", "file", self.file)

    @property
    def _is_written(self) -> bool:
        """Whether the text goes into the file, which may hold it already."""
        if self.text is None:
            return False
        path = Path(self.file)
        return not path.is_file() or path.read_bytes() != self.text.encode("utf-8", "surrogateescape")


class _Rising:
    """A project that is being brought up.

    Attributes:
        containers: Each service's container, by its full ID.
        stayed: Containers that stayed though they might have been made anew, and why.
    """

    def __init__(self, client: Client, kept: Kept, plan: UpPlan, report: Report, cancel: Cancel) -> None:
        self._client, self._kept, self._plan, self._report, self._cancel = client, kept, plan, report, cancel
        self._asides: list[str] = []
        self._done = 0
        self._to_make = {(each.kind, each.name) for each in plan.changes if each.action == "create"}
        self._total = sum(kind in ("network", "volume") for kind, _ in self._to_make) + sum(
            each.what != "keep" for each in plan.steps
        )
        self.containers: dict[str, str] = {}
        self.stayed: dict[str, str] = {}

    def do(self) -> None:
        """Do all of it."""
        project, client = self._plan.project, self._client
        services = [step.service for step in self._plan.steps]
        for step in self._plan.steps:
            self._bring_image(step)
        for network in project.used_networks(services):
            if ("network", network.name) in self._to_make:
                self._tell(translate(N_("making {name}")), network.name)
                make_network(client, self._kept, project, network.key)
        for volume in project.used_volumes(services):
            if ("volume", volume.name) in self._to_make:
                self._tell(translate(N_("making {name}")), volume.name)
                make_volume(client, self._kept, project, volume.key)
        for row in self._plan.surplus:
            self._put_aside(str(row["Id"]))
        for step in self._plan.steps:
            self._await_others(step)
            self.containers[step.service.name] = self._container(step)
        check_cancel(self._cancel)
        for each in self._asides:
            with engine_errors(client.address):
                client.api.remove_container(each, force=True)
        self._report(Progress(self._total, self._total, "steps", translate(N_("running"))))

    def as_it_was(self, change: Change) -> Change:
        """A planned change as it turned out."""
        if change.kind != "container" or change.name not in self.stayed:
            return change
        return Change("keep", "container", change.name, reason=self.stayed[change.name])

    def _container(self, step: Step) -> str:
        """Bring one service's container to what it is to be; return its ID."""
        service, what, former_id = step.service, step.what, str(step.former.get("Id", ""))
        if step.is_if_built_anew:
            image = self._client.get_json("/images/{}/json", service.image)
            if image["Id"] == step.former["ImageID"]:
                what = "keep" if step.former["State"] in UP else "start"
                self.stayed[service.container_name] = translate(N_("the build made the same image"))
        if what == "keep":
            return former_id
        self._tell(translate(N_("starting {name}")), service.container_name)
        if what == "start":
            start(self._client, self._kept, former_id, str(step.former["State"]))
            return former_id
        former = self._put_aside(former_id) if what == "recreate" else None
        return make_container(self._client, self._kept, self._plan.project, service, former)

    def _put_aside(self, container_id: str) -> dict[str, object]:
        found = put_aside(self._client, self._kept, container_id, self._cancel)
        self._asides.append(container_id)
        return found

    def _await_others(self, step: Step) -> None:
        for each in step.service.depends_on:
            doing = translate(N_("waiting for {name}")).format(name=each.service)
            self._report(Progress(self._done, self._total, "steps", doing))
            await_dependency(self._client, step.service, self.containers[each.service], each, self._cancel)

    def _bring_image(self, step: Step) -> None:
        name, build = step.service.image, step.service.build
        if step.needs == "build" and build:
            task = Build(build.context, (name,), build.dockerfile, build.args, build.no_cache, build.target)
            task.run(self._client, report=self._report, cancel=self._cancel)
        elif step.needs and not has_image(self._client, name):  # another service may have brought it
            pull(self._client, name, report=self._report, cancel=self._cancel)

    def _tell(self, doing: str, name: str) -> None:
        check_cancel(self._cancel)
        self._report(Progress(self._done, self._total, "steps", doing.format(name=name)))
        self._done += 1


def project_words(file: str, project: str, env_files: tuple[str, ...]) -> Iterator[str]:
    """The words between ``docker compose`` and its command."""
    yield from ("-f", file) if file else ()
    yield from ("-p", project) if project else ()
    for each in env_files:
        yield from ("--env-file", each)


def without_sizes(plan: Plan) -> Plan:
    """A plan to be compared: a container that runs may write between the plan and the run."""
    return replace(plan, changes=tuple(replace(change, size_bytes=None) for change in plan.changes))
