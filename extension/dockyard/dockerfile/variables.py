"""Variables in a Dockerfile (Dockerfile reference, "Environment replacement")."""

import re
from collections.abc import Iterator, Mapping

__all__ = ["PREDEFINED", "expand", "variables_in"]

# Build arguments that need no ARG ("Predefined ARGs").
PREDEFINED = frozenset(
    name for each in ("HTTP", "HTTPS", "FTP", "NO", "ALL") for name in (f"{each}_PROXY", f"{each.lower()}_proxy")
)
_VARIABLE = re.compile(r"\\.|\$(?:(\w+)|\{(\w+)(?::?([-+?])([^}]*))?\})", re.DOTALL)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Fill variables in: ``$X``, ``${X}``, ``${X:-default}``, ``${X:+other}``; what is not known becomes empty."""

    def value(found: re.Match[str]) -> str:
        name, sign, other = found[1] or found[2], found[3], found[4] or ""
        if not name:
            return found[0][1:]
        if sign == "-":
            return variables.get(name) or other
        if sign == "+":
            return other if variables.get(name) else ""
        return variables.get(name, "")

    return _VARIABLE.sub(value, text)


def variables_in(text: str) -> Iterator[tuple[str, bool]]:
    """Return each variable that a text uses, and whether it says what to take where there is none."""
    for found in _VARIABLE.finditer(text):
        if name := found[1] or found[2]:
            yield name, found[3] is not None
