"""Calls about building images (Docker Engine API, "Image", ``/build``)."""

from dockyard.engine.build.errors import CommandFailed
from dockyard.engine.build.options import NO_BUILDKIT, BuildOptions
from dockyard.engine.engine import Engine
from dockyard.engine.errors import NotSupported
from dockyard.engine.filters import Filters
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Json, Progress, Report, Response
from dockyard.engine.http.router import Route
from dockyard.engine.registry import Credentials

__all__ = ["ROUTES"]


def build(engine: Engine, request: Request) -> Response:
    """``POST /build``: an image from a context and a Dockerfile."""
    options = BuildOptions.from_query(request.query)
    builder = engine.builder(Credentials.many_from_header(request.headers.get("x-registry-config")))

    def produce(send: Report) -> None:
        try:
            builder.build(request.body, options, send, lambda: send.gone)
        except CommandFailed as error:  # alone of all errors it carries a code
            send({"errorDetail": {"code": error.code, "message": str(error)}, "error": str(error)})

    return Progress(produce)


def prune(engine: Engine, request: Request) -> Response:
    """``POST /build/prune``: all that is kept only to be fast.

    Raises:
        NotSupported: A part of it is to be chosen.
    """
    if Filters.parse(request.query.get("filters")) or request.query.number("keep-storage", 0):
        raise NotSupported("this engine drops its build caches whole: leave filters and --keep-storage out")
    return Json(engine.caches.prune())


def refuse(_: Engine, __: Request) -> Response:
    """BuildKit's calls.

    Raises:
        NotSupported: Always.
    """
    raise NotSupported(NO_BUILDKIT)


ROUTES: list[Route[Engine]] = [
    ("POST", "/build", build),
    ("POST", "/build/prune", prune),
    ("POST", "/build/cancel", refuse),
    ("POST", "/session", refuse),
    ("POST", "/grpc", refuse),
]
