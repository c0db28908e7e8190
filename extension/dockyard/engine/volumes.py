"""Volumes: folders that outlive containers (Docker Engine API, "Volume")."""

import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dockyard.engine.clock import now
from dockyard.engine.disk import content_bytes
from dockyard.engine.durable import discard, read_each, read_json, stage, write_json
from dockyard.engine.errors import BadParameter, Conflict, NotFound, NotSupported
from dockyard.engine.events import Events
from dockyard.engine.filters import Filters
from dockyard.engine.folders import Folders
from dockyard.engine.timestamps import SECOND_NS, rfc3339_nano

__all__ = ["ANONYMOUS_LABEL", "Volume", "Volumes"]

ANONYMOUS_LABEL = "com.docker.volume.anonymous"
# From this version of the API on, volumes without a name are marked, and a prune takes only those.
SINCE_ANONYMOUS = (1, 42)
LIST_FILTERS = ("dangling", "driver", "label", "name")
LONGEST_NAME = 255
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


@dataclass(frozen=True)
class Volume:
    """A volume of the ``local`` driver.

    Attributes:
        name: As the user or, for an anonymous one, the engine chose it.
        created_at: RFC 3339.
        labels: None where none were given, which the API tells apart.
        options: The driver's, as given.
        anonymous: Whether nobody named it.
        mountpoint: Its folder on this machine.
    """

    name: str
    created_at: str
    labels: dict[str, str] | None
    options: dict[str, str] | None
    anonymous: bool
    mountpoint: Path = field(compare=False)

    @property
    def source(self) -> Path:
        """The folder that its content is in: its own, or the one it was bound to by its options."""
        return Path(self.options["device"]) if self.options else self.mountpoint

    def describe(self, version: tuple[int, int]) -> dict[str, Any]:
        """Return it as the API of that version does."""
        labels = self.labels
        if self.anonymous and version >= SINCE_ANONYMOUS:
            labels = {ANONYMOUS_LABEL: "", **(labels or {})}
        return {
            "CreatedAt": self.created_at,
            "Driver": "local",
            "Labels": labels,
            "Mountpoint": str(self.mountpoint),
            "Name": self.name,
            "Options": self.options,
            "Scope": "local",
        }


class Volumes:
    """All volumes of this engine.

    A volume that a container is being made with is reserved until the container is on record, so that nobody removes it between.

    Attributes:
        in_use: Set by the containers: returns the IDs of those on record that have a volume. Called with no lock held here.
        filling: Held by whoever gives an empty volume its first content.
    """

    def __init__(self, folders: Folders, events: Events) -> None:
        self._folders, self._events = folders, events
        self._lock = threading.Lock()
        self._pruning = threading.Lock()
        self._volumes = {volume.name: volume for volume in _on_disk(folders.volumes)}
        self._reserved: dict[str, set[str]] = {}
        self._reservations = 0
        self.in_use: Callable[[str], list[str]] = lambda _: []
        self.filling = threading.Lock()

    def create(
        self,
        name: str = "",
        driver: str = "local",
        options: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
        *,
        reserve: str = "",
    ) -> Volume:
        """Make a volume, or return the one of that name.

        Args:
            name: Empty for an anonymous one.
            driver: ``local``, or empty for the same.
            options: None, or ``type=none``, ``o=bind`` and ``device=FOLDER``.
            labels: Of a new one.
            reserve: The ID of a container that is being made with it; see :meth:`release`.

        Raises:
            BadParameter: The name can't be one, or an option is unknown.
            NotFound: There is no such driver.
            NotSupported: The options would need a mount.
        """
        anonymous, name = not name, name or secrets.token_hex(32)
        if driver not in ("", "local"):
            raise NotFound(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found')
        with self._lock:
            volume = self._volumes.get(name)
            is_new = volume is None
            if volume is None:
                _require_name(name)
                _require_options(name, options)
                volume = self._make(name, options, labels, anonymous)
            if reserve:
                self._reserve(name, reserve)
        if is_new:
            self._events.publish("volume", "create", name, {"driver": "local"})
        return volume

    def reserve(self, name: str, container: str) -> Volume:
        """Return a volume that a container is being made with, and keep it; see :meth:`release`.

        Raises:
            NotFound: There is none.
        """
        with self._lock:
            volume = self._get(name)
            self._reserve(name, container)
        return volume

    def release(self, container: str) -> None:
        """Give up a container's reservations: :attr:`in_use` knows it by now, or it was not made."""
        with self._lock:
            for name in [name for name, holders in self._reserved.items() if container in holders]:
                self._reserved[name].discard(container)
                if not self._reserved[name]:
                    del self._reserved[name]

    def get(self, name: str) -> Volume:
        """Return a volume.

        Raises:
            NotFound: There is none of that name.
        """
        with self._lock:
            return self._get(name)

    def all(self) -> list[Volume]:
        """Return every volume, by name."""
        with self._lock:
            return sorted(self._volumes.values(), key=lambda volume: volume.name)

    def path(self, name: str) -> Path:
        """Return the folder that a volume's content is in.

        Raises:
            NotFound: There is none of that name.
        """
        return self.get(name).source

    @staticmethod
    def owners_beside(source: Path) -> Path | None:
        """Return the file that keeps whose a volume's files are, where this user can't give them away; None for any other folder.

        Args:
            source: The folder of a mount.
        """
        is_volume = source.name == "_data" and (source.parent / "volume.json").is_file()
        return source.parent / "owners.json" if is_volume else None

    def inspect(self, name: str, version: tuple[int, int]) -> dict[str, Any]:
        """Answer ``GET /volumes/{name}``.

        Raises:
            NotFound: There is none of that name.
        """
        return self.get(name).describe(version)

    def usage(self, version: tuple[int, int]) -> list[dict[str, Any]]:
        """Return the volumes' part of ``GET /system/df``: each with its bytes and how many containers have it."""
        return [
            volume.describe(version)
            | {"UsageData": {"RefCount": len(self._users(volume.name)), "Size": content_bytes(volume.mountpoint)}}
            for volume in self.all()
        ]

    def remove(self, name: str, force: bool = False) -> None:
        """Remove a volume and its content.

        Args:
            name: Which.
            force: Whether it is fine if there is none.

        Raises:
            NotFound: There is none.
            Conflict: Containers have it, running or not.
        """
        while True:
            with self._lock:
                if name not in self._volumes and force:
                    return
                volume, before = self._get(name), self._reservations
            users = self.in_use(name)
            with self._lock:
                if before != self._reservations:
                    continue  # a container may have come on record after it was asked about
                users += self._reserved.get(name, ())
                if users:
                    raise Conflict(f"remove {name}: volume is in use - [{', '.join(users)}]")
                if self._volumes.pop(name, None) is None:
                    raise NotFound(f"get {name}: no such volume")
            break
        discard(volume.mountpoint.parent, self._folders.trash)
        self._events.publish("volume", "destroy", name, {"driver": "local"})

    def prune(self, filters: Filters, version: tuple[int, int]) -> dict[str, Any]:
        """Answer ``POST /volumes/prune``: remove what no container has.

        Args:
            filters: ``label`` and ``label!``; from API 1.42 on also ``all``, without which only anonymous ones go.
            version: Of the API.

        Raises:
            Conflict: Another prune is at work.
            BadParameter: A filter's value makes no sense.
        """
        everything = version < SINCE_ANONYMOUS or bool(filters.flag("all", default=False))
        if not self._pruning.acquire(blocking=False):
            raise Conflict("a prune operation is already running")
        try:
            return self._prune(
                volume
                for volume in self.all()
                if (everything or volume.anonymous) and filters.match_label(volume.describe(version)["Labels"])
            )
        finally:
            self._pruning.release()

    def list(self, filters: Filters, version: tuple[int, int]) -> dict[str, Any]:
        """Answer ``GET /volumes``; ``filters`` may have those of :data:`LIST_FILTERS`.

        Raises:
            BadParameter: A filter's value makes no sense.
        """
        dangling = filters.flag("dangling")
        found = [
            volume.describe(version)
            for volume in self.all()
            if filters.match("name", volume.name)
            and filters.exact("driver", "local")
            and filters.match_label(volume.describe(version)["Labels"])
            and (dangling is None or dangling is not bool(self._users(volume.name)))
        ]
        return {"Volumes": found, "Warnings": None}

    def _prune(self, volumes: Iterable[Volume]) -> dict[str, Any]:
        deleted: list[str] = []
        reclaimed_bytes = 0
        for volume in volumes:
            if self._users(volume.name):
                continue
            size_bytes = content_bytes(volume.mountpoint)
            try:
                self.remove(volume.name)
            except (Conflict, NotFound):
                continue  # someone took it, or was faster
            deleted.append(volume.name)
            reclaimed_bytes += size_bytes
        self._events.publish("volume", "prune", "", {"reclaimed": str(reclaimed_bytes)})
        return {"VolumesDeleted": deleted, "SpaceReclaimed": reclaimed_bytes}

    def _get(self, name: str) -> Volume:
        try:
            return self._volumes[name]
        except KeyError:
            raise NotFound(f"get {name}: no such volume") from None

    def _make(
        self, name: str, options: dict[str, str] | None, labels: dict[str, str] | None, anonymous: bool
    ) -> Volume:
        mountpoint = self._folders.volumes / name / "_data"
        volume = Volume(name, f"{now()[:19]}Z", labels, options, anonymous, mountpoint)
        with stage(self._folders.staging, mountpoint.parent) as draft:
            (draft / "_data").mkdir()
            (draft / "_data").chmod(0o755)
            write_json(draft / "volume.json", {**asdict(volume), "mountpoint": None})
        self._volumes[name] = volume
        return volume

    def _reserve(self, name: str, container: str) -> None:
        self._reserved.setdefault(name, set()).add(container)
        self._reservations += 1

    def _users(self, name: str) -> set[str]:
        users = set(self.in_use(name))
        with self._lock:
            return users | self._reserved.get(name, set())


def _on_disk(folder: Path) -> Iterator[Volume]:
    """The volumes that are there; one whose record is damaged keeps its name and its content, and loses its labels."""
    for each in folder.iterdir():
        mountpoint = each / "_data"
        if found := next(read_each([each / "volume.json"], _read), None):
            yield found
        elif mountpoint.is_dir() and _NAME.fullmatch(each.name):
            made = rfc3339_nano(int(mountpoint.stat().st_mtime) * SECOND_NS)
            yield Volume(each.name, made, None, None, False, mountpoint)


def _read(record: Path) -> Volume:
    return Volume(**{**read_json(record), "mountpoint": record.with_name("_data")})


def _require_name(name: str) -> None:
    if len(name) == 1:
        raise BadParameter(
            f"create {name}: volume name is too short, names should be at least two alphanumeric characters"
        )
    if not _NAME.fullmatch(name):
        raise BadParameter(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed.'
            " If you intended to pass a host directory, use absolute path"
        )
    if len(name) > LONGEST_NAME:
        raise BadParameter(f"create {name}: volume name is too long, names should be at most {LONGEST_NAME} characters")


def _require_options(name: str, options: dict[str, str] | None) -> None:
    """Take only what needs no mount: a folder of this machine in the volume's place."""
    if not options:
        return
    for option in options:
        if option not in ("type", "o", "device", "size"):
            raise BadParameter(f'create {name}: invalid option: "{option}"')
    if "device" not in options and ("type" in options or "o" in options):
        raise BadParameter(f'create {name}: missing required option: "device"')
    is_bind = set(options.get("o", "").split(",")) in ({"bind"}, {"rbind"}) and options.get("type", "none") == "none"
    if not is_bind or "size" in options:
        raise NotSupported(
            f"create {name}: this engine can't mount file systems; of the local driver's options it takes type=none with o=bind"
        )
    if not options["device"].startswith("/"):
        raise BadParameter(f'create {name}: invalid option: "device" must be an absolute path')
