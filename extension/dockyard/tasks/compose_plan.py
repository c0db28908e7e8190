"""What bringing a Compose project up will do, thing by thing, with the reasons."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from docker.utils import version_lt

from dockyard.compose import Project, Service
from dockyard.connection import Client
from dockyard.errors import NameTaken, NoSuchNetwork, NoSuchService, NoSuchVolume, NotOfThisProject, PortHeld
from dockyard.locale import N_, translate
from dockyard.tasks.change import Change
from dockyard.tasks.compose_project import (
    PARTS,
    PROJECT,
    SERVICE,
    Standing,
    docker_run,
    listed_ports,
    parts_of,
    standing,
)
from dockyard.tasks.container import name_in, port_holder
from dockyard.tasks.life_task import UP, becomes
from dockyard.tasks.mounting import look_at
from dockyard.tasks.snapshot import name_of
from dockyard.wording import short_id

__all__ = ["Options", "Step", "UpPlan", "plan_up"]

START_INTERVAL_SINCE = "1.44"  # of the Engine API


@dataclass(frozen=True)
class Options:
    """What is asked for beside the file; see :class:`dockyard.tasks.compose_up.ComposeUp`."""

    services: tuple[str, ...] = ()
    build: bool = False
    force_recreate: bool = False
    remove_orphans: bool = False


@dataclass(frozen=True)
class Step:
    """What becomes of one service.

    Attributes:
        service: Which.
        what: What is done with its container.
        reason: Why one is made anew, in the reader's language.
        former: The container that is there, as the engine lists it; empty where there is none.
        needs: What must be done for its image first.
        is_if_built_anew: Whether it is made anew only where the build makes another image.
    """

    service: Service
    what: Literal["create", "recreate", "start", "keep"]
    reason: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    needs: Literal["", "build", "pull"] = ""
    is_if_built_anew: bool = False


@dataclass(frozen=True)
class UpPlan:
    """Everything that will be done.

    Attributes:
        steps: The services, each after those that it depends on.
        surplus: Containers that go: of services that are not in the file, or that have several.
        changes, warnings: As a :class:`dockyard.tasks.Plan` has them.
    """

    project: Project
    steps: tuple[Step, ...]
    surplus: tuple[Mapping[str, Any], ...]
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]


def plan_up(client: Client, project: Project, options: Options) -> UpPlan:
    """Look at what there is, and return what will be done.

    Raises:
        NoSuchService: The file does not have one that is asked for.
        NoSuchNetwork, NoSuchVolume: Something that the file calls external is not there.
        NotOfThisProject, NameTaken, PortHeld: Something else has a name or a port that it asks for.
    """
    for name in options.services:
        if not _has(project, name):
            raise NoSuchService(name=name, known=", ".join(each.name for each in project.services))
    there = standing(client, project.name, size=True)
    chosen = project.in_order(options.services)
    steps = tuple(_step(client, project, each, there, options) for each in chosen)
    surplus = tuple(_surplus(project, chosen, there, options))
    changes = [*_networks(client, project, chosen), *_volumes(client, project, chosen)]
    changes += [change for step in steps for change in _image(step)]
    warnings: list[str] = []
    going = [*surplus, *(step.former for step in steps if step.what == "recreate")]
    free = {port.host_port for row in going for port in listed_ports(row)}
    for step in steps:
        coming, told = _container(client, project, step, free)
        changes += coming
        warnings += told
    changes += _others(project, there, surplus)
    return UpPlan(project, steps, surplus, tuple(dict.fromkeys(changes)), tuple(dict.fromkeys(warnings)))


def _has(project: Project, service: str) -> bool:
    return any(each.name == service for each in project.services)


# ---------------------------------------------------------------- what becomes of containers


def _step(client: Client, project: Project, service: Service, there: Standing, options: Options) -> Step:
    image = client.find_json("/images/{}/json", service.image)
    needs: Literal["", "build", "pull"] = ""
    if service.build and (options.build or image is None):
        needs = "build"
    elif image is None:
        needs = "pull"
    rows = there.containers.get(service.name, ())
    if not rows:
        return Step(service, "create", needs=needs)
    former = rows[0]
    if options.force_recreate:
        return Step(service, "recreate", translate(N_("as asked for (--force-recreate)")), former, needs)
    if reason := _why_anew(project, service, former, image):
        return Step(service, "recreate", reason, former, needs)
    if needs == "build":
        reason = translate(N_("made anew if the build makes another image"))
        return Step(service, "recreate", reason, former, needs, is_if_built_anew=True)
    return Step(service, "keep" if former["State"] in UP else "start", "", former)


def _why_anew(project: Project, service: Service, former: Mapping[str, Any], image: Mapping[str, Any] | None) -> str:
    """Why a container that is there does not do; empty where it does."""
    before = former["Labels"].get(PARTS)
    if before is None:
        return translate(N_("docker compose made it, whose settings can't be compared with the file"))
    then, now = json.loads(before), parts_of(project, service)
    if differing := sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key)):
        return translate(N_("the file has other settings: {names}")).format(names=", ".join(differing))
    if name_of(former) != service.container_name:
        return translate(N_("it is called {name} by now")).format(name=name_of(former))
    if image is None:
        return translate(N_("its image has no name any more"))
    if former["ImageID"] != image["Id"]:
        return translate(N_("its image is another one by now: {id}")).format(id=short_id(image["Id"]))
    return ""


def _surplus(
    project: Project, chosen: tuple[Service, ...], there: Standing, options: Options
) -> Iterator[Mapping[str, Any]]:
    names = {each.name for each in chosen}
    for key, rows in there.containers.items():
        if key in names:
            yield from rows[1:]
        elif options.remove_orphans and not _has(project, key):
            yield from rows


def _container(client: Client, project: Project, step: Step, free: set[int | None]) -> tuple[list[Change], list[str]]:
    """What becomes of a service's container, its mounts of folders and its ports; and warnings.

    Args:
        client: The engine.
        project: The service's own.
        step: What is done.
        free: Ports of this machine that containers have which will be gone by then.
    """
    service, run = step.service, docker_run(project, step.service)
    changes: list[Change] = []
    warnings: list[str] = []
    if step.what == "keep":
        reason = translate(N_("it runs, and is as the file asks"))
        return [Change("keep", "container", service.container_name, reason=reason)], []
    if step.what != "start":
        _require_name(client, project, service)
        warnings += _passed_over(client, service)
        for mount in run.mounts:
            if mount.kind != "volume":
                change, warning = look_at(client, mount)
                changes += [change] if change else []
                warnings += [warning] if warning else []
    if step.what == "create":
        changes.append(Change("create", "container", service.container_name, reason=_after(service)))
    elif step.what == "start":
        changes.append(becomes(service.container_name, str(step.former["State"]), "running"))
    else:
        written = int(step.former.get("SizeRw") or 0)
        changes.append(Change("change", "container", service.container_name, written, step.reason))
        if written and not step.is_if_built_anew:
            lost = translate(N_("{name} is made anew; what it wrote outside of volumes is lost."))
            warnings.append(lost.format(name=service.container_name))
    before = listed_ports(step.former) if step.what == "recreate" else ()
    for port in before:
        if port not in run.ports:
            changes.append(Change("remove", "port", port.text, reason=translate(N_("goes silent"))))
    for port in run.ports:
        if port.host_port not in free and (holder := port_holder(client, port)):
            raise PortHeld(port=port.host_port, name=service.container_name, holder=holder)
        if port not in before:
            changes.append(Change("create", "port", port.text))
    return changes, warnings


def _passed_over(client: Client, service: Service) -> Iterator[str]:
    """What the engine is too old for, and would take without a word."""
    check = service.healthcheck
    if check and check.start_interval_ns and version_lt(client.api.api_version, START_INTERVAL_SINCE):
        says = translate(N_("This engine is too old for `start_interval` of {name}, and passes it over."))
        yield says.format(name=service.name)


def _after(service: Service) -> str:
    """After which services it comes."""
    if not service.depends_on:
        return ""
    return translate(N_("after {services}")).format(services=", ".join(each.service for each in service.depends_on))


def _require_name(client: Client, project: Project, service: Service) -> None:
    found = client.find_json("/containers/{}/json", service.container_name)
    if found is None or name_in(found) != service.container_name:
        return
    labels = found["Config"].get("Labels") or {}
    if (labels.get(PROJECT), labels.get(SERVICE)) != (project.name, service.name):
        raise NameTaken(name=service.container_name, status=found["State"]["Status"])


def _others(project: Project, there: Standing, surplus: tuple[Mapping[str, Any], ...]) -> Iterator[Change]:
    """Containers of the project that the file does not ask for."""
    for key, rows in there.containers.items():
        for row in rows:
            written = int(row.get("SizeRw") or 0)
            if _has(project, key) and row in surplus:
                yield Change("remove", "container", name_of(row), written, translate(N_("the file asks for one")))
            elif row in surplus:
                reason = translate(N_("its service is not in the file (--remove-orphans)"))
                yield Change("remove", "container", name_of(row), written, reason)
            elif not _has(project, key):
                reason = translate(N_("its service is not in the file; --remove-orphans removes it"))
                yield Change("keep", "container", name_of(row), reason=reason)


# ---------------------------------------------------------------- what becomes of all else


def _networks(client: Client, project: Project, chosen: tuple[Service, ...]) -> Iterator[Change]:
    for each in project.used_networks(chosen):
        found = client.find_json("/networks/{}", each.name)
        found = found if found and found["Name"] == each.name else None  # an ID that begins so is another one
        if each.is_external:
            if found is None:
                raise NoSuchNetwork(name=each.name)
            yield Change("keep", "network", each.name, reason=translate(N_("external: it is there, and stays")))
        elif found is None:
            yield Change("create", "network", each.name)
        elif (found.get("Labels") or {}).get(PROJECT) != project.name:
            raise NotOfThisProject(kind=translate(N_("network")), name=each.name, project=project.name)
        else:
            yield Change("keep", "network", each.name, reason=translate(N_("it exists already")))


def _volumes(client: Client, project: Project, chosen: tuple[Service, ...]) -> Iterator[Change]:
    for each in project.used_volumes(chosen):
        found = client.find_json("/volumes/{}", each.name)
        if each.is_external:
            if found is None:
                raise NoSuchVolume(name=each.name)
            yield Change("keep", "volume", each.name, reason=translate(N_("external: it is there, and stays")))
        elif found is None:
            yield Change("create", "volume", each.name)
        elif (found.get("Labels") or {}).get(PROJECT) != project.name:
            raise NotOfThisProject(kind=translate(N_("volume")), name=each.name, project=project.name)
        else:
            yield Change("keep", "volume", each.name, reason=translate(N_("it exists already, with what it holds")))


def _image(step: Step) -> Iterator[Change]:
    if step.needs == "build":
        assert step.service.build
        reason = translate(N_("built from {folder}")).format(folder=step.service.build.context)
        yield Change("create", "image", step.service.image, reason=reason)
    elif step.needs == "pull":
        reason = translate(N_("the engine does not have it; it will be pulled"))
        yield Change("create", "image", step.service.image, reason=reason)
