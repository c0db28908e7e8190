"""A container made again from what the engine said of the one before (Docker Engine API, "Inspect a container" and "Create a container")."""

from collections.abc import Mapping
from typing import Any

from dockyard.connection import Client
from dockyard.errors import engine_errors
from dockyard.tasks.container import UNNAMED_VOLUME, name_in

__all__ = ["remake"]

# What an endpoint is asked for, beside what the engine gave it.
ENDPOINT_FIELDS = ("IPAMConfig", "Links", "Aliases", "DriverOpts")


def remake(client: Client, record: Mapping[str, Any], image: str) -> str:
    """Make a container of the same name, configuration, networks and mounts, which does not run yet; return its ID.

    Args:
        client: The engine.
        record: What inspecting the former one answered.
        image: Name or ID of the image to make it from.

    Raises:
        EngineRefused: The engine said no; nothing was made.
    """
    networks = _networks(record)
    mode = record["HostConfig"].get("NetworkMode") or "default"
    first = next((name for name in networks if name == mode), None) or next(iter(networks), None)
    body = {
        **record["Config"],
        "Image": _named(record, image),
        "HostConfig": {**record["HostConfig"], "Binds": _binds(record)},
        "NetworkingConfig": {"EndpointsConfig": {first: networks[first]} if first else {}},
    }
    with engine_errors(client.address):
        made = client.api.create_container_from_config(body, name_in(record))  # type: ignore[no-untyped-call]  # docker-py types little
        try:
            for name, endpoint in networks.items():
                if name != first:
                    answer = client.api.post(
                        client.url("/networks/{}/connect", name),
                        json={"Container": made["Id"], "EndpointConfig": endpoint},
                    )
                    answer.raise_for_status()
        except BaseException:
            client.api.remove_container(made["Id"], force=True)
            raise
    return str(made["Id"])


def _named(record: Mapping[str, Any], image: str) -> str:
    """The image by the name that the container was made with, where that is the same image."""
    return str(record["Config"]["Image"]) if image == record["Image"] else image


def _networks(record: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the container asked of each network that has a name of its own."""
    former = record["Id"][:12]
    networks: dict[str, dict[str, Any]] = {}
    for name, endpoint in (record["NetworkSettings"].get("Networks") or {}).items():
        if name in ("bridge", "host", "none"):
            continue
        wanted = {key: endpoint[key] for key in ENDPOINT_FIELDS if endpoint.get(key)}
        if aliases := [alias for alias in wanted.pop("Aliases", ()) if alias != former]:
            wanted["Aliases"] = aliases
        networks[name] = wanted
    return networks


def _binds(record: Mapping[str, Any]) -> list[str]:
    """The binds that were asked for, and its unnamed volumes by the names that the engine gave them, so that it gets the same ones."""
    asked = list(record["HostConfig"].get("Binds") or ())
    mounted = {each["Target"] for each in record["HostConfig"].get("Mounts") or ()}
    unnamed = [
        f"{each['Name']}:{each['Destination']}"
        for each in record["Mounts"]
        if each["Type"] == "volume"
        and UNNAMED_VOLUME.fullmatch(each["Name"])
        and each["Destination"] not in mounted
        and not any(bind.startswith(f"{each['Name']}:") for bind in asked)
    ]
    return [*asked, *unnamed]
