"""The table of routes below ``dockyard/api/``, and what answers each."""

from collections import defaultdict
from typing import Any

from jupyter_server.utils import url_path_join

from dockyard.lessons.notebooks import lessons_below
from dockyard.locale import language, translate
from dockyard.pages import fetch
from dockyard.server.actions import Thing, task_for
from dockyard.server.desk import Desk
from dockyard.server.handler import Api, Asked, Route
from dockyard.server.lists import LISTS, about, disk, registries, repositories
from dockyard.server.page_words import PAGE_WORDS
from dockyard.server.sockets import LogSocket, NewsSocket, Socket, TerminalSocket
from dockyard.tasks import parse

__all__ = ["ROUTES", "SOCKETS", "handlers"]


def _words(_: Desk, __: Asked) -> Any:
    """The reader's language, and what the sidebar says in it."""
    return {"language": language(), "words": {word: translate(word) for word in PAGE_WORDS}}


def _list(desk: Desk, asked: Asked) -> Any:
    return LISTS[asked.parts[0]](desk.client())


def _page(desk: Desk, asked: Asked) -> Any:
    """A page that a container serves, made safe for a frame without scripts."""
    page = fetch(desk.client(), asked.parts[0], asked.query.get("path", "/"))
    return {"url": page.url, "route": page.route, "status": page.status, "html": page.safe_html()}


def _plan(desk: Desk, asked: Asked) -> Any:
    """What a docker line, or an action with a thing, would change."""
    client = desk.client()
    if line := asked.text("line", ""):
        return desk.work.plan(client, parse(line))
    file = asked.body.get("file")
    thing = Thing(
        asked.text("name", ""),
        "" if file is None else desk.file(asked.text("file")),
        asked.text("path", "/"),
        asked.text("text", ""),
    )
    return desk.work.plan(client, task_for(client, asked.text("kind"), asked.text("action"), thing))


def _lessons(desk: Desk, _: Asked) -> Any:
    """Where JupyterLab finds the map of lessons; they are copied to where it does if need be."""
    return {"path": desk.shown(lessons_below(desk.root) / language() / "01_map.ipynb")}


LIST = f"({'|'.join(LISTS)})"
NAME = "([^/]+)"

ROUTES = (
    Route("GET", "words", "read", _words),
    Route("GET", "engine", "read", lambda desk, _: about(desk.client())),
    Route("POST", "engine", "execute", lambda desk, _: about(desk.look_again())),
    Route("GET", "disk", "read", lambda desk, _: disk(desk.client())),
    Route("GET", LIST, "read", _list),
    Route("GET", "registries", "read", lambda desk, _: registries(desk.client())),
    Route("GET", f"registries/{NAME}", "read", lambda _, asked: repositories(asked.parts[0])),
    Route("GET", f"pages/{NAME}", "read", _page),
    Route("POST", "lessons", "write", _lessons),
    Route("POST", "plans", "execute", _plan),
    Route("GET", "runs", "read", lambda desk, _: desk.work.runs()),
    Route("POST", "runs", "execute", lambda desk, asked: desk.work.run(asked.text("plan"))),
    Route("DELETE", f"runs/{NAME}", "execute", lambda desk, asked: desk.work.cancel(asked.parts[0])),
    Route("POST", f"runs/{NAME}/undo", "execute", lambda desk, asked: desk.work.undo(asked.parts[0])),
)
SOCKETS: dict[str, type[Socket]] = {"news": NewsSocket, "logs": LogSocket, "terminal": TerminalSocket}


def handlers(base_url: str, desk: Desk) -> list[tuple[str, type[Any], dict[str, Any]]]:
    """Return what Jupyter's server takes: a pattern, its handler, and what that is given."""
    paths: dict[str, dict[str, Route]] = defaultdict(dict)
    for route in ROUTES:
        paths[route.path][route.method] = route
    return [
        *((_pattern(base_url, path), Api, {"routes": routes, "desk": desk}) for path, routes in paths.items()),
        *((_pattern(base_url, path), socket, {"desk": desk}) for path, socket in SOCKETS.items()),
    ]


def _pattern(base_url: str, path: str) -> str:
    return url_path_join(base_url, "dockyard", "api", path) + "$"
