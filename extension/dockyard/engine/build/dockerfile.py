r"""A Dockerfile, taken apart and checked: what is wrong with it is known before anything is built.

::

    parse("FROM busybox AS web\nCOPY --chown=33 site /www\n")

    Dockerfile(stages=(Stage(name="web", source=<FROM>, instructions=(<COPY>,)),), ...)
    <COPY>.line == 2   .keyword == "COPY"   .value == "--chown=33 site /www"
           .flags == (("chown", "33"),)   .arguments == ("site", "/www")
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dockyard.engine.build.errors import DockerfileError
from dockyard.engine.build.instruction import Instruction, read_instruction
from dockyard.engine.build.rules import check
from dockyard.engine.build.syntax import read_sheet
from dockyard.engine.errors import BadParameter

__all__ = ["Dockerfile", "Instruction", "Stage", "parse", "parse_trigger"]


@dataclass(frozen=True)
class Stage:
    """What follows one FROM.

    Attributes:
        name: As later stages call it, in small letters; empty if it has none.
        source: The FROM itself.
        instructions: The rest, in order.
    """

    name: str
    source: Instruction
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True)
class Dockerfile:
    """A whole Dockerfile.

    Attributes:
        globals: The ARG instructions before the first FROM.
        stages: In order; at least one.
        escape: The character that continues lines and escapes others.
        warnings: In Docker's words.
    """

    globals: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    escape: str
    warnings: tuple[str, ...]

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All of them, in order."""
        staged = (each for stage in self.stages for each in (stage.source, *stage.instructions))
        return (*self.globals, *staged)

    def up_to(self, target: str) -> "Dockerfile":
        """Return the same without the stages after ``target``, which is a stage's name or its number from 0.

        Raises:
            BadParameter: There is no such stage.
        """
        for number, stage in enumerate(self.stages):
            if target.lower() == stage.name or target == str(number):
                return Dockerfile(self.globals, self.stages[: number + 1], self.escape, self.warnings)
        raise BadParameter(f"failed to reach build target {target} in Dockerfile")


def parse(text: str) -> Dockerfile:
    """Return what a Dockerfile says.

    Raises:
        DockerfileError: What is wrong with it, and in which line.
    """
    sheet = read_sheet(text)
    written = [read_instruction(each, sheet.escape) for each in sheet.instructions]
    for each in written:
        check(each)
    before, stages = _staged(written)
    return Dockerfile(tuple(before), tuple(stages), sheet.escape, sheet.warnings)


def parse_trigger(text: str) -> Instruction:
    """Return the instruction that an image's ONBUILD holds.

    Raises:
        DockerfileError: It is none, or FROM, MAINTAINER or ONBUILD.
    """
    written, *_ = read_sheet(text).instructions
    instruction = read_instruction(written, "\\")
    check(instruction)
    return instruction


def _staged(instructions: Iterable[Instruction]) -> tuple[list[Instruction], list[Stage]]:
    before: list[Instruction] = []
    stages: list[Stage] = []
    for each in instructions:
        if each.keyword == "FROM":
            stages.append(Stage(each.arguments[2].lower() if len(each.arguments) == 3 else "", each, ()))
        elif stages:
            last = stages.pop()
            stages.append(Stage(last.name, last.source, (*last.instructions, each)))
        elif each.keyword == "ARG":
            before.append(each)
        else:
            message = "no build stage in current context"
            raise DockerfileError(each.line, message, sentence=message)
    return before, stages
