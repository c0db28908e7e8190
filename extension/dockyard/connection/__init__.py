"""Find a container engine and connect to it; or say why that can't be done."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from dockyard.connection.address import reach
from dockyard.connection.client import Client, Engine
from dockyard.connection.places import Place, named_place, usual_places
from dockyard.errors import DockyardError, NoEngine, SocketMissing
from dockyard.locale import N_

__all__ = ["Client", "Engine", "Look", "connect", "current", "data_dir", "looks", "own_engine_dir"]

_current: Client | None = None


@dataclass(frozen=True)
class Look:
    """One place where an engine was looked for, and what came of it.

    Attributes:
        place: Where.
        client: The connection, where an engine answered.
        error: Why it was not taken, where none did.
    """

    place: Place
    client: Client | None = None
    error: DockyardError | None = None


def connect(url: str | None = None) -> Client:
    """Connect to an engine and make it the one that panels, tables and tasks use from now on.

    Looked at in order: ``url``; ``DOCKER_HOST``; the docker context; the usual sockets of Docker, Docker Desktop, rootless
    Docker, Podman, Colima and OrbStack. One that is named (the first three) is used or its error raised, never swapped for another.

    Args:
        url: Such as ``"unix:///var/run/docker.sock"``, ``"tcp://HOST:2376"`` or ``"ssh://USER@HOST"``.

    Raises:
        EngineUnreachable: The named engine does not answer; the sentence says why.
        ApiTooOld: It is older than API 1.41.
        NoEngine: None was named and none of the usual sockets answers.
    """
    global _current  # noqa: PLW0603  # one engine a process, as one kernel works on one
    place = named_place(url, os.environ)
    if place is not None:
        _current = reach(place, data_dir())
        return _current
    tried = _usual_looks()
    _current = next((look.client for look in tried if look.client), None)
    if _current is None:
        # A socket that is there but unusable tells more than "nothing found".
        telling = [look.error for look in tried if look.error and not isinstance(look.error, SocketMissing)]
        raise telling[0] if telling else NoEngine()
    return _current


def current() -> Client:
    """Return the engine in use; connect first where there is none yet.

    Raises:
        EngineError: As :func:`connect`.
    """
    return _current or connect()


def looks(url: str | None = None) -> list[Look]:
    """Return every place where an engine is looked for with what came of it, in the order of :func:`connect`."""
    try:
        place = named_place(url, os.environ)
    except DockyardError as error:
        name = os.environ.get("DOCKER_CONTEXT", "")
        return [Look(Place("", f"context {name}".strip(), named=True), error=error)]
    return ([_look(place)] if place else []) + _usual_looks()


def data_dir() -> Path:
    """Return the folder in which Dockyard keeps what outlives a kernel (``XDG_DATA_HOME`` moves it)."""
    return Path(platformdirs.user_data_dir("dockyard"))


def own_engine_dir() -> Path:
    """Return the folder of the engine that `dockyard lab` starts where there is no other."""
    return data_dir() / "engine"


def _usual_looks() -> list[Look]:
    own = Place(f"unix://{own_engine_dir() / 'docker.sock'}", N_("Dockyard's own engine"))
    return [_look(place) for place in [*usual_places(os.environ, Path.home(), os.getuid()), own]]


def _look(place: Place) -> Look:
    try:
        return Look(place, client=reach(place, data_dir()))
    except DockyardError as error:
        return Look(place, error=error)
