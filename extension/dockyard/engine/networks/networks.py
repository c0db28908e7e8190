"""Networks (Docker Engine API, "Network"): which containers know each other by name.

Containers here share this machine's network, each with a loopback address of its own. So a network is a set of names, not a wall: two
containers that share none still reach each other by address.
"""

import re
import secrets
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dockyard.engine.clock import now
from dockyard.engine.durable import read_each, read_json, write_json
from dockyard.engine.errors import BadParameter, Conflict, Forbidden, NotFound, NotSupported, ServerError
from dockyard.engine.events import Events
from dockyard.engine.filters import Filters
from dockyard.engine.folders import Folders
from dockyard.engine.networks.addresses import PREFIX_LENGTH, Pool, mac_address
from dockyard.engine.networks.hosts import require_extra_hosts
from dockyard.engine.networks.members import Member, endpoint_from, require_endpoint
from dockyard.engine.networks.network import BRIDGE_OPTIONS, PREDEFINED, Network, require_network
from dockyard.engine.networks.roster import Roster
from dockyard.engine.run.spec import Network as Reach
from dockyard.engine.timestamps import parse_moment_ns

__all__ = ["Networks"]

LIST_FILTERS = ("dangling", "driver", "id", "label", "name", "scope", "type")
PRUNE_FILTERS = ("label", "label!", "until")
# From this version on, a container can be made in several networks.
SINCE_SEVERAL = (1, 44)
_ID = re.compile(r"[0-9a-f]{64}")


class Networks:
    """All networks of this engine, and the containers in them.

    A container joins when it is made (:meth:`join`), is up while it runs (:meth:`up`, :meth:`down`) and leaves when it is removed
    (:meth:`leave`). Its address is its own from the first to the last.
    """

    def __init__(self, folders: Folders, events: Events) -> None:
        self._folder, self._events = folders.networks, events
        self._lock = threading.RLock()
        self._roster = Roster(folders.networks / "members", Pool(folders.data))
        records = (path for path in folders.networks.glob("*.json") if _ID.fullmatch(path.stem))
        self._networks = {each.id: each for each in read_each(records, lambda path: Network(**read_json(path)))}
        for name, driver in PREDEFINED.items():
            if all(network.name != name for network in self._networks.values()):
                options = BRIDGE_OPTIONS if name == "bridge" else {}
                self._record(Network(secrets.token_hex(32), name, driver, now(), {}, dict(options)))

    @property
    def on_hosts(self) -> Callable[[str, str], None]:
        """Called with a running container's ID and what its ``/etc/hosts`` says, each time that this changes. Set by the containers.

        It must write the file and nothing else: the networks wait meanwhile.
        """
        return self._roster.on_hosts

    @on_hosts.setter
    def on_hosts(self, write: Callable[[str, str], None]) -> None:
        self._roster.on_hosts = write

    # ------------------------------------------------------------ networks

    def find(self, term: str) -> Network:
        """Return a network by its ID, its name, or the first digits of its ID.

        Raises:
            NotFound: There is none.
            BadParameter: There are several.
        """
        with self._lock:
            if term in self._networks:
                return self._networks[term]
            named = [network for network in self._networks.values() if network.name == term]
            found = named or [each for each in self._networks.values() if term and each.id.startswith(term)]
        if len(found) > 1:
            raise BadParameter(f"{len(found)} matches found based on ID prefix: network {term} is ambiguous")
        if not found:
            raise NotFound(f"network {term} not found")
        return found[0]

    def inspect(self, term: str, version: tuple[int, int]) -> dict[str, Any]:
        """Answer ``GET /networks/{id}``.

        Raises:
            NotFound: There is none.
        """
        network = self.find(term)
        with self._lock:
            return self._describe(network, version) | {
                "Containers": {
                    member.id: {
                        "Name": member.name,
                        "EndpointID": member.endpoints[network.name].id,
                        "MacAddress": mac_address(member.address),
                        "IPv4Address": f"{member.address}/{PREFIX_LENGTH}" if member.address else "",
                        "IPv6Address": "",
                    }
                    for member in self._roster.up_in(network)
                }
            }

    def create(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``POST /networks/create``.

        Args:
            asked: The body.

        Raises:
            BadParameter: It makes no sense.
            Forbidden: It is one that is always there.
            Conflict: There is one of that name.
            NotFound: There is no such driver.
            NotSupported: Docker could make it; this engine can't.
        """
        name, driver = str(asked.get("Name") or ""), str(asked.get("Driver") or "bridge")
        require_network(name, driver, asked)
        network = Network(
            secrets.token_hex(32),
            name,
            driver,
            now(),
            dict(asked.get("Labels") or {}),
            dict(asked.get("Options") or {}),
            bool(asked.get("Attachable")),
        )
        with self._lock:
            # Without CheckDuplicate, Docker before API 1.44 made a second one of that name, which nobody could tell apart.
            if any(each.name == name for each in self._networks.values()):
                raise Conflict(f"network with name {name} already exists")
            self._record(network)
        self._tell("create", network)
        return {"Id": network.id, "Warning": ""}

    def remove(self, term: str) -> None:
        """Remove a network.

        Raises:
            NotFound: There is none.
            Forbidden: It is always there, or containers are up in it.
        """
        network = self.find(term)
        if network.is_predefined:
            raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
        with self._lock:
            if self._roster.up_in(network):
                raise Forbidden(
                    f"error while removing network: network {network.name} id {network.id} has active endpoints"
                )
            self._drop(network)
        self._tell("destroy", network)

    def prune(self, filters: Filters) -> dict[str, Any]:
        """Answer ``POST /networks/prune``: remove those that no container is up in.

        Args:
            filters: Those of :data:`PRUNE_FILTERS`.

        Raises:
            BadParameter: A filter's value makes no sense.
        """
        until = filters.single("until")
        until_ns = parse_moment_ns(until) if until else None
        deleted = []
        with self._lock:
            for network in list(self._networks.values()):
                is_young = until_ns is not None and parse_moment_ns(network.created) > until_ns
                if (
                    network.is_predefined
                    or is_young
                    or self._roster.up_in(network)
                    or not filters.match_label(network.labels)
                ):
                    continue
                self._drop(network)
                deleted.append(network)
        for network in deleted:
            self._tell("destroy", network)
        self._events.publish("network", "prune", "", {"reclaimed": "0"})
        return {"NetworksDeleted": [network.name for network in deleted] or None}

    # ------------------------------------------------------------ containers in them

    def join(
        self,
        container: str,
        name: str,
        *,
        hostname: str,
        domain: str = "",
        mode: str = "default",
        endpoints: Mapping[str, dict[str, Any] | None] | None = None,
        links: Sequence[str] = (),
        extra_hosts: Sequence[str] = (),
        version: tuple[int, int],
    ) -> None:
        """Take in a container that is being made, and give it an address.

        Args:
            container: Its ID.
            name: Its name.
            hostname: Its name for itself.
            domain: After that.
            mode: ``HostConfig.NetworkMode``: a network's name or ID, ``default``, or ``container:ID`` with all of the ID.
            endpoints: ``NetworkingConfig.EndpointsConfig``.
            links: ``HostConfig.Links``.
            extra_hosts: ``HostConfig.ExtraHosts``.
            version: Of the API.

        Raises:
            BadParameter: Something of it makes no sense.
            NotSupported: Docker could; this engine can't.
        """
        require_extra_hosts(extra_hosts)
        if not isinstance(endpoints or {}, Mapping):
            raise BadParameter(
                "json: cannot unmarshal into Go struct field NetworkingConfig.EndpointsConfig of type map"
            )
        mode = "bridge" if mode in ("", "default") else mode
        with self._lock:
            asked: dict[str, dict[str, Any] | None] = {
                self._name(each): value for each, value in (endpoints or {}).items()
            }
            if len(asked) > 1 and version < SINCE_SEVERAL:
                raise BadParameter(f"Container cannot be connected to network endpoints: {', '.join(asked)}")
            if mode == "bridge" and asked:
                mode = next(iter(asked))  # as clients ask that leave the mode alone
            elif not mode.startswith("container:"):
                asked = {self._name(mode): asked.get(self._name(mode)), **asked}
            member = Member(container, name, hostname, domain, mode, "", list(links), list(extra_hosts))
            for network, value in asked.items():
                require_endpoint(value, is_default=network in PREDEFINED)
                member.endpoints[network] = endpoint_from(value)
            self._roster.require_targets(member.links)
            if mode not in ("host", "none") and member.endpoints:
                member.address = self._roster.pool.take()
            self._roster.keep(member)

    def up(self, container: str, *, tell: bool = True) -> tuple[Reach, str]:
        """Bring a container up in its networks, as it starts.

        Args:
            container: Its ID.
            tell: Whether it starts now; a new engine that finds it running tells nobody.

        Returns:
            How it reaches others, and its address.

        Raises:
            NotFound: One of its networks is gone.
            Conflict: A container that it is linked to, or shares the network of, does not run.
        """
        with self._lock:
            member = self._roster[container]
            shared = self._roster.behind(member)
            if shared is not member:
                if not shared.is_up:
                    raise Conflict(f"cannot join network of a non running container: {shared.id}")
                return _reach(shared)
            if tell:
                self._roster.require_linked_up(member)
            networks = [self.find(name) for name in member.endpoints]
            for network in networks:
                member.endpoints[network.name].network = network.id
                member.endpoints[network.name].id = secrets.token_hex(32)
            member.is_up = True
            self._roster.keep(member)
            self._roster.refresh(networks, member)
        if tell:
            for network in networks:
                self._tell("connect", network, container)
        return _reach(member)

    def down(self, container: str) -> None:
        """Take a container down in its networks, as it ends."""
        with self._lock:
            member = self._roster.get(container)
            if member is None or not member.is_up:
                return
            member.is_up = False
            networks = [
                self._networks[each.network] for each in member.endpoints.values() if each.network in self._networks
            ]
            for endpoint in member.endpoints.values():
                endpoint.id = ""
            self._roster.refresh(networks, member)
        for network in networks:
            self._tell("disconnect", network, container)

    def leave(self, container: str) -> None:
        """Forget a container that is removed; its address is free again."""
        self.down(container)
        with self._lock:
            self._roster.forget(container)

    def leave_all_but(self, containers: Collection[str]) -> None:
        """Forget containers that were being made or removed when an earlier engine was killed."""
        for each in {member.id for member in self._roster} - set(containers):
            self.leave(each)

    def rename(self, container: str, name: str) -> None:
        """Follow a container's new name."""
        with self._lock:
            member = self._roster[container]
            self._roster.rename(member, name)
            self._roster.refresh(
                [self._networks[each.network] for each in member.endpoints.values() if each.id], member
            )

    def connect(self, term: str, container: str, settings: dict[str, Any] | None) -> None:
        """Answer ``POST /networks/{id}/connect``.

        Args:
            term: The network.
            container: The container's ID.
            settings: ``EndpointConfig`` of the body.

        Raises:
            NotFound: There is no such network.
            BadParameter: It can't be in both its networks and this one, or ``settings`` make no sense.
            Forbidden: It is up there already.
            NotSupported: It runs without an address.
        """
        network = self.find(term)
        with self._lock:
            member = self._roster[container]
            _require_mixable(member, network)
            require_endpoint(settings, is_default=network.is_predefined)
            if network.name in member.endpoints and member.is_up:
                raise Forbidden(f"endpoint with name {member.name} already exists in network {network.name}")
            if member.is_up and not member.address:
                raise NotSupported("a container that was started without a network can't get one while it runs")
            endpoint = endpoint_from(settings)
            endpoint.network = network.id
            member.endpoints[network.name] = endpoint
            member.address = member.address or self._roster.pool.take()
            if member.is_up:
                endpoint.id = secrets.token_hex(32)
            self._roster.keep(member)
            self._roster.refresh([network], member)
        if member.is_up:
            self._tell("connect", network, container)

    def disconnect(self, term: str, container: str) -> None:
        """Answer ``POST /networks/{id}/disconnect``.

        Args:
            term: The network.
            container: The container's ID.

        Raises:
            NotFound: There is no such network.
            BadParameter: It is the host's.
            ServerError: The container is not in it.
        """
        network = self.find(term)
        with self._lock:
            member = self._roster[container]
            if "host" in (network.driver, member.mode):
                raise BadParameter("container cannot be disconnected from host network or connected to host network")
            if network.name not in member.endpoints:
                raise ServerError(f"container {container} is not connected to network {network.name}")
            del member.endpoints[network.name]
            self._roster.keep(member)
            self._roster.refresh([network], member)
        if member.is_up:
            self._tell("disconnect", network, container)

    def settings(self, container: str, version: tuple[int, int]) -> dict[str, dict[str, Any]]:
        """Return a container's ``NetworkSettings.Networks``."""
        with self._lock:
            member = self._roster.get(container)
            if member is None:
                return {}
            return {
                name: member.describe(
                    name, is_default=name in PREDEFINED, gateway=self._roster.pool.gateway, version=version
                )
                for name in member.endpoints
            }

    def address(self, container: str) -> str:
        """Return a container's address; empty on the host's network and on none."""
        with self._lock:
            return self._roster.behind(self._roster[container]).address

    def hosts(self, container: str) -> str:
        """Return what a container's ``/etc/hosts`` says."""
        with self._lock:
            return self._roster.hosts(self._roster.behind(self._roster[container]))

    def list(self, filters: Filters, version: tuple[int, int]) -> Sequence[dict[str, Any]]:
        """Answer ``GET /networks``; ``filters`` may have those of :data:`LIST_FILTERS`.

        Raises:
            BadParameter: A filter's value makes no sense.
        """
        dangling = filters.flag("dangling")
        for kind in filters.values("type"):
            if kind not in ("builtin", "custom"):
                raise BadParameter(f"invalid filter: 'type'='{kind}'")
        with self._lock:
            return [
                self._describe(network, version)
                for network in sorted(self._networks.values(), key=lambda network: network.name)
                if filters.match("name", network.name)
                and filters.match("id", network.id)
                and filters.exact("driver", network.driver)
                and filters.exact("scope", "local")
                and filters.exact("type", "builtin" if network.is_predefined else "custom")
                and filters.match_label(network.labels)
                and (dangling is None or dangling is not (network.is_predefined or bool(self._roster.up_in(network))))
            ]

    # ------------------------------------------------------------ within

    def _record(self, network: Network) -> None:
        write_json(self._folder / f"{network.id}.json", asdict(network))
        self._networks[network.id] = network

    def _drop(self, network: Network) -> None:
        (self._folder / f"{network.id}.json").unlink(missing_ok=True)
        self._networks.pop(network.id, None)

    def _name(self, term: str) -> str:
        """A network's name, where there is one; Docker, too, takes a missing one for an error only at the start."""
        try:
            return self.find("bridge" if term == "default" else term).name
        except NotFound:
            return term

    def _describe(self, network: Network, version: tuple[int, int]) -> dict[str, Any]:
        return network.describe(self._roster.pool.subnet, self._roster.pool.gateway, version)

    def _tell(self, action: str, network: Network, container: str = "") -> None:
        attributes = {"name": network.name, "type": network.driver}
        if container:
            attributes["container"] = container
        self._events.publish("network", action, network.id, attributes)


def _require_mixable(member: Member, network: Network) -> None:
    """Refuse a network that a container can't be in with those that it is in."""
    if "host" in (network.driver, member.mode):
        raise BadParameter("container cannot be disconnected from host network or connected to host network")
    if member.mode.startswith("container:"):
        raise BadParameter(
            "container sharing network namespace with another container or host cannot be connected to any other network"
        )
    if "none" in (network.name, *member.endpoints):
        raise BadParameter(
            "container cannot be connected to multiple networks with one of the networks in private (none) mode"
        )


def _reach(member: Member) -> tuple[Reach, str]:
    """How a container reaches others, and its address."""
    if member.mode == "host":
        return "host", ""
    return ("own", member.address) if member.address else ("none", "")
