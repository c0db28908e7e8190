"""A person at the terminal of a task: types, reads, changes the window's size."""

import threading
import time
from collections.abc import Callable

from dockyard.connection import Client
from dockyard.tasks.session import Session

__all__ = ["Typist"]


class Typist:
    """A terminal for tasks, in which a run goes on in a thread of its own.

    Attributes:
        size: Rows and columns at the start.
        seen: All that was shown so far.
        session: What it types into.
    """

    def __init__(self, size: tuple[int, int] = (24, 80)) -> None:
        self.size = size
        self.seen = b""
        self.session: Session | None = None
        self._changed = threading.Condition()
        self._outcome: list[object] = []

    def opened(self, session: Session) -> None:
        with self._changed:
            self.session = session
            self._changed.notify_all()

    def show(self, piece: bytes) -> None:
        with self._changed:
            self.seen += piece
            self._changed.notify_all()

    def sit_down(self, task, client: Client, **options) -> "Typist":
        def run() -> None:
            try:
                self._outcome.append(task.run(client, terminal=self, **options))
            except Exception as error:  # noqa: BLE001  # raised again where the outcome is asked for
                self._outcome.append(error)

        self._thread = threading.Thread(target=run)
        self._thread.start()
        self._until(lambda: self.session, "opened")
        return self

    def type(self, text: str) -> None:
        self.session.type(text.encode())

    def read(self, text: str) -> None:
        self._until(lambda: text.encode() in self.seen, text)

    def outcome(self):
        """What came of it, once it is over; raised where it is an error."""
        self._thread.join(60)
        assert not self._thread.is_alive(), self.seen
        if isinstance(self._outcome[0], Exception):
            raise self._outcome[0]
        return self._outcome[0]

    def _until(self, so: Callable[[], object], what: str, seconds: float = 60) -> None:
        ends = time.monotonic() + seconds
        with self._changed:
            while not so():
                assert self._changed.wait(max(0, ends - time.monotonic())) or time.monotonic() < ends, (what, self.seen)
                assert not self._outcome or so(), (self._outcome, self.seen)
