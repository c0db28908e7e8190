"""A network bridge of an engine's own. Two engines on the usual one, ``docker0``, give the same addresses out twice."""

import fcntl
import hashlib
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import NamedTuple

__all__ = ["Rival", "bridge", "rival_of"]

ROUTES = Path("/proc/net/route")
POOL = IPv4Network("10.213.0.0/16")  # a range that neither Docker nor the usual home router hands out

# linux/sockios.h and linux/if.h
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
SIOCBRADDBR, SIOCBRDELBR = 0x89A0, 0x89A1
IFF_UP = 1


@contextmanager
def bridge(home: Path) -> Iterator[str]:
    """Make a bridge with an address in a range that no route of this machine leads to, and remove it at the end.

    The range is the same each time where it is free: an engine remembers the address of its bridge, and gives it that one back.

    Args:
        home: What it is for; it names the bridge, so that one that a killed process left behind is found and made anew.

    Yields:
        The name of the interface.

    Raises:
        OSError: The kernel refuses: it has no bridges, or this process may not make one.
    """
    digest = hashlib.sha256(bytes(home)).digest()
    name = "dock-" + digest.hex()[:8]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _remove(control, name)
        range_ = _free_range(digest[0])
        fcntl.ioctl(control, SIOCBRADDBR, name.encode() + b"\0")
        try:
            _set_address(control, SIOCSIFADDR, name, range_[1])
            _set_address(control, SIOCSIFNETMASK, name, range_.netmask)
            _set_flags(control, name, IFF_UP)
            yield name
        finally:
            _remove(control, name)


class Rival(NamedTuple):
    """Another interface that a range of addresses leads to as well."""

    range_: IPv4Network
    interface: str


def rival_of(name: str) -> Rival | None:
    """Return the interface that has a range of addresses of the one named too, if there is one: what is sent there may go either way."""
    routes = _routes()
    ranges = [range_ for interface, range_ in routes if interface == name]
    for interface, route in routes:
        for range_ in ranges:
            if interface != name and range_.overlaps(route):
                return Rival(range_, interface)
    return None


def _free_range(first: int) -> IPv4Network:
    """A range that no route leads to, looked for from the one with this number on."""
    ranges, routes = list(POOL.subnets(new_prefix=24)), _routes()
    for each in ranges[first:] + ranges[:first]:
        if not any(each.overlaps(route) for _, route in routes):
            return each
    raise OSError(f"every range of {POOL} has a route already")


def _routes() -> list[tuple[str, IPv4Network]]:
    """Each interface and a range that is reached through it, without those by which everything is."""
    rows = [line.split() for line in ROUTES.read_text().splitlines()[1:]]
    # Destination and mask are printed as numbers of this machine's byte order.
    routes = [(row[0], IPv4Network((_address(row[1]), bin(int(row[7], 16)).count("1")))) for row in rows]
    return [(interface, route) for interface, route in routes if route.prefixlen]


def _address(printed: str) -> IPv4Address:
    return IPv4Address(struct.pack("=L", int(printed, 16)))


def _set_address(control: socket.socket, call: int, name: str, address: IPv4Address) -> None:
    fcntl.ioctl(control, call, struct.pack("16sH2x4s8x", name.encode(), socket.AF_INET, address.packed))


def _set_flags(control: socket.socket, name: str, flags: int) -> None:
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", name.encode(), flags))


def _remove(control: socket.socket, name: str) -> None:
    with suppress(OSError):  # it is not there
        _set_flags(control, name, 0)
        fcntl.ioctl(control, SIOCBRDELBR, name.encode() + b"\0")
