"""The list of containers: which are in it, and what it says of each."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dockyard.engine.containers.container import Container
from dockyard.engine.errors import BadParameter, NotFound, ServerError
from dockyard.engine.filters import Filters
from dockyard.engine.timestamps import SECOND_NS

__all__ = ["FILTERS", "choose", "summary"]

FILTERS = (
    "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation",
    "label", "name", "network", "publish", "since", "status", "volume",
)  # fmt: skip
STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
HEALTHS = ("starting", "healthy", "unhealthy", "none")

Find = Callable[[str], Container]
Ancestors = Callable[[str], set[str]]
Networks = Callable[[Container], Mapping[str, Mapping[str, Any]]]


def choose(
    containers: Iterable[Container],
    filters: Filters,
    *,
    everything: bool,
    limit: int,
    find: Find,
    ancestors: Ancestors,
    networks: Networks,
) -> list[Container]:
    """Return the containers of a list, the newest first.

    Args:
        containers: All there are.
        filters: Of :data:`FILTERS`.
        everything: Whether those that do not run are in it too; a limit or a filter by state says so as well.
        limit: How many at most; 0 for no limit.
        find: A container by name or ID.
        ancestors: Images that stem from an image, given by name or ID, itself among them.
        networks: A container's networks by name.

    Raises:
        BadParameter: A filter's value can't be.
        ServerError: ``before`` or ``since`` names no container, as Docker answers.
    """
    _check(filters)
    ordered = sorted(containers, key=lambda each: each.created_ns, reverse=True)
    before = _moment(filters, "before", find)
    since = _moment(filters, "since", find)
    images = {image for name in filters.values("ancestor") for image in ancestors(name)}
    everything = everything or limit > 0 or any(name in filters for name in ("status", "exited", "before", "since"))
    found = []
    for each in ordered:
        born = each.created_ns
        if not (everything or each.state.running or each.state.status == "restarting"):
            continue
        if (before is not None and born >= before) or (since is not None and born <= since):
            continue
        if "ancestor" in filters and each.image_id not in images:
            continue
        if not filters or _matches(each, filters, networks):
            found.append(each)
        if limit > 0 and len(found) == limit:
            break
    return found


def summary(container: Container, networks: Mapping[str, Mapping[str, Any]], image: str) -> dict[str, Any]:
    """Return a container's line of the list, as the API shows it.

    Args:
        container: Which.
        networks: Its networks by name.
        image: The image's name; its ID once that name means another.
    """
    ports = [
        {
            "IP": place["HostIp"],
            "PrivatePort": int(port.partition("/")[0]),
            "PublicPort": int(place["HostPort"]),
            "Type": "tcp",
        }
        for port, places in container.published.items()
        for place in places
    ]
    if container.state.running:
        hidden = set(container.config.get("ExposedPorts") or ()) - set(container.published)
        ports += [
            {"PrivatePort": int(number), "Type": kind}
            for number, _, kind in (each.partition("/") for each in sorted(hidden))
        ]
    else:
        ports = []
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": image,
        "ImageID": container.image_id,
        "Command": " ".join(_quoted(word) for word in container.command),
        "Created": container.created_ns // SECOND_NS,
        "Ports": ports,
        "Labels": container.labels,
        "State": container.state.status,
        "Status": container.state.describe(time.time_ns()),
        "HostConfig": {"NetworkMode": container.host_config["NetworkMode"]},
        "NetworkSettings": {"Networks": dict(networks)},
        "Mounts": [
            {**mount, "Source": "" if mount["Type"] == "volume" else mount.get("Source", "")}
            for mount in container.mount_points
        ],
    }


def _check(filters: Filters) -> None:
    for status in filters.values("status"):
        if status not in STATES:
            raise BadParameter(f"Invalid filter 'status={status}'")
    for health in filters.values("health"):
        if health not in HEALTHS:
            raise BadParameter(f"Unrecognised filter value for health: {health}")
    for code in filters.values("exited"):
        if not re.fullmatch(r"-?\d+", code):
            raise ServerError(f'strconv.Atoi: parsing "{code}": invalid syntax')


def _moment(filters: Filters, name: str, find: Find) -> int | None:
    """When the container that ``before`` or ``since`` names was created."""
    value = filters.single(name)
    if value is None:
        return None
    try:
        return find(value).created_ns
    except NotFound as error:
        raise ServerError(f"no such container {value}") from error


def _matches(container: Container, filters: Filters, networks: Networks) -> bool:
    state = container.state
    volumes = (
        {mount.get("Name", "") for mount in container.mount_points}
        | {mount["Destination"] for mount in container.mount_points}
        | {mount.get("Source", "") for mount in container.mount_points}
    )
    published = {str(place["HostPort"]) for places in container.published.values() for place in places}
    health = state.health.status if state.health else "none"
    return (
        filters.prefix("id", container.id)
        and (filters.match("name", container.name) or filters.match("name", f"/{container.name}"))
        and filters.match_label(container.labels)
        and filters.exact("status", state.status)
        and (
            "exited" not in filters
            or (not state.running and state.status != "created" and str(state.exit_code) in filters.values("exited"))
        )
        and filters.exact("health", health)
        and filters.exact("volume", *volumes)
        and ("network" not in filters or _in_network(filters, networks(container)))
        and ("publish" not in filters or any(_in_range(value, published) for value in filters.values("publish")))
        and ("expose" not in filters or any(_exposes(value, container) for value in filters.values("expose")))
        and filters.exact("is-task", "false")
        and filters.exact("isolation", container.host_config["Isolation"], "default")
    )


def _in_network(filters: Filters, joined: Mapping[str, Mapping[str, Any]]) -> bool:
    identifiers = [str(each.get("NetworkID", "")) for each in joined.values()]
    return filters.exact("network", *joined) or filters.prefix("network", *identifiers)


def _in_range(value: str, published: set[str]) -> bool:
    """Whether a port of this machine, or one of a range, is published."""
    number, _, _ = value.partition("/")
    first, _, last = number.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise ServerError(
            f'error while looking up for publish {value}: strconv.ParseUint: parsing "{first}": invalid syntax'
        )
    return any(str(port) in published for port in range(int(first), int(last or first) + 1))


def _exposes(value: str, container: Container) -> bool:
    number, _, kind = value.partition("/")
    first, _, last = number.partition("-")
    ports = range(int(first), int(last or first) + 1) if first.isdecimal() else range(0)
    exposed = container.config.get("ExposedPorts") or {}
    return any(f"{port}/{kind or 'tcp'}" in exposed for port in ports)


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word
