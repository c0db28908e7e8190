"""Several layers moved at once, tried again when a connection breaks, and stopped together."""

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from dockyard.engine.errors import ServerError
from dockyard.engine.registry.progress import Report, step
from dockyard.engine.registry.refusals import Dropped

__all__ = ["AT_ONCE", "Cancelled", "Stop", "retried", "transfer"]

AT_ONCE = 3
ATTEMPTS = 5
LOOK_S = 0.25

Outcome = TypeVar("Outcome")
Key = TypeVar("Key")


class Cancelled(ServerError):
    """Nobody waits for it any more."""

    def __init__(self) -> None:
        super().__init__("context canceled")


class Stop:
    """Tells the threads of one transfer to end."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """End them."""
        self._event.set()

    def check(self) -> None:
        """Go on, or don't.

        Raises:
            Cancelled: Don't.
        """
        if self._event.is_set():
            raise Cancelled()

    def sleep(self, time_s: float) -> None:
        """Wait.

        Raises:
            Cancelled: Not any longer.
        """
        self._event.wait(time_s)
        self.check()


def transfer(
    jobs: Mapping[Key, Callable[[Report, Stop], Outcome]], *, report: Report, cancelled: Callable[[], bool]
) -> dict[Key, Outcome]:
    """Do all jobs, a few at a time, and return what each gave.

    Records are passed on by the calling thread alone: ``report`` need not be thread-safe, and what it raises ends the transfer.

    Raises:
        Cancelled: ``cancelled`` said so.
        ApiError: The first job's that failed; the others are stopped.
    """
    told: queue.SimpleQueue[dict[str, Any] | Future[Outcome]] = queue.SimpleQueue()
    stop = Stop()
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="registry")
    try:
        futures = {key: pool.submit(job, told.put, stop) for key, job in jobs.items()}
        for future in futures.values():
            future.add_done_callback(told.put)
        left = len(futures)
        while left:
            if cancelled():
                raise Cancelled()
            try:
                record = told.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if isinstance(record, Future):
                record.result()
                left -= 1
            else:
                report(record)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    return {key: future.result() for key, future in futures.items()}


def retried(attempt: Callable[[], Outcome], *, record_id: str, report: Report, stop: Stop) -> Outcome:
    """Do something again, after a wait that grows, for as long as the connection drops; five times at most.

    Attempts before one that got further (:attr:`Dropped.further`) are not counted.
    """
    failures = 0
    while True:
        stop.check()
        try:
            return attempt()
        except Dropped as error:
            failures = 1 if error.further else failures + 1
            if failures >= ATTEMPTS:
                raise
            for seconds in range(2 ** (failures - 1), 0, -1):
                report(step(f"Retrying in {seconds} second{'s' if seconds > 1 else ''}", record_id))
                stop.sleep(1)
