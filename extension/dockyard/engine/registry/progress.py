"""The records that a pull or push streams, as Docker words them and as the command line draws them."""

import time
from collections.abc import Callable
from typing import Any

__all__ = ["Bar", "Report", "bar_text", "human_size", "message", "short_id", "step"]

Report = Callable[[dict[str, Any]], None]

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
BAR_CELLS = 50
INTERVAL_S = 0.1


def human_size(size_bytes: float) -> str:
    """Return a size as Docker prints it: ``1.983MB``."""
    power = 0
    while size_bytes >= 1000 and power < len(UNITS) - 1:
        size_bytes /= 1000
        power += 1
    return f"{size_bytes:.4g}{UNITS[power]}"


def bar_text(current: int, total: int) -> str:
    """Return the bar that clients without one of their own print."""
    if total <= 0:
        return f"{human_size(current):>8}" if current > 0 else ""
    done = min(current * 100 // total // 2, BAR_CELLS)
    counts = human_size(current).rjust(8) + (f"/{human_size(total)}" if current <= total else "")
    return f"[{'=' * done}>{' ' * (BAR_CELLS - done)}] {counts}"


def message(status: str, record_id: str = "") -> dict[str, Any]:
    """Return a record that is said once: ``{"status": "Pulling from library/busybox", "id": "latest"}``."""
    return {"status": status, "id": record_id} if record_id else {"status": status}


def step(status: str, record_id: str) -> dict[str, Any]:
    """Return a record that says what is being done with a layer."""
    return {"status": status, "progressDetail": {}, "id": record_id}


def short_id(digest: str) -> str:
    """Return how records name a layer: ``e94834e23c7f``."""
    return digest.partition(":")[2][:12]


class Bar:
    """One layer's bytes as they move: at most ten records a second, and the last one always."""

    def __init__(self, report: Report, status: str, record_id: str, total: int) -> None:
        self._report, self._status, self._id, self._total = report, status, record_id, total
        self._next, self._said = 0.0, -1

    def __call__(self, current: int) -> None:
        """Say how many bytes are done."""
        now = time.monotonic()
        if current == self._said or (now < self._next and current < self._total):
            return
        self._next, self._said = now + INTERVAL_S, current
        self._report(
            {
                "status": self._status,
                "progressDetail": {"current": current, "total": self._total},
                "progress": bar_text(current, self._total),
                "id": self._id,
            }
        )
