"""What tasks ask of one container: that it is there, which ports it publishes, what runs in it, who has a port that it wants."""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from dockyard.connection import Client
from dockyard.errors import EngineRefused, NoSuchContainer, WrongState
from dockyard.locale import N_, translate
from dockyard.tasks.run_words import Port

__all__ = [
    "UNNAMED_VOLUME",
    "is_unnamed",
    "name_in",
    "port_holder",
    "processes",
    "published_ports",
    "require_container",
    "require_running",
    "settled_processes",
    "wanted_ports",
]

UNNAMED_VOLUME = re.compile(r"[0-9a-f]{64}")
SETTLE_S = (
    1  # how long what a container runs is waited for to stay the same, such as while a script makes way for a server
)
LOOK_EVERY_S = 0.1


def require_container(client: Client, name: str, *, size: bool = False) -> dict[str, Any]:
    """Return what the engine says of a container (Docker Engine API, "Inspect a container").

    Args:
        client: The engine.
        name: Its name or ID.
        size: Whether the bytes that it wrote are counted too (``SizeRw``), which takes a while.

    Raises:
        NoSuchContainer: There is none.
    """
    try:
        found: dict[str, Any] = client.get_json("/containers/{}/json", name, size=int(size))
    except EngineRefused as error:
        if error.facts["status"] != 404:
            raise
        raise NoSuchContainer(name=name) from error
    return found


def is_unnamed(volume: Mapping[str, Any]) -> bool:
    """Whether nobody named a listed volume: newer engines mark those with a label, older ones only give them 64 digits."""
    marked = "com.docker.volume.anonymous" in (volume.get("Labels") or {})
    return marked or bool(UNNAMED_VOLUME.fullmatch(volume["Name"]))


def require_running(client: Client, name: str, verb: str) -> dict[str, Any]:
    """Return the same of a container that runs and is not paused, as what is to be done inside it needs.

    Raises:
        NoSuchContainer: There is none.
        WrongState: It is in another state; the sentence says what brings it into this one.
    """
    found = require_container(client, name)
    status, shown = found["State"]["Status"], name_in(found)
    if status != "running":
        way_out = f"docker {'unpause' if status == 'paused' else 'start'} {shown}"
        raise WrongState(name=shown, status=status, verb=verb, way_out=way_out)
    return found


def name_in(found: Mapping[str, Any]) -> str:
    """The name of an inspected container."""
    return str(found["Name"]).removeprefix("/")


def published_ports(found: Mapping[str, Any]) -> tuple[Port, ...]:
    """The ports at which a container that runs is reached now; one for all addresses is listed once."""
    return tuple(dict.fromkeys(_ports(found["NetworkSettings"].get("Ports"))))


def wanted_ports(found: Mapping[str, Any]) -> tuple[Port, ...]:
    """The ports that a container publishes whenever it runs."""
    return tuple(dict.fromkeys(_ports(found["HostConfig"].get("PortBindings"))))


def _ports(bindings: Mapping[str, Any] | None) -> Iterator[Port]:
    """Ports of a map as the Engine API has it (PortMap)."""
    for key, bound in (bindings or {}).items():
        number, _, protocol = key.partition("/")
        for each in bound or ():
            address = each.get("HostIp") or ""
            host_ip = "" if address in ("0.0.0.0", "::") else address  # noqa: S104  # compared, not listened at
            yield Port(int(number), int(each["HostPort"]) if each.get("HostPort") else None, host_ip, protocol or "tcp")


def processes(client: Client, container: str) -> tuple[str, ...]:
    """The command lines of what runs in a container; none where it does not run, or where the engine can't list them."""
    try:
        answer = client.get_json("/containers/{}/top", container)
    except EngineRefused:
        return ()
    column = next((place for place, title in enumerate(answer["Titles"]) if title in ("CMD", "COMMAND")), -1)
    return tuple(row[column] for row in answer["Processes"] or ())


def settled_processes(client: Client, container: str) -> tuple[str, ...]:
    """The same, once two looks in a row find the same; the last look where none do within :data:`SETTLE_S`."""
    end = time.monotonic() + SETTLE_S
    seen = processes(client, container)
    while time.monotonic() < end:
        time.sleep(LOOK_EVERY_S)
        before, seen = seen, processes(client, container)
        if seen == before:
            break
    return seen


def port_holder(client: Client, port: Port) -> str:
    """Who has the host's port: a container's name, another program, or no one (empty)."""
    if port.host_port is None or port.protocol != "tcp":
        return ""
    for container in client.get_json("/containers/json"):
        if any(
            each.get("PublicPort") == port.host_port and each.get("Type") == port.protocol
            for each in container["Ports"]
        ):
            return translate(N_("the container {name}")).format(name=container["Names"][0].lstrip("/"))
    if client.is_local:
        with (
            suppress(OSError),
            socket.create_connection((port.host_ip or "127.0.0.1", port.host_port), timeout=0.2),
        ):
            return translate(N_("another program"))
    return ""
