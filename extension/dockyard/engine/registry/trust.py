"""Which registries are reached how: over TLS with which certificates, or without.

As Docker has it: certificates of one registry in ``/etc/docker/certs.d/HOST`` or ``~/.config/docker/certs.d/HOST`` (``*.crt`` of an
authority, ``NAME.cert`` and ``NAME.key`` of this client), and ``insecure-registries`` in ``/etc/docker/daemon.json`` or
``~/.config/docker/daemon.json``. Registries on this machine need no TLS.
"""

import ipaddress
import json
import logging
import os
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dockyard.engine.errors import ServerError

__all__ = ["Door", "doors"]

SYSTEM_FOLDER = Path("/etc/docker")
LOCAL = ("localhost", "127.0.0.0/8", "::1/128")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Door:
    """One way to a registry.

    Attributes:
        base: ``https://HOST`` or ``http://HOST``.
        tls: What is trusted there, and where it leads from there.
        verified: Whether the registry must show a certificate that is trusted.
        local: Whether it is on this machine, so that no proxy leads there.
    """

    base: str
    tls: ssl.SSLContext
    verified: bool
    local: bool


def doors(host: str) -> Iterator[Door]:
    """Return the ways to try, best first.

    Raises:
        ServerError: A certificate that was put there for this registry can't be read.
    """
    local = _is_within(host, LOCAL)
    insecure = local or _is_within(host, [each for folder in _folders() for each in _listed(folder / "daemon.json")])
    trusted = _context(host)
    if insecure:
        unverified = _context(host)
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE
        yield Door(f"https://{host}", unverified, verified=False, local=local)
        yield Door(f"http://{host}", trusted, verified=True, local=local)
    else:
        yield Door(f"https://{host}", trusted, verified=True, local=local)


def _folders() -> tuple[Path, Path]:
    own = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return SYSTEM_FOLDER, Path(own) / "docker"


def _is_within(host: str, named: Sequence[str]) -> bool:
    """Whether a registry is among those named: by host, with the port or without, or by a network such as ``127.0.0.0/8``."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]")
    if host in named or name in named:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return any(address in network for network in map(_network, named) if network is not None)


def _listed(path: Path) -> list[str]:
    try:
        listed = json.loads(path.read_bytes()).get("insecure-registries") or []
        return [str(each) for each in listed]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, AttributeError, TypeError) as error:
        logger.warning("%s can't be read: %s", path, error)
        return []


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None  # a name


def _context(host: str) -> ssl.SSLContext:
    """Trust what the system trusts (``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` say otherwise), and what was put there for this registry."""
    context = ssl.create_default_context()
    for folder in _folders():
        for path in sorted((folder / "certs.d" / host).glob("*")):
            try:
                if path.suffix == ".crt":
                    context.load_verify_locations(path)
                elif path.suffix == ".cert":
                    context.load_cert_chain(path, path.with_suffix(".key"))
            except (OSError, ssl.SSLError) as error:
                raise ServerError(f"{path} is not a certificate that can be read: {error}") from error
    return context
