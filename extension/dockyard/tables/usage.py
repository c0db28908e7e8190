"""What things use: disk, and of running containers also processor, memory and network."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from dockyard.connection import Client, current
from dockyard.errors import EngineRefused
from dockyard.tables.frame import Table, ask, moments
from dockyard.tasks.snapshot import name_of, tags_of
from dockyard.wording import short_id

__all__ = ["disk", "stats"]

KINDS = ("image", "container", "volume", "build cache")
NUMBERS = ("size_bytes", "shared_bytes", "unique_bytes", "reclaimable_bytes", "users")
RUNS = ("running", "paused", "restarting")
ASKED_AT_ONCE = 8


def disk(client: Client | None = None) -> Table:
    """Return what takes up the engine's disk, the largest first; as ``docker system df -v``.

    The engine walks everything to answer, which can take long: it is never asked unless by this call. ``attrs["at"]`` says when,
    ``attrs["layers_bytes"]`` what all images take together, each shared layer once.

    ``unique_bytes`` is what nothing else shares. ``reclaimable_bytes`` is what would be free if this thing alone were removed by a prune: of an image
    that no container uses its unique bytes, of a container that does not run its own layer, of a volume without users and of build
    cache that is neither in use nor shared all. ``users`` counts the containers that use it.

    Args:
        client: The engine; by default the one in use.

    Raises:
        EngineError: The engine can't be reached.
    """
    answer = ask(client, "/system/df", None)
    rows = [
        *_images(answer.get("Images") or ()),
        *_containers(answer.get("Containers") or ()),
        *_volumes(answer.get("Volumes") or ()),
        *_cache(answer.get("BuildCache") or ()),
    ]
    rows.sort(key=lambda row: (-row["size_bytes"], row["kind"], row["name"]))
    table = Table(
        {
            "kind": pd.Categorical([row["kind"] for row in rows], categories=KINDS),
            **{name: [row[name] for row in rows] for name in ("id", "name", *NUMBERS)},
            **{name: moments([row[name] for row in rows]) for name in ("created", "used")},
        }
    )
    table = Table(table.astype({**dict.fromkeys(("id", "name"), "str"), **dict.fromkeys(NUMBERS, "int64")}))
    table.attrs["at"] = datetime.now(UTC)
    table.attrs["layers_bytes"] = int(answer.get("LayersSize") or 0)
    return table


def stats(client: Client | None = None) -> Table:
    """Return what running containers use now, by name. The engine answers for one container at a time; several are asked at once.

    ``cpu_percent`` is of one processor, over the engine's last second, as ``docker stats`` has it; ``memory_bytes`` is without the page cache.

    Args:
        client: The engine; by default the one in use.

    Raises:
        EngineError: The engine can't be reached.
    """
    engine = client or current()
    running = ask(engine, "/containers/json", None)
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        answers = pool.map(lambda row: _stats(engine, row["Id"]), running)
        rows = [_usage(row, answer) for row, answer in zip(running, answers, strict=True) if answer]
    rows.sort(key=lambda row: str(row["name"]))
    types = {
        "container_id": "str", "name": "str", "at": "datetime64[us, UTC]", "cpu_percent": "float64", "memory_bytes": "int64",
        "memory_limit_bytes": "int64", "received_bytes": "int64", "sent_bytes": "int64", "read_bytes": "int64", "written_bytes": "int64",
        "processes": "int64",
    }  # fmt: skip
    table = Table({name: [row[name] for row in rows] for name in types})
    table["at"] = moments(list(table["at"]))
    return Table(table.astype(types))


def _row(kind: str, identity: str, name: str, size: int, **more: Any) -> dict[str, Any]:
    shared = int(more.pop("shared", 0))
    return {
        "kind": kind,
        "id": identity,
        "name": name,
        "size_bytes": size,
        "shared_bytes": shared,
        "unique_bytes": size - shared,
        "reclaimable_bytes": 0,
        "users": 0,
        "created": None,
        "used": None,
        **more,
    }


def _images(rows: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        shared, users = max(0, int(row.get("SharedSize", 0))), max(0, int(row.get("Containers", 0)))
        yield _row(
            "image",
            row["Id"],
            ", ".join(tags_of(row)) or short_id(row["Id"]),
            int(row["Size"]),
            shared=shared,
            users=users,
            reclaimable_bytes=0 if users else int(row["Size"]) - shared,
            created=datetime.fromtimestamp(row["Created"], UTC),
        )


def _containers(rows: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        size = int(row.get("SizeRw") or 0)
        yield _row(
            "container",
            row["Id"],
            name_of(row),
            size,
            reclaimable_bytes=0 if row["State"] in RUNS else size,
            created=datetime.fromtimestamp(row["Created"], UTC),
        )


def _volumes(rows: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        usage = row.get("UsageData") or {}
        size, users = max(0, int(usage.get("Size", 0))), max(0, int(usage.get("RefCount", 0)))
        created = datetime.fromisoformat(row["CreatedAt"]) if row.get("CreatedAt") else None
        yield _row(
            "volume",
            row["Name"],
            row["Name"],
            size,
            users=users,
            reclaimable_bytes=0 if users else size,
            created=created,
        )


def _cache(rows: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        size, is_held = int(row["Size"]), bool(row["InUse"] or row["Shared"])
        yield _row(
            "build cache",
            row["ID"],
            row.get("Description") or row["Type"],
            size,
            shared=size if row["Shared"] else 0,
            users=int(bool(row["InUse"])),
            reclaimable_bytes=0 if is_held else size,
            created=datetime.fromisoformat(row["CreatedAt"]) if row.get("CreatedAt") else None,
            used=datetime.fromisoformat(row["LastUsedAt"]) if row.get("LastUsedAt") else None,
        )


def _stats(client: Client, container: str) -> Mapping[str, Any] | None:
    """One container's numbers; None where it has ended meanwhile."""
    try:
        answer = client.get_json("/containers/{}/stats", container, stream=0)
    except EngineRefused as error:
        if error.facts["status"] in (404, 409):
            return None
        raise
    return answer if answer.get("cpu_stats") else None


def _usage(row: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    memory = answer.get("memory_stats") or {}
    details = memory.get("stats") or {}
    cache = details.get("inactive_file", details.get("total_inactive_file", 0))
    networks = (answer.get("networks") or {}).values()
    blocks = (answer.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()

    def moved(way: str) -> int:
        return sum(int(each["value"]) for each in blocks if each["op"].lower() == way)

    return {
        "container_id": row["Id"],
        "name": name_of(row),
        "at": datetime.now(UTC),
        "cpu_percent": _cpu_percent(answer),
        "memory_bytes": max(0, int(memory.get("usage", 0)) - int(cache)),
        "memory_limit_bytes": int(memory.get("limit", 0)),
        "received_bytes": sum(int(each["rx_bytes"]) for each in networks),
        "sent_bytes": sum(int(each["tx_bytes"]) for each in networks),
        "read_bytes": moved("read"),
        "written_bytes": moved("write"),
        "processes": int((answer.get("pids_stats") or {}).get("current", 0)),
    }


def _cpu_percent(answer: Mapping[str, Any]) -> float:
    """Share of the system's processor time since the reading before, times the processors (Docker Engine API, ContainerStats)."""
    now, before = answer["cpu_stats"], answer.get("precpu_stats") or {}
    used = now["cpu_usage"]["total_usage"] - (before.get("cpu_usage") or {}).get("total_usage", 0)
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    return 100.0 * used / passed * (now.get("online_cpus") or 1) if passed > 0 and used > 0 else 0.0
