"""What an engine says while it builds: steps, what commands print, what went wrong and in which line."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dockyard.dockerfile import Dockerfile, Instruction
from dockyard.errors import BuildFailed, DockyardError, EngineRefused
from dockyard.locale import N_, translate
from dockyard.tasks.base import Progress, Report

__all__ = ["BuildLog", "BuildProgress"]

KEPT_BYTES = 1 << 20
STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
MADE = re.compile(r"Successfully built ([0-9a-f]+)")
SYNTAX = re.compile(r"parse error (?:on )?line (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class BuildProgress(Progress):
    """How far a build is: bytes while the context is sent, then steps.

    Attributes:
        said: What the engine said since the last report, to be put after what it said before.
        line: The line of the Dockerfile that is being done; 0 before the first.
    """

    said: str = ""
    line: int = 0


class BuildLog:
    """Takes what an engine says, record by record.

    Attributes:
        image_id: The ID of what was built, once that is said.
        cached: How many steps were there from before.
    """

    def __init__(self, dockerfile: Dockerfile, report: Report) -> None:
        self._dockerfile, self._report = dockerfile, report
        self._step, self._total, self._doing = 0, 0, ""
        self._instruction: Instruction | None = None
        self._kept = bytearray()
        self.image_id, self.cached = "", 0

    @property
    def text(self) -> str:
        """The last MiB of what the engine said."""
        return self._kept.decode(errors="replace")

    def take_all(self, records: Iterable[bytes]) -> None:
        """Read to the end.

        Raises:
            BuildFailed: A step failed; the sentence names its line.
            EngineRefused: Something else did.
        """
        for record in records:
            self._take(json.loads(record))
        self._tell("", self._total)

    def failure(self, message: str, status: int | None = None) -> DockyardError:
        """Return the error that the engine's sentence stands for, with the line if that is known."""
        if found := SYNTAX.search(message):
            line = int(found[1])
            shown = self._dockerfile.lines[line - 1 : line]
            return BuildFailed(
                line=line, instruction=shown[0].strip() if shown else "", message=found[2], log=self.text
            )
        if self._instruction is None:
            return EngineRefused(message=message, status=status)
        line, last_line = self._instruction.line, self._instruction.last_line
        return BuildFailed(
            line=line, last_line=last_line, instruction=str(self._instruction), message=message, log=self.text
        )

    def _take(self, record: Mapping[str, Any]) -> None:
        if "error" in record or "errorDetail" in record:
            raise self.failure(str(record.get("error") or record["errorDetail"].get("message")))
        if "aux" in record:
            self.image_id = str(record["aux"].get("ID") or self.image_id)
        if "stream" in record:
            self._take_text(str(record["stream"]))
        elif "status" in record:
            self._take_status(record)

    def _take_text(self, said: str) -> None:
        if found := STEP.match(said):
            self._step, self._total = int(found[1]), int(found[2])
            self._doing = found[0].strip()
            self._instruction = self._counted(self._step, found[3])
        elif said.startswith(" ---> Using cache"):
            self.cached += 1
        elif (found := MADE.match(said)) and not self.image_id:
            self.image_id = found[1]
        self._tell(said, self._step - 1)

    def _take_status(self, record: Mapping[str, Any]) -> None:
        """What is told of a pull: what has figures changes all the time, and is no part of the log."""
        said = " ".join(str(record[key]) for key in ("id", "status") if record.get(key))
        if record.get("progressDetail") is None:
            self._tell(f"{said}\n", self._step - 1)
            return
        detail = record["progressDetail"]
        if "current" in detail and "total" in detail:
            pulling = translate(N_("pulling the base: {layer}")).format(layer=record.get("id", ""))
            self._report(BuildProgress(int(detail["current"]), int(detail["total"]), "bytes", pulling, line=self._line))

    def _tell(self, said: str, done: int) -> None:
        self._kept += said.encode(errors="replace")
        del self._kept[:-KEPT_BYTES]
        self._report(BuildProgress(max(done, 0), self._total or None, "steps", self._doing, said, self._line))

    @property
    def _line(self) -> int:
        return self._instruction.line if self._instruction else 0

    def _counted(self, step: int, text: str) -> Instruction | None:
        """The instruction that a step does: they are counted through all stages, with each ARG before them."""
        instructions = self._dockerfile.instructions
        found = instructions[step - 1] if step <= len(instructions) else None
        return found if found and text.upper().startswith(found.name) else None
