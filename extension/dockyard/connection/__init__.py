"""Find a container engine and connect to it; or say why that can't be done."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from dockyard.connection import embedded
from dockyard.connection.address import reach
from dockyard.connection.client import Client, Engine
from dockyard.connection.places import Place, named_place, usual_places
from dockyard.errors import DockyardError, EmbeddedUnavailable, NoEngine, SocketMissing
from dockyard.locale import N_, translate

__all__ = ["Client", "Engine", "Look", "connect", "current", "data_dir", "in_use", "looks", "own_engine_dir"]

_current: Client | None = None


@dataclass(frozen=True)
class Look:
    """One place where an engine was looked for, and what came of it.

    Attributes:
        place: Where.
        client: The connection, where an engine answered.
        error: Why it was not taken, where none did. With neither, it is the embedded engine, which can be started.
    """

    place: Place
    client: Client | None = None
    error: DockyardError | None = None


def connect(url: str | None = None, *, start: bool = True) -> Client:
    """Connect to an engine and make it the one that panels, tables and tasks use from now on.

    Looked at in order: ``url``; ``DOCKER_HOST``; the docker context; the usual sockets of Docker, Docker Desktop, rootless
    Docker, Podman, Colima and OrbStack; the embedded engine. One that is named (the first three) is used or its error raised,
    never swapped for another.

    Args:
        url: Such as ``"unix:///var/run/docker.sock"``, ``"tcp://HOST:2376"`` or ``"ssh://USER@HOST"``.
        start: Whether the embedded engine is started where no other answers.

    Raises:
        EngineUnreachable: The named engine does not answer; the sentence says why.
        ApiTooOld: It is older than API 1.41.
        EmbeddedFailed: No other engine answers, and the embedded one could not be started.
        NoEngine: None was named, none of the usual sockets answers, and the embedded engine can't run here.
    """
    global _current  # noqa: PLW0603  # one engine a process, as one kernel works on one
    place = named_place(url, os.environ)
    _current = reach(place, data_dir()) if place else _unnamed(start)
    return _current


def current() -> Client:
    """Return the engine in use; connect first where there is none yet.

    Raises:
        EngineError: As :func:`connect`.
    """
    return _current or connect()


def in_use() -> Client | None:
    """Return the engine in use; None where none was looked for yet, which this does not do."""
    return _current


def looks(url: str | None = None) -> list[Look]:
    """Return every place where an engine is looked for with what came of it, in the order of :func:`connect`."""
    try:
        place = named_place(url, os.environ)
    except DockyardError as error:
        name = os.environ.get("DOCKER_CONTEXT", "")
        return [Look(Place("", f"context {name}".strip(), named=True), error=error)]
    return [*([_look(place)] if place else []), *_usual_looks()]


def data_dir() -> Path:
    """Return the folder in which Dockyard keeps what outlives a kernel (``XDG_DATA_HOME`` moves it)."""
    return Path(platformdirs.user_data_dir("dockyard"))


def own_engine_dir() -> Path:
    """Return the folder of the engine that `dockyard lab` starts where there is no other."""
    return data_dir() / "engine"


def _unnamed(start: bool) -> Client:
    """The first engine that answers where engines are by custom, else the embedded one."""
    errors: list[DockyardError] = []
    for look in _usual_looks():
        if look.client:
            return look.client
        if look.error:
            errors.append(look.error)
        elif start:
            return reach(embedded.started(), data_dir())
    # A socket that is there but unusable tells more than "nothing found".
    telling = [each for each in errors if not isinstance(each, SocketMissing | EmbeddedUnavailable)]
    if telling:
        raise telling[0]
    raise NoEngine(reason=embedded.why_not() or translate(N_("it is not running")))


def _usual_looks() -> Iterator[Look]:
    own = Place(f"unix://{own_engine_dir() / 'docker.sock'}", N_("Dockyard's own engine"))
    for place in [*usual_places(os.environ, Path.home(), os.getuid()), own]:
        yield _look(place)
    if reason := embedded.why_not():
        yield Look(embedded.place(), error=EmbeddedUnavailable(reason=reason))
    elif embedded.status():
        yield _look(embedded.place())
    else:
        yield Look(embedded.place())


def _look(place: Place) -> Look:
    try:
        return Look(place, client=reach(place, data_dir()))
    except DockyardError as error:
        return Look(place, error=error)
