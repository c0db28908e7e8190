"""One instruction of a Dockerfile."""

import re
from dataclasses import dataclass

from dockyard.engine.build.arguments import flags_of, read_arguments
from dockyard.engine.build.errors import unreadable
from dockyard.engine.build.syntax import Heredoc, Written

__all__ = ["Instruction", "read_instruction"]

_SPACE = re.compile(r"[\t\v\f\r ]+")


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        line: Where it begins, counted from 1.
        keyword: In capitals.
        original: All of it as it is written, continued lines joined.
        value: What follows the keyword.
        flags: (name, value) each; None where a flag has no value.
        arguments: What follows the flags: words, a whole command, or, for ENV and LABEL, names and values in turn.
        is_json: Whether they were written as a JSON array.
        heredocs: The texts that belong to it.
    """

    line: int
    keyword: str
    original: str
    value: str
    flags: tuple[tuple[str, str | None], ...]
    arguments: tuple[str, ...]
    is_json: bool = False
    heredocs: tuple[Heredoc, ...] = ()

    def flag(self, name: str) -> str:
        """Return a flag's value; empty where it is not given."""
        return dict(self.flags).get(name) or ""

    def switch(self, name: str) -> bool:
        """Return whether a switch is on."""
        return any(each == name and value != "false" for each, value in self.flags)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The names and values of ENV and LABEL."""
        return tuple(zip(self.arguments[::2], self.arguments[1::2], strict=True))


def read_instruction(written: Written, escape: str) -> Instruction:
    """Return an instruction, taken apart but not yet checked.

    Raises:
        DockerfileError: Its arguments make no sense at all.
    """
    keyword, *rest = _SPACE.split(written.text, maxsplit=1)
    value = rest[0] if rest else ""
    try:
        flags, text = flags_of(value, escape)
        arguments, is_json = read_arguments(keyword.upper(), text, escape)
    except ValueError as error:
        raise unreadable(written.line, str(error)) from error
    return Instruction(written.line, keyword.upper(), written.text, value, flags, arguments, is_json, written.heredocs)
