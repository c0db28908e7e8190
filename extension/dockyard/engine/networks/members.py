"""Containers as their networks know them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.engine.networks.addresses import PREFIX_LENGTH, mac_address

__all__ = ["SHORT_ID", "Endpoint", "Member", "endpoint_from", "require_endpoint"]

SHORT_ID = 12
# From these versions on, the short ID is a name of its own kind and no alias.
SINCE_DNS_NAMES, SINCE_ALIASES_AS_GIVEN = (1, 44), (1, 45)


@dataclass
class Endpoint:
    """A container's end of one network.

    Attributes:
        network: The network's ID; empty until the container was up in it.
        aliases: More names for it there; None where none were given.
        links: ``"NAME:ALIAS"`` each: names that it alone has for others.
        id: While it is up.
    """

    network: str = ""
    aliases: list[str] | None = None
    links: list[str] | None = None
    id: str = ""


@dataclass
class Member:
    """A container.

    Attributes:
        id: 64 hexadecimal digits.
        name: Without a slash.
        hostname: Its name for itself.
        domain: After its hostname; mostly empty.
        mode: ``HostConfig.NetworkMode``; of a container whose network it shares, ``container:ID`` with all of the ID.
        address: From its creation to its removal; empty on the host's network and on none.
        links: ``HostConfig.Links``, for the default bridge.
        extra_hosts: ``HostConfig.ExtraHosts``.
        endpoints: By the network's name.
        is_up: Whether it runs.
    """

    id: str
    name: str
    hostname: str
    domain: str = ""
    mode: str = "bridge"
    address: str = ""
    links: list[str] = field(default_factory=list)
    extra_hosts: list[str] = field(default_factory=list)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    is_up: bool = False

    @property
    def short_id(self) -> str:
        """The ID as people read it."""
        return self.id[:SHORT_ID]

    def to_json(self) -> dict[str, Any]:
        """Return what outlives the engine: all but whether it is up."""
        kept = asdict(self)
        del kept["is_up"]
        return kept

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Member":
        """Return what :meth:`to_json` gave; it is not up."""
        endpoints = {name: Endpoint(**{**each, "id": ""}) for name, each in document["endpoints"].items()}
        return cls(**{**document, "endpoints": endpoints})

    def names_in(self, network: str) -> list[str]:
        """Return the names that others in a user-defined network have for it."""
        return _once([self.name, *(self.endpoints[network].aliases or ()), self.short_id])

    def describe(self, network: str, *, is_default: bool, gateway: str, version: tuple[int, int]) -> dict[str, Any]:
        """Return one of its ``NetworkSettings.Networks``.

        Args:
            network: The network's name.
            is_default: Whether it is a predefined one, where containers have no names.
            gateway: Where containers reach this machine.
            version: Of the API.
        """
        endpoint = self.endpoints[network]
        address = self.address if endpoint.id else ""
        aliases = endpoint.aliases
        if not is_default and version < SINCE_ALIASES_AS_GIVEN:
            aliases = _once([*(aliases or ()), self.short_id])
        shown: dict[str, Any] = {
            "IPAMConfig": None,
            "Links": endpoint.links,
            "Aliases": aliases,
            "MacAddress": mac_address(address),
            "DriverOpts": None,
            "NetworkID": endpoint.network,
            "EndpointID": endpoint.id,
            "Gateway": gateway if address else "",
            "IPAddress": address,
            "IPPrefixLen": PREFIX_LENGTH if address else 0,
            "IPv6Gateway": "",
            "GlobalIPv6Address": "",
            "GlobalIPv6PrefixLen": 0,
        }
        if version >= SINCE_DNS_NAMES:
            shown["DNSNames"] = None if is_default else _once([*self.names_in(network), self.hostname])
        return shown


def endpoint_from(settings: dict[str, Any] | None) -> Endpoint:
    """Return the endpoint that an ``EndpointSettings`` of the API asks for."""
    settings = settings or {}
    return Endpoint(aliases=settings.get("Aliases") or None, links=settings.get("Links") or None)


def require_endpoint(settings: dict[str, Any] | None, *, is_default: bool) -> None:
    """Refuse what can't be had of a network.

    Args:
        settings: ``EndpointSettings`` of the API.
        is_default: Whether the network is a predefined one.

    Raises:
        BadParameter: Docker would refuse it too.
        NotSupported: Docker would not.
    """
    settings = settings or {}
    _require_kinds(settings)
    ipam = settings.get("IPAMConfig") or {}
    if ipam.get("IPv4Address") or ipam.get("IPv6Address"):
        raise BadParameter(
            "user specified IP address is supported on user defined networks only"
            if is_default
            else "user specified IP address is supported only when connecting to networks with user configured subnets"
        )
    if is_default and settings.get("Aliases"):
        raise BadParameter("network-scoped alias is supported only for containers in user defined networks")
    for link in settings.get("Links") or ():
        if len(link.split(":")) > 2 or not link.split(":")[0]:
            raise BadParameter(f"bad format for links: {link}")
    if ipam.get("LinkLocalIPs") or settings.get("MacAddress") or settings.get("DriverOpts"):
        raise NotSupported(
            "this engine gives containers addresses of the loopback network: link-local addresses, hardware addresses and driver options can't be chosen"
        )


def _require_kinds(settings: Any) -> None:
    """Refuse what is no ``EndpointSettings``: kept, it would fail each time that a member's ``/etc/hosts`` is written."""
    if not isinstance(settings, dict) or not isinstance(settings.get("IPAMConfig") or {}, dict):
        raise BadParameter(
            "json: cannot unmarshal the endpoint's settings into Go value of type network.EndpointSettings"
        )
    for name in ("Aliases", "Links"):
        names = settings.get(name) or []
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise BadParameter(f"json: cannot unmarshal into Go struct field EndpointSettings.{name} of type []string")
        wrong = next((each for each in names if each.split() != [each]), None)
        if wrong is not None:
            raise BadParameter(f"invalid name {wrong!r}: a name that others look up has no spaces in it")


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
