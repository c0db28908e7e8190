"""The engine's lists as the sidebar shows them: plain data, one call to the engine a list, with sizes and times in the reader's words."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from dockyard.connection import Client
from dockyard.connection.registry import Registry
from dockyard.locale import N_, translate
from dockyard.tasks.container import is_unnamed
from dockyard.tasks.logins import known_login
from dockyard.tasks.names import DOCKER_HUB, ImageName
from dockyard.tasks.snapshot import name_of, tags_of
from dockyard.wording import human_size, relative_time, short_id

__all__ = ["LISTS", "about", "disk", "registries", "repositories"]

MOST_REPOSITORIES = 200
REGISTRY_PORT = 5000  # on which a registry listens inside its container
# The engine's words for a container's state.
STATES = (
    N_("created"), N_("running"), N_("paused"), N_("restarting"), N_("removing"), N_("exited"), N_("dead"),
)  # fmt: skip

Row = dict[str, Any]


def containers(client: Client) -> list[Row]:
    """Return the containers, those that run first, then newest first."""
    rows = client.get_json("/containers/json", all=1)
    rows.sort(key=lambda row: (row["State"] != "running", -row["Created"]))
    return [
        {
            "id": row["Id"],
            "name": name_of(row),
            "state": row["State"],
            "shown_state": translate(row["State"]),
            "detail": row["Image"] if not row["Image"].startswith("sha256:") else short_id(row["Image"]),
            "status": row["Status"],
            "ports": sorted({each["PublicPort"] for each in row.get("Ports") or () if each.get("PublicPort")}),
        }
        for row in rows
    ]


def images(client: Client) -> list[Row]:
    """Return the images, newest first, a row a name."""
    return [
        {
            "id": row["Id"],
            "name": name or short_id(row["Id"]),
            "state": "named" if name else "dangling",
            "shown_state": "" if name else translate(N_("dangling")),
            "detail": human_size(row["Size"]),
            "status": relative_time(datetime.fromtimestamp(row["Created"], UTC)),
            "ports": [],
        }
        for row in client.get_json("/images/json")
        for name in tags_of(row) or [""]
    ]


def volumes(client: Client) -> list[Row]:
    """Return the volumes by name, each with the containers that use it."""
    users: dict[str, list[str]] = {}
    for row in client.get_json("/containers/json", all=1):
        for mount in row.get("Mounts") or ():
            if mount["Type"] == "volume":
                users.setdefault(mount.get("Name", ""), []).append(name_of(row))
    rows = sorted(client.get_json("/volumes")["Volumes"] or (), key=lambda row: str(row["Name"]))
    return [
        {
            "id": row["Name"],
            "name": row["Name"],
            "state": "used" if row["Name"] in users else "unused",
            "shown_state": translate(N_("in use")) if row["Name"] in users else translate(N_("not in use")),
            "detail": ", ".join(sorted(users.get(row["Name"], ()))) or _unnamed(row),
            "status": "",
            "ports": [],
        }
        for row in rows
    ]


def networks(client: Client) -> list[Row]:
    """Return the networks by name."""
    rows = sorted(client.get_json("/networks"), key=lambda row: str(row["Name"]))
    return [
        {
            "id": row["Id"],
            "name": row["Name"],
            "state": "network",
            "shown_state": "",
            "detail": " ".join([row["Driver"], *(each["Subnet"] for each in row["IPAM"]["Config"] or ())]),
            "status": "",
            "ports": [],
        }
        for row in rows
    ]


LISTS: dict[str, Callable[[Client], list[Row]]] = {
    "containers": containers,
    "images": images,
    "volumes": volumes,
    "networks": networks,
}


def about(client: Client) -> Row:
    """Return which engine it is, and whether readers are to be warned of it."""
    return {
        "name": client.engine.name,
        "version": client.engine.version,
        "label": str(client.engine),
        "address": client.address,
        "source": translate(client.source),
        "is_embedded": client.engine.is_embedded,
        "warning": translate(N_("embedded engine, no isolation")) if client.engine.is_embedded else "",
    }


def disk(client: Client) -> Row:
    """Return what takes up the engine's disk. The engine walks everything to answer: ask only when a reader asks."""
    found = client.get_json("/system/df")
    sizes = {
        N_("images"): int(found.get("LayersSize") or 0),
        N_("containers"): sum(int(each.get("SizeRw") or 0) for each in found.get("Containers") or ()),
        N_("volumes"): sum(
            max(0, int((each.get("UsageData") or {}).get("Size", 0))) for each in found.get("Volumes") or ()
        ),
        N_("build cache"): sum(int(each["Size"]) for each in found.get("BuildCache") or ()),
    }
    return {
        "total": human_size(sum(sizes.values())),
        "parts": [{"name": translate(name), "size": human_size(size)} for name, size in sizes.items()],
    }


def registries(client: Client) -> list[str]:
    """Return the registries that are in sight: those that images are named after, and those that containers here serve. Docker Hub tells no list."""
    named = {ImageName.parse(name).registry for row in client.get_json("/images/json") for name in tags_of(row)}
    return sorted((named | set(_served(client))) - {DOCKER_HUB})


def repositories(address: str) -> list[Row]:
    """Return a registry's repositories with their tags, asked with the log-in that Docker's configuration has for it.

    Raises:
        RegistryError: It does not answer, or says no.
    """
    user, secret = known_login(address)
    with Registry(address, user=user, secret=secret) as registry:
        return [
            {
                "id": f"{address}/{name}:{tag}",
                "name": f"{address}/{name}:{tag}",
                "state": "repository",
                "shown_state": "",
                "detail": address,
                "status": "",
                "ports": [],
            }
            for name in islice(registry.catalog(), MOST_REPOSITORIES)
            for tag in registry.tags(name)
        ]


def _served(client: Client) -> Iterator[str]:
    for row in client.get_json("/containers/json"):
        for port in row.get("Ports") or ():
            if port["PrivatePort"] == REGISTRY_PORT and port.get("PublicPort"):
                yield f"{client.host}:{port['PublicPort']}"


def _unnamed(row: Mapping[str, Any]) -> str:
    return translate(N_("unnamed")) if is_unnamed(row) else ""
