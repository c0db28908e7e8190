"""Which containers have a volume, and how those that run are put to rest for a while."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dockyard.connection import Client
from dockyard.errors import DockyardError, WouldVanish, engine_errors
from dockyard.tasks.snapshot import name_of

__all__ = ["holders", "resting", "stoppable", "users", "users_by_volume"]


def users(client: Client, volume: str) -> dict[str, str]:
    """Return the containers that run and have the volume: ID to name. One that is paused writes nothing."""
    return {str(each["Id"]): name_of(each) for each in _having(client, volume) if each["State"] == "running"}


def holders(client: Client, volume: str) -> list[str]:
    """Return the names of all containers that have the volume, whether they run or not."""
    return sorted(name_of(each) for each in _having(client, volume))


def users_by_volume(client: Client) -> dict[str, tuple[str, ...]]:
    """Return each volume that containers have, running or not, with the containers' names and states, such as ``apa000ex21 (running)``."""
    found: dict[str, tuple[str, ...]] = {}
    for row in client.get_json("/containers/json", all=1):
        for mount in row["Mounts"]:
            if mount.get("Type") == "volume":
                found[mount["Name"]] = (*found.get(mount["Name"], ()), f"{name_of(row)} ({row['State']})")
    return found


def stoppable(client: Client, running: Mapping[str, str]) -> dict[str, str]:
    """Return the same containers, checked.

    Raises:
        WouldVanish: One of them removes itself when it stops.
    """
    for container, name in running.items():
        if client.get_json("/containers/{}/json", container)["HostConfig"]["AutoRemove"]:
            raise WouldVanish(name=name)
    return dict(running)


@contextmanager
def resting(client: Client, running: Mapping[str, str]) -> Iterator[None]:
    """Stop containers for the time of a block, and start them again however it ends.

    Raises:
        EngineRefused: One could not be stopped or started again; all others are started nevertheless.
    """
    stopped: list[str] = []
    try:
        for container in running:
            stopped.append(container)
            with engine_errors(client.address):
                client.api.stop(container)
        yield
    finally:
        faults = [fault for container in stopped if (fault := _start(client, container))]
        if faults:
            raise faults[0]


def _start(client: Client, container: str) -> DockyardError | None:
    try:
        with engine_errors(client.address):
            client.api.start(container)
    except DockyardError as error:
        return error
    return None


def _having(client: Client, volume: str) -> list[dict[str, Any]]:
    return [
        each
        for each in client.get_json("/containers/json", all=1)
        if any(mount.get("Type") == "volume" and mount.get("Name") == volume for mount in each["Mounts"])
    ]
