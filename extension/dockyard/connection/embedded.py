"""The embedded engine, as the rest of Dockyard knows it: this is its one door. All else goes over its socket, as with Docker.

``DOCKYARD_EMBEDDED=0`` switches it off: it is neither looked for nor started.
"""

import os
import sys
from pathlib import Path

from dockyard.connection.places import Place
from dockyard.engine import life
from dockyard.engine.disk import content_bytes
from dockyard.engine.life import Alive
from dockyard.locale import N_, translate

__all__ = [
    "Alive",
    "data_folder",
    "disk_use_bytes",
    "log_files",
    "place",
    "reset",
    "runners",
    "start",
    "started",
    "status",
    "stop",
    "why_not",
]

# Why something of it can't be had, in its own words: it speaks English, as Docker does.
_REASONS = (
    N_("proot is not installed (apt-get install proot)"),
    N_("needs seccomp"),
    N_("a trial did not end in time"),
    N_("a trial failed"),
    N_(
        "the kernel does not let a process answer another's system calls (seccomp user notification, Linux 5.9 or newer)"
    ),
    N_("the system calls of this processor are not known"),
)


def why_not() -> str:
    """Return why it can't run here, in a few words; empty where it can."""
    if _is_off():
        return translate(N_("DOCKYARD_EMBEDDED=0 switches it off"))
    if not sys.platform.startswith("linux"):
        return translate(N_("it needs Linux; here Docker Desktop, Colima or Podman can run containers"))
    from dockyard.engine.run.probe import choose

    choice = choose()
    if choice.runner is None:
        reasons = "; ".join(f"{name}: {_said(reason)}" for name, reason in choice.reasons if reason)
        return translate(N_("it has nothing to run containers with ({reasons})")).format(reasons=reasons)
    return ""


def runners() -> list[tuple[str, str]]:
    """Return what running containers rests on, best first, each with why it does not work here; empty where it does.

    None are named where the engine is switched off, or this is no Linux.
    """
    if _is_off() or not sys.platform.startswith("linux"):
        return []
    from dockyard.engine.run.probe import report

    return [(name, _said(reason)) for name, reason in report()]


def place() -> Place:
    """Return where it answers, or would if it ran."""
    alive = status()
    return Place(alive.address if alive else f"unix://{life.folders_of().socket}", N_("Dockyard's embedded engine"))


def started() -> Place:
    """Return where it answers; start it first where it does not run.

    Raises:
        EmbeddedFailed: It could not be started.
    """
    start()
    return place()


def start() -> Alive:
    """Start it, unless it runs, and return what it says of itself.

    Raises:
        EmbeddedFailed: It could not be started.
    """
    return life.start(life.folders_of())


def status() -> Alive | None:
    """Return what it says of itself; None where it does not run."""
    return life.find(life.folders_of())


def stop() -> bool:
    """Stop it; its containers run on. Return whether it ran.

    Raises:
        EmbeddedFailed: It can't be stopped.
    """
    return life.stop(life.folders_of())


def reset() -> None:
    """Stop it, end its containers, and remove everything it keeps.

    Raises:
        EmbeddedFailed: It can't be stopped or removed.
    """
    life.reset(life.folders_of())


def data_folder() -> Path:
    """Return the folder in which it keeps images, containers and volumes."""
    return life.folders_of().data


def disk_use_bytes() -> int:
    """Return the size of all that it keeps."""
    return content_bytes(data_folder())


def log_files() -> list[Path]:
    """Return what it logged, the older file first; none before its first start."""
    log = data_folder() / "engine.log"
    return [path for path in (log.with_name("engine.log.1"), log) if path.exists()]


def _said(reason: str) -> str:
    """A reason of the engine's in the reader's language; what the system adds to it stays as it is."""
    known, colon, rest = reason.partition(": ")
    return f"{translate(known) if known in _REASONS else known}{colon}{rest}"


def _is_off() -> bool:
    return os.environ.get("DOCKYARD_EMBEDDED") == "0"
