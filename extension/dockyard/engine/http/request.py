"""A request, as a handler gets it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, overload
from urllib.parse import parse_qs

from dockyard.engine.errors import BadParameter

__all__ = ["Body", "Query", "Request"]

JSON_BYTES = 16 << 20
PIECE_BYTES = 64 << 10
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")


class Query:
    """What follows the ``?``: every name may be given several times."""

    def __init__(self, text: str = "") -> None:
        try:
            self._values = parse_qs(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=1000)
        except ValueError as error:
            raise BadParameter("too many query parameters") from error

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of ``name``."""
        return self._values.get(name, [default])[0]

    def all(self, name: str) -> list[str]:
        """Return every value of ``name``, in order."""
        return list(self._values.get(name, ()))

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a switch as Docker reads it: off is empty, ``0``, ``no``, ``false`` or ``none``; anything else is on."""
        if name not in self._values:
            return default
        return self.get(name).strip().lower() not in ("", "0", "no", "false", "none")

    @overload
    def number(self, name: str, default: int) -> int: ...
    @overload
    def number(self, name: str, default: None) -> int | None: ...
    def number(self, name: str, default: int | None) -> int | None:
        """Return a whole number, ``default`` where it is missing or empty.

        Raises:
            BadParameter: It is something else.
        """
        text = self.get(name)
        if not text:
            return default
        if not _NUMBER.fullmatch(text):
            raise BadParameter(f'strconv.Atoi: parsing "{text}": invalid syntax')
        return int(text)

    def __contains__(self, name: str) -> bool:
        return name in self._values


class Body:
    """The bytes of a request, which come as they are asked for.

    Attributes:
        content_type: What the client says they are; empty where it says nothing.
    """

    def __init__(self, readinto: Callable[[memoryview], int], content_type: str = "") -> None:
        self._readinto = readinto
        self.content_type = content_type

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the front of ``buffer`` with what is there, waiting for one byte at least; return how many, 0 at the end.

        Raises:
            ClientGone: The client hung up before the end.
        """
        return self._readinto(buffer)

    def read(self, size: int, /) -> bytes:
        """Return ``size`` bytes, fewer only at the end."""
        buffer = bytearray(min(size, PIECE_BYTES))
        filled = 0
        while filled < size:
            if filled == len(buffer):
                buffer.extend(bytes(min(len(buffer), size - filled)))
            with memoryview(buffer) as view:
                count = self._readinto(view[filled:])
            if not count:
                break
            filled += count
        del buffer[filled:]
        return bytes(buffer)

    def json(self) -> dict[str, Any]:
        """Return the object that the body holds; an empty body is an empty object.

        Raises:
            BadParameter: It is not JSON, not an object, longer than 16 MiB, or declared to be something else.
        """
        text = self.read(JSON_BYTES + 1)
        if not text.strip():
            return {}
        if len(text) > JSON_BYTES:
            raise BadParameter("request body too large")
        kind = self.content_type.partition(";")[0].strip().lower()
        if kind != "application/json":
            raise BadParameter(f"unsupported Content-Type header ({self.content_type}): must be 'application/json'")
        try:
            content = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise BadParameter(f"invalid JSON: {error}") from error
        if not isinstance(content, dict):
            raise BadParameter("invalid JSON: the request body must be an object")
        return content


@dataclass(frozen=True)
class Request:
    """One call of the API.

    Attributes:
        method: Such as ``"POST"``.
        path: Decoded, without the version: ``/containers/json``.
        version: Of the API as the client speaks it, ``(1, 41)``; the newest where it names none.
        query: What follows the ``?``.
        headers: Their names in lower case.
        params: What the route's template found in the path, such as ``{"id": "web"}``.
        body: Its bytes.
    """

    method: str
    path: str
    version: tuple[int, int]
    query: Query = field(default_factory=Query)
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=lambda: Body(lambda _: 0))


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")
