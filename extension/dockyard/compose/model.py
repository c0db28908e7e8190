"""What a Compose file asks for, with everything filled in that goes without saying."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = [
    "Attached",
    "Build",
    "Condition",
    "Dependency",
    "HealthCheck",
    "Network",
    "Project",
    "Published",
    "Service",
    "Volume",
]

Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]


@dataclass(frozen=True)
class Published:
    """A port of a service.

    Attributes:
        target: Port in the container.
        published: Port on the engine's machine; None lets the engine choose.
        host_ip: Address there; empty for all.
        protocol: ``tcp``, ``udp`` or ``sctp``.
    """

    target: int
    published: int | None = None
    host_ip: str = ""
    protocol: str = "tcp"


@dataclass(frozen=True)
class Attached:
    """Something that is mounted into a service's containers.

    Attributes:
        target: Path in the container.
        source: An absolute path of this machine, the volume's key in the file, or empty.
        kind: ``bind``, ``volume`` or ``tmpfs``.
        read_only: Whether containers may only read.
        create: Whether a bind's missing source is made.
        nocopy: Whether a new volume stays without what the image has there.
        options: Others, as ``docker run -v`` and ``--tmpfs`` take them, such as ``("size=64m",)``.
    """

    target: str
    source: str = ""
    kind: Literal["bind", "volume", "tmpfs"] = "volume"
    read_only: bool = False
    create: bool = True
    nocopy: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Build:
    """How a service's image is made.

    Attributes:
        context: The folder, absolute.
        dockerfile: Absolute path; empty for ``Dockerfile`` in the context.
        args: ``KEY=value`` each.
        target: The stage; empty for the last.
        no_cache: Whether every step is done anew.
    """

    context: str
    dockerfile: str = ""
    args: tuple[str, ...] = ()
    target: str = ""
    no_cache: bool = False


@dataclass(frozen=True)
class Dependency:
    """A service that another one waits for."""

    service: str
    condition: Condition = "service_started"


@dataclass(frozen=True)
class HealthCheck:
    """How it is found out whether a container is healthy (Docker Engine API, HealthConfig). Times are in nanoseconds; 0 takes the image's, or Docker's own.

    Attributes:
        test: ``("NONE",)``, ``("CMD", ...)`` or ``("CMD-SHELL", LINE)``; empty for the image's.
    """

    test: tuple[str, ...] = ()
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0


@dataclass(frozen=True)
class Service:
    """A service: one container, and what it is made of.

    Attributes:
        name: Its key in the file.
        container_name: What its container is called.
        image: The image's name; for one that is built, what it will be called.
        build: How it is made; None for one that comes from a registry.
        command, entrypoint: Words; None keeps the image's own.
        environment, labels: ``KEY=value`` each.
        networks: Keys of networks in the file, each with the other names that the service has there.
        network_mode: Instead of networks: ``host``, ``none``, ``bridge`` or ``container:NAME``.
        stop_grace_period_ns: How long it has to end; None for Docker's own.
    """

    name: str
    container_name: str
    image: str
    build: Build | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: tuple[str, ...] = ()
    ports: tuple[Published, ...] = ()
    expose: tuple[str, ...] = ()
    mounts: tuple[Attached, ...] = ()
    networks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    network_mode: str = ""
    depends_on: tuple[Dependency, ...] = ()
    restart: str = ""
    labels: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    hostname: str = ""
    healthcheck: HealthCheck | None = None
    stop_signal: str = ""
    stop_grace_period_ns: int | None = None
    stdin_open: bool = False
    tty: bool = False
    init: bool | None = None
    read_only: bool = False
    extra_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """A network.

    Attributes:
        key: What the file calls it.
        name: What the engine calls it.
        is_external: Whether it must be there, and stays.
        driver: Empty for the engine's own.
        options, labels: ``KEY=value`` each.
    """

    key: str
    name: str
    is_external: bool = False
    driver: str = ""
    options: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    internal: bool = False
    attachable: bool = False


@dataclass(frozen=True)
class Volume:
    """A volume with a name; its attributes are those of :class:`Network`."""

    key: str
    name: str
    is_external: bool = False
    driver: str = ""
    options: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """A whole file.

    Attributes:
        name: What everything of it is marked with.
        file: The file, absolute.
        services, networks, volumes: As they stand in the file; networks with ``default``, where a service uses it.
    """

    name: str
    file: Path
    services: tuple[Service, ...]
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()

    @property
    def folder(self) -> Path:
        """Where relative paths begin."""
        return self.file.parent

    def service(self, name: str) -> Service:
        """The service of that name."""
        return next(each for each in self.services if each.name == name)

    def volume(self, key: str) -> Volume:
        """The volume that the file calls so."""
        return next(each for each in self.volumes if each.key == key)

    def network(self, key: str) -> Network:
        """The network that the file calls so."""
        return next(each for each in self.networks if each.key == key)

    def in_order(self, names: Collection[str] = ()) -> tuple[Service, ...]:
        """Services, each after those that it depends on; those of these names and what they depend on, or all."""
        found: dict[str, Service] = {}

        def visit(name: str) -> None:
            service = self.service(name)
            for each in service.depends_on:
                if each.service not in found:
                    visit(each.service)
            found[name] = service

        for name in names or [each.name for each in self.services]:
            if name not in found:
                visit(name)
        return tuple(found.values())

    def used_networks(self, services: Collection[Service]) -> Iterator[Network]:
        """The networks that services are on, as they stand in the file."""
        keys = {key for each in services for key, _ in each.networks}
        return (each for each in self.networks if each.key in keys)

    def used_volumes(self, services: Collection[Service]) -> Iterator[Volume]:
        """The volumes with names that services mount, as they stand in the file."""
        keys = {mount.source for each in services for mount in each.mounts if mount.kind == "volume"}
        return (each for each in self.volumes if each.key in keys)
