"""A terminal in a cell, over ``docker exec -it`` and ``docker attach``."""

import html
import threading
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
from IPython.display import HTML, display

from dockyard.connection import Client, current
from dockyard.errors import Cancelled, DockyardError
from dockyard.locale import N_, translate
from dockyard.panels.clipboard import CopyButton
from dockyard.panels.panel import changes_html, engine_html, heading, warnings_html
from dockyard.panels.terminal import TerminalView
from dockyard.panels.whole import Whole
from dockyard.panels.working import button, says_html
from dockyard.tasks import Attach, Shell, ShellResult
from dockyard.tasks.shell import find_shell

__all__ = ["ShellPanel", "attach", "shell", "terminal_for"]

END_S = 10
# What stands in the cell of a terminal whose kernel is gone; hidden by the terminal itself while there is one.
GONE = """<style>.jp-OutputArea:has(.dockyard-terminal) .dockyard-terminal-gone { display: none; }</style>
<div class="dockyard-terminal-gone">%s</div>"""


class ShellPanel(Whole):
    """A terminal, with the line that it stands for, and afterwards how the program ended and what changed.

    The program is started when a browser shows the terminal, and ended when the panel is closed, its cell is, or its kernel.

    Attributes:
        terminal: Where it is typed.
        line: The docker line.
        warnings: What to know first.
        again_button, end_button: What can be clicked.
        outcome: How the program ended, and what changed in the container meanwhile.
    """

    def __init__(
        self,
        title: str,
        make: Callable[[Client], Shell | Attach],
        client: Client | None = None,
        *,
        screen_reader: bool = False,
    ) -> None:
        self._make, self._client = make, client
        self._cancel = threading.Event()
        self._starting = threading.Lock()
        self._worker: threading.Thread | None = None
        self._task: Shell | Attach | None = None

        self.engine, self.line, self.warnings, self.outcome = (widgets.HTML() for _ in range(4))
        self.copy_line = CopyButton(translate(N_("Copy the command")))
        self.terminal = TerminalView(title, self._on_ready, self.end, screen_reader=screen_reader)
        self.again_button = button(N_("Open again"), self._open)
        self.end_button = button(N_("End"), self.end)
        self._set_open(False)
        super().__init__(
            [
                widgets.HBox([heading(title), self.engine]),
                widgets.HBox([self.line, self.copy_line], layout=widgets.Layout(flex_flow="row wrap")),
                self.warnings,
                self.terminal,
                widgets.HBox([self.again_button, self.end_button], layout=widgets.Layout(flex_flow="row wrap")),
                self.outcome,
            ]
        )
        self.add_class("dockyard-panel")
        self._prepare()

    @property
    def client(self) -> Client:
        """The engine that the panel works on."""
        return self._client or current()

    def end(self) -> None:
        """End the program, as a terminal window does that is closed; :meth:`wait` waits until it has."""
        if not self.terminal.end_program():
            self._cancel.set()  # it is only about to start

    def wait(self, timeout_s: float = 60) -> None:
        """Wait until the program has ended.

        Raises:
            TimeoutError: It has not ended in time.
        """
        if self._worker is not None and self._worker is not threading.current_thread():
            self._worker.join(timeout_s)
            if self._worker.is_alive():
                raise TimeoutError(f"still running after {timeout_s} s")

    def close(self) -> None:
        """End the program, and go."""
        self.end()
        self.wait(END_S)
        self.terminal.close()
        super().close()

    def _ipython_display_(self) -> None:
        gone = translate(N_("There was a terminal here. It ended with its kernel; run the cell again for a new one."))
        display(HTML(GONE % html.escape(gone)))
        display(self._repr_mimebundle_(), raw=True)

    # ------------------------------------------------------------ from before to after

    def _prepare(self) -> None:
        """Show the line and what to know first; where there will be no terminal, say why."""
        try:
            client = self.client
            self._task = self._make(client)
            plan = self._task.plan(client)
        except DockyardError as error:
            self._show_error(error)
            return
        self.engine.value = engine_html(client)
        self.line.value = f"<code>{html.escape(self._task.command)}</code>"
        self.copy_line.text = self._task.command
        self.warnings.value = warnings_html(plan.warnings)
        self.outcome.value = ""

    def _on_ready(self) -> None:
        """A browser shows the terminal; one that was loaded anew finds the program as it was."""
        if self._worker is None and self._task is not None:
            self._open()

    def _open(self) -> None:
        with self._starting:
            if self._worker is not None and self._worker.is_alive():
                return
            self._cancel.clear()
            self._worker = threading.Thread(target=self._work, name="dockyard-shell", daemon=True)
            self._worker.start()

    def _work(self) -> None:
        self._set_open(True)
        try:
            self._prepare()
            if self._task is not None:
                self.outcome.value = _outcome_html(
                    self._task.run(self.client, cancel=self._cancel, terminal=self.terminal)
                )
        except DockyardError as error:
            self._show_error(error)
        except Exception as error:
            self.outcome.value = says_html(repr(error), "bad")
            raise  # a bug keeps its traceback
        finally:
            self.terminal.ended()
            self._set_open(False)

    def _set_open(self, is_open: bool) -> None:
        self.again_button.disabled = is_open
        self.end_button.disabled = not is_open

    def _show_error(self, error: DockyardError) -> None:
        style = "warning" if isinstance(error, Cancelled) else "bad"
        self.outcome.value = f'<span class="dockyard-{style}" role="alert">{html.escape(str(error))}</span>'


def shell(
    container: str,
    command: str | Sequence[str] = "",
    *,
    user: str = "",
    workdir: str = "",
    env: Sequence[str] = (),
    screen_reader: bool = False,
    client: Client | None = None,
) -> ShellPanel:
    """Return a terminal in a running container (``docker exec -it``).

    Args:
        container: Name or ID.
        command: The program and its words; by default ``/bin/bash``, or where there is none ``/bin/sh``.
        user: Whom it runs as (``-u``).
        workdir: Where it begins (``-w``).
        env: More of its environment, each ``KEY=value`` (``-e``).
        screen_reader: Serve screen readers from the start.
        client: The engine; by default the one in use.
    """
    words = (command,) if isinstance(command, str) else tuple(command)

    def make(engine: Client) -> Shell:
        chosen = words if command else (find_shell(engine, container),)
        return Shell(container, chosen, user, workdir, tuple(env))

    return ShellPanel(_title(container), make, client, screen_reader=screen_reader)


def attach(container: str, *, screen_reader: bool = False, client: Client | None = None) -> ShellPanel:
    """Return the terminal of a container's own program, which was started with ``-it`` (``docker attach``).

    Args:
        container: Name or ID.
        screen_reader: Serve screen readers from the start.
        client: The engine; by default the one in use.
    """
    return terminal_for(Attach(container), client, screen_reader=screen_reader)


def terminal_for(task: Shell | Attach, client: Client | None = None, **options: Any) -> ShellPanel:
    """Return the terminal that a task talks to.

    Args:
        task: What to do at it.
        client: The engine; by default the one in use.
        options: ``screen_reader``.
    """
    return ShellPanel(_title(task.container), lambda _: task, client, **options)


def _title(container: str) -> str:
    return translate(N_("Terminal in {name}")).format(name=container)


def _outcome_html(result: ShellResult) -> str:
    if result.exit_code is None:
        says = translate(N_("The program runs on without this terminal."))
    else:
        says = translate(N_("The program ended with exit code {code}.")).format(code=result.exit_code)
    title = translate(N_("What changed in the container meanwhile (docker diff):"))
    changed = changes_html(result.changes) if result.changes else html.escape(translate(N_("No file was changed.")))
    return (
        f'<div role="status"><b>{html.escape(says)}</b></div>{warnings_html(result.warnings)}'
        f"<div>{html.escape(title)}</div>{changed}"
    )
