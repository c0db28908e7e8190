"""A panel that works: one piece of work at a time, in a thread of its own, so that the kernel stays free; what goes wrong is shown."""

import html
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client, current
from dockyard.errors import Cancelled, DockyardError
from dockyard.locale import translate
from dockyard.panels.form import Form
from dockyard.panels.whole import Whole

__all__ = ["Faults", "WorkingPanel", "button", "says_html"]

Faults = Mapping[type[DockyardError], str]


class WorkingPanel(Whole):
    """A panel that works.

    Attributes:
        outcome: What came of it.
        faults: Which field each kind of error is about, where an error does not say so itself.
    """

    faults: ClassVar[Faults] = {}

    def __init__(self, client: Client | None, forms: Sequence[Form]) -> None:
        self._client, self._forms = client, forms
        self._cancel = threading.Event()
        self._worker: threading.Thread | None = None
        self.outcome = widgets.HTML()
        super().__init__()
        self.add_class("dockyard-panel")

    @property
    def client(self) -> Client:
        """The engine that the panel works on."""
        return self._client or current()

    @property
    def is_busy(self) -> bool:
        """Whether something was started that has not ended."""
        return self._worker is not None and self._worker.is_alive()

    def wait(self, timeout_s: float = 60) -> None:
        """Wait until what was started has ended.

        Raises:
            TimeoutError: It has not ended in time.
        """
        if self._worker is not None:
            self._worker.join(timeout_s)
            if self._worker.is_alive():
                raise TimeoutError(f"still running after {timeout_s} s")

    def close(self) -> None:
        """Stop what runs, forget the secrets that wait, and go, with all that the panel holds."""
        self._cancel.set()
        if self._worker is not None and self._worker is not threading.current_thread():
            self._worker.join()
        for form in self._forms:
            form.forget()
        super().close()

    def _start(self, work: Callable[[], None]) -> None:
        if self.is_busy:
            return
        self._cancel.clear()
        self._set_busy(True)
        self.outcome.value = ""
        for form in self._forms:
            form.show_fault("")
        self._worker = threading.Thread(target=self._work, args=(work,), name="dockyard-panel", daemon=True)
        self._worker.start()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Cancelled as error:
            self.outcome.value = says_html(str(error), "warning")
        except DockyardError as error:
            self._show_error(error)
        except Exception as error:
            self.outcome.value = says_html(repr(error), "bad")
            raise  # a bug keeps its traceback
        finally:
            self._set_busy(False)

    def _show_error(self, error: DockyardError) -> None:
        sentence, place = str(error), str(error.facts.get("flag", "")) or self.faults.get(type(error), "")
        shown = [form.show_fault(sentence, place) for form in self._forms]
        self.outcome.value = "" if any(shown) else says_html(sentence, "bad")

    def _set_busy(self, busy: bool) -> None:
        """Let nothing be clicked or typed meanwhile, or let it be again."""
        for form in self._forms:
            form.freeze(busy)


def says_html(sentence: str, style: str) -> str:
    """A sentence as screen readers announce it: at once if it is bad, else when they have time. ``style``: good, warning or bad."""
    role = "alert" if style == "bad" else "status"
    return f'<span class="dockyard-{style}" role="{role}">{html.escape(sentence)}</span>'


def button(label: str, click: Callable[[], None], style: str = "") -> widgets.Button:
    """A button; ``label`` is a message of the catalogues."""
    made = widgets.Button(description=translate(label), button_style=style, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _: click())
    return made
