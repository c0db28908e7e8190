"""Every call of the API that the engine answers: method, path, handler."""

from dockyard.engine.engine import Engine
from dockyard.engine.http import archive, build, containers, images, networks, system, volumes
from dockyard.engine.http import exec as execs
from dockyard.engine.http.router import Route

__all__ = ["ROUTES"]

ROUTES: list[Route[Engine]] = [
    *system.ROUTES,
    *containers.ROUTES,
    *archive.ROUTES,
    *execs.ROUTES,
    *images.ROUTES,
    *volumes.ROUTES,
    *networks.ROUTES,
    *build.ROUTES,
]
