"""The loopback addresses that containers get.

All of ``127.0.0.0/8`` is this machine, with no privileges needed: ``127.N.x.y`` is a container's. N comes from the user, so that the engines
of two users on one machine keep apart; where the counting starts comes from the engine's folder, for two engines of one user.
"""

import hashlib
import ipaddress
import os
from pathlib import Path

from dockyard.engine.errors import ServerError

__all__ = ["PREFIX_LENGTH", "Pool", "mac_address"]

PREFIX_LENGTH = 16
# 127.0.0.0/16 is everyone's: localhost, and resolvers such as 127.0.0.53.
LOWEST, COUNT = 16, 224
SIZE = 1 << 16


class Pool:
    """The addresses of one engine. Not for two threads at once."""

    def __init__(self, data: Path, uid: int | None = None) -> None:
        """Take the addresses of an engine.

        Args:
            data: The engine's folder.
            uid: Its user; this process's without.
        """
        number = LOWEST + (os.geteuid() if uid is None else uid) % COUNT
        self._network = ipaddress.IPv4Network(f"127.{number}.0.0/{PREFIX_LENGTH}")
        self._next = int.from_bytes(hashlib.sha256(os.fsencode(data)).digest()[:1]) << 8
        self._taken: set[str] = set()
        self._gateway = str(self._network[1])

    @property
    def subnet(self) -> str:
        """All of them, such as ``127.120.0.0/16``."""
        return str(self._network)

    @property
    def gateway(self) -> str:
        """The address at which containers reach this machine."""
        return self._gateway

    def take(self) -> str:
        """Return an address that no container has; the longest unused one comes first.

        Raises:
            ServerError: All are taken.
        """
        for _ in range(SIZE):
            self._next = (self._next + 1) % SIZE
            address = str(self._network[self._next])
            # Some programs take .0 and .255 for a network's own addresses.
            if self._next % 256 not in (0, 1, 255) and address not in self._taken:
                self._taken.add(address)
                return address
        raise ServerError("no available IPv4 addresses on this network's address pools")

    def keep(self, address: str) -> None:
        """Mark an address that a container has from before."""
        self._taken.add(address)

    def free(self, address: str) -> None:
        """Give an address back."""
        self._taken.discard(address)


def mac_address(address: str) -> str:
    """Return the hardware address that Docker would derive from an IPv4 address; ``""`` for none."""
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split(".")) if address else ""
