"""How every route is answered: who may ask, in which language, in which thread, and what becomes of errors.

All of it is Jupyter Server's own: its login, its authorizer (resource ``dockyard``), its XSRF cookie, its rule for origins.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from dockyard.errors import (
    BadTask,
    CannotUndo,
    DockyardError,
    EngineRefused,
    EngineUnreachable,
    NoEngine,
    NotFound,
    PlanOutdated,
)
from dockyard.locale import speaking
from dockyard.server.desk import Desk

__all__ = ["RESOURCE", "Action", "Api", "Asked", "Route", "failure", "require_allowed"]

RESOURCE = "dockyard"  # how a server's authorizer knows these routes (Jupyter Server, "Authorization")
Action = Literal["read", "write", "execute"]
Value = TypeVar("Value")

# The first that fits.
STATUS: tuple[tuple[type[DockyardError], int], ...] = (
    (NotFound, 404),
    (PlanOutdated, 409),
    (CannotUndo, 409),
    (NoEngine, 503),
    (EngineUnreachable, 503),
    (EngineRefused, 502),
    (BadTask, 400),
    (DockyardError, 400),
)


@dataclass(frozen=True)
class Asked:
    """What a request asks.

    Attributes:
        parts: The variable parts of its path.
        query: What stands after the ``?``.
        body: Its JSON object; empty where it has none.
    """

    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Return a text of the body.

        Raises:
            tornado.web.HTTPError: It is missing, or no text.
        """
        value = self.body.get(name, otherwise)
        if not isinstance(value, str):
            raise web.HTTPError(400, f"{name}: a text is expected")
        return value


@dataclass(frozen=True)
class Route:
    """One row of the table of routes.

    Attributes:
        method: The HTTP method.
        path: Below ``dockyard/api/``; its variable parts in parentheses.
        action: What Jupyter's authorizer is asked about.
        call: What answers, in a thread of its own.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    action: Action
    call: Callable[[Desk, Asked], Any]


class Api(APIHandler):
    """All routes of one path."""

    auth_resource = RESOURCE

    def initialize(self, routes: Mapping[str, Route], desk: Desk) -> None:
        """Take the path's routes by their methods."""
        self._routes, self._desk = routes, desk

    @web.authenticated
    async def get(self, *parts: str) -> None:
        """Answer a GET."""
        await self._answer(parts)

    @web.authenticated
    async def post(self, *parts: str) -> None:
        """Answer a POST; its XSRF cookie was checked before this."""
        await self._answer(parts)

    @web.authenticated
    async def delete(self, *parts: str) -> None:
        """Answer a DELETE; its XSRF cookie was checked before this."""
        await self._answer(parts)

    async def _answer(self, parts: tuple[str, ...]) -> None:
        route = self._routes.get(str(self.request.method))
        if route is None:
            raise web.HTTPError(405)
        if route.method == "GET":
            self.check_xsrf_cookie()  # Jupyter checks the others by itself; another site's page may name any address in a picture
        await require_allowed(self, route.action)
        body = self.get_json_body() or {}
        if not isinstance(body, dict):
            raise web.HTTPError(400, "a JSON object is expected")
        asked = Asked(parts, {name: self.get_query_argument(name) for name in self.request.query_arguments}, body)
        answer: Any
        try:
            answer = await in_pool(self._desk, asked.query.get("language", ""), partial(route.call, self._desk, asked))
        except _Failed as failed:
            self.set_status(failed.status)
            answer = failed.says
        self.finish(json.dumps(answer))


class _Failed(Exception):  # it carries an answer
    def __init__(self, status: int, says: Mapping[str, str]) -> None:
        super().__init__(status, says)
        self.status, self.says = status, says


async def require_allowed(handler: JupyterHandler, action: Action) -> None:
    """Ask the server's authorizer.

    Raises:
        tornado.web.HTTPError: It says no, or nobody is logged in.
    """
    user = handler.current_user
    if not user or not await ensure_async(handler.authorizer.is_authorized(handler, user, action, RESOURCE)):
        raise web.HTTPError(403)


def in_pool(desk: Desk, language: str, call: Callable[[], Value]) -> Awaitable[Value]:
    """Call in a thread, speaking the reader's language; errors that they can act on become answers in it."""

    def work() -> Value:
        with speaking(language):
            try:
                return call()
            except DockyardError as error:
                raise _Failed(*failure(error)) from error

    return asyncio.get_running_loop().run_in_executor(desk.pool, work)


def failure(error: DockyardError) -> tuple[int, dict[str, str]]:
    """Return the HTTP status of an error, and what it says in the language in use."""
    status = next(number for kind, number in STATUS if isinstance(error, kind))
    return status, {"message": str(error), "kind": type(error).__name__}
