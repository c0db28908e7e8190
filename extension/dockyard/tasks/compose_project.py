"""A Compose project on an engine: what is marked as its own, and the marks themselves.

The marks are docker compose's own labels (github.com/docker/compose, ``pkg/api/labels.go``), so that it sees what is made here, and the reverse.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from dockyard import __version__
from dockyard.compose import Attached, Project, Service
from dockyard.connection import Client
from dockyard.tasks.run import Run
from dockyard.tasks.run_words import Mount, Port

__all__ = [
    "PARTS",
    "PROJECT",
    "SERVICE",
    "Standing",
    "body",
    "docker_run",
    "endpoints",
    "listed_ports",
    "network_body",
    "parts_of",
    "standing",
    "volume_body",
]

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NETWORK = "com.docker.compose.network"
VOLUME = "com.docker.compose.volume"
VERSION = "com.docker.compose.version"
CONFIG_HASH = "com.docker.compose.config-hash"
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  # compared, not listened at
# Dockyard's own: a short hash of every setting, so that a plan can say which of them differ.
PARTS = "dockyard.compose.parts"


@dataclass(frozen=True)
class Standing:
    """What an engine has of a project.

    Attributes:
        containers: As the engine lists them, by service; the first one made stands first.
        networks: Name to what the engine says of it.
        volumes: The same.
    """

    containers: Mapping[str, tuple[Mapping[str, Any], ...]]
    networks: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, Mapping[str, Any]]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of it."""
        return not (self.containers or self.networks or self.volumes)

    def all_containers(self) -> Iterator[Mapping[str, Any]]:
        """Every container, whatever its service."""
        return (each for group in self.containers.values() for each in group)


def standing(client: Client, project: str, *, size: bool = False) -> Standing:
    """Return what an engine has of a project: three calls, however much there is.

    Args:
        client: The engine.
        project: Its name.
        size: Whether the bytes that each container wrote are counted too (``SizeRw``).
    """
    filters = json.dumps({"label": [f"{PROJECT}={project}"]})
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in client.get_json("/containers/json", all=1, size=int(size), filters=filters):
        if row["Labels"].get("com.docker.compose.oneoff") != "True":  # what docker compose run makes
            groups.setdefault(str(row["Labels"].get(SERVICE, "")), []).append(row)
    return Standing(
        {name: tuple(sorted(group, key=lambda each: each["Created"])) for name, group in sorted(groups.items())},
        {each["Name"]: each for each in client.get_json("/networks", filters=filters)},
        {each["Name"]: each for each in client.get_json("/volumes", filters=filters)["Volumes"] or ()},
    )


def listed_ports(row: Mapping[str, Any]) -> tuple[Port, ...]:
    """The ports at which a listed container is reached now; one for all addresses is listed once."""
    found = (
        Port(
            int(each["PrivatePort"]),
            int(each["PublicPort"]),
            "" if each["IP"] in EVERYWHERE else each["IP"],
            each["Type"],
        )
        for each in row["Ports"]
        if each.get("PublicPort")
    )
    return tuple(dict.fromkeys(found))


def parts_of(project: Project, service: Service) -> dict[str, str]:
    """A short hash of every setting of a service that differs from what goes without saying, with the names by which the engine knows things."""
    networks = {each.key: each.name for each in project.networks}
    volumes = {each.key: each.name for each in project.volumes}
    values = {each.name: getattr(service, each.name) for each in fields(service)}
    values["networks"] = [(networks[key], aliases) for key, aliases in service.networks]
    values["mounts"] = [(volumes.get(each.source, ""), each) for each in service.mounts]
    for left_out in ("build", "depends_on"):  # how the image comes about, and when, is nothing of the container
        values.pop(left_out)
    return {name: hashlib.sha256(repr(value).encode()).hexdigest()[:8] for name, value in values.items() if value}


def docker_run(project: Project, service: Service) -> Run:
    """The ``docker run`` that comes nearest to a service; the line can't say all of it."""
    return Run(
        service.image,
        service.command or (),
        name=service.container_name,
        detach=True,
        ports=tuple(Port(each.target, each.published, each.host_ip, each.protocol) for each in service.ports),
        mounts=tuple(_mount(project, each) for each in service.mounts),
        env=service.environment,
        interactive=service.stdin_open,
        tty=service.tty,
        workdir=service.working_dir,
        user=service.user,
        network=service.network_mode or next((project.network(key).name for key, _ in service.networks), ""),
        restart=service.restart,
        labels=service.labels,
        hostname=service.hostname,
    )


def body(project: Project, service: Service, inherited: Mapping[str, str]) -> dict[str, Any]:
    """The body of ``POST /containers/create`` for a service (Docker Engine API, "Create a container"). It is put on its first network.

    Args:
        project: The service's own.
        service: What to make.
        inherited: Unnamed volumes of the container that it takes the place of, by their paths in it.
    """
    made = docker_run(project, service).to_api()
    parts = parts_of(project, service)
    made["Labels"] |= {
        PROJECT: project.name,
        SERVICE: service.name,
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.project.config_files": str(project.file),
        "com.docker.compose.project.working_dir": str(project.folder),
        "com.docker.compose.depends_on": ",".join(
            f"{each.service}:{each.condition}:false" for each in service.depends_on
        ),
        CONFIG_HASH: hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest(),
        VERSION: __version__,
        PARTS: json.dumps(parts, sort_keys=True),
    }
    if service.entrypoint is not None:
        made["Entrypoint"] = list(service.entrypoint)
    if service.stop_signal:
        made["StopSignal"] = service.stop_signal
    if service.stop_grace_period_ns is not None:
        made["StopTimeout"] = max(1, round(service.stop_grace_period_ns / 1e9)) if service.stop_grace_period_ns else 0
    if service.healthcheck:
        made["Healthcheck"] = _health(service)
    made["ExposedPorts"] |= {each if "/" in each else f"{each}/tcp": {} for each in service.expose}
    host = made["HostConfig"]
    host["Binds"] += [f"{name}:{path}" for path, name in inherited.items()]
    made["Volumes"] = {path: {} for path in made["Volumes"] if path not in inherited}
    host |= {"Init": service.init} if service.init is not None else {}
    host |= {"ReadonlyRootfs": True} if service.read_only else {}
    host |= {"ExtraHosts": list(service.extra_hosts)} if service.extra_hosts else {}
    if service.networks:
        first, endpoint = next(endpoints(project, service))
        made["NetworkingConfig"] = {"EndpointsConfig": {first: endpoint}}
    return made


def endpoints(project: Project, service: Service) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each network that a service is on, and how it is called there."""
    for key, aliases in service.networks:
        names = dict.fromkeys((service.name, service.container_name, *aliases))
        yield project.network(key).name, {"Aliases": list(names)}


def network_body(project: Project, key: str) -> dict[str, Any]:
    """The body of ``POST /networks/create``."""
    network = project.network(key)
    return {
        "Name": network.name,
        "CheckDuplicate": True,
        "Driver": network.driver or "bridge",
        "Options": _pairs(network.options),
        "Labels": {**_pairs(network.labels), **_marks(project), NETWORK: key},
        "Internal": network.internal,
        "Attachable": network.attachable,
    }


def volume_body(project: Project, key: str) -> dict[str, Any]:
    """The body of ``POST /volumes/create``."""
    volume = project.volume(key)
    return {
        "Name": volume.name,
        "Driver": volume.driver or "local",
        "DriverOpts": _pairs(volume.options),
        "Labels": {**_pairs(volume.labels), **_marks(project), VOLUME: key},
    }


def _marks(project: Project) -> dict[str, str]:
    return {PROJECT: project.name, VERSION: __version__}


def _mount(project: Project, mount: Attached) -> Mount:
    source = project.volume(mount.source).name if mount.kind == "volume" and mount.source else mount.source
    if mount.kind == "tmpfs":
        return Mount(
            mount.target, "", "tmpfs", options=(*(["ro"] if mount.read_only else []), *mount.options), form="--tmpfs"
        )
    if mount.kind == "bind" and not mount.create:
        return Mount(mount.target, source, "bind", mount.read_only, form="--mount")
    options = (*(["nocopy"] if mount.nocopy else []), *mount.options)
    return Mount(mount.target, source, mount.kind, mount.read_only, options)


def _health(service: Service) -> dict[str, Any]:
    assert service.healthcheck
    check = service.healthcheck
    wanted = {
        "Test": list(check.test),
        "Interval": check.interval_ns,
        "Timeout": check.timeout_ns,
        "StartPeriod": check.start_period_ns,
        "StartInterval": check.start_interval_ns,
        "Retries": check.retries,
    }
    return {key: value for key, value in wanted.items() if value}


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in given)
