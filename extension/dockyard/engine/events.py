"""What happens, as it happens (Docker Engine API, ``GET /events``)."""

import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dockyard.engine.errors import BadParameter
from dockyard.engine.filters import Filters
from dockyard.engine.timestamps import SECOND_NS, parse_moment_ns

__all__ = ["Event", "Events"]

Event = dict[str, Any]

REMEMBERED = 256
WAITING = 1024
LOOK_AT_CLIENT_S = 1.0

NAMED_TYPES = ("container", "daemon", "plugin", "volume", "network", "node", "service", "secret", "config")
# These carry more after a colon, such as "exec_create: sh -c ls".
LONG_ACTIONS = ("exec_create", "exec_start", "health_status")


class Events:
    """All events of this engine; the last 256 are remembered.

    ::

        {"status": "start", "id": "4f5b...", "from": "busybox", "Type": "container", "Action": "start",
         "Actor": {"ID": "4f5b...", "Attributes": {"image": "busybox", "name": "web"}},
         "scope": "local", "time": 1767366245, "timeNano": 1767366245123456789}
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._past: deque[Event] = deque(maxlen=REMEMBERED)
        # The stream holds its listener: one that nobody reads any more is gone of itself.
        self._listeners: weakref.WeakSet[_Listener] = weakref.WeakSet()
        self._last_ns = 0

    def publish(self, type: str, action: str, id: str, attributes: Mapping[str, str] | None = None) -> None:  # noqa: A002  # the API's own names
        """Tell all listeners; never waits for one.

        Args:
            type: ``"container"``, ``"image"``, ``"volume"`` or ``"network"``.
            action: What happened to it, such as ``"start"`` or ``"exec_create: sh"``.
            id: Of what it happened to; a volume's name.
            attributes: Its labels and what else is known, such as ``name``, ``image`` and ``exitCode``.
        """
        attributes = dict(attributes or {})
        event: Event = {"Type": type, "Action": action, "Actor": {"ID": id, "Attributes": attributes}}
        if type in ("container", "image"):  # what clients of API 1.21 and earlier read
            event = {"status": action, "id": id} | event
            if type == "container":
                event["from"] = attributes.get("image", "")
        with self._lock:
            moment_ns = self._last_ns = max(time.time_ns(), self._last_ns + 1)
            event |= {"scope": "local", "time": moment_ns // SECOND_NS, "timeNano": moment_ns}
            self._past.append(event)
            for listener in self._listeners:
                listener.hear(event)

    def stream(
        self, since: str | None, until: str | None, filters: Filters, gone: Callable[[], bool]
    ) -> Iterator[Event]:
        """Return the events from ``since`` to ``until``; what is published after this call is not missed.

        Args:
            since: A moment; None leaves out all that has happened so far.
            until: A moment, past or to come; None listens until the client is gone.
            filters: Of the types, actions, names and labels.
            gone: Whether the client is; asked about once a second.

        Raises:
            BadParameter: A moment can't be read, or they are the wrong way round.
        """
        now_ns = time.time_ns()
        since_ns = parse_moment_ns(since, now_ns) if since else None
        until_ns = parse_moment_ns(until, now_ns) if until else None
        if since_ns is not None and until_ns is not None and since_ns > until_ns:
            raise BadParameter(f"`since` time ({since}) cannot be after `until` time ({until})")
        listener = _Listener()
        with self._lock:
            past = list(self._past) if since_ns is not None or until_ns is not None else []
            self._listeners.add(listener)
        past = [event for event in past if (since_ns or 0) <= event["timeNano"] <= (until_ns or event["timeNano"])]
        return _read(past, listener, until_ns, filters, gone)


class _Listener:
    """One client's events that it has not read yet."""

    def __init__(self) -> None:
        self._heard = threading.Condition()
        self._waiting: deque[Event] = deque()

    def hear(self, event: Event) -> None:
        with self._heard:
            if len(self._waiting) < WAITING:  # else it misses some, as a slow client of Docker does
                self._waiting.append(event)
                self._heard.notify()

    def next(self, timeout_s: float) -> Event | None:
        with self._heard:
            self._heard.wait_for(lambda: bool(self._waiting), timeout_s)
            return self._waiting.popleft() if self._waiting else None


def _read(
    past: list[Event], listener: _Listener, until_ns: int | None, filters: Filters, gone: Callable[[], bool]
) -> Iterator[Event]:
    yield from (event for event in past if _included(event, filters))
    while not gone():
        left_s = LOOK_AT_CLIENT_S if until_ns is None else (until_ns - time.time_ns()) / SECOND_NS
        event = listener.next(max(0.0, min(left_s, LOOK_AT_CLIENT_S)))
        if event is not None and until_ns is not None and event["timeNano"] > until_ns:
            return
        if event is not None and _included(event, filters):
            yield event
        if event is None and left_s <= 0:
            return


def _included(event: Event, filters: Filters) -> bool:
    """Whether the filters let an event through, as Docker's ``events.Filter.Include`` does."""
    if not filters:
        return True
    identifier, attributes = event["Actor"]["ID"], event["Actor"]["Attributes"]
    action = filters.prefix if any(name in filters.values("event") for name in LONG_ACTIONS) else filters.exact
    image = attributes.get("name" if event["Type"] == "image" else "image", "")
    return (
        action("event", event["Action"])
        and filters.exact("type", event["Type"])
        and filters.exact("scope", event["scope"])
        and all(filters.prefix(name, identifier, attributes.get("name", "")) for name in NAMED_TYPES)
        and filters.exact("image", identifier, image, _untagged(identifier), _untagged(image))
        and filters.match_label(attributes)
    )


def _untagged(image: str) -> str:
    """An image's name without its tag."""
    name, colon, tag = image.rpartition(":")
    return name if colon and "/" not in tag else image
