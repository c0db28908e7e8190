"""Which handler a call goes to."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from dockyard.engine.errors import BadParameter, NotFound
from dockyard.engine.http.request import Request
from dockyard.engine.http.response import Response

__all__ = ["NEWEST_API", "OLDEST_API", "Handler", "Route", "Router", "split_version", "version_text"]

OLDEST_API, NEWEST_API = (1, 24), (1, 47)

E = TypeVar("E")
Handler = Callable[[E, Request], Response]
Route = tuple[str, str, Handler[E]]

VERSIONED = re.compile(r"/v([0-9]+(?:\.[0-9]+)*)(?=/)")
PART = re.compile(r"\{(\w+)(:\.\*)?\}")


class Router(Generic[E]):
    """The calls there are.

    Args:
        routes: Method, template, handler. A template's ``{name}`` stands for one part of the path, which may have
            the slash of a container's name before it, ``{name:.*}`` for any
            number of them, as an image's name has; the first template that fits is taken, as in Docker's own tables.
    """

    def __init__(self, routes: Iterable[Route[E]]) -> None:
        self._routes: dict[str, list[tuple[re.Pattern[str], Handler[E]]]] = {}
        for method, template, handler in routes:
            self._routes.setdefault(method, []).append((_pattern(template), handler))

    def find(self, method: str, path: str) -> tuple[Handler[E], Mapping[str, str]]:
        """Return the handler and what the template's names stand for.

        Raises:
            NotFound: There is no such call.
        """
        for pattern, handler in self._routes.get(method, ()):
            if found := pattern.fullmatch(path):
                return handler, found.groupdict()
        raise NotFound("page not found")


def split_version(path: str) -> tuple[tuple[int, int], str]:
    """Return the API's version that a path asks for, and the rest of the path; the newest where it asks for none.

    Raises:
        BadParameter: The version is older or newer than this engine speaks.
    """
    found = VERSIONED.match(path)
    if not found:
        return NEWEST_API, path
    text = found[1]
    if len(text) > 20:
        raise BadParameter(f"invalid API version {text[:20]}")
    version = (*map(int, text.split(".")), 0)[:2]
    if version > NEWEST_API:
        raise BadParameter(
            f"client version {text} is too new. Maximum supported API version is {version_text(NEWEST_API)}"
        )
    if version < OLDEST_API:
        raise BadParameter(
            f"client version {text} is too old. Minimum supported API version is {version_text(OLDEST_API)}, "
            "please upgrade your client to a newer version"
        )
    return (version[0], version[1]), path[found.end() :]


def version_text(version: tuple[int, int]) -> str:
    """Return a version as Docker writes it: ``1.41``."""
    return f"{version[0]}.{version[1]}"


def _pattern(template: str) -> re.Pattern[str]:
    parts = []
    end = 0
    for found in PART.finditer(template):
        parts.append(re.escape(template[end : found.start()]))
        parts.append(f"(?P<{found[1]}>{'.+' if found[2] else '/?[^/]+'})")
        end = found.end()
    return re.compile("".join(parts) + re.escape(template[end:]), re.DOTALL)
