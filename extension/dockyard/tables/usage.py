"""What running containers use: processor, memory, network, disks."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from dockyard.connection import Client, current
from dockyard.connection.stats import read_usage
from dockyard.tables.frame import Table, ask, moments

__all__ = ["stats"]

ASKED_AT_ONCE = 8


def stats(client: Client | None = None) -> Table:
    """Return what running containers use now, by name. The engine answers for one container at a time; several are asked at once.

    ``cpu_percent`` is of one processor, over the engine's last second, as ``docker stats`` has it; ``memory_bytes`` is without the page cache.

    Args:
        client: The engine; by default the one in use.

    Raises:
        EngineError: The engine can't be reached.
    """
    engine = client or current()
    running = [row["Id"] for row in ask(engine, "/containers/json", None)]
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        found = [each for each in pool.map(partial(read_usage, engine), running) if each]
    found.sort(key=lambda each: each.name)
    types = {
        "container_id": "str", "name": "str", "at": "datetime64[us, UTC]", "cpu_percent": "float64", "memory_bytes": "int64",
        "memory_limit_bytes": "int64", "received_bytes": "int64", "sent_bytes": "int64", "read_bytes": "int64", "written_bytes": "int64",
        "processes": "int64",
    }  # fmt: skip
    table = Table({name: [getattr(each, name) for each in found] for name in types if name != "at"})
    table.insert(2, "at", moments([each.at for each in found]))
    return Table(table.astype(types))
