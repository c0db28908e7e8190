"""Docker Engine API, "Volume"."""

from dockyard.engine.engine import Engine
from dockyard.engine.errors import Unavailable
from dockyard.engine.filters import Filters
from dockyard.engine.http.fields import text, texts
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Empty, Json, Response
from dockyard.engine.http.router import Route
from dockyard.engine.http.system import NO_SWARM
from dockyard.engine.volumes import LIST_FILTERS

__all__ = ["ROUTES"]

CLUSTER_VOLUMES_SINCE = (1, 42)
PRUNE_FILTERS = ("all", "label", "label!")


def list_volumes(engine: Engine, request: Request) -> Response:
    """Which volumes there are."""
    filters = Filters.parse(request.query.get("filters"), LIST_FILTERS)
    return Json(engine.volumes.list(filters, request.version))


def inspect_volume(engine: Engine, request: Request) -> Response:
    """One volume."""
    return Json(engine.volumes.inspect(request.params["name"], request.version))


def create_volume(engine: Engine, request: Request) -> Response:
    """Make one, or find that it is there.

    Raises:
        Unavailable: It is to be one of a swarm.
    """
    asked = request.body.json()
    if asked.get("ClusterVolumeSpec") is not None and request.version >= CLUSTER_VOLUMES_SINCE:
        raise Unavailable(NO_SWARM)
    volume = engine.volumes.create(
        text(asked, "Name"), text(asked, "Driver"), texts(asked, "DriverOpts"), texts(asked, "Labels")
    )
    return Json(volume.describe(request.version), 201)


def remove_volume(engine: Engine, request: Request) -> Response:
    """Remove one."""
    engine.volumes.remove(request.params["name"], request.query.flag("force"))
    return Empty()


def prune_volumes(engine: Engine, request: Request) -> Response:
    """Remove those that no container has."""
    filters = Filters.parse(request.query.get("filters"), PRUNE_FILTERS)
    return Json(engine.volumes.prune(filters, request.version))


ROUTES: list[Route[Engine]] = [
    ("GET", "/volumes", list_volumes),
    ("GET", "/volumes/{name:.*}", inspect_volume),
    ("POST", "/volumes/create", create_volume),
    ("POST", "/volumes/prune", prune_volumes),
    ("DELETE", "/volumes/{name:.*}", remove_volume),
]
