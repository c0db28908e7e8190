"""``${VARIABLE:-default}`` in a Compose file, and the files that variables come from (Compose specification, "Interpolation")."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

from dockyard.errors import SourceUnreadable
from dockyard.locale import N_, translate

__all__ = ["BadVariable", "fill", "parse_env_file", "read_env_file"]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPERATOR = re.compile(r":?[-?+]")
LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=(.*))?", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}


class BadVariable(Exception):
    """Something that looks like a variable is none, or one that must be set is not. ``str()`` says so in the reader's language."""


def fill(text: str, variables: Mapping[str, str], unset: set[str] | None = None) -> str:
    """Return a text with its variables filled in; ``$$`` stands for a dollar sign.

    Args:
        text: The text.
        variables: What there is.
        unset: Gets the names of those that are not there, and have nothing to stand for them.

    Raises:
        BadVariable: A ``$`` begins nothing, or a variable that must be set is not.
    """
    filled, rest = _filled(text, variables, set() if unset is None else unset, "")
    assert not rest
    return filled


def read_env_file(path: FilePath, variables: Mapping[str, str]) -> dict[str, str | None]:
    """Return the variables of a file such as ``.env``, in order. See :func:`parse_env_file`.

    Raises:
        SourceUnreadable: It can't be read.
        BadVariable: A line is not as it must be.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(path=str(path), reason=getattr(error, "strerror", None) or str(error)) from error
    return parse_env_file(text, variables)


def parse_env_file(text: str, variables: Mapping[str, str]) -> dict[str, str | None]:
    """Return the variables of a text with a ``NAME=value`` a line; None for a ``NAME`` alone.

    Values may be quoted, over several lines too; within single quotes nothing is filled in. ``#`` begins a comment.

    Raises:
        BadVariable: A line is not as it must be.
    """
    found: dict[str, str | None] = {}
    for number, line in _logical_lines(text):
        matched = LINE.fullmatch(line)
        if not matched:
            raise BadVariable(translate(N_("line {line} is no NAME=value: {text!r}")).format(line=number, text=line))
        known = {**variables, **{name: value for name, value in found.items() if value is not None}}
        found[matched[1]] = None if matched[2] is None else _env_value(matched[2], known)
    return found


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with something on them; one whose quotes are open goes on."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, first in lines:
        line = first
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        value = line.partition("=")[2].lstrip()
        if value[:1] in ("'", '"'):
            while not _closing(value):
                following = next(lines, None)
                if following is None:
                    raise BadVariable(translate(N_("the quote on line {line} is not closed")).format(line=number))
                line, value = f"{line}\n{following[1]}", f"{value}\n{following[1]}"
        yield number, line


def _closing(value: str) -> int:
    """Where a quoted value ends; 0 where it does not."""
    place = 1
    while place < len(value):
        if value[place] == "\\" and value[0] == '"':
            place += 1
        elif value[place] == value[0]:
            return place
        place += 1
    return 0


def _env_value(text: str, known: Mapping[str, str]) -> str:
    text = text.strip()
    if text[:1] in ("'", '"'):
        inner = text[1 : _closing(text)]
        if text[0] == "'":
            return inner
        # A dollar sign that is escaped is one that is meant.
        inner = re.sub(r"\\(.)", lambda each: "$$" if each[1] == "$" else ESCAPES.get(each[1], each[0]), inner)
        return fill(inner, known)
    return fill(re.split(r"(?:^|\s+)#", text, maxsplit=1)[0].rstrip(), known)


def _filled(text: str, variables: Mapping[str, str], unset: set[str], until: str) -> tuple[str, str]:
    """What a text comes to up to an end mark outside of variables, and what follows that mark."""
    done: list[str] = []
    while text:
        plain, sign, text = text.partition("$")
        if until and until in plain:
            before, _, after = plain.partition(until)
            return "".join([*done, before]), after + sign + text
        done.append(plain)
        if not sign:
            break
        if text.startswith("$"):
            done.append("$")
            text = text[1:]
        elif text.startswith("{"):
            value, text = _braced(text[1:], variables, unset)
            done.append(value)
        elif name := NAME.match(text):
            done.append(_value(name[0], variables, unset))
            text = text[name.end() :]
        else:
            raise BadVariable(translate(N_("a `$` that begins no variable is written `$$`")))
    if until:
        raise BadVariable(translate(N_("the brace of a variable is not closed")))
    return "".join(done), ""


def _braced(text: str, variables: Mapping[str, str], unset: set[str]) -> tuple[str, str]:
    name = NAME.match(text)
    if not name:
        raise BadVariable(translate(N_("the brace of a variable begins with no name")))
    after = text[name.end() :]
    if after.startswith("}"):
        return _value(name[0], variables, unset), after[1:]
    operator = OPERATOR.match(after)
    if not operator:
        raise BadVariable(
            translate(N_("`${{{name}` goes on with `}}`, `:-`, `-`, `:?`, `?`, `:+` or `+`")).format(name=name[0])
        )
    unneeded: set[str] = set()
    word, rest = _filled(after[operator.end() :], variables, unneeded, "}")
    there = variables.get(name[0])
    has = bool(there) if operator[0].startswith(":") else there is not None
    if operator[0].endswith("+"):
        unset |= unneeded if has else set()
        return (word if has else ""), rest
    if has:
        return str(there), rest
    if operator[0].endswith("?"):
        raise BadVariable(translate(N_("{name} must be set: {reason}")).format(name=name[0], reason=word or "?"))
    unset |= unneeded
    return word, rest


def _value(name: str, variables: Mapping[str, str], unset: set[str]) -> str:
    if name not in variables:
        unset.add(name)
    return variables.get(name, "")
