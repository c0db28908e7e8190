"""Names with wildcards: those of COPY and ADD (Go's ``path.Match``), and those of ``.dockerignore``, which also have ``**``."""

import posixpath
import re
from collections.abc import Iterable

from dockyard.engine.errors import BadParameter

__all__ = ["Ignored", "has_wildcards", "name_pattern"]


def has_wildcards(name: str) -> bool:
    """Return whether a source of COPY or ADD is a pattern."""
    return re.search(r"[*?\[]", re.sub(r"\\.", "", name, flags=re.DOTALL)) is not None


def name_pattern(text: str) -> re.Pattern[str]:
    r"""Return what a pattern matches: ``*`` and ``?`` stop at slashes, ``[a-z]`` and ``[^a]`` are one character, ``\`` escapes.

    Raises:
        BadParameter: A bracket is not closed, or an escape escapes nothing.
    """
    return re.compile(_translated(text, stars=False), re.DOTALL)


class Ignored:
    """The rules of one ``.dockerignore``; the last that matches a path decides."""

    def __init__(self, text: str) -> None:
        """Read the rules.

        Raises:
            BadParameter: One of them makes no sense.
        """
        self._rules: list[tuple[bool, re.Pattern[str]]] = []
        for line in text.removeprefix("\ufeff").splitlines():
            if line.startswith("#") or not line.strip():
                continue
            pattern = line.strip()
            keeps = pattern.startswith("!")
            pattern = pattern[1:].strip() if keeps else pattern
            if not pattern:
                raise BadParameter('illegal exclusion pattern: "!"')
            pattern = posixpath.normpath(pattern).lstrip("/")
            self._rules.append((keeps, re.compile(_translated(pattern, stars=True), re.DOTALL)))

    def __bool__(self) -> bool:
        return bool(self._rules)

    def __contains__(self, path: str) -> bool:
        ignored = False
        ways = [path, *_parents(path)]
        for keeps, rule in self._rules:
            if ignored == keeps and any(rule.fullmatch(each) for each in ways):
                ignored = not keeps
        return ignored


def _parents(path: str) -> Iterable[str]:
    while path := posixpath.dirname(path):
        yield path


def _translated(pattern: str, *, stars: bool) -> str:
    result, at = "", 0
    while at < len(pattern):
        each = pattern[at]
        at += 1
        if each == "*" and stars and pattern[at : at + 1] == "*":
            at += 1
            if pattern[at : at + 1] == "/":
                at += 1
            result += ".*" if at >= len(pattern) else "(?:.*/)?"
        elif each == "*":
            result += "[^/]*"
        elif each == "?":
            result += "[^/]"
        elif each == "[":
            body, at = _bracket(pattern, at)
            result += body
        elif each == "\\":
            if at >= len(pattern):
                raise BadParameter("syntax error in pattern")
            result += re.escape(pattern[at])
            at += 1
        else:
            result += re.escape(each)
    return result


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """A set of characters, whose ``[`` stands just before ``at``, and where it ends."""
    found = re.compile(r"(\^?)((?:\\.|[^\]\\])+)\]", re.DOTALL).match(pattern, at)
    if not found:
        raise BadParameter("syntax error in pattern")
    body = re.sub(r"\\(.)", lambda escaped: re.escape(escaped[1]), found[2], flags=re.DOTALL)
    body = body.replace("[", "\\[").replace("&&", "\\&&").replace("||", "\\||").replace("~~", "\\~~")
    try:
        re.compile(f"[{found[1]}{body}]")
    except re.error as error:
        raise BadParameter("syntax error in pattern") from error
    return f"(?!/)[{found[1]}{body}]", found.end()
