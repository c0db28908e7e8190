"""One container: what was asked for, its state, and what is kept of it on disk."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dockyard.engine.containers.state import State
from dockyard.engine.durable import read_json, write_json
from dockyard.engine.errors import Conflict, NotFound
from dockyard.engine.files.view import View
from dockyard.engine.images.owners import Owners, open_up
from dockyard.engine.run.running import Attachment, Running
from dockyard.engine.run.spec import Mount, PublishedPort
from dockyard.engine.timestamps import parse_moment_ns

__all__ = ["Container"]

RECORD, OWNERS = "container.json", "owners.json"

log = logging.getLogger(__name__)


@dataclass
class Container:
    """A container.

    Attributes:
        folder: Where all of it lies.
        id: 64 hexadecimal digits.
        name: Without a slash.
        created: When, as the API writes times.
        image_id: ``sha256:...``.
        chain_id: Of that image's layers, by which its files are found once it is gone.
        config: Its ``Config``, whole, as ``inspect`` shows it.
        host_config: Its ``HostConfig``, whole.
        mount_points: Its ``Mounts`` as ``inspect`` shows them.
        mounts: The same as the runner takes them, parents first.
        anonymous: Names of the volumes that go with it when it is removed with ``v=1``.
        placeholders: Paths in its root that are there only for something to be mounted on.
        since_ns: Everything in its root that is as old as this came from its image.
        state: Its state.
        ports: What is listened on while it runs.
        published: The same as the API shows it.
        running: The hold on its processes while there are any.
        waiting: Clients that attached before it was started.
        joining: Clients who have been told that they are attached, and are about to be.
        lock: Held by whoever reads several fields or changes one; held long by whoever starts or ends it.
        changed: Notified at every change of state.
        created_ns: When, in nanoseconds since 1970.
        runs: How many runs have ended.
        ended_with: The exit code of the last of them.
        spared: How many clients end it to start it again: its end does not remove it then.
        leaving: Whether a client is removing it: nothing starts it any more, and its end leaves the removal to that client.
        removed: Whether it is gone.
    """

    folder: Path
    id: str
    name: str
    created: str
    image_id: str
    chain_id: str
    config: dict[str, Any]
    host_config: dict[str, Any]
    mount_points: list[dict[str, Any]] = field(default_factory=list)
    mounts: list[Mount] = field(default_factory=list)
    anonymous: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    since_ns: int = 0
    state: State = field(default_factory=State)
    ports: list[PublishedPort] = field(default_factory=list)
    published: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    running: Running | None = None
    waiting: list[Attachment] = field(default_factory=list)
    joining: set[object] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    runs: int = 0
    ended_with: int = 0
    spared: int = 0
    leaving: bool = False
    removed: bool = False

    def __post_init__(self) -> None:
        self.changed = threading.Condition(self.lock)
        self.created_ns = parse_moment_ns(self.created)
        self._files = threading.Lock()

    @property
    def root(self) -> Path:
        """Its root, a private copy of the image's."""
        return self.folder / "root"

    @property
    def log(self) -> Path:
        """The newest file of its output."""
        return self.folder / f"{self.id}-json.log"

    @property
    def command(self) -> list[str]:
        """What it runs: entrypoint and command in one."""
        return [*(self.config["Entrypoint"] or ()), *(self.config["Cmd"] or ())]

    @property
    def labels(self) -> dict[str, str]:
        """Its labels, the image's among them."""
        return self.config["Labels"] or {}

    @property
    def read_only(self) -> bool:
        """Whether its root may not be written to."""
        return bool(self.host_config["ReadonlyRootfs"])

    def view(self) -> View:
        """Its files as it sees them, mounts included."""
        return View(self.root, self.mounts, read_only=self.read_only)

    def owners(self) -> Owners:
        """True owners and modes of what its root can't express."""
        return Owners.load(self.folder / OWNERS)

    def opened_up(self) -> Owners:
        """As :meth:`owners`, once nothing in its root is closed to this user: its programs may have taken away even the right to read."""
        if os.geteuid() == 0:
            return self.owners()
        with self.changing_files() as owners:
            open_up(self.root, owners)
        return owners

    @contextmanager
    def changing_files(self) -> Iterator[Owners]:
        """Give the table of owners to whoever puts files into its root, one after the other, and keep what became of it."""
        with self._files:
            owners = self.owners()
            before = owners.copy()
            try:
                yield owners
            finally:
                if owners != before:
                    owners.save(self.folder / OWNERS)

    def attributes(self, **more: str) -> dict[str, str]:
        """What its events carry: labels, image, name."""
        return {**self.labels, "image": self.config["Image"], "name": self.name, **more}

    def await_state(self, reached: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait until ``reached``, asked again at every change of state; tell whether it came to that."""
        with self.changed:
            return self.changed.wait_for(reached, timeout_s)

    def save(self, folder: Path | None = None, *, sync: bool = True) -> None:
        """Keep it on disk, in ``folder`` while that is not its own yet."""
        write_json((folder or self.folder) / RECORD, self._record(), sync=sync)

    def require_kept(self, called: str) -> None:
        """Find it gone, where it was found a moment ago; the lock is held.

        Raises:
            NotFound: Somebody has removed it meanwhile.
        """
        if self.removed:
            raise NotFound(f"No such container: {called}")

    @contextmanager
    def taking_leave(self, called: str) -> Iterator[None]:
        """Make it one's own to end and remove.

        Raises:
            NotFound: Somebody has removed it meanwhile.
            Conflict: Somebody is at it.
        """
        with self.lock:
            self.require_kept(called)
            if self.leaving:
                raise Conflict(f"removal of container {called} is already in progress")
            self.leaving = True
        try:
            yield
        finally:
            with self.lock:
                self.leaving = False

    @contextmanager
    def spare(self) -> Iterator[None]:
        """Keep one that is removed at its end, since it is ended to be started again."""
        with self.lock:
            self.spared += 1
        try:
            yield
        finally:
            with self.lock:
                self.spared -= 1

    def wait_with(self, attachment: Attachment) -> None:
        """Keep a client until it is started, and let go of those that have hung up; the lock is held."""
        for gone in [each for each in self.waiting if each.gone]:
            self.waiting.remove(gone)
            gone.sock.close()
        self.waiting.append(attachment)

    def keep(self) -> None:
        """Write down what has become of it; what the disk has no room for is still true here, and found out again by a later engine."""
        try:
            self.save(sync=False)
        except OSError as error:
            log.error("%s: its state can't be written down: %s", self.name, error)

    @classmethod
    def load(cls, folder: Path) -> "Container":
        """Return what :meth:`save` kept."""
        kept = read_json(folder / RECORD)
        kept["state"] = State.from_json(kept["state"])
        kept["mounts"] = [Mount(**mount) for mount in kept["mounts"]]
        kept["ports"] = [PublishedPort(**port) for port in kept["ports"]]
        return cls(folder, **kept)

    def _record(self) -> dict[str, Any]:
        plain = (
            "id",
            "name",
            "created",
            "image_id",
            "config",
            "host_config",
            "mount_points",
            "anonymous",
            "since_ns",
            "published",
            "chain_id",
            "placeholders",
        )
        return {
            **{name: getattr(self, name) for name in plain},
            "state": self.state.to_json(),
            "mounts": [mount._asdict() for mount in self.mounts],
            "ports": [port._asdict() for port in self.ports],
        }
