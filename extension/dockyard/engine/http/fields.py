"""Fields of a JSON body, of the kind they must be; one that is missing or null is empty, as in Go's structs."""

from collections.abc import Mapping
from typing import Any

from dockyard.engine.errors import BadParameter

__all__ = ["flag", "record", "text", "texts"]

KINDS = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def text(content: Mapping[str, Any], name: str, default: str = "") -> str:
    """Return a string.

    Raises:
        BadParameter: The field holds something else.
    """
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(value, name, "string")
    return value or default


def flag(content: Mapping[str, Any], name: str) -> bool:
    """Return a switch.

    Raises:
        BadParameter: The field holds something else.
    """
    value = content.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(value, name, "bool")
    return bool(value)


def record(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object.

    Raises:
        BadParameter: The field holds something else.
    """
    value = content.get(name)
    if value is not None and not isinstance(value, dict):
        raise _wrong(value, name, "object")
    return value or {}


def texts(content: Mapping[str, Any], name: str) -> dict[str, str] | None:
    """Return an object of strings, such as labels; None where it is missing, which the API tells from an empty one.

    Raises:
        BadParameter: The field holds something else.
    """
    if content.get(name) is None:
        return None
    found = record(content, name)
    for value in found.values():
        if not isinstance(value, str):
            raise _wrong(value, name, "string")
    return found


def _wrong(value: object, name: str, kind: str) -> BadParameter:
    return BadParameter(
        f"invalid JSON: json: cannot unmarshal {KINDS.get(type(value), 'value')} into Go struct field .{name} of type {kind}"
    )
