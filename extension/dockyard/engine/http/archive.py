"""Calls about files in containers (Docker Engine API, "Container": archive, export)."""

import base64
import json

from dockyard.engine.containers.container import Container
from dockyard.engine.containers.users import find_user
from dockyard.engine.engine import Engine
from dockyard.engine.files import archive as files
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Empty, Response, Sink, Stream
from dockyard.engine.http.router import Route
from dockyard.engine.images.owners import open_up

__all__ = ["ROUTES"]

TAR = "application/x-tar"


def stat(engine: Engine, request: Request) -> Response:
    """``HEAD /containers/ID/archive``."""
    container = engine.containers.get(request.params["id"])
    return Empty(200, headers=_stat_header(container, request))


def get(engine: Engine, request: Request) -> Response:
    """``GET /containers/ID/archive``."""
    container = engine.containers.get(request.params["id"])
    path = request.query.get("path")

    def produce(sink: Sink) -> None:
        files.get(container.view(), path, container.owners(), sink, container=request.params["id"])
        engine.events.publish("container", "archive-path", container.id, container.attributes())

    return Stream(produce, TAR, headers=_stat_header(container, request))


def put(engine: Engine, request: Request) -> Response:
    """``PUT /containers/ID/archive``."""
    container, query = engine.containers.get(request.params["id"]), request.query
    view, user = container.view(), container.config["User"]
    owner = None
    if query.flag("copyUIDGID") and user:
        found = find_user(view, user)
        owner = (found.uid, found.gid)
    with container.changing_files() as owners:
        open_up(container.root, owners)
        files.put(
            view,
            query.get("path"),
            request.body,
            owners,
            container=request.params["id"],
            keeps_kinds=query.flag("noOverwriteDirNonDir"),
            owner=owner,
        )
    engine.events.publish("container", "extract-to-dir", container.id, container.attributes())
    return Empty(200)


def export(engine: Engine, request: Request) -> Response:
    """``GET /containers/ID/export``."""
    container = engine.containers.get(request.params["id"])

    def produce(sink: Sink) -> None:
        files.export(container.root, container.opened_up(), sink)
        engine.events.publish("container", "export", container.id, container.attributes())

    return Stream(produce, TAR)


def _stat_header(container: Container, request: Request) -> dict[str, str]:
    owners = container.opened_up()
    shown = files.stat(container.view(), request.query.get("path"), owners, container=request.params["id"])
    text = json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    return {"X-Docker-Container-Path-Stat": base64.b64encode(text).decode()}


ROUTES: list[Route[Engine]] = [
    ("HEAD", "/containers/{id}/archive", stat),
    ("GET", "/containers/{id}/archive", get),
    ("PUT", "/containers/{id}/archive", put),
    ("GET", "/containers/{id}/export", export),
]
