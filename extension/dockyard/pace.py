"""Showing what changes often: no more often than one can see, and what came last always."""

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Pace"]


class Pace:
    """Calls a function for each burst of news: at once for the first, and for all that comes too soon after it once more.

    Args:
        show: Shows how things are now, with what the last news were called with; called from the thread of the news, or from one of its own, and never twice at once.
        per_s: How often it is called at most, in a second.
        quiet_s: How long it is not called at first, in seconds.
    """

    def __init__(self, show: Callable[..., None], per_s: float, quiet_s: float = 0) -> None:
        self._show, self._gap_s = show, 1 / per_s
        self._due = time.monotonic() + quiet_s
        self._last: tuple[Any, ...] = ()
        self._late: threading.Timer | None = None
        self._showing = threading.RLock()

    def news(self, *what: Any) -> None:
        """Show it, now or as soon as it is time."""
        with self._showing:
            self._last = what
            if self._late is not None:
                return
            wait_s = self._due - time.monotonic()
            if wait_s <= 0:
                self._show_now()
                return
            self._late = threading.Timer(wait_s, contextvars.copy_context().run, [self._on_time])
            self._late.name, self._late.daemon = "dockyard-pace", True
            self._late.start()

    def end(self) -> None:
        """Let go of what waits to be shown; when this returns, nothing is being shown. News may come again."""
        with self._showing:
            if self._late is not None:
                self._late.cancel()
            self._late = None

    def _on_time(self) -> None:
        with self._showing:
            if self._late is threading.current_thread():  # else it was let go of meanwhile
                self._late = None
                self._show_now()

    def _show_now(self) -> None:
        self._due = time.monotonic() + self._gap_s
        self._show(*self._last)
