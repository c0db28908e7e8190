"""A terminal in a browser: what goes to and fro between a program and the page that shows it, whatever carries the messages.

================== ==============================================================
from the page      ``ready``, ``size`` (``rows``, ``columns``), ``input`` (bytes), ``drawn`` (``number``), ``views`` (``count``)
to the page        ``output`` (``number``, bytes), ``clear``, ``focus``, ``count``
================== ==============================================================
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dockyard.flow import Flow, Replay
from dockyard.locale import N_, translate
from dockyard.tasks.session import Session

__all__ = ["RemoteTerminal"]

ABANDONED_S = 10  # how long no page may show a terminal before its program is ended
STALLED_S = 3  # after which the browser is asked once more what it has drawn


class RemoteTerminal:
    """A terminal that a task can talk to: see :class:`dockyard.tasks.shell.Terminal`.

    Attributes:
        size: Rows and columns, as the browser shows it.
        is_open: Whether a program is there to type to.
    """

    is_open: Any  # a plain flag, or what a widget makes of it

    def begin(self, on_ready: Callable[[], None], on_abandoned: Callable[[], None]) -> None:
        """Set it up.

        Args:
            on_ready: Called when a page shows it.
            on_abandoned: Called when none has shown it for a while.
        """
        self.size = (24, 80)
        self._on_ready, self._on_abandoned = on_ready, on_abandoned
        self._session: Session | None = None
        self._flow, self._replay = Flow(), Replay()
        self._one_at_a_time = threading.Lock()
        self._leaving: threading.Timer | None = None

    def send(self, content: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Carry a message to the page."""
        raise NotImplementedError

    @staticmethod
    def words() -> dict[str, str]:
        """The texts of the page's own parts, in the reader's language."""
        return {
            "hint": translate(N_("Shift+F6 leaves the terminal. Ctrl+V pastes; Ctrl+C copies what is selected.")),
            "reader": translate(N_("For screen readers")),
            "orphan": translate(N_("The kernel was restarted, and the shell ended with it. Run the cell again.")),
        }

    # ------------------------------------------------------------ for the task

    def opened(self, session: Session) -> None:
        """Type into ``session`` from now on, on an empty screen."""
        with self._one_at_a_time:
            self._flow.restart()
            self._replay.clear()
            self.send({"do": "clear"})
            self._session = session
        self.is_open = True
        self.send({"do": "focus"})

    def show(self, piece: bytes) -> None:
        """Show what was printed; waits while the browser has much to draw, or is away."""
        while not self._flow.wait_for_room(STALLED_S):
            self._print(b"")  # its answer stands for all before it, of which one may have been lost
        if self._flow.is_closed:
            return  # the last words of a program that was ended: as many as it likes, and no one reads them
        with self._one_at_a_time:
            self._replay.add(piece)
            self._print(piece)

    def ended(self) -> None:
        """Type nowhere any more."""
        self._session = None
        self.is_open = False

    def end_program(self) -> bool:
        """End the program, as a window does that is closed; return whether there was one."""
        session = self._session
        if session:
            session.end()
        self._flow.close()
        return session is not None

    # ------------------------------------------------------------ for the browser

    def hear(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        """Do what a message from the browser says."""
        do, session = content.get("do"), self._session
        if do == "drawn":
            self._flow.drawn(int(content["number"]))
        elif do == "input" and session:
            session.type(bytes(buffers[0]))
        elif do == "size":
            self.size = (int(content["rows"]), int(content["columns"]))
            if session:
                session.resize(*self.size)
        elif do == "ready":
            self._show_again(int(content["rows"]), int(content["columns"]))
        elif do == "views":
            self._count(int(content["count"]))

    def leave(self) -> None:
        """End the program, and wait for no page any more."""
        self._count(1)
        self.end_program()

    def _show_again(self, rows: int, columns: int) -> None:
        """A page was loaded: give it what was printed before."""
        self.size = (rows, columns)
        with self._one_at_a_time:
            if self._session:
                self._flow.restart()
                self._session.resize(rows, columns)
            if kept := self._replay.content:
                self.send({"do": "clear"})
                self._print(kept)
        self._on_ready()

    def _count(self, views: int) -> None:
        """Give up when no cell shows the terminal any more; one that is run again shows another."""
        if self._leaving:
            self._leaving.cancel()
            self._leaving = None
        if views == 0:
            self._leaving = threading.Timer(ABANDONED_S, self._on_abandoned)
            self._leaving.name, self._leaving.daemon = "dockyard-shell-abandoned", True
            self._leaving.start()
            self.send({"do": "count"})  # another page may show it, and says so

    def _print(self, piece: bytes) -> None:
        self.send({"do": "output", "number": self._flow.sent(len(piece))}, [piece])
