"""The text of a Dockerfile, cut into instructions: parser directives, comments, continued lines and heredocs.

Dockerfile reference, "Format", "Parser directives" and "Here-Documents". Written anew since ``dockerfile-parse``, the library for it, knows
neither heredocs nor flags, and says nothing of what is wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dockyard.engine.build.errors import DockerfileError, unreadable
from dockyard.engine.build.quoting import plain, raw_words

__all__ = ["Heredoc", "Sheet", "Written", "heredoc_name", "read_sheet"]

DIRECTIVES = {"escape", "syntax", "check"}
MAY_HAVE_HEREDOCS = {"ADD", "COPY", "RUN"}

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")
_TABS = re.compile(r"^\t+", re.MULTILINE)


@dataclass(frozen=True)
class Heredoc:
    """A text given in the Dockerfile itself.

    Attributes:
        name: The word that ends it, which is also its file name.
        text: All lines of it as they are written.
        expand: Whether variables in it are replaced: its name was not quoted.
        chomp: Whether tabs at the beginning of lines are left out (``<<-``).
    """

    name: str
    text: str
    expand: bool
    chomp: bool

    @property
    def content(self) -> str:
        """What a file made of it holds."""
        return _TABS.sub("", self.text) if self.chomp else self.text


@dataclass(frozen=True)
class Written:
    """One instruction as it is written, its lines joined.

    Attributes:
        line: Where it begins, counted from 1.
        end_line: Where it ends.
        text: Without comments, continuation marks and heredocs.
        heredocs: In order.
    """

    line: int
    end_line: int
    text: str
    heredocs: tuple[Heredoc, ...]


@dataclass(frozen=True)
class Sheet:
    """All of a Dockerfile.

    Attributes:
        instructions: In order.
        escape: The character that continues lines and escapes others.
        warnings: In Docker's words.
    """

    instructions: tuple[Written, ...]
    escape: str
    warnings: tuple[str, ...]


def read_sheet(text: str) -> Sheet:
    """Return a Dockerfile's instructions.

    Raises:
        DockerfileError: A directive that makes no sense, a heredoc without an end, or nothing to follow at all.
    """
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    escape = _escape(lines)
    continued = re.compile(rf"(?:^|(?<=[^{re.escape(escape)}])){re.escape(escape)}[ \t]*$")
    instructions, empty_lines, at = [], [], 0
    while at < len(lines):
        first = at + 1
        parts, holes, at = _joined(lines, at, continued)
        line = "".join(parts)
        if not line.strip():
            continue
        if holes:
            empty_lines.append(line)
        heredocs = []
        for name, expand, chomp in _heredocs(line, escape):
            body, at = _heredoc_body(lines, at, name, chomp, first)
            heredocs.append(Heredoc(name, body, expand, chomp))
        instructions.append(Written(first, at, line.strip(), tuple(heredocs)))
    if not instructions:
        raise unreadable(max(len(lines), 1), "file with no instructions")
    return Sheet(tuple(instructions), escape, tuple(_warnings(empty_lines)))


def heredoc_name(word: str) -> tuple[str, bool, bool] | None:
    """Return (name, expand, chomp) of a word such as ``<<EOF``; None where it is no heredoc."""
    found = _HEREDOC.fullmatch(word)
    name = plain(found[2]) if found else ""
    if not found or not name or any(each.isspace() for each in name):
        return None
    return name, name == found[2], bool(found[1])


def _escape(lines: list[str]) -> str:
    """The escape character, from the directives at the very top."""
    escape, seen = "\\", set()
    for number, line in enumerate(lines, 1):
        found = _DIRECTIVE.fullmatch(line.lstrip())
        key = found[1].lower() if found else ""
        if not found or key not in DIRECTIVES:
            break
        if key in seen:
            raise unreadable(number, f"only one {key} parser directive can be used")
        seen.add(key)
        if key == "escape":
            escape = found[2]
            if escape not in ("\\", "`"):
                raise unreadable(number, f"invalid escape token '{escape}' does not match ` or \\")
    return escape


def _joined(lines: list[str], at: int, continued: re.Pattern[str]) -> tuple[list[str], bool, int]:
    """One line with those that continue it, whether some of them were empty, and where the next begins."""
    parts, holes = [], False
    line = lines[at].lstrip()
    at += 1
    line = "" if line.startswith("#") else line
    parts.append(continued.sub("", line))
    goes_on = continued.search(line) is not None
    while goes_on and at < len(lines):
        line = lines[at]
        at += 1
        if line.lstrip().startswith("#"):
            continue
        if not line.strip():
            holes = True
            continue
        parts.append(continued.sub("", line))
        goes_on = continued.search(line) is not None
    return parts, holes, at


def _heredocs(line: str, escape: str) -> Iterator[tuple[str, bool, bool]]:
    words = line.split(None, 2)
    keyword = words[0].upper()
    if keyword == "ONBUILD" and len(words) > 1:
        keyword = words[1].upper()
    if keyword in MAY_HAVE_HEREDOCS:
        for word in raw_words(line, escape):
            if found := heredoc_name(word):
                yield found


def _heredoc_body(lines: list[str], at: int, name: str, chomp: bool, first: int) -> tuple[str, int]:
    body: list[str] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        if (line.lstrip("\t") if chomp else line) == name:
            return "".join(f"{each}\n" for each in body), at
        body.append(line)
    raise DockerfileError(first, "unterminated heredoc")


def _warnings(empty_lines: list[str]) -> Iterator[str]:
    for line in empty_lines:
        yield f"[WARNING]: Empty continuation line found in:\n    {line}"
    if empty_lines:
        yield "[WARNING]: Empty continuation lines will become errors in a future release."
