"""Calls about containers (Docker Engine API, "Container")."""

import time
from collections.abc import Callable
from typing import Any

from dockyard.engine.containers import logs, processes
from dockyard.engine.containers.container import Container
from dockyard.engine.containers.containers import PRUNE_FILTERS
from dockyard.engine.containers.execs import detach_keys
from dockyard.engine.containers.listing import FILTERS
from dockyard.engine.containers.logs import LogQuery
from dockyard.engine.containers.schema import config_fields
from dockyard.engine.engine import Engine
from dockyard.engine.errors import BadParameter, Conflict
from dockyard.engine.filters import Filters
from dockyard.engine.http.exchange import encode
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import (
    MULTIPLEXED_STREAM,
    RAW_STREAM,
    Empty,
    Hijack,
    Json,
    Response,
    Sink,
    Stream,
)
from dockyard.engine.http.router import Route
from dockyard.engine.run.running import Attachment
from dockyard.engine.timestamps import parse_moment_ns

__all__ = ["ROUTES", "stream_type"]

MULTIPLEXED_SINCE = (1, 42)
STATS_PAUSE_S = 1.0


def list_containers(engine: Engine, request: Request) -> Response:
    """``GET /containers/json``."""
    query = request.query
    return Json(
        engine.containers.list(
            Filters.parse(query.get("filters"), FILTERS),
            request.version,
            everything=query.flag("all"),
            limit=query.number("limit", 0),
            size=query.flag("size"),
        )
    )


def create(engine: Engine, request: Request) -> Response:
    """``POST /containers/create``."""
    body, query = request.body.json(), request.query
    container, warnings = engine.maker.create(
        body, name=query.get("name"), platform=query.get("platform"), version=request.version
    )
    return Json({"Id": container.id, "Warnings": warnings}, 201)


def inspect(engine: Engine, request: Request) -> Response:
    """``GET /containers/ID/json``."""
    return Json(engine.containers.inspect(request.params["id"], request.version, size=request.query.flag("size")))


def start(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/start``.

    Raises:
        BadParameter: It is to go on from a checkpoint.
    """
    if request.query.get("checkpoint"):
        raise BadParameter("checkpoint is only supported in experimental mode")
    engine.runtime.start(_container(engine, request))
    return Empty()


def stop(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/stop``."""
    engine.runtime.stop(_container(engine, request), request.query.number("t", None), request.query.get("signal"))
    return Empty()


def restart(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/restart``."""
    engine.runtime.restart(_container(engine, request), request.query.number("t", None), request.query.get("signal"))
    return Empty()


def kill(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/kill``."""
    engine.runtime.kill(_container(engine, request), request.query.get("signal"), request.params["id"])
    return Empty()


def pause(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/pause``."""
    engine.runtime.pause(_container(engine, request))
    return Empty()


def unpause(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/unpause``."""
    engine.runtime.unpause(_container(engine, request))
    return Empty()


def wait(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/wait``: the head of the answer leaves at once, so that a client can go on to start the container.

    Raises:
        BadParameter: There is no such condition.
    """
    container, condition = _container(engine, request), request.query.get("condition")
    if condition not in ("", "not-running", "next-exit", "removed"):
        raise BadParameter(f'invalid condition: "{condition}"')
    finish = engine.containers.waiter(container, condition)

    def produce(sink: Sink) -> None:
        sink.start()
        code = finish(lambda: sink.gone)
        sink.write(b'{"Error":null,"StatusCode":%d}\n' % code)

    return Stream(produce, "application/json")


def rename(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/rename``."""
    engine.containers.rename(request.params["id"], request.query.get("name"))
    return Empty()


def update(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/update``."""
    engine.containers.update(request.params["id"], request.body.json())
    return Json({"Warnings": None})


def remove(engine: Engine, request: Request) -> Response:
    """``DELETE /containers/ID``."""
    query = request.query
    if query.flag("link"):
        raise BadParameter("links between containers are not kept by this engine: there is none to remove")
    engine.containers.remove(request.params["id"], force=query.flag("force"), volumes_too=query.flag("v"))
    return Empty()


def prune(engine: Engine, request: Request) -> Response:
    """``POST /containers/prune``."""
    return Json(engine.containers.prune(Filters.parse(request.query.get("filters"), PRUNE_FILTERS)))


def read_logs(engine: Engine, request: Request) -> Response:
    """``GET /containers/ID/logs``."""
    container, query = _container(engine, request), request.query
    if not (query.flag("stdout") or query.flag("stderr")):
        raise BadParameter("Bad parameters: you must choose at least one stream")
    tail = query.get("tail", "all")
    wanted = LogQuery(
        stdout=query.flag("stdout"),
        stderr=query.flag("stderr"),
        since_ns=_moment(query.get("since")) or 0,
        until_ns=_moment(query.get("until")),
        tail=int(tail) if tail.isdecimal() else None,
        timestamps=query.flag("timestamps"),
        follow=query.flag("follow"),
    )
    logs.require_kept(container.host_config["LogConfig"])

    def produce(sink: Sink) -> None:
        sink.start()
        _replay(container, wanted, sink.write, lambda: sink.gone)

    return Stream(produce, stream_type(request, tty=container.config["Tty"]))


def attach(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/attach``."""
    container, query = _container(engine, request), request.query
    tty = container.config["Tty"]
    keys = detach_keys(query.get("detachKeys"))
    replayed = LogQuery(stdout=query.flag("stdout"), stderr=query.flag("stderr"))
    engine.runtime.require_attachable(container)

    arrived = engine.runtime.expect(container)

    def take(sock: Any, leftover: bytes) -> None:
        try:
            if query.flag("logs"):
                _replay(container, replayed, sock.sendall, lambda: False)
            if not query.flag("stream"):
                sock.close()
                return
            engine.runtime.attach(
                container,
                Attachment(
                    sock,
                    stdin=query.flag("stdin") and container.config["OpenStdin"],
                    stdout=query.flag("stdout"),
                    stderr=query.flag("stderr"),
                    framed=not tty,
                    detach_keys=keys,
                    leftover=leftover,
                ),
            )
        finally:
            arrived()

    return Hijack(take, stream_type(request, tty=tty))


def resize(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/resize``."""
    container = _container(engine, request)
    rows, columns = size_asked(request)
    engine.runtime.require_running(container).resize(rows, columns)
    return Empty(200)


def top(engine: Engine, request: Request) -> Response:
    """``GET /containers/ID/top``."""
    running = engine.runtime.require_running(_container(engine, request))
    return Json(processes.top(running.processes(), request.query.get("ps_args")))


def stats(engine: Engine, request: Request) -> Response:
    """``GET /containers/ID/stats``: once, or every second."""
    container, query = _container(engine, request), request.query
    streaming, one_shot = query.flag("stream", default=True), query.flag("one-shot")

    def measure() -> processes.Usage | None:
        running = container.running
        try:
            return processes.usage(running.processes()) if running else None
        except Conflict:
            return None  # it has just ended

    if not streaming:
        before = None if one_shot else measure()
        if before is not None:
            time.sleep(STATS_PAUSE_S)
        return Json(processes.stats(container.id, container.name, measure(), before))

    def produce(sink: Sink) -> None:
        before = None
        while not sink.gone:
            current = measure()
            sink.write(encode(processes.stats(container.id, container.name, current, before)))
            before = current
            if container.await_state(lambda: container.removed, STATS_PAUSE_S):
                return

    return Stream(produce, "application/json")


def changes(engine: Engine, request: Request) -> Response:
    """``GET /containers/ID/changes``."""
    return Json(engine.committer.changes(_container(engine, request)) or None)


def commit(engine: Engine, request: Request) -> Response:
    """``POST /commit``."""
    query = request.query
    container = engine.containers.get(query.get("container"))
    image = engine.committer.commit(
        container,
        name=query.get("repo"),
        tag=query.get("tag"),
        comment=query.get("comment"),
        author=query.get("author"),
        changes=query.all("changes"),
        config=config_fields(request.body.json()),
        pause=query.flag("pause", default=True),
    )
    return Json({"Id": image.id}, 201)


def size_asked(request: Request) -> tuple[int, int]:
    """Rows and columns of a terminal.

    Raises:
        BadParameter: One is missing or no number.
    """
    sizes = []
    for name in ("h", "w"):
        text = request.query.get(name)
        if not text.isdecimal() or not text.isascii():
            raise BadParameter(f'strconv.Atoi: parsing "{text}": invalid syntax')
        sizes.append(int(text))
    return sizes[0], sizes[1]


def stream_type(request: Request, *, tty: bool) -> str:
    """The content type of a container's output."""
    return RAW_STREAM if tty or request.version < MULTIPLEXED_SINCE else MULTIPLEXED_STREAM


def _container(engine: Engine, request: Request) -> Container:
    return engine.containers.get(request.params["id"])


def _moment(text: str) -> int | None:
    return parse_moment_ns(text) if text and text != "0" else None


def _replay(container: Container, query: LogQuery, write: Callable[[bytes], object], gone: Callable[[], bool]) -> None:
    """Write what was kept of a container's output; a terminal's is one stream without frames."""
    tty = container.config["Tty"]

    def over() -> bool:
        return gone() or (container.running is None and container.state.status != "restarting") or container.removed

    for entry in logs.read(container.log, query, over):
        write(entry.content if tty else logs.frame(entry))


ROUTES: list[Route[Engine]] = [
    ("GET", "/containers/json", list_containers),
    ("POST", "/containers/create", create),
    ("POST", "/containers/prune", prune),
    ("GET", "/containers/{id}/json", inspect),
    ("GET", "/containers/{id}/top", top),
    ("GET", "/containers/{id}/logs", read_logs),
    ("GET", "/containers/{id}/changes", changes),
    ("GET", "/containers/{id}/stats", stats),
    ("POST", "/containers/{id}/start", start),
    ("POST", "/containers/{id}/stop", stop),
    ("POST", "/containers/{id}/restart", restart),
    ("POST", "/containers/{id}/kill", kill),
    ("POST", "/containers/{id}/pause", pause),
    ("POST", "/containers/{id}/unpause", unpause),
    ("POST", "/containers/{id}/wait", wait),
    ("POST", "/containers/{id}/rename", rename),
    ("POST", "/containers/{id}/update", update),
    ("POST", "/containers/{id}/attach", attach),
    ("POST", "/containers/{id}/resize", resize),
    ("DELETE", "/containers/{id}", remove),
    ("POST", "/commit", commit),
]
