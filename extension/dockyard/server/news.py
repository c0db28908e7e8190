"""What changed, told to every browser that listens: the engine's things, and runs."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from dockyard.connection import Client
from dockyard.live import News, watch

__all__ = ["Newsroom"]

Tell = Callable[[Mapping[str, Any]], None]


class Newsroom:
    """Everyone who listens. The engine's events are followed while anyone does."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._listeners: dict[object, Tell] = {}
        self._client: Client | None = None
        self._end: Callable[[], None] | None = None

    def listen(self, tell: Tell) -> Callable[[], None]:
        """Call ``tell`` with all that is told from now on, from any thread; the function returned ends that."""
        key = object()
        with self._guard:
            self._listeners[key] = tell
            self._begin()

        def stop() -> None:
            with self._guard:
                self._listeners.pop(key, None)
                ending = None if self._listeners else self._ended()
            if ending:
                ending()

        return stop

    def follow(self, client: Client) -> None:
        """Tell of this engine's events; the one before is left."""
        with self._guard:
            if client is self._client:
                return
            is_other, self._client = self._client is not None, client
            ending = self._ended()
            self._begin()
        if ending:
            ending()
        if is_other:
            self.tell({"engine": "changed"})

    def tell(self, news: Mapping[str, Any]) -> None:
        """Tell everyone."""
        with self._guard:
            listeners = tuple(self._listeners.values())
        for each in listeners:
            each(news)

    def _begin(self) -> None:
        if self._client and self._listeners and self._end is None:
            self._end = watch(self._client).listen(self._heard)

    def _ended(self) -> Callable[[], None] | None:
        """What ends the following; called without the guard, since it waits for a telling that is under way."""
        ending, self._end = self._end, None
        return ending

    def _heard(self, news: News) -> None:
        self.tell({"kinds": sorted(news.kinds), "is_connected": news.is_connected})
