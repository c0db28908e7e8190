"""Whether any cell still shows a panel: what costs something while it is shown, ends when none does."""

import threading
from collections.abc import Callable
from pathlib import Path

import anywidget

__all__ = ["Shown"]

GONE_S = 5  # a cell that is run again, or moved, shows its widget again within this time


class Shown(anywidget.AnyWidget):
    """A widget that can't be seen, to be put into a panel. It tells when the last cell that shows the panel is gone, and when one shows it again."""

    _esm = Path(__file__).parent / "shown.js"

    def __init__(self, on_gone: Callable[[], None], on_back: Callable[[], None]) -> None:
        super().__init__()
        self._on_gone, self._on_back = on_gone, on_back
        self._leaving: threading.Timer | None = None
        self.on_msg(lambda _, content, __: self.hear(int(content["count"])))

    def hear(self, views: int) -> None:
        """So many cells show it now."""
        self._stay()
        if views:
            self._on_back()
        else:
            self._leaving = threading.Timer(GONE_S, self._on_gone)
            self._leaving.name, self._leaving.daemon = "dockyard-shown", True
            self._leaving.start()
            self.send({"do": "count"})  # another page may show it, and says so

    def close(self) -> None:
        """Tell nothing more, and go."""
        self._stay()
        super().close()

    def _stay(self) -> None:
        if self._leaving:
            self._leaving.cancel()
            self._leaving = None
