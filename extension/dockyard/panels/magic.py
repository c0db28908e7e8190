"""Docker lines in cells: ``%docker run -d httpd``; Dockerfiles: ``%%dockerfile``. ``%load_ext dockyard`` brings them.

Ctrl-C (or the kernel's stop button) cancels as a panel's Cancel does. A line that can't be done shows one sentence, not a traceback.
"""

import html
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import HTML, display

from dockyard.errors import DockyardError
from dockyard.lines import conversation, do
from dockyard.locale import N_, translate
from dockyard.pace import Pace
from dockyard.panels.build_view import layers_html, log_html
from dockyard.panels.container_views import printed, processes_html
from dockyard.panels.dockerfile_cell import complete_dockerfile, dockerfile
from dockyard.panels.panel import STYLE, changes_html, difference_html, warnings_html
from dockyard.panels.shell import ShellPanel, terminal_for
from dockyard.tables import Table
from dockyard.tasks import BuildResult, Progress, Result

__all__ = ["register", "result_html"]

REPORTS_PER_S = 5
QUIET_S = 0.5  # what ends sooner shows no progress


def register(shell: InteractiveShell) -> None:
    """Bring the magics to a shell."""
    shell.register_magic_function(docker_line, "line", "docker")
    shell.register_magic_function(dockerfile, "line_cell", "dockerfile")
    if complete_dockerfile not in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.append(complete_dockerfile)


def docker_line(line: str) -> Result | Table | ShellPanel | None:
    """Do what a docker line says, with its progress; the result, or the table of a line that only looks, is the cell's value.

    A line that needs a terminal (``exec -it``, ``attach``) gets one.

    Raises:
        UsageError: It could not be done; the sentence says why.
    """
    shown = _LiveText()
    try:
        if (task := conversation(line)) is not None:
            return terminal_for(task)
        done = do(line, report=shown.report)
    except DockyardError as error:
        raise UsageError(str(error)) from error
    finally:
        shown.clear()
    if isinstance(done, str):
        print(done, end="")  # noqa: T201  # a text is for reading, not for its repr
        return None
    return done


def result_html(result: Result) -> str:
    """A result as a cell shows it: what a run printed, what was done, and what that changed in the engine; nothing where there is none of it."""
    text = printed(result)
    output = f"<pre>{html.escape(text)}</pre>" if text else ""
    if isinstance(result, BuildResult):
        title = html.escape(translate(N_("What the engine said")))
        output = f"<details><summary>{title}</summary>{log_html(result.log)}</details>{layers_html(result.layers)}"
    parts = (
        output,
        processes_html(result),
        changes_html(result.changes) if result.changes else "",
        warnings_html(result.warnings),
        difference_html(result),
    )
    return f'<div class="dockyard-panel">{STYLE}{"".join(parts)}</div>' if any(parts) else ""


class _LiveText:
    """One line below the cell that says how far the work is; gone when it is over."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._pace = Pace(self._show_progress, REPORTS_PER_S, QUIET_S)

    def report(self, progress: Progress) -> None:
        self._pace.news(progress)

    def clear(self) -> None:
        self._pace.end()
        if self._handle is not None:
            self._show("")

    def _show_progress(self, progress: Progress) -> None:
        self._show(html.escape(progress.text))

    def _show(self, text: str) -> None:
        if self._handle is None:
            self._handle = display(HTML(text), display_id=True)
        else:
            self._handle.update(HTML(text))
