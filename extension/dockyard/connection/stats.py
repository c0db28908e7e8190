"""What a running container uses (Docker Engine API, "Get container stats based on resource usage"): once, or every second."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dockyard.connection.client import Client
from dockyard.connection.lines import JsonLines
from dockyard.connection.plain import has_plain_socket
from dockyard.errors import EngineRefused

__all__ = ["Usage", "UsageStream", "read_usage"]

EVERY_S = 1  # over a transport whose reading can't be broken off, as often as the engine tells it by itself elsewhere

NEVER = "0001-"  # how the engine begins a moment that never was


@dataclass(frozen=True)
class Usage:
    """What one container uses at a moment.

    Attributes:
        container_id: Its ID.
        name: What it is called.
        at: When, in UTC.
        cpu_percent: Of one processor, over the engine's last second, as ``docker stats`` has it.
        memory_bytes: Without the page cache.
        memory_limit_bytes: The most that it may have.
        received_bytes: Over all its networks, since it started.
        sent_bytes: The same.
        read_bytes: From disks, since it started.
        written_bytes: The same.
        processes: How many processes and threads it has.
    """

    container_id: str
    name: str
    at: datetime
    cpu_percent: float
    memory_bytes: int
    memory_limit_bytes: int
    received_bytes: int
    sent_bytes: int
    read_bytes: int
    written_bytes: int
    processes: int


def read_usage(client: Client, container: str) -> Usage | None:
    """Return what a container uses now; None where it does not run. The engine measures for a second or two.

    Raises:
        EngineError: The engine can't be reached.
    """
    try:
        return _usage(client.get_json("/containers/{}/stats", container, stream=0))
    except EngineRefused as error:
        if error.facts["status"] in (404, 409):
            return None
        raise


class UsageStream:
    """What a container uses, every second; iterating it waits for that, :meth:`close` ends it from any thread.

    Args:
        client: The engine.
        container: Name or ID.

    Raises:
        EngineError: The engine does not tell it, such as of a container that is gone.
    """

    def __init__(self, client: Client, container: str) -> None:
        self._client, self._container = client, container
        self._closed = threading.Event()
        self._lines = (
            JsonLines(client, "/containers/{}/stats", container, stream=1) if has_plain_socket(client) else None
        )

    def __iter__(self) -> Iterator[Usage]:
        """Return each reading; while the container does not run, there is none.

        Raises:
            EngineDead: The engine went away.
        """
        if self._lines is None:
            yield from self._asked()
            return
        for answer in self._lines:
            # Without a reading before it, a first one does not tell what the processor does now.
            if not answer.get("preread", NEVER).startswith(NEVER) and (found := _usage(answer)):
                yield found

    def close(self) -> None:
        """End the stream: at once, or over ssh with the answer that is waited for."""
        self._closed.set()
        if self._lines:
            self._lines.close()

    def _asked(self) -> Iterator[Usage]:
        while not self._closed.wait(EVERY_S):
            if found := read_usage(self._client, self._container):
                yield found


def _usage(answer: Mapping[str, Any]) -> Usage | None:
    """What an answer says; None for one of a container that does not run."""
    if answer.get("read", NEVER).startswith(NEVER) or not answer.get("cpu_stats"):
        return None
    memory = answer.get("memory_stats") or {}
    details = memory.get("stats") or {}
    cache = details.get("inactive_file", details.get("total_inactive_file", 0))
    networks = (answer.get("networks") or {}).values()
    blocks = (answer.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()

    def moved(way: str) -> int:
        return sum(int(each["value"]) for each in blocks if each["op"].lower() == way)

    return Usage(
        container_id=str(answer["id"]),
        name=str(answer["name"]).removeprefix("/"),
        at=datetime.now(UTC),
        cpu_percent=_cpu_percent(answer),
        memory_bytes=max(0, int(memory.get("usage", 0)) - int(cache)),
        memory_limit_bytes=int(memory.get("limit", 0)),
        received_bytes=sum(int(each["rx_bytes"]) for each in networks),
        sent_bytes=sum(int(each["tx_bytes"]) for each in networks),
        read_bytes=moved("read"),
        written_bytes=moved("write"),
        processes=int((answer.get("pids_stats") or {}).get("current", 0)),
    )


def _cpu_percent(answer: Mapping[str, Any]) -> float:
    """Share of the system's processor time since the reading before, times the processors (Docker Engine API, ContainerStats)."""
    now, before = answer["cpu_stats"], answer.get("precpu_stats") or {}
    used = now["cpu_usage"]["total_usage"] - (before.get("cpu_usage") or {}).get("total_usage", 0)
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    return 100.0 * used / passed * (now.get("online_cpus") or 1) if passed > 0 and used > 0 else 0.0
