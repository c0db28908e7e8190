"""What a container serves, inside the notebook: fetched afresh by the kernel, and beside it what this browser would show."""

import threading
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from dockyard.connection import Client, current
from dockyard.errors import DockyardError, NoPage
from dockyard.locale import N_, translate
from dockyard.pages import Page, fetch
from dockyard.waiting import eventually
from dockyard.wording import human_size

__all__ = ["PagePreview", "preview"]


class PagePreview(anywidget.AnyWidget):
    """A page of a container's server.

    Two views: the page as the kernel has just fetched it, past every cache, and the same address opened by this browser, which may show a
    copy that it kept. Both stand in an ``iframe`` whose ``sandbox`` allows nothing: no script of the page runs, nor reaches the notebook.

    Attributes:
        document: The page as one safe HTML document.
        summary: Status, length and route in one line.
        kept: How long a browser may keep the page, in words.
        port: Published port, for the browser's own view; 0 where the browser can't open it.
        path: Path of the page.
        fault: Why there is no page; empty where there is one.
        words: The texts of the widget's own parts.
    """

    _esm = Path(__file__).parent / "preview.js"
    _css = Path(__file__).parent / "preview.css"
    document = traitlets.Unicode().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    kept = traitlets.Unicode().tag(sync=True)
    port = traitlets.Int().tag(sync=True)
    path = traitlets.Unicode().tag(sync=True)
    fault = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        container: str,
        path: str = "/",
        port: int | None = None,
        client: Client | None = None,
        patience_s: float = 0,
    ) -> None:
        self._container, self._client, self._wanted_port = container, client, port
        words = {
            "again": translate(N_("Fetch again")),
            "fresh": translate(N_("Fetched just now (no cache)")),
            "browser": translate(N_("As this browser shows it (may be a kept copy)")),
            "tab": translate(N_("Open in a new tab")),
            "direct": translate(N_("The browser opens {url} itself: it runs on the engine's machine.")),
            "proxied": translate(
                N_("The browser opens {url}: through the Jupyter server, since it runs on another machine.")
            ),
            "unreachable": translate(N_("This browser has no way to the page; the kernel's view shows it.")),
        }
        super().__init__(path=path, words=words)
        self.on_msg(self._on_message)
        self.fetch(patience_s)

    def fetch(self, patience_s: float = 0) -> Page | None:
        """Fetch the page and show it; return it, or None where :attr:`fault` says why there is none.

        Args:
            patience_s: How long to go on asking while nothing answers, as while a server starts.
        """
        try:
            client = self._client or current()
            page = eventually(
                lambda: fetch(client, self._container, self.path, port=self._wanted_port), NoPage, timeout_s=patience_s
            )
        except DockyardError as error:
            self.fault, self.document, self.summary, self.kept = str(error), "", "", ""
            return None
        with self.hold_sync():
            self.fault = ""
            self.document = page.safe_html()
            self.summary = translate(N_("HTTP {status}, {size}, {route}")).format(
                status=page.status, size=human_size(len(page.body)), route=page.route
            )
            self.kept = _kept(page)
            self.port = page.port if client.is_local else 0
        self.send({"do": "show"})  # a page that is the same changes no text, and is still to be visited again
        return page

    def _on_message(self, _: Any, content: dict[str, str], __: Any) -> None:
        if content.get("do") == "fetch":
            threading.Thread(target=self.fetch, name="dockyard-preview", daemon=True).start()


def preview(container: str, path: str = "/", *, port: int | None = None, client: Client | None = None) -> PagePreview:
    """Return a live view of the page that a container serves.

    Args:
        container: Name or ID.
        path: Such as ``"/"``.
        port: The published port, where there are several.
        client: The engine; by default the one in use.
    """
    return PagePreview(container, path, port, client)


def _kept(page: Page) -> str:
    seconds = page.may_be_kept.total_seconds()
    if seconds < 1:
        return translate(N_("A browser must ask again each time."))
    for unit_s, template in (
        (365 * 86400, N_("A browser may show its own copy of this page for {n:.1f} years without asking again.")),
        (86400, N_("A browser may show its own copy of this page for {n:.1f} days without asking again.")),
        (60, N_("A browser may show its own copy of this page for {n:.1f} minutes without asking again.")),
    ):
        if seconds >= unit_s:
            return translate(template).format(n=seconds / unit_s)
    return translate(
        N_("A browser may show its own copy of this page for {n:.0f} seconds without asking again.")
    ).format(n=seconds)
