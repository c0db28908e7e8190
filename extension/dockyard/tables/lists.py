"""The engine's lists: containers, images, volumes, networks, ports. One call each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dockyard.connection import Client
from dockyard.tables.frame import Filters, Table, ask, times, typed
from dockyard.tasks.container import is_unnamed
from dockyard.tasks.snapshot import name_of, tags_of

__all__ = ["containers", "images", "networks", "ports", "volumes"]

STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")


def containers(client: Client | None = None, *, all: bool = True, filters: Filters | None = None) -> Table:  # noqa: A002  # docker's word
    """Return the containers, newest first.

    Args:
        client: The engine; by default the one in use.
        all: Whether those that do not run are listed too.
        filters: As ``docker ps --filter``, such as ``{"status": "running", "label": ["a", "b=c"]}``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    rows = ask(client, "/containers/json", filters, all=int(all))
    table = Table(
        {
            "id": [row["Id"] for row in rows],
            "name": [row["Names"][0].removeprefix("/") if row["Names"] else "" for row in rows],
            "image": [row["Image"] for row in rows],
            "image_id": [row["ImageID"] for row in rows],
            "command": [row["Command"] for row in rows],
            "created": times([row["Created"] for row in rows]),
            "state": pd.Categorical([row["State"] for row in rows], categories=STATES),
            "status": [row["Status"] for row in rows],
            "ports": [tuple(dict.fromkeys(map(_port, row.get("Ports") or ()))) for row in rows],
            "mounts": [tuple(_mount(mount) for mount in row.get("Mounts") or ()) for row in rows],
            "networks": [tuple(row.get("NetworkSettings", {}).get("Networks") or ()) for row in rows],
            "labels": [row.get("Labels") or {} for row in rows],
        }
    )
    return typed(table, text=("id", "name", "image", "image_id", "command", "status"))


def images(client: Client | None = None, *, filters: Filters | None = None) -> Table:
    """Return the images, newest first, one row a name; several rows may share one ``id``.

    Args:
        client: The engine; by default the one in use.
        filters: As ``docker images --filter``, such as ``{"dangling": "true"}``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    listed = ask(client, "/images/json", filters)
    rows = [(row, name) for row in listed for name in _names(row)]
    table = Table(
        {
            "id": [row["Id"] for row, _ in rows],
            "repository": [name.rpartition(":")[0] or None for _, name in rows],
            "tag": [name.rpartition(":")[2] or None for _, name in rows],
            "created": times([row["Created"] for row, _ in rows]),
            "size_bytes": pd.array([row["Size"] for row, _ in rows], dtype="int64"),
            "dangling": pd.array([not name for _, name in rows], dtype="bool"),
            "digests": [tuple(row.get("RepoDigests") or ()) for row, _ in rows],
            "labels": [row.get("Labels") or {} for row, _ in rows],
        }
    )
    return typed(table, text=("id", "repository", "tag"))


def volumes(client: Client | None = None, *, filters: Filters | None = None) -> Table:
    """Return the volumes by name. Their sizes are not listed: the engine would have to walk every one.

    Args:
        client: The engine; by default the one in use.
        filters: As ``docker volume ls --filter``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    rows = sorted(ask(client, "/volumes", filters)["Volumes"] or (), key=lambda row: str(row["Name"]))
    table = Table(
        {
            "name": [row["Name"] for row in rows],
            "driver": [row["Driver"] for row in rows],
            "mountpoint": [row["Mountpoint"] for row in rows],
            "created": pd.to_datetime([row.get("CreatedAt") for row in rows], utc=True, format="ISO8601"),
            "scope": pd.Categorical([row["Scope"] for row in rows], categories=("local", "global")),
            "anonymous": pd.array([is_unnamed(row) for row in rows], dtype="bool"),
            "labels": [row.get("Labels") or {} for row in rows],
        }
    )
    return typed(table, text=("name", "driver", "mountpoint"))


def networks(client: Client | None = None, *, filters: Filters | None = None) -> Table:
    """Return the networks by name.

    Args:
        client: The engine; by default the one in use.
        filters: As ``docker network ls --filter``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    rows = sorted(ask(client, "/networks", filters), key=lambda row: str(row["Name"]))
    table = Table(
        {
            "id": [row["Id"] for row in rows],
            "name": [row["Name"] for row in rows],
            "driver": [row["Driver"] for row in rows],
            "created": pd.to_datetime([row.get("Created") for row in rows], utc=True, format="ISO8601"),
            "scope": pd.Categorical([row["Scope"] for row in rows], categories=("local", "global", "swarm")),
            "internal": pd.array([bool(row.get("Internal")) for row in rows], dtype="bool"),
            "subnets": [tuple(each["Subnet"] for each in row["IPAM"]["Config"] or ()) for row in rows],
            "labels": [row.get("Labels") or {} for row in rows],
        }
    )
    return typed(table, text=("id", "name", "driver"))


def ports(client: Client | None = None) -> Table:
    """Return the published ports of running containers, a row for each, by host port.

    Args:
        client: The engine; by default the one in use.

    Raises:
        EngineError: The engine can't be reached.
    """
    names = ("container_id", "name", "host_ip", "host_port", "container_port", "protocol")
    rows = [
        (
            row["Id"],
            name_of(row),
            each.get("IP", ""),
            each["PublicPort"],
            each["PrivatePort"],
            each["Type"],
        )
        for row in ask(client, "/containers/json", None)
        for each in row.get("Ports") or ()
        if each.get("PublicPort")
    ]
    table = Table(rows, columns=list(names))
    numbers = dict.fromkeys(("host_port", "container_port"), "int64")
    table = Table(table.astype({**dict.fromkeys(("container_id", "name", "host_ip", "protocol"), "str"), **numbers}))
    return Table(table.sort_values(["host_port", "host_ip", "protocol"], ignore_index=True))


def _names(row: Mapping[str, Any]) -> list[str]:
    return tags_of(row) or [""]


def _port(port: Mapping[str, Any]) -> str:
    inner = f"{port['PrivatePort']}/{port['Type']}"
    return f"{port['PublicPort']}->{inner}" if port.get("PublicPort") else inner


def _mount(mount: Mapping[str, Any]) -> str:
    return f"{mount.get('Name') or mount.get('Source') or mount['Type']}:{mount['Destination']}"
