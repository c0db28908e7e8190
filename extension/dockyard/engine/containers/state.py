"""What state a container is in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from dockyard.engine.clock import NEVER, ago
from dockyard.engine.timestamps import parse_moment_ns

__all__ = ["Health", "State", "Status"]

Status = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]


@dataclass
class Health:
    """What a container's health check says.

    Attributes:
        status: ``starting``, ``healthy`` or ``unhealthy``.
        failing: Failures in a row.
        log: The last five checks, as the API shows them: ``{"Start", "End", "ExitCode", "Output"}``.
    """

    status: str = "starting"
    failing: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, check: Mapping[str, Any] | None) -> "Health | None":
        """Return what is known when a run begins; None where ``check``, a ``Healthcheck`` of the API, checks nothing."""
        test = (check or {}).get("Test")
        return cls() if test and test[0] != "NONE" else None

    def inspect(self) -> dict[str, Any]:
        """As ``inspect`` shows it under ``State.Health``."""
        return {"Status": self.status, "FailingStreak": self.failing, "Log": list(self.log)}


@dataclass
class State:
    """A container's state.

    Attributes:
        status: In which of Docker's seven states it is.
        pid: Of its main process on this machine; 0 where none runs.
        exit_code: Of its last run.
        error: Why it could not be started; empty where it could.
        started_at: When its last run began, as the API writes times.
        finished_at: When that ended.
        stopped_by_user: Whether a client ended it, so that its restart policy rests.
        restarts: How often its restart policy has started it again.
        health: Where it has a health check and has run.
    """

    status: Status = "created"
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    started_at: str = NEVER
    finished_at: str = NEVER
    stopped_by_user: bool = False
    restarts: int = 0
    health: Health | None = None

    @property
    def running(self) -> bool:
        """Whether it has processes, paused or not."""
        return self.status in ("running", "paused")

    def inspect(self) -> dict[str, Any]:
        """As ``inspect`` shows it."""
        shown = {
            "Status": self.status,
            "Running": self.running or self.status == "restarting",
            "Paused": self.status == "paused",
            "Restarting": self.status == "restarting",
            "OOMKilled": False,
            "Dead": self.status == "dead",
            "Pid": self.pid,
            "ExitCode": self.exit_code,
            "Error": self.error,
            "StartedAt": self.started_at,
            "FinishedAt": self.finished_at,
        }
        return shown | ({"Health": self.health.inspect()} if self.health else {})

    def describe(self, now_ns: int) -> str:
        """As ``docker ps`` shows it, such as ``Up 3 minutes (healthy)``."""
        ended = ago(now_ns - parse_moment_ns(self.finished_at)) if self.finished_at != NEVER else ""
        if self.status == "restarting":
            return f"Restarting ({self.exit_code}) {ended} ago"
        if self.running:
            up = f"Up {ago(now_ns - parse_moment_ns(self.started_at))}"
            if self.status == "paused":
                return f"{up} (Paused)"
            return up + (f" ({_HEALTH[self.health.status]})" if self.health else "")
        words = {"removing": "Removal In Progress", "dead": "Dead", "created": "Created"}
        return words.get(self.status) or f"Exited ({self.exit_code}) {ended} ago"

    def to_json(self) -> dict[str, Any]:
        """As it is kept on disk."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "State":
        """From what :meth:`to_json` gave."""
        health = kept.pop("health")
        return cls(**kept, health=Health(**health) if health else None)


_HEALTH = {"starting": "health: starting", "healthy": "healthy", "unhealthy": "unhealthy"}
