"""What takes up the engine's disk: now, and as it was measured before."""

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from dockyard.connection import Client, current
from dockyard.tables import samples
from dockyard.tables.frame import Table, moments
from dockyard.tasks.prune import measure
from dockyard.tasks.prune_rules import Facts, Freeing, freeing
from dockyard.tasks.snapshot import name_of, tags_of
from dockyard.wording import short_id

__all__ = ["disk", "disk_samples", "measured_disk"]

KINDS = ("image", "container", "volume", "build cache")
NUMBERS = ("size_bytes", "shared_bytes", "unique_bytes", "reclaimable_bytes", "users")
IN_USE, UNUSED, DANGLING = "in use", "unused", "dangling"
STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead", IN_USE, UNUSED, DANGLING)

_log = logging.getLogger(__name__)


def disk(client: Client | None = None) -> Table:
    """Return what takes up the engine's disk, the largest first; as ``docker system df -v``.

    The engine walks everything to answer, which can take long: it is never asked unless by this call. ``attrs["at"]`` says when,
    ``attrs["layers_bytes"]`` what all images take together, each shared layer once. The sums are kept for :func:`disk_samples`.

    ``unique_bytes`` is what nothing else shares. ``prune`` is the least prune that takes this thing, as everything is now, empty where none does;
    ``reclaimable_bytes`` what would be free if it took this thing alone. ``users`` counts the containers that use it. ``state`` is a container's own;
    of the rest ``in use``, ``unused``, or ``dangling`` for an image that is not used and has no name.

    Args:
        client: The engine; by default the one in use.

    Raises:
        EngineError: The engine can't be reached.
    """
    return measured_disk(client or current())[0]


def measured_disk(client: Client) -> tuple[Table, Facts]:
    """Return the same with all that the engine said, of which a plan of a prune can be made without asking it again."""
    facts = measure(client)
    usage, freed = facts.usage, freeing(facts, whole_cache=client.engine.is_embedded)
    rows = [
        *_images(usage.get("Images") or (), freed),
        *_containers(usage.get("Containers") or (), freed),
        *_volumes(usage.get("Volumes") or (), freed),
        *_cache(usage.get("BuildCache") or (), freed),
    ]
    rows.sort(key=lambda row: (-row["size_bytes"], row["kind"], row["name"]))
    table = Table(
        {
            "kind": pd.Categorical([row["kind"] for row in rows], categories=KINDS),
            **{name: [row[name] for row in rows] for name in ("id", "name")},
            "state": pd.Categorical([row["state"] for row in rows], categories=STATES),
            **{name: [row[name] for row in rows] for name in (*NUMBERS, "prune")},
            **{name: moments([row[name] for row in rows]) for name in ("created", "used")},
        }
    )
    text = dict.fromkeys(("id", "name", "prune"), "str")
    table = Table(table.astype({**text, **dict.fromkeys(NUMBERS, "int64")}))
    table.attrs["at"] = facts.now
    table.attrs["layers_bytes"] = int(usage.get("LayersSize") or 0)
    try:
        samples.add(client, facts.now, _sums(table))
    except (sqlite3.Error, OSError):  # the table is as good without it
        _log.warning("The measurement of the disk could not be kept in %s", client.data_dir, exc_info=True)
    return table, facts


def disk_samples(client: Client | None = None) -> Table:
    """Return the sums of every measurement of this engine's disk on record, oldest first: a row for each :func:`disk`, whoever asked for it.

    They are kept in a file beside the journal, since they lie days apart: a kernel's memory would forget them.

    Args:
        client: The engine; by default the one in use.

    Raises:
        SamplesBroken: The file can't be read.
    """
    rows = samples.read(client or current())
    table = Table({name: [row[name] for row in rows] for name in samples.SUMS})
    table.insert(0, "at", moments([datetime.fromisoformat(row["at"]) for row in rows]))
    return Table(table.astype({"at": "datetime64[us, UTC]", **dict.fromkeys(samples.SUMS, "int64")}))


def _sums(table: pd.DataFrame) -> Mapping[str, int]:
    sizes = table.groupby("kind", observed=False)["unique_bytes"].sum()
    return {
        "images_bytes": table.attrs["layers_bytes"],
        "containers_bytes": int(sizes["container"]),
        "volumes_bytes": int(sizes["volume"]),
        "cache_bytes": int(sizes["build cache"]),
        "reclaimable_bytes": int(table["reclaimable_bytes"].sum()),
    }


def _row(
    kind: str, identity: str, name: str, size: int, freed: Mapping[tuple[str, str], Freeing], **more: Any
) -> dict[str, Any]:
    shared = int(more.pop("shared", 0))
    free = freed.get((kind, identity))
    return {
        "kind": kind,
        "id": identity,
        "name": name,
        "size_bytes": size,
        "shared_bytes": shared,
        "unique_bytes": size - shared,
        "reclaimable_bytes": free.size_bytes if free else 0,
        "prune": free.command if free else "",
        "users": 0,
        "created": None,
        "used": None,
        **more,
    }


def _images(rows: Any, freed: Mapping[tuple[str, str], Freeing]) -> Iterator[dict[str, Any]]:
    for row in rows:
        users, tags = max(0, int(row.get("Containers", 0))), tags_of(row)
        yield _row(
            "image",
            row["Id"],
            ", ".join(tags) or short_id(row["Id"]),
            int(row["Size"]),
            freed,
            shared=max(0, int(row.get("SharedSize", 0))),
            state=IN_USE if users else UNUSED if tags else DANGLING,
            users=users,
            created=datetime.fromtimestamp(row["Created"], UTC),
        )


def _containers(rows: Any, freed: Mapping[tuple[str, str], Freeing]) -> Iterator[dict[str, Any]]:
    for row in rows:
        created = datetime.fromtimestamp(row["Created"], UTC)
        size = int(row.get("SizeRw") or 0)
        yield _row("container", row["Id"], name_of(row), size, freed, state=row["State"], created=created)


def _volumes(rows: Any, freed: Mapping[tuple[str, str], Freeing]) -> Iterator[dict[str, Any]]:
    for row in rows:
        usage = row.get("UsageData") or {}
        size, users = max(0, int(usage.get("Size", 0))), max(0, int(usage.get("RefCount", 0)))
        created = datetime.fromisoformat(row["CreatedAt"]) if row.get("CreatedAt") else None
        state = IN_USE if users else UNUSED
        yield _row("volume", row["Name"], row["Name"], size, freed, state=state, users=users, created=created)


def _cache(rows: Any, freed: Mapping[tuple[str, str], Freeing]) -> Iterator[dict[str, Any]]:
    for row in rows:
        size = int(row["Size"])
        yield _row(
            "build cache",
            row["ID"],
            row.get("Description") or row["Type"],
            size,
            freed,
            state=IN_USE if row["InUse"] else UNUSED,
            shared=size if row["Shared"] else 0,
            users=int(bool(row["InUse"])),
            created=datetime.fromisoformat(row["CreatedAt"]) if row.get("CreatedAt") else None,
            used=datetime.fromisoformat(row["LastUsedAt"]) if row.get("LastUsedAt") else None,
        )
