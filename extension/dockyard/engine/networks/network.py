"""One network: what may be asked for, and how the API shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dockyard.engine.errors import BadParameter, Forbidden, NotFound, NotSupported

__all__ = ["BRIDGE_OPTIONS", "PREDEFINED", "Network", "require_network"]

PREDEFINED: Mapping[str, str] = {"bridge": "bridge", "host": "host", "none": "null"}
BRIDGE_OPTIONS: Mapping[str, str] = {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",  # noqa: S104  # as Docker's bridge shows it
    "com.docker.network.bridge.name": "docker0",
    "com.docker.network.driver.mtu": "1500",
}
SINCE_ENABLE_IPV4 = (1, 47)


@dataclass(frozen=True)
class Network:
    """A network.

    Attributes:
        id: 64 hexadecimal digits.
        name: Unique.
        driver: ``bridge``, ``host`` or ``null``.
        created: RFC 3339 with nanoseconds.
        labels: Of the user.
        options: The driver's, as given.
        is_attachable: What was asked for; it means something in a swarm alone.
    """

    id: str
    name: str
    driver: str
    created: str
    labels: dict[str, str]
    options: dict[str, str]
    is_attachable: bool = False

    @property
    def is_predefined(self) -> bool:
        """Whether it is always there. Containers have no names in those."""
        return self.name in PREDEFINED

    def describe(self, subnet: str, gateway: str, version: tuple[int, int]) -> dict[str, Any]:
        """Return it as the API of that version does, without its containers.

        Args:
            subnet: Where containers' addresses come from.
            gateway: Where containers reach this machine.
            version: Of the API.
        """
        ranges: Sequence[Mapping[str, str]] = (
            [{"Subnet": subnet, "Gateway": gateway}] if self.driver == "bridge" else []
        )
        shown = {
            "Name": self.name,
            "Id": self.id,
            "Created": self.created,
            "Scope": "local",
            "Driver": self.driver,
            "EnableIPv6": False,
            "IPAM": {"Driver": "default", "Options": None if self.is_predefined else {}, "Config": ranges},
            "Internal": False,
            "Attachable": self.is_attachable,
            "Ingress": False,
            "ConfigFrom": {"Network": ""},
            "ConfigOnly": False,
            "Containers": {},
            "Options": self.options,
            "Labels": self.labels,
        }
        return shown | ({"EnableIPv4": True} if version >= SINCE_ENABLE_IPV4 else {})


def require_network(name: str, driver: str, asked: Mapping[str, Any]) -> None:
    """Refuse to make a network that can't be made here.

    Args:
        name: Its name.
        driver: Its driver.
        asked: The body of ``POST /networks/create``.

    Raises:
        BadParameter: It makes no sense.
        Forbidden: It is one that is always there.
        NotFound: There is no such driver.
        NotSupported: Docker could make it; this engine can't.
    """
    if not name.strip():
        raise BadParameter(f"invalid name: {name}")
    if name in (*PREDEFINED, "default"):
        raise Forbidden(f"operation is not permitted on predefined {name} network ")
    if driver in ("host", "null"):
        raise Forbidden(f'only one instance of "{driver}" network is allowed')
    if driver in ("overlay", "macvlan", "ipvlan"):
        raise NotSupported(f"this engine has no {driver} networks: its containers share this machine's network")
    if driver != "bridge":
        raise NotFound(f'plugin "{driver}" not found')
    if asked.get("Scope") not in (None, "", "local"):
        raise Forbidden("cannot create a swarm scoped network when swarm is not active")
    ipam = asked.get("IPAM") or {}
    if ipam.get("Config") or ipam.get("Options") or ipam.get("Driver") not in (None, "", "default"):
        raise NotSupported(
            "this engine gives containers addresses of the loopback network: subnets, gateways and address ranges can't be chosen"
        )
    for field, what in (
        ("Internal", "internal networks: it can't keep containers from reaching outside"),
        ("EnableIPv6", "IPv6 networks"),
        ("Ingress", "ingress network, which is swarm's"),
        ("ConfigOnly", "networks that are configuration only"),
    ):
        if asked.get(field):
            raise NotSupported(f"this engine has no {what}")
    if (asked.get("ConfigFrom") or {}).get("Network"):
        raise NotSupported("this engine has no networks that are configuration only")
    for option, value in (asked.get("Options") or {}).items():
        if option == "com.docker.network.bridge.default_bridge" or BRIDGE_OPTIONS.get(option) != value:
            raise NotSupported(f"this engine has no bridge that could be told {option}={value}")
