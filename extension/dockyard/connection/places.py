"""Where an engine may be found, in the order in which to look. Pure: reads nothing but its arguments and files it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from docker.context import ContextAPI
from docker.context.config import get_current_context_name
from docker.errors import TLSParameterError
from docker.tls import TLSConfig

from dockyard.errors import TlsRefused, UnknownContext
from dockyard.locale import N_

__all__ = ["Place", "named_place", "usual_places"]


@dataclass(frozen=True)
class Place:
    """One address at which an engine may answer.

    Attributes:
        address: Such as ``unix:///var/run/docker.sock``.
        source: What names it: ``url``, ``DOCKER_HOST``, ``context NAME``, or the product whose usual socket it is.
        tls: Certificates for ``tcp://``, where there are any.
        named: Whether the user named it, so that no other is taken in its place.
    """

    address: str
    source: str
    tls: TLSConfig | None = None
    named: bool = False


def named_place(url: str | None, environ: Mapping[str, str]) -> Place | None:
    """Return the place that the user named, or None where no one was named.

    A named engine is never swapped for another: what is done to it must not be done elsewhere.

    Raises:
        UnknownContext: The docker context asked for does not exist.
        TlsRefused: The certificates that the environment names are not there.
    """
    if url:
        return Place(url, N_("url"), _tls_from(url, environ), named=True)
    if host := environ.get("DOCKER_HOST"):
        return Place(host, "DOCKER_HOST", _tls_from(host, environ), named=True)
    return _context_place(environ.get("DOCKER_CONTEXT"))


def usual_places(environ: Mapping[str, str], home: Path, uid: int) -> list[Place]:
    """Return the sockets at which engines listen by custom, the likeliest first; a socket need not exist."""
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{uid}")
    sockets = [
        (Path("/var/run/docker.sock"), "Docker"),
        (home / ".docker/run/docker.sock", "Docker Desktop"),
        (home / ".docker/desktop/docker.sock", "Docker Desktop"),
        (runtime / "docker.sock", "rootless Docker"),
        (runtime / "podman/podman.sock", "rootless Podman"),
        (Path("/run/podman/podman.sock"), "Podman"),
        (home / ".colima/default/docker.sock", "Colima"),
        (home / ".config/colima/default/docker.sock", "Colima"),
        (home / ".orbstack/run/docker.sock", "OrbStack"),
    ]
    return [Place(f"unix://{path}", source) for path, source in sockets]


def _context_place(name: str | None) -> Place | None:
    """The docker context called ``name``, else the current one; None for the built-in ``default``."""
    name = name or get_current_context_name() or "default"
    if name == "default":
        return None
    context = ContextAPI.get_context(name)
    if context is None:
        raise UnknownContext(name=name)
    return Place(str(context.Host), f"context {name}", context.TLSConfig, named=True)


def _tls_from(address: str, environ: Mapping[str, str]) -> TLSConfig | None:
    """Certificates as the docker command line takes them from ``DOCKER_CERT_PATH`` and ``DOCKER_TLS_VERIFY``, for TCP alone."""
    folder, verify = environ.get("DOCKER_CERT_PATH"), environ.get("DOCKER_TLS_VERIFY", "")
    if not address.startswith("tcp://") or not (folder or verify):
        return None
    path = Path(folder) if folder else Path.home() / ".docker"
    try:
        return TLSConfig(
            client_cert=(str(path / "cert.pem"), str(path / "key.pem")),
            ca_cert=str(path / "ca.pem") if verify else None,
            verify=bool(verify),
        )
    except TLSParameterError as error:
        raise TlsRefused(address=address, reason=str(error).partition(". TLS config")[0]) from error
