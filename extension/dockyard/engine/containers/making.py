"""Making containers: what a client asked for becomes a folder, whole or not at all."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dockyard.engine.clock import now
from dockyard.engine.containers.config import host_config, merge
from dockyard.engine.containers.container import Container
from dockyard.engine.containers.containers import Containers
from dockyard.engine.containers.launch import check_ulimits, log_file
from dockyard.engine.containers.limits import refuse_unsupported
from dockyard.engine.containers.ports import bindings
from dockyard.engine.containers.resolver import resolv_conf
from dockyard.engine.containers.schema import check_create
from dockyard.engine.durable import stage
from dockyard.engine.errors import BadParameter, NotFound
from dockyard.engine.events import Events
from dockyard.engine.folders import Folders
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.trees import Trees
from dockyard.engine.mounts.copy_up import fill_volumes
from dockyard.engine.mounts.mounts import describe, mount_points, runner_mounts
from dockyard.engine.networks.networks import Networks
from dockyard.engine.registry.platforms import Platform
from dockyard.engine.run.spec import Mount
from dockyard.engine.volumes import Volumes

__all__ = ["Maker"]

SYSTEM_FILES = ("hosts", "hostname", "resolv.conf")
HOSTNAME = re.compile(r"[^\s/]{1,64}")


class Maker:
    """Makes containers of images."""

    def __init__(
        self,
        folders: Folders,
        events: Events,
        images: Images,
        trees: Trees,
        volumes: Volumes,
        networks: Networks,
        containers: Containers,
    ) -> None:
        self._folders, self._events, self._images, self._trees = folders, events, images, trees
        self._volumes, self._networks, self._containers = volumes, networks, containers

    def create(
        self, asked: dict[str, Any], *, name: str = "", platform: str = "", version: tuple[int, int]
    ) -> tuple[Container, list[str]]:
        """Make a container; return it with warnings.

        Args:
            asked: The body of ``POST /containers/create``.
            name: Empty to have one made up.
            platform: That the image must be for, such as ``linux/arm64``.
            version: Of the API.

        Raises:
            BadParameter: Something can't be taken as it is.
            NotFound: No such image.
            Conflict: The name is taken.
            NotSupported: Something that this engine can't do.
        """
        if not asked:
            raise BadParameter("Config cannot be empty in order to create a container")
        check_create(asked)
        host = host_config(asked.get("HostConfig"))
        refuse_unsupported(asked, asked.get("HostConfig") or {})
        check_ulimits(host["Ulimits"])
        image = self._image(str(asked.get("Image") or ""), platform)
        container_id = secrets.token_hex(32)
        config = merge(asked, image.run_config, container_id)
        bindings(host["PortBindings"], config.get("ExposedPorts") or (), publish_all=host["PublishAllPorts"])
        _check_hostname(config["Hostname"])
        host["NetworkMode"] = self._network_mode(host["NetworkMode"], config)
        with (
            self._containers.claim_name(name, container_id) as chosen,
            self._containers.making(container_id, image.id) as record,
        ):
            container = Container(
                self._folders.containers / container_id,
                container_id,
                chosen,
                now(),
                image.id,
                image.chain_id,
                config,
                host,
            )
            log_file(container.log, host["LogConfig"])
            self._networks.join(
                container_id,
                chosen,
                hostname=config["Hostname"],
                domain=config["Domainname"],
                mode=host["NetworkMode"],
                endpoints=(asked.get("NetworkingConfig") or {}).get("EndpointsConfig"),
                links=host["Links"] or (),
                extra_hosts=host["ExtraHosts"] or (),
                version=version,
            )
            try:
                self._fill(container, image, record)
            except BaseException:
                self._networks.leave(container_id)
                raise
            finally:
                self._volumes.release(container_id)
        self._events.publish("container", "create", container.id, container.attributes())
        self._trees.spare(image)
        return container, []

    def _image(self, name: str, platform: str) -> Image:
        if not name:
            raise BadParameter("No command specified")  # as Docker, which looks for the command first
        image = self._images.resolve(name)
        if platform:
            wanted, actual = Platform.parse(platform), Platform.of(image.config)
            if wanted.rank(actual) is None:
                raise NotFound(
                    f"image with reference {name} was found but does not match the specified platform: wanted {wanted}, actual: {actual}"
                )
        return image

    def _network_mode(self, mode: str, config: Mapping[str, Any]) -> str:
        """The network mode with a container's ID in place of its name.

        Raises:
            NotFound: It names no container.
        """
        if config.get("NetworkDisabled"):
            return "none"
        kind, colon, name = mode.partition(":")
        return f"{kind}:{self._containers.get(name).id}" if kind == "container" and colon else mode

    def _fill(self, container: Container, image: Image, record: Callable[[Container], None]) -> None:
        """Make its folder, and put it on record."""
        points = mount_points(
            container.host_config,
            container.config["Volumes"] or (),
            container.id,
            self._volumes,
            lambda name: self._containers.get(name).mount_points,
        )
        container.mount_points = describe(points)
        container.anonymous = [point.volume for point in points if point.is_anonymous]
        mounts = runner_mounts(points)
        with stage(self._folders.staging, container.folder) as draft:
            owners, container.since_ns = self._trees.copy(image, draft / "root")
            fill_volumes(points, draft / "root", owners, self._volumes)
            container.mounts = [*self._system_mounts(container, draft, mounts), *mounts]
            container.placeholders = _missing(draft / "root")
            owners.save(draft / "owners.json")
            container.save(draft)
        record(container)

    def _system_mounts(self, container: Container, draft: Path, mounts: list[Mount]) -> list[Mount]:
        """The files under ``/etc`` that tell a container about its network, unless it brings its own."""
        host, taken = container.host_config, {mount.target for mount in mounts}
        texts = {
            "hosts": self._networks.hosts(container.id),
            "hostname": f"{container.config['Hostname']}\n",
            "resolv.conf": resolv_conf(host["Dns"], host["DnsSearch"], host["DnsOptions"]),
        }
        made = []
        for name in SYSTEM_FILES:
            (draft / name).write_text(texts[name])
            (draft / name).chmod(0o644)
            if f"/etc/{name}" not in taken:
                made.append(Mount(str(container.folder / name), f"/etc/{name}"))
        return made


def _missing(root: Path) -> list[str]:
    """Which of the paths that running makes to mount something on the image lacks."""
    wanted = ["dev", "proc", "sys", "etc", *(f"etc/{name}" for name in SYSTEM_FILES)]
    lacking = [path for path in wanted if not os.path.lexists(root / path)]
    return [path for path in lacking if os.path.dirname(path) not in lacking]


def _check_hostname(name: str) -> None:
    if not HOSTNAME.fullmatch(name):
        raise BadParameter(f"invalid hostname format: {name}")
