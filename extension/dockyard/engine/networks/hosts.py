"""``/etc/hosts`` of containers: how they find each other by name."""

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from dockyard.engine.errors import BadParameter
from dockyard.engine.networks.members import Member

__all__ = ["hosts_of", "link_of", "require_extra_hosts"]

HOSTS = Path("/etc/hosts")


def hosts_of(member: Member, others: Collection[Member], predefined: Collection[str], gateway: str) -> str:
    """Return what a container's ``/etc/hosts`` says.

    Args:
        member: The container; up, or about to be.
        others: All other containers.
        predefined: Names of the networks in which containers have no names.
        gateway: What ``host-gateway`` stands for.
    """
    lines = ["127.0.0.1\tlocalhost"]
    if member.mode == "host":
        lines = HOSTS.read_text(errors="replace").splitlines() if HOSTS.exists() else lines
    for entry in member.extra_hosts:
        name, _, address = entry.partition(":")
        lines.append(f"{gateway if address == 'host-gateway' else address}\t{name}")
    up = {other.name: other for other in others if other.is_up and other.address and other.id != member.id}
    if member.address:
        lines += _linked(member.links, up, in_default=True)
        own = f"{member.hostname}.{member.domain} {member.hostname}" if member.domain else member.hostname
        lines.append(f"{member.address}\t{own}")
    for network, endpoint in member.endpoints.items():
        if network not in predefined:
            lines += _linked(endpoint.links or (), up, in_default=False)
            peers = [member, *(other for other in up.values() if network in other.endpoints)]
            lines += [f"{peer.address}\t{' '.join(peer.names_in(network))}" for peer in peers if peer.address]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))


def link_of(text: str) -> tuple[str, str]:
    """Return the container's name and the alias that a link such as ``"web:www"`` gives it."""
    name, _, alias = text.partition(":")
    return name.lstrip("/"), alias.rpartition("/")[2] or name.lstrip("/")


def require_extra_hosts(entries: Iterable[str]) -> None:
    """Refuse entries of ``HostConfig.ExtraHosts`` that are not ``NAME:ADDRESS``.

    Raises:
        BadParameter: One is not.
    """
    for entry in entries:
        name, colon, address = entry.partition(":")
        if not colon or name.split() != [name]:
            raise BadParameter(f'bad format for add-host: "{entry}"')
        if address != "host-gateway" and not _is_address(address):
            raise BadParameter(f'invalid IP address in add-host: "{address}"')


def _linked(links: Iterable[str], up: Mapping[str, Member], *, in_default: bool) -> Iterable[str]:
    for text in links:
        name, alias = link_of(text)
        if name in up:
            more = f" {up[name].short_id} {name}" if in_default else ""
            yield f"{up[name].address}\t{alias}{more}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
