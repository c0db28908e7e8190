"""Published ports: what a client asked for, and the listening sockets that serve it.

A port published on every address listens on each of this machine's IPv4 addresses by itself, never on ``0.0.0.0``: containers have
addresses of the same loopback, and a wildcard would keep them from listening on the same port.
"""

import errno
import fcntl
import re
import socket
import struct
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from dockyard.engine.errors import BadParameter, NotSupported, ServerError
from dockyard.engine.run.spec import PublishedPort

__all__ = ["Binding", "Published", "bind", "bindings"]

SIOCGIFADDR = 0x8915
BACKLOG = 128
ANY = ("", "0.0.0.0", "::")  # noqa: S104  # the API's own words for every address


@dataclass(frozen=True)
class Binding:
    """One port as a client wants it published.

    Attributes:
        container_port: In the container.
        host_ip: One address, or empty for all.
        first: The lowest port of this machine that will do; 0 for any.
        last: The highest.
    """

    container_port: int
    host_ip: str
    first: int
    last: int


@dataclass(frozen=True)
class Published:
    """What is listened on.

    Attributes:
        sockets: For each address and port.
        shown: As the API shows it: ``{"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}``.
    """

    sockets: dict[PublishedPort, socket.socket]
    shown: dict[str, list[dict[str, str]]]


def bindings(
    asked: Mapping[str, Any] | None, exposed: Iterable[str] = (), *, publish_all: bool = False
) -> list[Binding]:
    """Return the ports to publish.

    Args:
        asked: ``PortBindings``: ``{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}``.
        exposed: Ports of the configuration, as ``80/tcp``.
        publish_all: Whether those are published too, each on any port.

    Raises:
        BadParameter: Not a port.
        NotSupported: UDP or SCTP.
    """
    wanted = dict(asked or {})
    if publish_all:
        wanted = {**{port: [{}] for port in exposed if port.endswith("/tcp")}, **wanted}
    found = []
    for port, places in wanted.items():
        number = _port(port)
        for place in places or [{}]:
            first, last = _range(str(place.get("HostPort") or ""))
            found.append(Binding(number, str(place.get("HostIp") or ""), first, last))
    return found


def bind(wanted: Iterable[Binding], taken: Iterable[PublishedPort], endpoint: str) -> Published:
    """Listen on each port; the caller closes the sockets.

    Args:
        wanted: From :func:`bindings`.
        taken: What other containers of this engine publish.
        endpoint: Whose they are, for the error: ``NAME (ID)``.

    Raises:
        ServerError: A port is in use; by whom decides the sentence, as in Docker.
    """
    ours = {each.host_port for each in taken}
    published = Published({}, {})
    with ExitStack() as stack:
        for binding in wanted:
            sockets = _bind_one(binding, ours, endpoint)
            for sock in sockets.values():
                stack.enter_context(sock)
            published.sockets.update(sockets)
            entries = published.shown.setdefault(f"{binding.container_port}/tcp", [])
            entries += [{"HostIp": ip, "HostPort": str(port)} for ip, port in _as_asked(binding, sockets)]
        stack.pop_all()
    return published


def _as_asked(binding: Binding, sockets: Iterable[PublishedPort]) -> list[tuple[str, int]]:
    """Addresses as the client named them: one wildcard stands for all addresses of this machine."""
    if binding.host_ip not in ANY:
        return [(each.host_ip, each.host_port) for each in sockets]
    by_family = {"::" if ":" in each.host_ip else "0.0.0.0": each.host_port for each in sockets}  # noqa: S104
    return list(by_family.items())


def _port(text: str) -> int:
    number, _, protocol = text.partition("/")
    if not number.isdecimal() or not 0 < int(number) < 65536:
        raise BadParameter(f'invalid port specification: "{text}"')
    if protocol not in ("", "tcp"):
        raise NotSupported(f"publishing {text} is not supported by this engine: it relays TCP alone")
    return int(number)


def _range(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{0,5})(?:-(\d{1,5}))?", text)
    if not match or int(match[1] or 0) > 65535 or int(match[2] or 0) > 65535:
        raise BadParameter(f'invalid port specification: "{text}"')
    first = int(match[1] or 0)
    return first, int(match[2] or first)


def _bind_one(binding: Binding, ours: set[int], endpoint: str) -> dict[PublishedPort, socket.socket]:
    """All sockets of one binding, on the first port of its range that is free on each address."""
    error: OSError | None = None
    for port in range(binding.first, binding.last + 1):
        try:
            return _everywhere(binding, port)
        except OSError as failed:
            error = failed
    where = f"{binding.host_ip or '0.0.0.0'}:{binding.first}"  # noqa: S104
    start = f"driver failed programming external connectivity on endpoint {endpoint}: "
    assert error is not None
    if ours.intersection(range(binding.first, binding.last + 1)):
        raise ServerError(f"{start}Bind for {where} failed: port is already allocated")
    if error.errno == errno.EADDRINUSE:
        raise ServerError(f"{start}Error starting userland proxy: listen tcp4 {where}: bind: address already in use")
    words = {errno.EACCES: "permission denied", errno.EADDRNOTAVAIL: "cannot assign requested address"}
    reason = words.get(error.errno or 0, str(error))
    raise ServerError(f"{start}Error starting userland proxy: listen tcp4 {where}: bind: {reason}")


def _everywhere(binding: Binding, port: int) -> dict[PublishedPort, socket.socket]:
    """The binding's sockets on one port, the same on every address; 0 lets the first address choose."""
    addresses = _addresses() if binding.host_ip in ANY else [binding.host_ip]
    with ExitStack() as stack:
        found: dict[PublishedPort, socket.socket] = {}
        for address in addresses:
            sock = stack.enter_context(_listen(address, port))
            port = sock.getsockname()[1]
            found[PublishedPort(address, port, binding.container_port)] = sock
        if binding.host_ip in ("", "::") and socket.has_ipv6:
            try:
                sock = stack.enter_context(_listen("::", port))
                found[PublishedPort("::", port, binding.container_port)] = sock
            except OSError as failed:
                if failed.errno == errno.EADDRINUSE:
                    raise
                # This machine has no IPv6.
        stack.pop_all()
        return found


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _addresses() -> list[str]:
    """This machine's IPv4 addresses, one an interface, the loopback's first."""
    found = ["127.0.0.1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(asker, SIOCGIFADDR, request)
            except OSError:
                continue  # an interface without an IPv4 address
            found.append(socket.inet_ntoa(answer[20:24]))
    return list(dict.fromkeys(found))
