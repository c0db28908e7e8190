"""Calls about programs that join a container (Docker Engine API, "Exec")."""

import logging
import socket

from dockyard.engine.containers.execs import detach_keys
from dockyard.engine.containers.schema import check_exec
from dockyard.engine.engine import Engine
from dockyard.engine.errors import ApiError
from dockyard.engine.http.containers import size_asked, stream_type
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Empty, Hijack, Json, Response
from dockyard.engine.http.router import Route
from dockyard.engine.run.running import Attachment

__all__ = ["ROUTES"]

log = logging.getLogger(__name__)


def create(engine: Engine, request: Request) -> Response:
    """``POST /containers/ID/exec``."""
    name, body = request.params["id"], request.body.json()
    check_exec(body)
    made = engine.execs.create(engine.containers.get(name), body, name)
    return Json({"Id": made.id}, 201)


def start(engine: Engine, request: Request) -> Response:
    """``POST /exec/ID/start``: by itself, or with the connection as its streams."""
    body = request.body.json()
    check_exec(body)
    claimed = engine.execs.claim(request.params["id"])
    tty = bool(body.get("Tty", claimed.config.get("Tty")))
    rows, columns = body.get("ConsoleSize") or claimed.config.get("ConsoleSize") or (0, 0)
    if body.get("Detach"):
        engine.execs.start(claimed, None, tty=tty)
        return Empty(200)

    def take(sock: socket.socket, leftover: bytes) -> None:
        attachment = Attachment(
            sock,
            stdin=bool(claimed.config.get("AttachStdin")),
            stdout=bool(claimed.config.get("AttachStdout")),
            stderr=bool(claimed.config.get("AttachStderr")),
            framed=not tty,
            detach_keys=detach_keys(claimed.config.get("DetachKeys") or ""),
            leftover=leftover,
        )
        try:
            engine.execs.start(claimed, attachment, tty=tty, size=(rows, columns))
        except ApiError as error:
            log.info("exec %s: %s", claimed.id[:12], error)  # the client was told over the stream

    return Hijack(take, stream_type(request, tty=tty))


def resize(engine: Engine, request: Request) -> Response:
    """``POST /exec/ID/resize``."""
    rows, columns = size_asked(request)
    engine.execs.resize(request.params["id"], rows, columns)
    return Empty(200)


def inspect(engine: Engine, request: Request) -> Response:
    """``GET /exec/ID/json``."""
    return Json(engine.execs.look(request.params["id"]).inspect())


ROUTES: list[Route[Engine]] = [
    ("POST", "/containers/{id}/exec", create),
    ("POST", "/exec/{id}/start", start),
    ("POST", "/exec/{id}/resize", resize),
    ("GET", "/exec/{id}/json", inspect),
]
