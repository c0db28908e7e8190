"""A Dockerfile in a cell: ``%%dockerfile -t NAME [options] [FOLDER]`` builds it, ``%dockerfile COPY`` explains an instruction.

With ``-f FILE`` the cell is written into that file first. Without a folder nothing but the Dockerfile is sent.
"""

import html
from contextlib import suppress
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.error import UsageError
from IPython.display import HTML, display

from dockyard.command import parse_flags, words
from dockyard.connection import current, in_use
from dockyard.dockerfile import INSTRUCTIONS, completions, explain_instruction
from dockyard.dockerfile.completion import word_at_end
from dockyard.errors import BuildFailed, DockyardError
from dockyard.pace import Pace
from dockyard.panels.build_view import LogTail, failure_html, findings_html, log_html
from dockyard.panels.images import image_names
from dockyard.panels.panel import STYLE
from dockyard.tasks import Build, BuildProgress, BuildResult, Progress
from dockyard.tasks.build import FLAGS, INPUT, build_from_words
from dockyard.tasks.context import Context

__all__ = ["complete_dockerfile", "dockerfile"]

REPORTS_PER_S = 5
LIVE_LINES = 20
MAGIC = "%%dockerfile"


def dockerfile(line: str, cell: str | None = None) -> BuildResult | None:
    """Build the Dockerfile in the cell, with its log; as a line, say what an instruction is for.

    Raises:
        UsageError: It could not be done; the sentence says why.
    """
    try:
        if cell is None:
            names = line.split() or INSTRUCTIONS
            print("\n\n".join(str(explain_instruction(name)) for name in names))  # noqa: T201  # a text is for reading
            return None
        return _build(_task(line, cell))
    except DockyardError as error:
        raise UsageError(str(error)) from error


def _task(line: str, cell: str) -> Build:
    _, *given = words(f"docker build {line}")
    if not parse_flags("build", FLAGS, given).words:
        given.append(INPUT)
    return build_from_words(tuple(given), cell)


def _build(task: Build) -> BuildResult:
    client = current()
    plan = task.plan(client)
    if plan.findings:
        _show(findings_html(plan.findings))
    live = _LiveLog()
    try:
        return task.run(client, plan=plan, report=live.report)
    except BuildFailed as error:
        live.stay()
        _show(failure_html(plan.context.text, error))
        raise
    finally:
        live.end()


def _show(text: str) -> Any:
    return display(HTML(f'<div class="dockyard-panel">{STYLE}{text}</div>'), display_id=True)


class _LiveLog:
    """The end of the log below the cell, while a build goes on. It goes when that is over, and stays of one that failed."""

    def __init__(self) -> None:
        self._log = LogTail()
        self._handle: Any = None
        self._pace = Pace(self._show, REPORTS_PER_S)

    def report(self, progress: Progress) -> None:
        if isinstance(progress, BuildProgress):
            self._log.add(progress.said)
        self._pace.news(progress)

    def stay(self) -> None:
        self._pace.end()
        self._update(log_html(str(self._log)))
        self._handle = None

    def end(self) -> None:
        self._pace.end()
        if self._handle is not None:
            self._handle.update(HTML(""))

    def _show(self, progress: Progress) -> None:
        self._update(html.escape(progress.text) + log_html(str(self._log), most=LIVE_LINES))

    def _update(self, text: str) -> None:
        if self._handle is None:
            self._handle = _show(text)
        else:
            self._handle.update(HTML(f'<div class="dockyard-panel">{STYLE}{text}</div>'))


@context_matcher()  # type: ignore[untyped-decorator]  # IPython's types are not looked at
def complete_dockerfile(context: CompletionContext) -> SimpleMatcherResult:
    """Offer what may stand where a cell's Dockerfile is being written."""
    first, *lines = context.full_text.split("\n")
    if not first.startswith(MAGIC) or context.cursor_line == 0:
        return {"completions": [], "suppress": False}
    text = "\n".join([*lines[: context.cursor_line - 1], context.text_until_cursor])
    images, files = _known(first.removeprefix(MAGIC))
    found = completions(text, images=images, files=files)
    return {
        "completions": [SimpleCompletion(each, type="keyword") for each in found],
        "matched_fragment": word_at_end(text),
        "suppress": True,
        "ordered": True,
    }


def _known(line: str) -> tuple[list[str], tuple[str, ...]]:
    """The engine's images and the context's files, where there are any: a completion tells no errors."""
    images: list[str] = []
    files: tuple[str, ...] = ()
    with suppress(DockyardError):
        if client := in_use():
            images = image_names(client)
    with suppress(DockyardError):
        task = _task(line, "")
        if task.folder != INPUT:
            files = Context.read(task.folder, text="").names
    return images, files
