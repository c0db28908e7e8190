"""All containers of an engine: found, listed, shown, renamed, updated, removed. They are made in :mod:`.making` and run by :mod:`.runtime`."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from dockyard.engine.containers import inspection, listing, names
from dockyard.engine.containers.config import restart_policy
from dockyard.engine.containers.container import Container
from dockyard.engine.containers.differences import Differences
from dockyard.engine.containers.execs import Execs
from dockyard.engine.containers.limits import refuse_unsupported_update
from dockyard.engine.containers.runtime import Runtime
from dockyard.engine.durable import discard
from dockyard.engine.errors import ApiError, BadParameter, Conflict, NotFound
from dockyard.engine.events import Events
from dockyard.engine.filters import Filters
from dockyard.engine.folders import Folders
from dockyard.engine.images.images import Images
from dockyard.engine.networks.networks import Networks
from dockyard.engine.timestamps import parse_moment_ns
from dockyard.engine.volumes import Volumes

__all__ = ["PRUNE_FILTERS", "Containers"]

PRUNE_FILTERS = ("label", "label!", "until")
SHORT = 12
DIGITS = frozenset("0123456789abcdef")

log = logging.getLogger(__name__)


class Containers:
    """All containers. Thread-safe: a container's lock is taken before the one of this table, never after it."""

    def __init__(
        self,
        folders: Folders,
        events: Events,
        images: Images,
        volumes: Volumes,
        networks: Networks,
        runtime: Runtime,
        execs: Execs,
        differences: Differences,
    ) -> None:
        self.runtime, self.execs, self._differences = runtime, execs, differences
        self._folders, self._events = folders, events
        self._images, self._volumes, self._networks = images, volumes, networks
        self._lock = threading.Lock()
        self._pruning = threading.Lock()
        self._all = {each.id: each for each in _on_disk(folders.containers)}
        networks.leave_all_but(self._all)
        networks.on_hosts = self._write_hosts
        self._names = {each.name: each.id for each in self._all.values()}
        self._making: dict[str, str] = {}
        images.in_use = self._users_of_image
        volumes.in_use = self._users_of_volume
        runtime.remove = lambda container: self._discard(container, volumes_too=True)
        runtime.published = lambda: [port for each in self.all() for port in each.ports]

    # ------------------------------------------------------------ finding

    def get(self, name: str) -> Container:
        """Return the container of an ID, a name, or the beginning of an ID that fits one alone.

        Raises:
            NotFound: There is none.
            BadParameter: Several IDs begin so.
        """
        with self._lock:
            found = self._all.get(name) or self._all.get(self._names.get(name.removeprefix("/"), ""))
            if found:
                return found
            matching = (
                [each for key, each in self._all.items() if key.startswith(name)] if DIGITS.issuperset(name) else []
            )
        if not matching or not name:
            raise NotFound(f"No such container: {name}")
        if len(matching) > 1:
            raise BadParameter(f"multiple IDs found with provided prefix: {name}")
        return matching[0]

    def all(self) -> list[Container]:
        """Return every container."""
        with self._lock:
            return list(self._all.values())

    @contextmanager
    def claim_name(self, name: str, container_id: str) -> Iterator[str]:
        """Keep a name for a container that is being made; give it up again if the block fails.

        Args:
            name: Empty to have one made up.
            container_id: Its ID.

        Raises:
            Conflict: Another container has it.
            BadParameter: It can't be a name.
        """
        with self._lock:
            name = names.valid(name) if name else names.invent(self._names)
            self._require_free(name)
            self._names[name] = container_id
        try:
            yield name
        except BaseException:
            with self._lock:
                del self._names[name]
            raise

    @contextmanager
    def making(self, container_id: str, image_id: str) -> Iterator[Callable[[Container], None]]:
        """Keep an image from being removed while a container of it is made; give what puts the container on record."""

        def record(container: Container) -> None:
            with self._lock:
                self._all[container.id] = container

        with self._lock:
            self._making[container_id] = image_id
        try:
            yield record
        finally:
            with self._lock:
                del self._making[container_id]

    # ------------------------------------------------------------ showing

    def summary(self, container: Container, version: tuple[int, int], *, size: bool = False) -> dict[str, Any]:
        """Return one line of the list."""
        shown = listing.summary(container, self._networks.settings(container.id, version), self._image_name(container))
        return shown | (self.sizes(container) if size else {})

    def sizes(self, container: Container) -> dict[str, int]:
        """Return a container's bytes: what it has written, and that with its image's."""
        written = self._differences.size_bytes(container)
        try:
            below = self._images.get(container.image_id).size_bytes
        except NotFound:
            below = 0  # its image is gone
        return {"SizeRw": written, "SizeRootFs": below + written}

    def inspect(self, name: str, version: tuple[int, int], *, size: bool = False) -> dict[str, Any]:
        """Answer ``GET /containers/{name}/json``."""
        container = self.get(name)
        joined, execs = self._networks.settings(container.id, version), self.execs.of(container)
        with container.lock:
            shown = inspection.inspect(container, joined, execs)
        return shown | (self.sizes(container) if size else {})

    # ------------------------------------------------------------ changing

    def rename(self, name: str, new: str) -> None:
        """Give a container another name.

        Raises:
            BadParameter: The new name is empty, the old one, or can't be a name.
            Conflict: Another container has it.
        """
        container = self.get(name)
        if not new.removeprefix("/"):
            raise BadParameter("Neither old nor new names may be empty")
        with container.lock:
            container.require_kept(name)
            old, bare = container.name, new.removeprefix("/")
            if bare == old:
                raise BadParameter("Renaming a container with the same name as its current name")
            try:
                names.valid(f"/{bare}")
                with self._lock:
                    self._require_free(bare)
                    self._names[bare] = container.id
            except ApiError as error:
                raise type(error)(f"Error when allocating new name: {error}") from error
            container.name = bare
            try:
                container.save()
            except BaseException:
                container.name = old
                with self._lock:
                    del self._names[bare]
                raise
            self._networks.rename(container.id, bare)
            with self._lock:
                del self._names[old]
        self._events.publish("container", "rename", container.id, container.attributes(oldName=f"/{old}"))

    def update(self, name: str, body: Mapping[str, Any]) -> None:
        """Change a container's restart policy, which is all that can be changed here.

        Raises:
            NotSupported: Anything else is to be changed.
            BadParameter: There is no such policy.
        """
        container = self.get(name)
        refuse_unsupported_update(dict(body))
        policy = restart_policy(body.get("RestartPolicy") or container.host_config["RestartPolicy"])
        with container.lock:
            container.require_kept(name)
            if container.host_config["AutoRemove"] and policy["Name"] != "no":
                raise BadParameter("Restart policy cannot be updated because AutoRemove is enabled for the container")
            before = container.host_config["RestartPolicy"]
            container.host_config["RestartPolicy"] = policy
            try:
                container.save()
            except BaseException:
                container.host_config["RestartPolicy"] = before
                raise
        self._events.publish("container", "update", container.id, container.attributes())

    def remove(self, name: str, *, force: bool = False, volumes_too: bool = False) -> None:
        """Remove a container.

        Args:
            name: Which.
            force: Whether one that runs is ended first.
            volumes_too: Whether its anonymous volumes go with it.

        Raises:
            Conflict: It runs.
        """
        container = self.get(name)
        if container.leaving or container.state.status == "removing":
            raise Conflict(f"removal of container {name} is already in progress")
        with container.taking_leave(name) if force else nullcontext():
            if force:
                try:
                    self.runtime.kill(container, "SIGKILL", name)
                except Conflict:
                    log.debug("%s does not run: it is only removed", name)
            with container.lock:
                container.require_kept(name)
                if container.state.status == "paused":
                    raise Conflict(
                        f"You cannot remove a paused container {container.id}. Unpause and then stop the container before attempting removal or force remove"
                    )
                if container.state.running or container.state.status == "restarting":
                    raise Conflict(
                        f"You cannot remove a {container.state.status} container {container.id}. Stop the container before attempting removal or force remove"
                    )
                goes_by_itself = force and container.host_config["AutoRemove"]
                self._discard(container, volumes_too=volumes_too or goes_by_itself)

    def prune(self, filters: Filters) -> dict[str, Any]:
        """Answer ``POST /containers/prune``: remove what does not run.

        Raises:
            Conflict: Another prune is at work.
        """
        until = filters.single("until")
        newest_ns = parse_moment_ns(until) if until else time.time_ns()
        if not self._pruning.acquire(blocking=False):
            raise Conflict("a prune operation is already running")
        deleted, reclaimed_bytes = [], 0
        try:
            for container in self.all():
                if container.state.status not in ("created", "exited", "dead"):
                    continue
                if container.created_ns > newest_ns or not filters.match_label(container.labels):
                    continue
                size_bytes = self.sizes(container)["SizeRw"]
                try:
                    self.remove(container.id)
                except (Conflict, NotFound):
                    continue  # someone started it, or was faster
                deleted.append(container.id)
                reclaimed_bytes += size_bytes
        finally:
            self._pruning.release()
        self._events.publish("container", "prune", "", {"reclaimed": str(reclaimed_bytes)})
        return {"ContainersDeleted": deleted or None, "SpaceReclaimed": reclaimed_bytes}

    def waiter(self, container: Container, condition: str) -> Callable[[Callable[[], bool]], int]:
        """Return what waits for a container and then returns its exit code; ends that come after this call count.

        It is called with what tells whether the client is gone, which it asks once a second.

        Args:
            container: Which.
            condition: ``not-running``, ``next-exit`` or ``removed``; anything else is the first.
        """
        before = container.runs

        def has_ended() -> bool:
            return container.runs > before or container.removed

        def does_not_run() -> bool:
            return has_ended() or (container.running is None and container.state.status != "restarting")

        conditions: dict[str, Callable[[], bool]] = {"next-exit": has_ended, "removed": lambda: container.removed}
        reached = conditions.get(condition, does_not_run)

        def wait(gone: Callable[[], bool]) -> int:
            while not container.await_state(reached, 1.0) and not gone():
                pass
            # By now it may run again, or have failed to.
            return container.ended_with if container.runs > before else container.state.exit_code

        return wait

    # ------------------------------------------------------------ inside

    def _discard(self, container: Container, *, volumes_too: bool) -> None:
        """Remove a container that does not run; its lock is held."""
        before, container.state.status = container.state.status, "removing"
        try:
            discard(container.folder, self._folders.trash)  # from here on it is gone, whatever becomes of the engine
        except BaseException:
            container.state.status = before
            raise
        for attachment in container.waiting:
            attachment.sock.close()
        container.waiting = []
        self.runtime.forget(container)
        self._networks.leave(container.id)
        with self._lock:
            self._all.pop(container.id, None)
            self._names.pop(container.name, None)
        container.removed = True
        container.changed.notify_all()
        self._events.publish("container", "destroy", container.id, container.attributes())
        for volume in container.anonymous if volumes_too else ():
            try:
                self._volumes.remove(volume, force=True)
            except Conflict:
                continue  # another container has it too
        self._images.release()

    def _write_hosts(self, container_id: str, content: str) -> None:
        """Bring a container's ``/etc/hosts`` up to date, in place: it is mounted as it is."""
        if container_id not in self._all:
            return  # a command of a build, whose file is written once
        with (self._folders.containers / container_id / "hosts").open("r+") as file:
            file.truncate(file.write(content))

    def _require_free(self, name: str) -> None:
        if taken := self._names.get(name):
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container "{taken}". You have to remove (or rename) that container to be able to reuse that name.'
            )

    def _users_of_image(self, image_id: str) -> list[tuple[str, bool]]:
        with self._lock:
            users = [(each.id, each.state.running) for each in self._all.values() if each.image_id == image_id]
            return users + [(key, False) for key, image in self._making.items() if image == image_id]

    def _users_of_volume(self, name: str) -> list[str]:
        return [each.id for each in self.all() if any(mount.get("Name") == name for mount in each.mount_points)]

    def _ancestors(self, name: str) -> set[str]:
        """An image and all that stem from it; none where there is no such image."""
        try:
            found = {self._images.resolve(name).id}
        except ApiError:
            return set()
        waiting = list(found)
        while waiting:
            children = {child.id for child in self._images.children(waiting.pop())} - found
            found |= children
            waiting += children
        return found

    def _image_name(self, container: Container) -> str:
        """The image as the client named it; its ID once that name means another, or none."""
        named = str(container.config["Image"])
        try:
            return named if self._images.resolve(named).id == container.image_id else container.image_id
        except ApiError:
            return container.image_id

    # ------------------------------------------------------------ last, since it takes the name of a builtin

    def list(
        self, filters: Filters, version: tuple[int, int], *, everything: bool, limit: int, size: bool
    ) -> list[dict[str, Any]]:
        """Answer ``GET /containers/json``; ``filters`` may have those of :data:`.listing.FILTERS`."""
        chosen = listing.choose(
            self.all(),
            filters,
            everything=everything,
            limit=limit,
            find=self.get,
            ancestors=self._ancestors,
            networks=lambda each: self._networks.settings(each.id, version),
        )
        return [self.summary(each, version, size=size) for each in chosen]


def _on_disk(folder: Path) -> Iterator[Container]:
    """The containers that an earlier engine kept. One whose record can't be read stays where it is, and keeps nobody from working with the others."""
    for each in folder.iterdir():
        try:
            yield Container.load(each)
        except (OSError, ValueError, KeyError, TypeError, ApiError) as error:
            log.error(
                "container %s is left out, its record can't be read: %s: %s", each.name, type(error).__name__, error
            )
