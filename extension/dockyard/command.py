"""The grammar of docker command lines: lines to words, words to flags, and back.

Which task a command becomes is not said here: each task brings its own table of flags (see ``tasks``).

    >>> words("docker cp 'my page.html' web:/srv/")
    ('cp', 'my page.html', 'web:/srv/')
    >>> line("docker", "cp", "my page.html", "web:/srv/")
    "docker cp 'my page.html' web:/srv/"
"""

import difflib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from dockyard.errors import BadValue, MissingValue, NotDocker, ShellSyntax, UnknownFlag, WrongCount
from dockyard.locale import N_, translate

__all__ = ["Flag", "Parsed", "line", "look_up", "parse_flags", "words"]

T = TypeVar("T")

_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""", re.DOTALL)
_HOME = re.compile(rf"({_QUOTED.pattern})|(?<!\S)~(?=/|\s|$)", re.DOTALL)
_OPERATOR = re.compile(r"\|\|?|&&?|;|>>?|<<?|[()]")
_EXPANSION = re.compile(r"\$[\w({]|`")


@dataclass(frozen=True)
class Flag:
    """One flag of a docker command.

    Attributes:
        name: Long form without dashes, such as ``publish``.
        short: One letter, or empty.
        kind: ``switch`` takes no value, ``value`` takes one, ``list`` may be repeated.
        also: Another long form that means the same, such as ``net`` for ``network``.
        on: Whether a switch is on where it is not given, as ``--pause`` is.
    """

    name: str
    short: str = ""
    kind: Literal["switch", "value", "list"] = "value"
    also: str = ""
    on: bool = False

    @property
    def shown(self) -> str:
        """The flag as people write it: ``-p`` where it has a letter, else ``--publish``."""
        return f"-{self.short}" if self.short else f"--{self.name}"


@dataclass(frozen=True)
class Parsed:
    """The words of a command, sorted.

    Attributes:
        switches: Names of the switches that are on.
        values: Name to value.
        lists: Name to every value given, in order.
        words: What is no flag.
    """

    switches: frozenset[str]
    values: dict[str, str]
    lists: dict[str, tuple[str, ...]]
    words: tuple[str, ...]

    def require_words(self, command: str, needed: str, least: int, most: int | None = None) -> tuple[str, ...]:
        """Return the words if there are as many as the command takes.

        Raises:
            WrongCount: There are fewer or more; the sentence says what is ``needed``.
        """
        if len(self.words) < least or (most is not None and len(self.words) > most):
            raise WrongCount(command=command, needed=needed, found=len(self.words))
        return self.words


def look_up(given: Sequence[str], table: Mapping[str, T], also: Mapping[str, str]) -> tuple[T, tuple[str, ...]] | None:
    """Return what a table has for the command that a line's words begin with, and the words after it; None where it has nothing.

    Args:
        given: The words, without ``docker``.
        table: Commands of one word or two; the longer one is looked for first.
        also: The other names of commands in it.
    """
    for count in (2, 1):
        name = " ".join(given[:count])
        if len(given) >= count and (found := table.get(also.get(name, name))):
            return found, tuple(given[count:])
    return None


def line(*words: str) -> str:
    """Join words into a line that a shell splits into the same words."""
    return shlex.join(words)


def words(text: str) -> tuple[str, ...]:
    r"""Split a docker line into its words, without the leading ``docker``.

    A leading ``$`` or ``sudo`` (as copied from a page) and line ends after ``\`` are passed over; ``~`` stands for the home folder, and
    ``docker-compose`` for ``docker compose``.

    Raises:
        NotDocker: It does not begin with ``docker``.
        ShellSyntax: It uses pipes, variables or the like; no shell runs it.
    """
    text = re.sub(r"\\\r?\n", " ", text.strip())
    text = re.sub(r"^[$#%]\s+", "", text)
    tokens = _tokens(text)
    if tokens[:1] == ["sudo"]:
        tokens = tokens[1:]
    if tokens[:1] == ["docker-compose"]:  # what docker compose was called before
        tokens = ["docker", "compose", *tokens[1:]]
    if tokens[:1] != ["docker"]:
        raise NotDocker(line=text)
    return tuple(tokens[1:])


def parse_flags(command: str, flags: Sequence[Flag], given: Sequence[str], *, flags_first: bool = False) -> Parsed:
    """Sort the words of a command into flags and the rest, as docker's own parser does.

    Args:
        command: Its name, for errors.
        flags: The table of those it takes.
        given: The words after the command's name.
        flags_first: Flags end at the first other word (``docker run IMAGE COMMAND...``).

    Raises:
        UnknownFlag: A flag that is not in the table; the sentence names it.
        MissingValue: The last flag lacks its value.
        BadValue: A switch with a value that is no truth value.
    """
    by_name = {f"--{name}": flag for flag in flags for name in (flag.name, flag.also) if name}
    by_letter = {flag.short: flag for flag in flags if flag.short}
    switches = {flag.name for flag in flags if flag.on}
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    rest: list[str] = []
    waiting = list(given)

    def put(flag: Flag, value: str) -> None:
        if flag.kind == "list":
            lists.setdefault(flag.name, []).append(value)
        else:
            values[flag.name] = value

    def turn(flag: Flag, value: str) -> None:
        if value.lower() not in ("1", "t", "true", "0", "f", "false"):
            raise BadValue(flag=flag.shown, value=value, expected=translate(N_("it is true or false")))
        (switches.add if value.lower() in ("1", "t", "true") else switches.discard)(flag.name)

    def following(shown: str) -> str:
        if not waiting:
            raise MissingValue(flag=shown)
        return waiting.pop(0)

    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += waiting
            break
        if word.startswith("--"):
            name, has_value, value = word.partition("=")
            flag = by_name.get(name)
            if flag is None:
                raise _unknown(command, name, flags)
            if flag.kind == "switch":
                turn(flag, value if has_value else "true")
            else:
                put(flag, value if has_value else following(name))
        elif word.startswith("-") and word != "-":
            letters = word[1:]
            while letters:
                flag = by_letter.get(letters[0])
                if flag is None:
                    raise _unknown(command, f"-{letters[0]}", flags)
                letters = letters[1:]
                if flag.kind == "switch":
                    value = letters.removeprefix("=") if letters.startswith("=") else "true"
                    turn(flag, value)
                    letters = "" if letters.startswith("=") else letters
                else:
                    put(flag, letters.removeprefix("=") or following(flag.shown))
                    letters = ""
        else:
            rest.append(word)
            if flags_first:
                rest += waiting
                break
    return Parsed(frozenset(switches), values, {name: tuple(each) for name, each in lists.items()}, tuple(rest))


def _unknown(command: str, flag: str, flags: Sequence[Flag]) -> UnknownFlag:
    known = [f"-{each.short}" if each.short else f"--{each.name}" for each in flags]
    near = difflib.get_close_matches(flag, [f"--{each.name}" for each in flags], n=1)
    return UnknownFlag(
        command=command, flag=flag, known=" ".join(near or known) or translate(N_("no flags")), near=tuple(near)
    )


def _tokens(text: str) -> list[str]:
    """Shell words; what only a shell could carry out is refused."""
    if found := _OPERATOR.search(_QUOTED.sub("", text)):
        raise ShellSyntax(token=found.group())
    # Within double quotes a shell still fills in variables; within single quotes it does not.
    expanded = _QUOTED.sub(lambda quoted: re.sub(r"\\.", "", quoted[0]) if quoted[0][0] == '"' else "", text)
    if found := _EXPANSION.search(expanded):
        raise ShellSyntax(token=next((word for word in text.split() if found.group() in word), found.group()))
    try:
        return shlex.split(_HOME.sub(lambda found: found[1] or shlex.quote(str(Path.home())), text))
    except ValueError as error:
        raise ShellSyntax(token=text) from error
