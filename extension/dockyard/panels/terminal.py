"""A terminal in a cell: xterm.js, and what goes to and fro between it and the kernel.

What is typed and printed goes as messages with bytes, never as the widget's state: notebooks save that.
"""

import uuid
from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from dockyard.remote_terminal import RemoteTerminal

__all__ = ["TerminalView"]


class TerminalView(anywidget.AnyWidget, RemoteTerminal):
    """A terminal in a cell that a task can talk to.

    Attributes:
        is_open: Whether a program is there to type to.
        label: What screen readers call it.
        screen_reader: Whether they are served at first; a box below the terminal turns that on and off.
        words: The texts of the widget's own parts.
        key: The widget's own name, the same in kernel and browser.
    """

    _esm = Path(__file__).parent / "terminal.js"
    _css = Path(__file__).parent / "terminal.css"
    is_open = traitlets.Bool().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    screen_reader = traitlets.Bool().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        label: str,
        on_ready: Callable[[], None],
        on_abandoned: Callable[[], None],
        *,
        screen_reader: bool = False,
    ) -> None:
        self.begin(on_ready, on_abandoned)
        super().__init__(label=label, screen_reader=screen_reader, words=RemoteTerminal.words(), key=uuid.uuid4().hex)
        self.on_msg(lambda _, content, buffers: self.hear(content, buffers))

    def close(self) -> None:
        """End the program, and go."""
        self.leave()
        super().close()
