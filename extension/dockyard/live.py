"""Live state: one event stream an engine and process, however many listen.

A listener is told which kinds of things changed, not what they are now: it asks for the tables that it shows, once a burst.

>>> stop = watch().listen(lambda news: print(sorted(news.kinds)))     # doctest: +SKIP
>>> stop()                                                            # doctest: +SKIP
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dockyard.connection import Client, current
from dockyard.connection.events import EventStream
from dockyard.errors import EngineError

__all__ = ["KINDS", "News", "Watch", "watch"]

KINDS = frozenset({"container", "image", "volume", "network"})
# What changes no list: commands inside a container, looks at it, and copies.
SILENT = ("exec_", "top", "attach", "resize", "archive-path", "extract-to-dir", "export")
GATHER_S = 0.03  # what comes within this time of the first event is told together
REST_S = 0.15  # and so long after a telling the next one waits
# Docker 20.10 tells of a container's end before its list shows that, so an end is told once more after this time.
AGAIN_S = 1
RETRY_S = (0.1, 0.2, 0.5, 1, 2, 5)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """What a listener is told.

    Attributes:
        kinds: Which of :data:`KINDS` changed; all of them at first, and where events may have been missed.
        containers: The IDs of the containers that changed, or were connected to a network; None where any may have.
        is_connected: Whether the engine answers.
    """

    kinds: frozenset[str]
    containers: frozenset[str] | None = None
    is_connected: bool = True


Heard = Callable[[News], None]


class Watch:
    """The events of one engine, told to those that listen. Nothing runs while no one does.

    Listeners are called from a thread of the watch, one after the other; one that raises is logged, and hears the next news all the same.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._changed = threading.Condition()
        self._listeners: dict[object, Heard] = {}
        self._fresh: set[object] = set()
        self._pending: set[str] = set()
        self._containers: set[str] | None = set()
        self._again: set[str] = set()
        self._again_at: float | None = None
        self._is_connected = True
        self._has_status = False
        self._round: _Round | None = None

    @property
    def is_running(self) -> bool:
        """Whether anyone listens."""
        return self._round is not None

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Call ``heard`` with all kinds soon, and with what changed from then on; the function returned ends that.

        The end waits for a call that is under way, unless it is made from within it.
        """
        key = object()
        with self._changed:
            self._listeners[key] = heard
            self._fresh.add(key)
            if self._round is None:
                self._round = _Round(self._client, self._note, self._set_connected, self._tell)
            self._changed.notify_all()

        def stop() -> None:
            with self._changed:
                if self._listeners.pop(key, None) is None:
                    return
                self._fresh.discard(key)
                ending, self._round = (self._round, None) if not self._listeners else (None, self._round)
            if ending:
                ending.end()
                with self._changed:
                    self._changed.notify_all()
                ending.join()

        return stop

    def _note(self, event: Mapping[str, Any]) -> None:
        kind, action = event.get("Type", ""), event.get("Action", "")
        if kind in KINDS and not action.startswith(SILENT):
            with self._changed:
                self._pending.add(kind)
                container = _container(event)
                if container and self._containers is not None:
                    self._containers.add(container)
                if action == "die":
                    self._again.add(container)
                    self._again_at = time.monotonic() + AGAIN_S
                self._changed.notify_all()

    def _set_connected(self, is_connected: bool) -> None:
        with self._changed:
            if is_connected:
                self._pending |= KINDS  # what happened before the stream was open is not known
                self._containers = None
            self._has_status |= is_connected != self._is_connected
            self._is_connected = is_connected
            self._changed.notify_all()

    def _tell_again(self) -> None:
        """Count containers as changed once more, if it is time for that."""
        if self._again_at is not None and time.monotonic() >= self._again_at:
            self._again_at = None
            self._pending.add("container")
            if self._containers is not None:
                self._containers |= self._again
            self._again.clear()

    def _tell(self, ended: threading.Event) -> None:
        while not ended.is_set():
            with self._changed:
                while not (ended.is_set() or self._pending or self._fresh or self._has_status):
                    self._changed.wait(None if self._again_at is None else max(0, self._again_at - time.monotonic()))
                    self._tell_again()
            ended.wait(GATHER_S)
            with self._changed:
                containers = None if self._containers is None else frozenset(self._containers)
                fresh = News(KINDS, None, self._is_connected)
                known = News(frozenset(self._pending), containers, self._is_connected)
                told = [(heard, fresh if key in self._fresh else known) for key, heard in self._listeners.items()]
                self._pending.clear()
                self._containers = set()
                self._fresh.clear()
                self._has_status = False
            for heard, news in told:
                if ended.is_set():
                    return
                try:
                    heard(news)
                except Exception:  # noqa: BLE001  # whatever a listener does, the others are to hear
                    _log.exception("A listener to the engine's events failed")
            ended.wait(REST_S)


def _container(event: Mapping[str, Any]) -> str:
    """The ID of the container that an event is about, such as one that a network is connected to; empty where it is about none."""
    actor = event.get("Actor") or {}
    if event.get("Type") == "container":
        return str(actor.get("ID", ""))
    return str((actor.get("Attributes") or {}).get("container", ""))


class _Round:
    """The two threads of a watch, from its first listener to its last: one reads events, one tells."""

    def __init__(
        self,
        client: Client,
        note: Callable[[Mapping[str, Any]], None],
        set_connected: Callable[[bool], None],
        tell: Callable[[threading.Event], None],
    ) -> None:
        self._client, self._note, self._set_connected = client, note, set_connected
        self._ended = threading.Event()
        self._stream: EventStream | None = None
        self._guard = threading.Lock()
        self._threads = [
            threading.Thread(target=self._read, name="dockyard-events", daemon=True),
            threading.Thread(target=tell, args=(self._ended,), name="dockyard-watch", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Ask both to end; the one that tells must be woken."""
        with self._guard:
            self._ended.set()
            if self._stream:
                self._stream.close()

    def join(self) -> None:
        """Wait until they have ended; the reader over ssh takes some seconds more, and is not waited for."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(1)

    def _read(self) -> None:
        failures = 0
        while not self._ended.is_set():
            with suppress(EngineError):
                stream = EventStream(self._client)
                with self._guard:
                    self._stream = stream
                    if self._ended.is_set():
                        stream.close()
                failures = 0
                self._set_connected(True)
                for event in stream:
                    self._note(event)
            if self._ended.is_set():
                return
            self._set_connected(False)
            self._ended.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1


_watches: dict[str, Watch] = {}
_making = threading.Lock()


def watch(client: Client | None = None) -> Watch:
    """Return the watch over an engine: the same one for everyone in this process.

    Args:
        client: The engine; by default the one in use.
    """
    engine = client or current()
    with _making:
        return _watches.setdefault(engine.address, Watch(engine))
