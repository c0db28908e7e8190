"""Socket addresses as a container says them and as the host has them.

Every container has an address of its own, ``127.x.y.z``. Loopback reaches every one of them, so all that is needed is that a container's
"here" means its own address, and its ports below 1024 those that may be bound::

    bind     0.0.0.0:80    ->  127.0.5.2:20080         connect  127.0.0.1:80   ->  127.0.5.2:20080
    bind     [::]:8080     ->  [::ffff:127.0.5.2]:8080 connect  127.0.5.3:80   ->  127.0.5.3:20080
    bind     127.0.0.1:0   ->  127.0.5.2:0             connect  93.184.215.14  ->  as it is

Changing an address twice changes it no further: the caller's memory may keep what was written.
"""

import errno
import socket
from typing import Literal, NamedTuple

from dockyard.engine.run.spec import Network, mapped_port

__all__ = ["Home", "Purpose", "here", "is_anywhere", "rewrite"]

Purpose = Literal["bind", "connect"]

ANY4, LOCAL4 = bytes(4), b"\x7f\0\0\1"
ANY6, LOCAL6 = bytes(16), bytes(15) + b"\1"
IN6 = bytes(10) + b"\xff\xff"  # an IPv4 address in an IPv6 one


class Home(NamedTuple):
    """Where a container lives.

    Attributes:
        address: Its 4 bytes; none where it has no network at all.
        low_ports: Whether it may bind ports below 1024.
        network: What it reaches.
    """

    address: bytes
    low_ports: bool
    network: Network

    @classmethod
    def at(cls, address: str, low_ports: bool, network: Network) -> "Home":
        """Return the home at ``127.x.y.z``."""
        return cls(socket.inet_aton(address) if address else b"", low_ports, network)


def rewrite(purpose: Purpose, raw: bytes, home: Home) -> bytes | int | None:
    """Return the address that is meant, or the error number that the call fails with, or None where it stays as it is.

    Args:
        purpose: Whether it is to be bound or reached.
        raw: A ``sockaddr``.
        home: Whose.
    """
    family = int.from_bytes(raw[:2], "little")
    if family == socket.AF_INET and len(raw) >= 8:
        port, ip = int.from_bytes(raw[2:4], "big"), raw[4:8]
        meant = _meant(purpose, ip, port, home)
        if isinstance(meant, bytes):
            return raw[:2] + mapped_port(port, home.low_ports).to_bytes(2, "big") + meant + raw[8:]
        return meant
    if family == socket.AF_INET6 and len(raw) >= 24:
        port, flow, ip6 = int.from_bytes(raw[2:4], "big"), raw[4:8], raw[8:24]
        inner = LOCAL4 if ip6 == LOCAL6 else ANY4 if ip6 == ANY6 else ip6[12:] if ip6.startswith(IN6) else None
        meant = _elsewhere(purpose, home) if inner is None else _meant(purpose, inner, port, home)
        if isinstance(meant, bytes):
            return raw[:2] + mapped_port(port, home.low_ports).to_bytes(2, "big") + flow + IN6 + meant + raw[24:]
        return meant
    return None


def is_anywhere(raw: bytes) -> bool:
    """Return whether an address is ``0.0.0.0`` or ``::``."""
    family = int.from_bytes(raw[:2], "little")
    return (family, raw[4:8]) == (socket.AF_INET, ANY4) or (family, raw[8:24]) == (socket.AF_INET6, ANY6)


def here(raw: bytes) -> bytes | None:
    """Return where a socket for IPv6 alone is bound instead, if ``raw`` is an IPv6 address on this machine: a free port that nobody looks for.

    Servers bind such a socket beside one for IPv4, and fail where that fails. Who reaches them comes over IPv4.
    """
    if len(raw) < 24 or raw[8:24] not in (ANY6, LOCAL6):
        return None
    return raw[:2] + bytes(2) + raw[4:8] + LOCAL6 + raw[24:]


def _meant(purpose: Purpose, ip: bytes, port: int, home: Home) -> bytes | int | None:
    """The IPv4 address that is meant, or an error number, or None."""
    if purpose == "bind":
        if ip == ANY4 and port == 0 and home.network != "none":
            return None  # any free port: mostly a client's, which bound to loopback would reach nothing beyond this machine
        if ip != ANY4 and ip[0] != LOCAL4[0]:
            return _elsewhere(purpose, home)
        return home.address or errno.EADDRNOTAVAIL
    if ip[0] != LOCAL4[0] and ip != ANY4:
        return _elsewhere(purpose, home)
    own = ip in (ANY4, LOCAL4, home.address)
    if home.network == "none" and not (own and home.address):
        return errno.ENETUNREACH
    return home.address if own else ip


def _elsewhere(purpose: Purpose, home: Home) -> int | None:
    """An address beyond this machine's loopback."""
    if home.network != "none":
        return None
    return errno.EADDRNOTAVAIL if purpose == "bind" else errno.ENETUNREACH
