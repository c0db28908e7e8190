"""Calls about the engine itself (Docker Engine API, "System")."""

from dockyard.engine.engine import Engine
from dockyard.engine.errors import NotFound, NotSupported, Unavailable
from dockyard.engine.filters import Filters
from dockyard.engine.http.exchange import encode
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Json, Response, Sink, Stream, Text
from dockyard.engine.http.router import NEWEST_API, OLDEST_API, Route, version_text
from dockyard.engine.registry import check_login

__all__ = ["NO_SWARM", "ROUTES"]

NO_SWARM = (
    "This node is not a swarm manager. "
    'Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
)
NO_CACHE = {"Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache"}
DF_TYPES_SINCE = (1, 42)


def ping(_: Engine, __: Request) -> Response:
    """``GET /_ping``."""
    return Text("OK", headers={**NO_CACHE, "Builder-Version": "1", "Swarm": "inactive"})


def ping_head(_: Engine, __: Request) -> Response:
    """``HEAD /_ping``."""
    return Text("", headers={**NO_CACHE, "Builder-Version": "1", "Swarm": "inactive"})


def version(engine: Engine, _: Request) -> Response:
    """``GET /version``."""
    return Json(engine.version((version_text(NEWEST_API), version_text(OLDEST_API))))


def info(engine: Engine, _: Request) -> Response:
    """``GET /info``."""
    return Json(engine.info())


def disk_usage(engine: Engine, request: Request) -> Response:
    """``GET /system/df``: of everything, or, from API 1.42 on, of the types that are asked for."""
    types = request.query.all("type") if request.version >= DF_TYPES_SINCE else []
    return Json(engine.disk_usage(request.version, types))


def events(engine: Engine, request: Request) -> Response:
    """``GET /events``."""
    query = request.query

    def produce(sink: Sink) -> None:
        stream = engine.events.stream(
            query.get("since") or None,
            query.get("until") or None,
            Filters.parse(query.get("filters")),
            lambda: sink.gone,
        )
        sink.start()
        for event in stream:
            sink.write(encode(event))

    return Stream(produce, "application/json")


def login(_: Engine, request: Request) -> Response:
    """``POST /auth``."""
    return Json(check_login(request.body.json()))


def no_swarm(_: Engine, __: Request) -> Response:
    """Every call about a swarm.

    Raises:
        Unavailable: Always, as an engine that is in none answers.
    """
    raise Unavailable(NO_SWARM)


def no_new_swarm(_: Engine, __: Request) -> Response:
    """``POST /swarm/init`` and ``/swarm/join``.

    Raises:
        NotSupported: Always.
    """
    raise NotSupported("this engine can't be part of a swarm: its containers have no network of their own")


def plugins(_: Engine, __: Request) -> Response:
    """``GET /plugins``: there are none."""
    return Json([])


def plugin(_: Engine, request: Request) -> Response:
    """``GET /plugins/NAME/json``.

    Raises:
        NotFound: Always.
    """
    raise NotFound(f'plugin "{request.params["name"]}" not found')


def no_plugin(_: Engine, __: Request) -> Response:
    """Every other call about plugins.

    Raises:
        NotSupported: Always.
    """
    raise NotSupported("this engine takes no plugins: what it can do is built in")


SWARM = ("swarm", "nodes", "services", "tasks", "secrets", "configs")

ROUTES: list[Route[Engine]] = [
    ("GET", "/_ping", ping),
    ("HEAD", "/_ping", ping_head),
    ("GET", "/version", version),
    ("GET", "/info", info),
    ("GET", "/system/df", disk_usage),
    ("GET", "/events", events),
    ("POST", "/auth", login),
    ("POST", "/swarm/init", no_new_swarm),
    ("POST", "/swarm/join", no_new_swarm),
    *(
        (method, f"/{part}{rest}", no_swarm)
        for part in SWARM
        for method in ("GET", "POST", "DELETE")
        for rest in ("", "/{rest:.*}")
    ),
    ("GET", "/plugins", plugins),
    ("GET", "/plugins/{name:.*}/json", plugin),
    *((method, "/plugins/{rest:.*}", no_plugin) for method in ("GET", "POST", "DELETE")),
]
