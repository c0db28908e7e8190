"""The containers that the networks know, kept on disk, with their addresses and what their ``/etc/hosts`` say."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dockyard.engine.durable import read_each, read_json, write_json
from dockyard.engine.errors import BadParameter, Conflict, NotFound
from dockyard.engine.networks.addresses import Pool
from dockyard.engine.networks.hosts import hosts_of, link_of
from dockyard.engine.networks.members import Member
from dockyard.engine.networks.network import PREDEFINED, Network

__all__ = ["Roster"]

_ID = re.compile(r"[0-9a-f]{64}")


class Roster:
    """All members by ID. Not for two threads at once.

    Attributes:
        pool: Their addresses.
        on_hosts: As :attr:`dockyard.engine.networks.Networks.on_hosts`.
    """

    def __init__(self, folder: Path, pool: Pool) -> None:
        """Read what an earlier engine kept; nobody is up.

        Args:
            folder: A file for each container; made where it is missing.
            pool: Where addresses come from.
        """
        self.pool = pool
        self.on_hosts: Callable[[str, str], None] = lambda _, __: None
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self._members: dict[str, Member] = {}
        for member in read_each((path for path in folder.glob("*.json") if _ID.fullmatch(path.stem)), _member):
            self._members[member.id] = member
            pool.keep(member.address)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __getitem__(self, container: str) -> Member:
        try:
            return self._members[container]
        except KeyError:
            raise NotFound(f"No such container: {container}") from None

    def get(self, container: str) -> Member | None:
        """Return a container, or None."""
        return self._members.get(container)

    def named(self, name: str) -> Member | None:
        """Return the container of that name, or None."""
        return next((member for member in self if member.name == name), None)

    def keep(self, member: Member) -> None:
        """Put a member on disk as it is now."""
        write_json(self._folder / f"{member.id}.json", member.to_json())
        self._members[member.id] = member

    def forget(self, container: str) -> None:
        """Drop a member; its address is free again."""
        member = self._members.pop(container, None)
        if member is not None:
            self.pool.free(member.address)
            (self._folder / f"{container}.json").unlink(missing_ok=True)

    def up_in(self, network: Network) -> Sequence[Member]:
        """Return those that are up in a network."""
        return [
            member
            for member in self
            if any(each.id and each.network == network.id for each in member.endpoints.values())
        ]

    def behind(self, member: Member) -> Member:
        """Return the container whose network this one shares, or itself.

        Raises:
            Conflict: That one is gone.
        """
        if not member.mode.startswith("container:"):
            return member
        target = member.mode.partition(":")[2]
        if target not in self._members:
            raise Conflict(f"cannot join network of a non running container: {target}")
        return self._members[target]

    def require_targets(self, links: Iterable[str]) -> None:
        """Refuse links that lead to no container.

        Raises:
            BadParameter: One does.
        """
        for text in links:
            if text.count(":") > 1:
                raise BadParameter(f"bad format for links: {text}")
            name, _ = link_of(text)
            if self.named(name) is None:
                raise BadParameter(f"could not get container for {name}: No such container: {name}")

    def require_linked_up(self, member: Member) -> None:
        """Refuse to start a container whose links lead to one that does not run.

        Raises:
            Conflict: One does.
        """
        for text in member.links:
            name, alias = link_of(text)
            other = self.named(name)
            if other is None or not other.is_up:
                raise Conflict(f"Cannot link to a non running container: /{name} AS /{member.name}/{alias}")

    def rename(self, member: Member, name: str) -> None:
        """Give a container another name; links to it follow."""
        for other in self:
            links = [f"{name}:{link_of(text)[1]}" if link_of(text)[0] == member.name else text for text in other.links]
            if links != other.links:
                other.links = links
                self.keep(other)
        member.name = name
        self.keep(member)

    def hosts(self, member: Member) -> str:
        """Return what a container's ``/etc/hosts`` says."""
        return hosts_of(member, list(self), PREDEFINED, self.pool.gateway)

    def refresh(self, networks: Iterable[Network], member: Member) -> None:
        """Tell :attr:`on_hosts` of the running containers that know a member by name, and of itself.

        Args:
            networks: Those in which something changed.
            member: The container that it changed for.
        """
        named = {network.name for network in networks if not network.is_predefined}
        for each in self:
            linked = any(link_of(text)[0] == member.name for text in each.links)
            if each.is_up and (each is member or linked or named & set(each.endpoints)):
                self.on_hosts(each.id, self.hosts(each))


def _member(path: Path) -> Member:
    return Member.from_json(read_json(path))
