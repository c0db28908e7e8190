"""What a build tells the client: lines of text as Docker's classic builder writes them, and the IDs of images."""

import codecs
from collections.abc import Callable, Mapping
from typing import Any, Literal

__all__ = ["Output", "Report"]

Report = Callable[[Mapping[str, Any]], None]

RED, PLAIN = "\x1b[91m", "\x1b[0m"


class Output:
    """The stream of one build.

    A quiet build keeps everything back, until something goes wrong.
    """

    def __init__(self, report: Report, *, quiet: bool = False) -> None:
        self._report, self._quiet = report, quiet
        self._kept: list[Mapping[str, Any]] = []

    def send(self, record: Mapping[str, Any]) -> None:
        """Tell anything, such as the progress of a pull."""
        if self._quiet:
            self._kept.append(record)
        else:
            self._report(record)

    def text(self, text: str) -> None:
        """Tell text."""
        self.send({"stream": text})

    def warning(self, text: str) -> None:
        """Tell text in red, as what programs write to their standard error."""
        self.text(f"{RED}{text}{PLAIN}")

    def step(self, number: int, count: int, text: str) -> None:
        """Tell which instruction comes now."""
        self.text(f"Step {number}/{count} : {text}")
        self.text("\n")

    def image(self, image_id: str) -> None:
        """Tell the ID of a stage's image, for programs."""
        if not self._quiet:
            self.send({"aux": {"ID": image_id}})

    def of_program(self) -> Callable[[Literal["stdout", "stderr"], bytes], None]:
        """Return what takes a program's output; characters that come in two pieces are put together."""
        decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}

        def take(stream: Literal["stdout", "stderr"], data: bytes) -> None:
            if text := decoders[stream].decode(data):
                (self.warning if stream == "stderr" else self.text)(text)

        return take

    def done(self, image_id: str) -> None:
        """End a quiet build that went well with its only line."""
        if self._quiet:
            self._kept.clear()
            self._report({"stream": f"{image_id}\n"})

    def failed(self) -> None:
        """Tell what a quiet build kept back."""
        for record in self._kept:
            self._report(record)
        self._kept.clear()
