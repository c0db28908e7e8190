"""A container as ``docker inspect`` shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dockyard.engine.containers.container import Container

__all__ = ["inspect"]


def inspect(container: Container, joined: Mapping[str, Mapping[str, Any]], execs: Sequence[str]) -> dict[str, Any]:
    """Return all that is known of a container, whose lock is held.

    Args:
        container: Which.
        joined: Its networks by name, as the API shows them.
        execs: IDs of the programs that have joined it.
    """
    path, *arguments = container.command
    return {
        "Id": container.id,
        "Created": container.created,
        "Path": path,
        "Args": arguments,
        "State": container.state.inspect(),
        "Image": container.image_id,
        "ResolvConfPath": str(container.folder / "resolv.conf"),
        "HostnamePath": str(container.folder / "hostname"),
        "HostsPath": str(container.folder / "hosts"),
        "LogPath": str(container.log) if container.host_config["LogConfig"]["Type"] != "none" else "",
        "Name": f"/{container.name}",
        "RestartCount": container.state.restarts,
        "Driver": "dockyard",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": list(execs) or None,
        "HostConfig": container.host_config,
        "GraphDriver": {"Data": {"MergedDir": str(container.root)}, "Name": "dockyard"},
        "Mounts": container.mount_points,
        "Config": container.config,
        "NetworkSettings": _networks(container, joined),
    }


def _networks(container: Container, joined: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """All networks, and the first once more on its own, as the API began."""
    first = next(iter(joined.values()), {})
    exposed = container.config.get("ExposedPorts") or {}
    return {
        "Bridge": "",
        "SandboxID": container.id if container.state.running else "",
        "SandboxKey": "",
        "Ports": {**dict.fromkeys(exposed), **container.published} if container.state.running else {},
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        **{key: first.get(key, "") for key in ("EndpointID", "Gateway", "IPAddress", "MacAddress")},
        "IPPrefixLen": first.get("IPPrefixLen", 0),
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "IPv6Gateway": "",
        "Networks": dict(joined),
    }
