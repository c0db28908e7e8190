"""Stopping every process of a container, and letting them go on."""

import signal
from collections.abc import Callable

from dockyard.engine.run import tree
from dockyard.engine.run.loop import Loop
from dockyard.engine.run.refused import Refused

__all__ = ["Freezer"]

HOLD_S, WAKE_S = 0.005, 0.02
MOST_TRIES = 100


class Freezer:
    """Stops with SIGSTOP, again and again until nothing runs: processes may start others meanwhile.

    Attributes:
        frozen: Whether all are to stand still.
    """

    def __init__(self, loop: Loop, inside: Callable[[], list[int]], runners: Callable[[], list[int]]) -> None:
        """Be ready for a container.

        Args:
            loop: Where it waits.
            inside: Returns the processes in the container.
            runners: Returns those that make it run.
        """
        self._loop, self._inside, self._runners = loop, inside, runners
        self.frozen = False

    def freeze(self, done: Callable[[Refused | None], None]) -> None:
        """Stop all, and call ``done`` when it is so."""
        self.frozen = True
        self._hold(done, MOST_TRIES)

    def thaw(self) -> None:
        """Let all go on."""
        self.frozen = False
        inside = self._inside()
        tree.send(inside, signal.SIGCONT)  # this takes back a SIGSTOP that proot has seen and not passed on
        tree.send(self._runners(), signal.SIGCONT)
        self._loop.after(WAKE_S, lambda: self._wake(inside, MOST_TRIES))

    def _hold(self, done: Callable[[Refused | None], None], tries: int) -> None:
        # proot first: what it traces is then held at its next step, and proot does not see, and undo, the signal that does it.
        tree.send(self._runners(), signal.SIGSTOP)
        free = [pid for pid in self._inside() if tree.state(pid) not in ("T", "t", "Z", "")]
        tree.send(free, signal.SIGSTOP)
        free += [pid for pid in self._runners() if tree.state(pid) not in ("T", "Z", "")]
        if not self.frozen or not free:
            done(None)
        elif tries:
            self._loop.after(HOLD_S, lambda: self._hold(done, tries - 1))
        else:
            done(Refused(f"processes {free} do not stop"))

    def _wake(self, pids: list[int], tries: int) -> None:
        """Look for processes that stopped late."""
        asleep = [pid for pid in pids if tree.state(pid) == "T"]
        if not self.frozen and asleep and tries:
            tree.send(asleep, signal.SIGCONT)
            self._loop.after(WAKE_S, lambda: self._wake(asleep, tries - 1))
