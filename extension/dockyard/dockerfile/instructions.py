r"""A Dockerfile taken apart: instructions with their lines, and stages.

The grammar is that of Docker's "Dockerfile reference"; lines count from 1. Anything is taken: what is wrong, ``findings`` says.

>>> [(each.line, each.name) for each in Dockerfile.parse("FROM busybox\nRUN true").instructions]
[(1, 'FROM'), (2, 'RUN')]
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dockyard.dockerfile.variables import expand

__all__ = ["FLAGS", "INSTRUCTIONS", "Dockerfile", "Instruction", "Stage", "names_declared"]

INSTRUCTIONS = (
    "FROM", "ADD", "COPY", "RUN", "CMD", "ENTRYPOINT", "ONBUILD", "EXPOSE", "VOLUME",
    "ENV", "WORKDIR", "SHELL", "LABEL", "USER", "ARG", "STOPSIGNAL", "HEALTHCHECK",
)  # fmt: skip
"""All there are but ``MAINTAINER``, which is out of use."""

FLAGS = {
    "FROM": ("--platform=",),
    "ADD": ("--chown=",),
    "COPY": ("--chown=", "--from="),
    "HEALTHCHECK": ("--interval=", "--timeout=", "--start-period=", "--retries="),
}
"""The flags that Docker's classic builder takes."""

_TAKE_FLAGS = {*FLAGS, "RUN"}  # those of RUN are BuildKit's
_TAKE_HEREDOCS = ("RUN", "COPY", "ADD")
_HEREDOC = re.compile(r"(?:^|\s)\d*<<(-?)([\"']?)([A-Za-z_]\w*)\2(?=\s|$)")
_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        line: The line it begins on.
        last_line: The line it ends on.
        name: In upper case, known or not.
        flags: Such as ``--from=build``, in order.
        text: What follows name and flags, continued lines joined.
        has_heredoc: Whether it brings lines of its own (``<<EOF``), which Docker's classic builder does not take.
    """

    line: int
    last_line: int
    name: str
    flags: tuple[str, ...] = ()
    text: str = ""
    has_heredoc: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments of the JSON form where it is one, else those between spaces."""
        return tuple(self.text.split()) if self.json_form is None else self.json_form

    @property
    def json_form(self) -> tuple[str, ...] | None:
        """The words of the JSON form (*exec form*); None for the shell form."""
        if not self.text.startswith("["):
            return None
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return tuple(found) if isinstance(found, list) and all(isinstance(each, str) for each in found) else None

    def flag(self, name: str) -> str:
        """The value of a flag, such as ``build`` of ``--from=build``; empty where it is not there."""
        return next((each.partition("=")[2] for each in self.flags if each.partition("=")[0] == f"--{name}"), "")

    def __str__(self) -> str:
        return " ".join([self.name, *self.flags, *([self.text] if self.text else [])])


@dataclass(frozen=True)
class Stage:
    """One stage of a build.

    Attributes:
        base: What ``FROM`` names, its variables filled in.
        name: What ``AS`` calls it; empty where nothing does.
        line: The line of its ``FROM``.
        instructions: Those after ``FROM``.
    """

    base: str
    name: str
    line: int
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile.

    Attributes:
        instructions: In order. The classic builder counts its steps by them.
        lines: The text, line by line.
    """

    instructions: tuple[Instruction, ...]
    lines: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str) -> "Dockerfile":
        """Take any text apart."""
        lines = [each.removesuffix("\r") for each in text.removeprefix("\ufeff").split("\n")]
        return cls(tuple(_instructions(lines, _escape(lines))), tuple(lines))

    def stages(self, build_args: Mapping[str, str] | None = None) -> tuple[Stage, ...]:
        """Return the stages, with each ``ARG`` before the first ``FROM`` filled in.

        Args:
            build_args: Values given to the build, which come before defaults.
        """
        variables: dict[str, str] = {}
        starts = [place for place, each in enumerate(self.instructions) if each.name == "FROM"]
        for each in self.instructions[: starts[0] if starts else 0]:
            variables |= _declared(each, variables, build_args or {})
        stages = []
        for start, end in pairwise([*starts, len(self.instructions)]):
            head = self.instructions[start]
            words = expand(head.text, variables).split()
            name = words[2] if len(words) == 3 and words[1].upper() == "AS" else ""
            stages.append(Stage(words[0] if words else "", name, head.line, self.instructions[start + 1 : end]))
        return tuple(stages)

    def stages_until(self, target: str, build_args: Mapping[str, str] | None = None) -> tuple[Stage, ...] | None:
        """Return the stages that a build goes through; None where there is no such target.

        Args:
            target: A stage's name, or its number from 0; empty for the last.
            build_args: Values given to the build.
        """
        stages = self.stages(build_args)
        if not target:
            return stages
        for place, stage in enumerate(stages):
            if target.lower() == stage.name.lower() or target == str(place):
                return stages[: place + 1]
        return None

    def bases(self, build_args: Mapping[str, str] | None = None, target: str = "") -> dict[str, int]:
        """Return the images that a build needs, each with the line that first names it."""
        found: dict[str, int] = {}
        known = {"scratch", ""}
        for place, stage in enumerate(self.stages_until(target, build_args) or ()):
            named = [(stage.base, stage.line)]
            named += [(each.flag("from"), each.line) for each in stage.instructions if each.name == "COPY"]
            for name, line in named:
                if name.lower() not in known:
                    found.setdefault(name, line)
            known |= {stage.name.lower(), str(place)}
        return found


def names_declared(each: Instruction) -> tuple[str, ...]:
    """The variables that an ``ARG`` or ``ENV`` brings."""
    if each.name == "ARG":
        return tuple(word.partition("=")[0] for word in each.words)
    if each.name == "ENV":
        first = each.text.partition(" ")[0]
        return tuple(re.findall(r"(?:^|\s)([\w.-]+)=", each.text)) if "=" in first else (first,)
    return ()


def _declared(each: Instruction, known: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    made: dict[str, str] = {}
    for word in each.words if each.name == "ARG" else ():
        name, sign, default = word.partition("=")
        if name in given:
            made[name] = given[name]
        elif sign:
            made[name] = expand(default.strip("\"'"), {**known, **made})
    return made


def _escape(lines: Sequence[str]) -> str:
    """The letter that continues a line: a directive at the very top may choose another ("Parser directives")."""
    for line in lines:
        found = _DIRECTIVE.match(line.strip())
        if not found:
            break
        if found[1].lower() == "escape" and found[2] in ("\\", "`"):
            return found[2]
    return "\\"


def _instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    place = 0
    while place < len(lines):
        first = place
        if _is_passed_over(lines[place]):
            place += 1
            continue
        text, place = _joined(lines, place, escape)
        name, rest = (*text.split(maxsplit=1), "", "")[:2]
        for found in _HEREDOC.finditer(rest) if name.upper() in _TAKE_HEREDOCS else ():
            place = _heredoc_end(lines, place, found[3], tabs=bool(found[1]))
        yield _instruction(first + 1, place, name.upper(), rest)


def _is_passed_over(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _joined(lines: Sequence[str], place: int, escape: str) -> tuple[str, int]:
    """The instruction that begins at a line, its lines joined, and the place after it."""
    parts: list[str] = []
    while place < len(lines):
        line = lines[place]
        place += 1
        if parts and _is_passed_over(line):
            continue
        stripped = line.rstrip()
        goes_on = stripped.endswith(escape)
        parts.append(stripped.removesuffix(escape) if goes_on else line)
        if not goes_on:
            break
    return "".join(parts).strip(), place


def _heredoc_end(lines: Sequence[str], place: int, end: str, *, tabs: bool) -> int:
    """The place after the line that ends a heredoc; the file's end where nothing does."""
    while place < len(lines):
        line = lines[place].lstrip("\t") if tabs else lines[place]
        place += 1
        if line == end:
            break
    return place


def _instruction(line: int, last_line: int, name: str, text: str) -> Instruction:
    has_heredoc = name in _TAKE_HEREDOCS and _HEREDOC.search(text) is not None
    flags = []
    while name in _TAKE_FLAGS and text.startswith("--"):
        flag, text = (*text.split(maxsplit=1), "")[:2]
        flags.append(flag)
    return Instruction(line, last_line, name, tuple(flags), text, has_heredoc)
