"""Restart policies: whether a container that has ended starts again, and when (API, ``RestartPolicy``)."""

import threading
from collections.abc import Callable

from dockyard.engine.containers.container import Container
from dockyard.engine.timestamps import SECOND_NS, parse_moment_ns

__all__ = ["Restarts"]

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 60.0
STEADY_NS = 10 * SECOND_NS
ALWAYS = ("always", "unless-stopped")


class Restarts:
    """The restarts that are to come. Of each container it is called with that container's lock held."""

    def __init__(self, start_again: Callable[[Container], None]) -> None:
        """Take what starts a container, which is called by a thread of its own, without the lock."""
        self._start_again = start_again
        self._timers: dict[str, threading.Timer] = {}
        self._pauses: dict[str, float] = {}
        self._closed = False

    def after_end(self, container: Container) -> bool:
        """Plan the restart of a container that has just ended, if its policy wants one; tell whether it does."""
        state, policy = container.state, container.host_config["RestartPolicy"]
        most = policy["MaximumRetryCount"]
        again = policy["Name"] in ALWAYS or (
            policy["Name"] == "on-failure" and state.exit_code != 0 and (not most or state.restarts < most)
        )
        if not again or state.stopped_by_user:
            return False
        # One that ends again and again waits twice as long each time.
        steady = parse_moment_ns(state.finished_at) - parse_moment_ns(state.started_at) > STEADY_NS
        pause_s = FIRST_PAUSE_S if steady else self._pauses.get(container.id, FIRST_PAUSE_S)
        self._pauses[container.id] = min(pause_s * 2, LONGEST_PAUSE_S)
        return self._plan(container, pause_s)

    def after_engine(self, container: Container) -> bool:
        """Plan the restart of a container that had ended when the engine began, if its policy wants one; tell whether it does."""
        state, policy = container.state, container.host_config["RestartPolicy"]["Name"]
        wanted = policy == "always" or (policy == "unless-stopped" and not state.stopped_by_user)
        if state.status == "restarting" or (state.status == "exited" and wanted):
            return self._plan(container, FIRST_PAUSE_S)
        return False

    def claim(self, container: Container) -> bool:
        """Take a restart off the plan; False where there was none, or no longer."""
        timer = self._timers.pop(container.id, None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def forget(self, container: Container) -> None:
        """Let the pauses begin anew, as for a container that a client starts or removes."""
        self._pauses.pop(container.id, None)

    def close(self) -> None:
        """Plan nothing any more; what was planned, a later engine does."""
        self._closed = True
        for timer in list(self._timers.values()):
            timer.cancel()

    def _plan(self, container: Container, pause_s: float) -> bool:
        if self._closed:
            return False
        timer = threading.Timer(pause_s, self._start_again, [container])
        timer.daemon = True
        self._timers[container.id] = timer
        timer.start()
        return True
