"""What follows an instruction's keyword: flags, then words, a JSON array, names with values, or a line of text."""

import json
import re
from collections.abc import Callable

from dockyard.engine.build.quoting import plain, quoted, raw_words

__all__ = ["flags_of", "read_arguments"]

_SPACE = re.compile(r"[\t\v\f\r ]+")


def flags_of(text: str, escape: str) -> tuple[tuple[tuple[str, str | None], ...], str]:
    """Return the flags at the beginning, (name, value) each, and the rest; a value is None where there is no ``=``."""
    flags: list[tuple[str, str | None]] = []
    while text.startswith("--"):
        word = next(iter(raw_words(text, escape)))
        text = text[len(word) :].lstrip()
        if word == "--":
            break
        name, equals, value = plain(word)[2:].partition("=")
        flags.append((name, value if equals else None))
    return tuple(flags), text


def read_arguments(keyword: str, text: str, escape: str) -> tuple[tuple[str, ...], bool]:
    """Return an instruction's arguments, and whether they were written as a JSON array.

    Args:
        keyword: In capitals; an unknown one has no arguments.
        text: What follows its flags.
        escape: The character that escapes others.

    Raises:
        ValueError: What makes no sense, in Docker's words.
    """
    return _READERS.get(keyword, _nothing)(keyword, text, escape)


def _nothing(_keyword: str, _text: str, _escape: str) -> tuple[tuple[str, ...], bool]:
    return (), False


def _line(_keyword: str, text: str, _escape: str) -> tuple[tuple[str, ...], bool]:
    return ((text,) if text else ()), False


def _split(_keyword: str, text: str, _escape: str) -> tuple[tuple[str, ...], bool]:
    return tuple(_SPACE.split(text)) if text else (), False


def _words(_keyword: str, text: str, escape: str) -> tuple[tuple[str, ...], bool]:
    return tuple(raw_words(text, escape)), False


def _command(_keyword: str, text: str, _escape: str) -> tuple[tuple[str, ...], bool]:
    array = _json_array(text)
    return (array, True) if array is not None else _line(_keyword, text, _escape)


def _list(_keyword: str, text: str, _escape: str) -> tuple[tuple[str, ...], bool]:
    array = _json_array(text)
    return (array, True) if array is not None else _split(_keyword, text, _escape)


def _named_command(_keyword: str, text: str, _escape: str) -> tuple[tuple[str, ...], bool]:
    """A first word, then a command: ``CMD curl localhost``."""
    if not text:
        return (), False
    kind, *rest = text.split(None, 1)
    arguments, is_json = _command("", rest[0] if rest else "", _escape)
    return (kind, *arguments), is_json


def _trigger(_keyword: str, text: str, escape: str) -> tuple[tuple[str, ...], bool]:
    """An instruction in an instruction; it is read to the end only when it is carried out."""
    if not text:
        return (), False
    keyword, *rest = _SPACE.split(text, maxsplit=1)
    flags_of(rest[0] if rest else "", escape)
    arguments, is_json = read_arguments(keyword.upper(), flags_of(rest[0], escape)[1] if rest else "", escape)
    return (keyword, *arguments), is_json


def _pairs(keyword: str, text: str, escape: str) -> tuple[tuple[str, ...], bool]:
    """Names and values in turn: of ``a=b c=d``, or of the old form ``a b``."""
    words = raw_words(text, escape)
    if not words:
        return (), False
    if "=" not in words[0]:
        parts = _SPACE.split(text, maxsplit=1)
        if len(parts) < 2:
            raise ValueError(f"{keyword} must have two arguments")
        return tuple(parts), False
    pairs: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"Syntax error - can't find = in {quoted(word)}. Must be of the form: name=value")
        pairs += [name, value]
    return tuple(pairs), False


def _json_array(text: str) -> tuple[str, ...] | None:
    """The array that ``text`` is; None if it is something else."""
    if not text.startswith("["):
        return None
    try:
        array = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(each, str) for each in array):
        raise ValueError("when using JSON array syntax, arrays must be comprised of strings only")
    return tuple(array)


_READERS: dict[str, Callable[[str, str, str], tuple[tuple[str, ...], bool]]] = {
    "ADD": _list,
    "ARG": _words,
    "CMD": _command,
    "COPY": _list,
    "ENTRYPOINT": _command,
    "ENV": _pairs,
    "EXPOSE": _split,
    "FROM": _split,
    "HEALTHCHECK": _named_command,
    "LABEL": _pairs,
    "MAINTAINER": _line,
    "ONBUILD": _trigger,
    "RUN": _command,
    "SHELL": _command,
    "STOPSIGNAL": _line,
    "USER": _line,
    "VOLUME": _list,
    "WORKDIR": _line,
}
