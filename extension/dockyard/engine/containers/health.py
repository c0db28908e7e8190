"""Health checks: run now and then in a container, and what they say of it (API, ``HealthConfig``)."""

import logging
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from dockyard.engine.clock import now
from dockyard.engine.containers.container import Container
from dockyard.engine.containers.execs import Execs
from dockyard.engine.errors import ApiError
from dockyard.engine.events import Events
from dockyard.engine.run.running import Attachment, Running
from dockyard.engine.timestamps import SECOND_NS, parse_moment_ns

__all__ = ["Monitor"]

INTERVAL_NS = 30 * SECOND_NS
START_INTERVAL_NS = 5 * SECOND_NS
TIMEOUT_NS = 30 * SECOND_NS
RETRIES = 3
KEPT = 5
OUTPUT_BYTES = 4096
SHELL = ["/bin/sh", "-c"]

log = logging.getLogger(__name__)


class Monitor:
    """Checks one run of a container until it ends."""

    def __init__(self, container: Container, running: Running, execs: Execs, events: Events) -> None:
        self._container, self._running, self._execs, self._events = container, running, execs, events
        self._check: dict[str, Any] = container.config["Healthcheck"]
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._running.on_exit(lambda _: self._ended.set())
        threading.Thread(target=self._watch, name=f"health {self._container.name}", daemon=True).start()

    def _watch(self) -> None:
        while not self._ended.wait(self._pause_ns() / SECOND_NS):
            if self._container.state.status == "paused":
                continue
            try:
                self._note(self._probe())
            except (ApiError, OSError) as error:
                self._note({"Start": now(), "End": now(), "ExitCode": -1, "Output": str(error)})

    def _pause_ns(self) -> int:
        """How long until the next check; shorter while the container is starting."""
        interval = int(self._check.get("Interval") or INTERVAL_NS)
        if self._starting():
            return min(
                interval,
                int(
                    self._check.get("StartInterval")
                    or (START_INTERVAL_NS if self._check.get("StartPeriod") else interval)
                ),
            )
        return interval

    def _starting(self) -> bool:
        """Whether failures do not count yet."""
        state = self._container.state
        age_ns = parse_moment_ns(now()) - parse_moment_ns(state.started_at)
        return (
            state.health is not None
            and state.health.status == "starting"
            and age_ns < int(self._check.get("StartPeriod") or 0)
        )

    def _probe(self) -> dict[str, Any]:
        """Run the check once; its entry of the log."""
        container, (kind, *words) = self._container, self._check["Test"]
        argv = words if kind == "CMD" else [*(container.config.get("Shell") or SHELL), *words]
        start, timeout_s = now(), int(self._check.get("Timeout") or TIMEOUT_NS) / SECOND_NS
        near, far = socket.socketpair()
        with near:
            made = self._execs.create(container, {"Cmd": argv})
            self._execs.start(self._execs.claim(made.id), Attachment(far, framed=False, detach_keys=b""), tty=False)
            ends = time.monotonic() + timeout_s
            output = _read(near, ends)
            if not made.over.wait(max(0.0, ends - time.monotonic())):
                self._execs.signal(made, signal.SIGKILL)
                words = f"Health check exceeded timeout ({timeout_s:g}s)"
                return {"Start": start, "End": now(), "ExitCode": -1, "Output": words}
        return {"Start": start, "End": now(), "ExitCode": made.exit_code, "Output": output.decode("utf-8", "replace")}

    def _note(self, entry: dict[str, Any]) -> None:
        container = self._container
        with container.lock:
            health = container.state.health
            if health is None or container.running is not self._running:
                return
            health.log = [*health.log, entry][-KEPT:]
            before = health.status
            if entry["ExitCode"] == 0:
                health.status, health.failing = "healthy", 0
            elif not self._starting():
                health.failing += 1
                if health.failing >= int(self._check.get("Retries") or RETRIES):
                    health.status = "unhealthy"
            container.keep()
            container.changed.notify_all()
        if health.status != before:
            self._events.publish("container", f"health_status: {health.status}", container.id, container.attributes())


def _read(sock: socket.socket, ends: float) -> bytes:
    """What the check prints until the time ``ends``, as far as the log keeps it."""
    output = b""
    with suppress(TimeoutError):
        while (left_s := ends - time.monotonic()) > 0:
            sock.settimeout(left_s)
            piece = sock.recv(OUTPUT_BYTES)
            if not piece:
                break
            output = (output + piece)[:OUTPUT_BYTES]
    return output
