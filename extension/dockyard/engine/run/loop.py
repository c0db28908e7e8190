"""Waiting for many descriptors at once, in one thread."""

import select
import time
from collections.abc import Callable

__all__ = ["GONE", "READABLE", "WRITABLE", "Loop", "Timer"]

READABLE, WRITABLE = select.EPOLLIN, select.EPOLLOUT
GONE = select.EPOLLHUP | select.EPOLLERR
"""Always told, whether asked for or not."""


class Timer:
    """Something to do at a time to come."""

    def __init__(self, due: float, act: Callable[[], None]) -> None:
        self.due, self.act = due, act
        self.cancelled = False

    def cancel(self) -> None:
        """Do it not."""
        self.cancelled = True


class Loop:
    """Calls back what is ready. Whoever watches a descriptor forgets it before closing it."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._watched: dict[int, Callable[[int], None]] = {}
        self._timers: list[Timer] = []

    def watch(self, descriptor: int, events: int, act: Callable[[int], None]) -> None:
        """Have ``act`` called with the events that happened on a descriptor."""
        self._poll.register(descriptor, events)
        self._watched[descriptor] = act

    def change(self, descriptor: int, events: int) -> None:
        """Wait for other events."""
        if descriptor in self._watched:
            self._poll.modify(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Watch a descriptor no longer; nothing happens where it is not watched."""
        if self._watched.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def after(self, seconds: float, act: Callable[[], None]) -> Timer:
        """Have ``act`` called once, later."""
        timer = Timer(time.monotonic() + seconds, act)
        self._timers.append(timer)
        return timer

    def run(self, done: Callable[[], bool]) -> None:
        """Wait and call back until ``done`` says so."""
        while not done():
            self._timers = [timer for timer in self._timers if not timer.cancelled]
            wait = min((timer.due for timer in self._timers), default=None)
            ready = self._poll.poll(None if wait is None else max(0.0, wait - time.monotonic()))
            for events, descriptor, act in [(events, each, self._watched.get(each)) for each, events in ready]:
                if act is not None and self._watched.get(descriptor) is act:  # not forgotten, and its number another's
                    act(events)
            now = time.monotonic()
            for timer in [timer for timer in self._timers if timer.due <= now]:
                self._timers.remove(timer)
                if not timer.cancelled:
                    timer.act()
