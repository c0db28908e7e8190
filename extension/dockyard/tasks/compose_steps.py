"""The single things that bringing a Compose project up and down is made of, each with its mark in the run's record, and the way back over those marks.

A container that another one takes the place of is stopped and renamed, and removed when all else has gone well: so a run that breaks off gives it
back as it was.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dockyard.command import words
from dockyard.compose import Dependency, Project, Service
from dockyard.connection import Client
from dockyard.errors import CannotUndo, EngineRefused, ServiceFailed, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, check_cancel
from dockyard.tasks.compose_project import body, endpoints, network_body, volume_body
from dockyard.tasks.container import UNNAMED_VOLUME, name_in, require_container
from dockyard.tasks.kept import Kept, Mark
from dockyard.tasks.life_task import bring_to, call_until_cancelled
from dockyard.tasks.remake import remake
from dockyard.tasks.volume_content import has_content
from dockyard.tasks.volumes import VolumeRemove, volume_rm_from_words
from dockyard.tasks.written import file_state, give_back
from dockyard.waiting import eventually

__all__ = [
    "await_dependency",
    "make_container",
    "make_network",
    "make_volume",
    "put_aside",
    "remove_container",
    "remove_network",
    "remove_volumes",
    "require_unchanged",
    "start",
    "take_back",
]

MADE, ASIDE, STARTED, NETWORK, NETWORK_GONE, VOLUME, VOLUMES_GONE = (
    "container", "container aside", "container started", "network", "network gone", "volume", "volumes gone",
)  # fmt: skip
LAST_WORDS = 5


def make_network(client: Client, kept: Kept, project: Project, key: str) -> None:
    """Make a network of a project."""
    with engine_errors(client.address):
        answer = client.api.post(client.url("/networks/create"), json=network_body(project, key))
        answer.raise_for_status()
    kept.marks.append(Mark(project.network(key).name, NETWORK))


def make_volume(client: Client, kept: Kept, project: Project, key: str) -> None:
    """Make a volume of a project."""
    with engine_errors(client.address):
        answer = client.api.post(client.url("/volumes/create"), json=volume_body(project, key))
        answer.raise_for_status()
    kept.marks.append(Mark(project.volume(key).name, VOLUME))


def make_container(
    client: Client, kept: Kept, project: Project, service: Service, former: Mapping[str, Any] | None
) -> str:
    """Make a service's container, put it on its networks, start it, and return its ID.

    Args:
        client: The engine.
        kept: The run's record.
        project: The service's own.
        service: What to make.
        former: The inspected container that it takes the place of: its unnamed volumes go on with this one.
    """
    with engine_errors(client.address):
        made = client.api.create_container_from_config(  # type: ignore[no-untyped-call]  # docker-py types little
            body(project, service, _inherited(service, former)), service.container_name
        )
        kept.marks.append(Mark(str(made["Id"]), MADE))
        for network, endpoint in list(endpoints(project, service))[1:]:
            wanted = {"Container": made["Id"], "EndpointConfig": endpoint}
            client.api.post(client.url("/networks/{}/connect", network), json=wanted).raise_for_status()
        client.api.start(made["Id"])
    return str(made["Id"])


def start(client: Client, kept: Kept, container_id: str, status: str) -> None:
    """Let a container run that is there, and does not."""
    kept.marks.append(Mark(container_id, STARTED, status))
    bring_to(client, container_id, "running")


def put_aside(client: Client, kept: Kept, container_id: str, cancel: Cancel) -> dict[str, Any]:
    """Stop a container and give its name free; return what the engine said of it before."""
    check_cancel(cancel)
    found = _noted(client, kept, container_id)
    _stop(client, found, None)
    with engine_errors(client.address):
        client.api.rename(container_id, f"{container_id[:12]}_{name_in(found)}")  # as docker compose calls it
    return found


def remove_container(
    client: Client, kept: Kept, container_id: str, *, with_volumes: bool, time_s: int | None, cancel: Cancel
) -> None:
    """Stop a container and remove it; what is needed to make it again is kept, and what it wrote is not."""
    check_cancel(cancel)
    found = _noted(client, kept, container_id)
    _stop(client, found, time_s)
    _remove(client, container_id, with_volumes=with_volumes)


def remove_network(client: Client, kept: Kept, name: str) -> None:
    """Remove a network; its settings are kept."""
    found = client.get_json("/networks/{}", name)
    with engine_errors(client.address):
        client.api.remove_network(found["Id"])
    wanted = {key: found.get(key) for key in ("Name", "Driver", "Options", "Labels", "Internal", "Attachable")}
    kept.marks.append(Mark(name, NETWORK_GONE, json.dumps(wanted)))


def remove_volumes(client: Client, kept: Kept, task: VolumeRemove, **options: Any) -> tuple[str, ...]:
    """Remove volumes by their own task, which keeps what they hold; return its warnings."""
    result = task.run(client, **options)
    kept.marks.append(Mark(task.command, VOLUMES_GONE))
    return result.warnings


def await_dependency(client: Client, waiting: Service, container_id: str, wanted: Dependency, cancel: Cancel) -> None:
    """Wait until a service is as far as another one needs it.

    Raises:
        ServiceFailed: It will not be.
        Cancelled: ``cancel`` was set.
    """
    if wanted.condition == "service_started":
        return
    look = _healthy if wanted.condition == "service_healthy" else _completed

    def ask() -> None:
        check_cancel(cancel)
        state = require_container(client, container_id)["State"]
        if reason := look(state):
            with engine_errors(client.address):
                said = client.api.logs(container_id, tail=LAST_WORDS).decode(errors="replace")
            raise ServiceFailed(waiting=waiting.name, service=wanted.service, state=reason, output=said.strip() or "-")

    eventually(ask, _NotYet, timeout_s=math.inf)


def require_unchanged(kept: Kept) -> None:
    """Check that the files of a run are as it left them.

    Raises:
        CannotUndo: One is not.
    """
    for mark in kept.marks:
        if mark.kind == "file" and file_state(Path(mark.path)) != mark.state:
            reason = translate(N_("{path!r} has changed since")).format(path=mark.path)
            raise CannotUndo(command=kept.command, reason=reason)


def take_back(client: Client, kept: Kept, *, keeps_files: bool) -> tuple[Change, ...]:
    """Take everything back that marks tell of, the last first, and return what that changed.

    Args:
        client: The engine.
        kept: The run's record.
        keeps_files: Leave a volume that the run made and that holds files by now; else it goes with them.
    """
    changes: list[Change] = []
    for mark in reversed(kept.marks):
        if undo := _UNDO.get(mark.kind):
            changes += undo(client, kept, mark)
        elif mark.kind == VOLUME:
            changes += _drop_volume(client, mark.path, keeps_files=keeps_files)
    return (*changes, *give_back(kept))


class _NotYet(Exception):
    """It has to be waited for."""


def _healthy(state: Mapping[str, Any]) -> str:
    """Why a container will not become healthy; empty where it is."""
    if not state["Running"]:
        return _ended(state)
    health = (state.get("Health") or {}).get("Status", "none")
    if health == "none":
        return translate(N_("has no health check"))
    if health == "unhealthy":
        return translate(N_("is unhealthy"))
    if health != "healthy":
        raise _NotYet
    return ""


def _completed(state: Mapping[str, Any]) -> str:
    if state["Running"] or state["Status"] == "created":
        raise _NotYet
    return _ended(state) if state["ExitCode"] else ""


def _ended(state: Mapping[str, Any]) -> str:
    return translate(N_("ended with exit code {code}")).format(code=state["ExitCode"])


def _noted(client: Client, kept: Kept, container_id: str) -> dict[str, Any]:
    """What the engine says of a container, written into the record before anything is done with it."""
    found = require_container(client, container_id)
    file = kept.new_file()
    file.write_text(json.dumps(found), "utf-8")
    kept.marks.append(Mark(container_id, ASIDE, found["State"]["Status"], file.name))
    return found


def _stop(client: Client, found: Mapping[str, Any], time_s: int | None) -> None:
    """Ask a container to end, and wait for it, whatever is asked for meanwhile: one that has got its signal ends all the same."""
    if found["State"]["Running"]:
        params = {} if time_s is None else {"t": time_s}
        call_until_cancelled(client, "/containers/{}/stop", str(found["Id"]), params, NEVER)


def _inherited(service: Service, former: Mapping[str, Any] | None) -> dict[str, str]:
    """The unnamed volumes of a container, by their paths, where the file still has something unnamed there, or nothing."""
    mounted = {each.target for each in service.mounts if each.source or each.kind != "volume"}
    return {
        each["Destination"]: each["Name"]
        for each in (former or {}).get("Mounts", ())
        if each["Type"] == "volume" and UNNAMED_VOLUME.fullmatch(each["Name"]) and each["Destination"] not in mounted
    }


def _remove(client: Client, container_id: str, *, with_volumes: bool) -> bool:
    """Remove a container; whether there was one."""
    return _is_gone(client, lambda: client.api.remove_container(container_id, v=with_volumes, force=True))


def _is_gone(client: Client, remove: Callable[[], object]) -> bool:
    try:
        with engine_errors(client.address):
            remove()
    except EngineRefused as error:
        if error.facts["status"] != 404:
            raise
        return False
    return True


# ---------------------------------------------------------------- the way back, one kind of mark each


def _drop_container(client: Client, kept: Kept, mark: Mark) -> Iterator[Change]:  # noqa: ARG001  # they are called alike
    found = client.find_json("/containers/{}/json", mark.path)
    if found and _remove(client, mark.path, with_volumes=True):
        yield Change("remove", "container", name_in(found))


def _bring_back(client: Client, kept: Kept, mark: Mark) -> Iterator[Change]:
    """The container that was put aside, if it is still there; else one that is made as it was."""
    record = json.loads((kept.folder / mark.kept).read_text("utf-8"))
    found = client.find_json("/containers/{}/json", mark.path)
    container_id = mark.path
    if found is None:
        container_id = remake(client, record, record["Image"])
    elif name_in(found) != name_in(record):
        with engine_errors(client.address):
            client.api.rename(container_id, name_in(record))
    yield Change("create", "container", name_in(record))
    yield from bring_to(client, container_id, mark.state)


def _end_again(client: Client, kept: Kept, mark: Mark) -> Iterator[Change]:  # noqa: ARG001
    if client.find_json("/containers/{}/json", mark.path):
        yield from bring_to(client, mark.path, mark.state)


def _drop_network(client: Client, kept: Kept, mark: Mark) -> Iterator[Change]:  # noqa: ARG001
    if _is_gone(client, lambda: client.api.remove_network(mark.path)):
        yield Change("remove", "network", mark.path)


def _make_network_again(client: Client, kept: Kept, mark: Mark) -> Iterator[Change]:  # noqa: ARG001
    if client.find_json("/networks/{}", mark.path) is None:
        with engine_errors(client.address):
            wanted = {**json.loads(mark.state), "CheckDuplicate": True}
            client.api.post(client.url("/networks/create"), json=wanted).raise_for_status()
        yield Change("create", "network", mark.path)


def _restore_volumes(client: Client, kept: Kept, mark: Mark) -> Iterator[Change]:  # noqa: ARG001
    yield from volume_rm_from_words(words(mark.path)[2:]).undo(client).changes


def _drop_volume(client: Client, name: str, *, keeps_files: bool) -> Iterator[Change]:
    if client.find_json("/volumes/{}", name) is None:
        return
    if keeps_files and has_content(client, name):
        reason = translate(N_("it holds files by now; remove it with `docker volume rm {name}`")).format(name=name)
        yield Change("keep", "volume", name, reason=reason)
    elif _is_gone(client, lambda: client.api.remove_volume(name)):
        yield Change("remove", "volume", name)


_UNDO: dict[str, Callable[[Client, Kept, Mark], Iterator[Change]]] = {
    MADE: _drop_container,
    ASIDE: _bring_back,
    STARTED: _end_again,
    NETWORK: _drop_network,
    NETWORK_GONE: _make_network_again,
    VOLUMES_GONE: _restore_volumes,
}
