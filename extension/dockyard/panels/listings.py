"""What the engine has, as grids show it: containers, images, volumes, networks and ports."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dockyard import tables
from dockyard.connection import Client
from dockyard.locale import N_, translate
from dockyard.panels.grid import Cell, Column, listed, moment, short, size
from dockyard.tables import Table
from dockyard.tables.frame import SIGNS, replaced

__all__ = ["CONTAINERS", "IMAGES", "NETWORKS", "PORTS", "VOLUMES", "Asked", "Listing"]

TONES = {"running": "good", "paused": "warning", "restarting": "warning", "dead": "bad"}
PREDEFINED = ("bridge", "host", "none")  # networks that are always there
UNNAMED = 12  # digits of the name that the engine gave a volume


class Asked:
    """The engine's lists, each asked for when it is first needed, and once.

    Args:
        client: The engine.
        sizes: Bytes by ID, or by a volume's name, as they were measured last; the engine's lists do not have them.
        before: The containers as they were, where all that may have changed are known.
        changed: The IDs of those.
    """

    def __init__(
        self,
        client: Client,
        sizes: Mapping[str, int | None] | None = None,
        before: Table | None = None,
        changed: Collection[str] = (),
    ) -> None:
        self._client, self._before, self._changed = client, before, tuple(changed)
        self._sizes = sizes or {}

    @cached_property
    def containers(self) -> Table:
        """As :func:`dockyard.tables.containers`, with what is told apart by the end of a container in its state."""
        if self._before is None:
            return self._told(tables.containers(self._client))
        if not self._changed:
            return self._before
        rows = self._told(tables.containers(self._client, filters={"id": self._changed}))
        return replaced(self._before, "id", self._changed, rows)

    def _told(self, table: Table) -> Table:
        states = [_state(state, status) for state, status in zip(table["state"], table["status"], strict=True)]
        return self._measured(_with(table, state=states), "id")

    @cached_property
    def images(self) -> Table:
        """As :func:`dockyard.tables.images`, with their whole names and who uses them."""
        table = tables.images(self._client)
        names = [
            "" if dangling else f"{repository}:{tag}"
            for repository, tag, dangling in zip(table["repository"], table["tag"], table["dangling"], strict=True)
        ]
        return self._measured(_with(table, name=names, used_by=self._users(table["id"], self._by_image)), "id")

    @cached_property
    def volumes(self) -> Table:
        """As :func:`dockyard.tables.volumes`, with who uses them."""
        table = tables.volumes(self._client)
        shown = [
            f"{name[:UNNAMED]}…" if anonymous else name
            for name, anonymous in zip(table["name"], table["anonymous"], strict=True)
        ]
        table = _with(table, shown=shown, used_by=self._users(table["name"], self._by_volume))
        return self._measured(table, "name")

    @cached_property
    def networks(self) -> Table:
        """As :func:`dockyard.tables.networks`, with who is connected."""
        table = tables.networks(self._client)
        users = self._users(table["name"], self._by_network)
        always = [name in PREDEFINED for name in table["name"]]
        used = [_PREDEFINED if fixed and not names else names for names, fixed in zip(users, always, strict=True)]
        return _with(table, used_by=used)

    @cached_property
    def ports(self) -> Table:
        """As :func:`dockyard.tables.ports`, with the two ends of each."""
        table = tables.ports(self._client)
        inner = [f"{port}/{kind}" for port, kind in zip(table["container_port"], table["protocol"], strict=True)]
        return _with(table, inner=inner)

    def _measured(self, table: Table, key: str) -> Table:
        return _with(table, measured_bytes=[self._sizes.get(each) for each in table[key]])

    def _users(self, keys: Any, by: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
        return [tuple(by.get(key, ())) for key in keys]

    @cached_property
    def _by_image(self) -> Mapping[str, list[str]]:
        return _grouped(
            (image, name) for image, name in zip(self.containers["image_id"], self.containers["name"], strict=True)
        )

    @cached_property
    def _by_volume(self) -> Mapping[str, list[str]]:
        return _grouped(
            (mount.partition(":")[0], name)  # a folder's path is no volume's name
            for mounts, name in zip(self.containers["mounts"], self.containers["name"], strict=True)
            for mount in mounts
        )

    @cached_property
    def _by_network(self) -> Mapping[str, list[str]]:
        return _grouped(
            (network, name)
            for networks, name in zip(self.containers["networks"], self.containers["name"], strict=True)
            for network in networks
        )


@dataclass(frozen=True)
class Listing:
    """One list of the engine, and how it is shown.

    Attributes:
        name: What :class:`Asked` calls it.
        title: A message of the catalogues.
        kinds: When which kinds of things change, it may have changed.
        key: The columns that tell one row from the others.
        columns: What is shown.
        measured: One more, once sizes were measured.
    """

    name: str
    title: str
    kinds: frozenset[str]
    key: tuple[str, ...]
    columns: tuple[Column, ...] = field(hash=False)
    measured: Column | None = None

    def shown(self, is_measured: bool) -> tuple[Column, ...]:
        """The columns, with or without sizes that were measured."""
        return (*self.columns, self.measured) if self.measured and is_measured else self.columns

    def of(self, asked: Asked) -> Table:
        """The table that is shown.

        Raises:
            EngineError: The engine can't be reached.
        """
        table: Table = getattr(asked, self.name)
        return table


_PREDEFINED = ("",)  # stands for: used by no one, and there all the same


def _state(state: str, status: str) -> str:
    """A state, with what the engine's sentence says beside it that does not change by itself: health, or how it ended."""
    _, bracket, rest = status.partition("(")
    more = rest.partition(")")[0] if bracket else ""
    return f"{state} ({more})" if more and more.lower() != state and more != "0" else str(state)


def state(value: str) -> Cell:
    """The cell of a container's state: a sign whose shape tells it as well as its colour does, and the word."""
    word, _, more = value.partition(" ")
    tone = TONES.get(word, "idle")
    if more.strip("()") == "unhealthy":
        tone = "bad"
    elif word == "exited" and more:
        tone = "warning"
    return (value, value, tone, SIGNS.get(word, "?"))


def used(value: tuple[str, ...]) -> Cell:
    """The cell of those who use a thing, sorted by how many they are."""
    if value == _PREDEFINED:
        return ("", 0)
    return (", ".join(value), len(value)) if value else (translate(N_("unused")), 0, "mark")


def named(value: str) -> Cell:
    """The cell of an image's name."""
    return value or (translate(N_("dangling")), "", "mark")


def number(value: int) -> Cell:
    """The cell of a number."""
    return (str(value), int(value))


def _with(table: Table, **columns: Any) -> Table:
    """The same table with more columns, or other ones of the same name."""
    return Table(table.assign(**columns))


def _grouped(pairs: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, name in pairs:
        found.setdefault(key, []).append(name)
    return found


CONTAINERS = Listing(
    "containers",
    N_("Containers"),
    frozenset({"container", "image"}),
    ("id",),
    (
        Column("name", N_("Name"), width=150),
        Column("state", N_("State"), state, 170, filter="choice"),
        Column("image", N_("Image"), width=150),
        Column("ports", N_("Ports"), listed, 150),
        Column("created", N_("Made"), moment, 110, "desc"),
    ),
    Column("measured_bytes", N_("Written"), size, 90),
)
IMAGES = Listing(
    "images",
    N_("Images"),
    frozenset({"image", "container"}),
    ("id", "name"),
    (
        Column("name", N_("Name"), named, 200),
        Column("id", N_("Image ID"), short, 120),
        Column("size_bytes", N_("Size"), size, 90),
        Column("used_by", N_("Used by"), used, 150),
        Column("created", N_("Made"), moment, 110, "desc"),
    ),
    Column("measured_bytes", N_("Shared with none"), size, 150),
)
VOLUMES = Listing(
    "volumes",
    N_("Volumes"),
    frozenset({"volume", "container"}),
    ("name",),
    (
        Column("shown", N_("Name"), width=200, sort="asc"),
        Column("used_by", N_("Used by"), used, 200),
        Column("driver", N_("Driver"), width=90, filter="choice"),
        Column("created", N_("Made"), moment, 110),
    ),
    Column("measured_bytes", N_("Size"), size, 90),
)
NETWORKS = Listing(
    "networks",
    N_("Networks"),
    frozenset({"network", "container"}),
    ("id",),
    (
        Column("name", N_("Name"), width=160, sort="asc"),
        Column("driver", N_("Driver"), width=90, filter="choice"),
        Column("used_by", N_("Used by"), used, 200),
        Column("subnets", N_("Subnets"), listed, 140),
        Column("created", N_("Made"), moment, 110),
    ),
)
PORTS = Listing(
    "ports",
    N_("Ports"),
    frozenset({"container"}),
    ("container_id", "host_ip", "host_port", "container_port", "protocol"),
    (
        Column("host_port", N_("Port on the engine's machine"), number, 120, "asc", "number"),
        Column("host_ip", N_("Address"), width=120),
        Column("name", N_("Container"), width=180),
        Column("inner", N_("Port inside"), width=110),
    ),
)
