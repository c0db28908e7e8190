"""A list of containers to choose from: it scrolls, is filtered as one types, and follows the engine as things change there."""

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import DockyardError
from dockyard.live import News, watch
from dockyard.locale import N_, translate
from dockyard.tables import Table, containers
from dockyard.tables.frame import SIGNS

__all__ = ["ContainerList"]

LINES = 12
WIDEST = 32  # letters of a name or image
STYLE = """<style>.dockyard-containers select { font-family: var(--jp-code-font-family, monospace); }</style>"""


class ContainerList(widgets.VBox):
    """Containers, one a line: state, name, image, ports. Several can be chosen; the keyboard does all of it.

    Attributes:
        search: Shows those alone whose line has all of the words in it.
        rows: The list; its value are the IDs that are chosen.
        count: How many there are, or why that is not known.
    """

    def __init__(self, client: Client, chosen: Callable[[tuple[str, ...]], None]) -> None:
        """Show the containers of an engine, and call ``chosen`` with the names when someone chooses others."""
        self._client, self._chosen = client, chosen
        self._lines: dict[str, tuple[str, str]] = {}
        self._is_refreshing = False
        self.search = widgets.Text(
            description=translate(N_("Filter")),
            placeholder=translate(N_("A part of a name, an image, a state or a port")),
            style={"description_width": "9em"},
            layout=widgets.Layout(width="min(44em, 98%)"),
        )
        self.rows = widgets.SelectMultiple(
            rows=LINES,
            description=translate(N_("Containers")),
            style={"description_width": "9em"},
            layout=widgets.Layout(width="98%"),
        )
        self.count = widgets.HTML()
        self.search.observe(lambda _: self._show(), "value")
        self.rows.observe(lambda _: self._on_choice(), "value")
        super().__init__([widgets.HTML(STYLE), self.search, self.rows, self.count])
        self.add_class("dockyard-containers")
        self.refresh()
        self._stop = watch(client).listen(self._heard)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that are chosen."""
        return tuple(self._lines[each][0] for each in self.rows.value if each in self._lines)

    def refresh(self) -> None:
        """Ask the engine for its containers: one question, however many."""
        try:
            table = containers(self._client)
        except DockyardError as error:
            self._say(str(error))
            return
        self._lines = _lines(table)
        self._show()

    def freeze(self, frozen: bool) -> None:
        """Keep the choice from being changed, or let it be again."""
        self.rows.disabled = self.search.disabled = frozen

    def close(self) -> None:
        """Stop following the engine, and go."""
        self._stop()
        super().close()

    def _heard(self, news: News) -> None:
        if not news.is_connected:
            self._say(translate(N_("The engine does not answer; the list is as it was.")))
        elif "container" in news.kinds:
            self.refresh()

    def _show(self) -> None:
        """Show the lines that fit the filter; what is chosen stays so while it is shown, and what is not shown is never chosen."""
        wanted = self.search.value.casefold().split()
        options = [(line, each) for each, (_, line) in self._lines.items() if all(w in line.casefold() for w in wanted)]
        chosen = set(self.rows.value)
        self._is_refreshing = True
        try:
            if tuple(self.rows.options) != tuple(options):
                self.rows.options = options
                self.rows.value = tuple(each for _, each in options if each in chosen)
        finally:
            self._is_refreshing = False
        self._say(translate(N_("{shown} of {all} containers")).format(shown=len(options), all=len(self._lines)))

    def _say(self, text: str) -> None:
        # HTML widgets take markup, and an error may name what came from outside.
        self.count.value = f'<span role="status">{escape(text)}</span>'

    def _on_choice(self) -> None:
        if not self._is_refreshing:
            self._chosen(self.names)


def _lines(table: Table) -> dict[str, tuple[str, str]]:
    """Container ID to its name and its line, in columns."""
    columns = (table[name] for name in ("id", "name", "state", "image", "ports"))
    cells = [
        (str(identity), str(name), f"{SIGNS.get(str(state), '?')} {state}", _cut(str(image)), ", ".join(ports))
        for identity, name, state, image, ports in zip(*columns, strict=True)
    ]
    widths = [max((len(_cut(cell[column])) for cell in cells), default=0) for column in (1, 2, 3)]
    # Spaces side by side are shown as one in a list, but for those that do not break.
    return {
        identity: (
            name,
            "  ".join([state.ljust(widths[1]), _cut(name).ljust(widths[0]), image.ljust(widths[2]), ports])
            .rstrip()
            .replace(" ", "\N{NO-BREAK SPACE}"),
        )
        for identity, name, state, image, ports in cells
    }


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
