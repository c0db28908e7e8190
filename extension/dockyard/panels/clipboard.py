"""A button that puts a text on the clipboard of the browser's machine."""

from pathlib import Path

import anywidget
import traitlets

from dockyard.locale import N_, translate

__all__ = ["CopyButton"]


class CopyButton(anywidget.AnyWidget):
    """A button that copies :attr:`text`.

    Attributes:
        label: What it says.
        text: What it copies.
        done: What it says for a moment afterwards.
    """

    _esm = Path(__file__).parent / "clipboard.js"
    label = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    done = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str) -> None:
        super().__init__(label=label, done=translate(N_("Copied")))
