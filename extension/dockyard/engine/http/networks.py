"""Docker Engine API, "Network"."""

from dockyard.engine.engine import Engine
from dockyard.engine.errors import NotFound
from dockyard.engine.filters import Filters
from dockyard.engine.http.fields import record, text, texts
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Empty, Json, Response
from dockyard.engine.http.router import Route
from dockyard.engine.networks.networks import LIST_FILTERS, PRUNE_FILTERS

__all__ = ["ROUTES"]


def list_networks(engine: Engine, request: Request) -> Response:
    """Which networks there are."""
    filters = Filters.parse(request.query.get("filters"), LIST_FILTERS)
    return Json(engine.networks.list(filters, request.version))


def inspect_network(engine: Engine, request: Request) -> Response:
    """One network, with the containers that are up in it.

    Raises:
        NotFound: There is none, or not of the scope that is asked for: all here are ``local``.
    """
    if request.query.get("scope", "local") not in ("", "local"):
        raise NotFound(f"network {request.params['id']} not found")
    return Json(engine.networks.inspect(request.params["id"], request.version))


def create_network(engine: Engine, request: Request) -> Response:
    """Make one."""
    asked = request.body.json()
    for name in ("Name", "Driver", "Scope"):
        text(asked, name)
    for name in ("Labels", "Options"):
        texts(asked, name)
    for name in ("IPAM", "ConfigFrom"):
        record(asked, name)
    return Json(engine.networks.create(asked), 201)


def remove_network(engine: Engine, request: Request) -> Response:
    """Remove one."""
    engine.networks.remove(request.params["id"])
    return Empty()


def connect(engine: Engine, request: Request) -> Response:
    """Put a container into a network."""
    asked = request.body.json()
    container = engine.containers.get(text(asked, "Container"))
    engine.networks.connect(request.params["id"], container.id, record(asked, "EndpointConfig"))
    return Empty(200)


def disconnect(engine: Engine, request: Request) -> Response:
    """Take a container out of a network."""
    container = engine.containers.get(text(request.body.json(), "Container"))
    engine.networks.disconnect(request.params["id"], container.id)
    return Empty(200)


def prune_networks(engine: Engine, request: Request) -> Response:
    """Remove those that no container is up in."""
    return Json(engine.networks.prune(Filters.parse(request.query.get("filters"), PRUNE_FILTERS)))


ROUTES: list[Route[Engine]] = [
    ("GET", "/networks", list_networks),
    ("GET", "/networks/", list_networks),
    ("GET", "/networks/{id:.*}", inspect_network),
    ("POST", "/networks/create", create_network),
    ("POST", "/networks/{id:.*}/connect", connect),
    ("POST", "/networks/{id:.*}/disconnect", disconnect),
    ("POST", "/networks/prune", prune_networks),
    ("DELETE", "/networks/{id:.*}", remove_network),
]
