"""The exercise of lesson 7 as a panel: a command at a time, put where it belongs, explained at once, and run there."""

import html
from collections.abc import Callable, Sequence
from contextlib import suppress

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import EngineError
from dockyard.lessons.sorting import CARDS, FAMILIES, Answer, Card, Distribution, Place, Sorting
from dockyard.locale import N_, translate
from dockyard.panels.looks import wide
from dockyard.panels.panel import changes_html, engine_html, heading
from dockyard.panels.work import TellingPanel
from dockyard.panels.working import button, says_html

__all__ = ["SorterPanel", "sorter"]

MOST_LINES = 12
PLACES: dict[Place, str] = {"engine": N_("To the engine"), "inside": N_("Inside the container")}
BELONGS = {
    "engine": N_("{text} goes to the engine: {line}"),
    "inside": N_("{text} goes inside the container: {line}"),
}
STYLE = """<style>
.dockyard-card { font-size: 110%; padding: 6px 0; } .dockyard-card code { display: inline-block; margin-top: 4px; }
.dockyard-places { display: flex; flex-flow: row wrap; gap: 0 2em; } .dockyard-places > div { flex: 1 1 14em; min-width: 0; }
.dockyard-places ul { margin: 2px 0; padding-left: 1.4em; }
.dockyard-panel pre.dockyard-printed { max-height: 16em; overflow: auto; margin: 2px 0; }
</style>"""


class SorterPanel(TellingPanel):
    """Commands to be sorted. What is sorted stays so, also for another kernel; a command that was put wrongly comes again at the end.

    Attributes:
        card: The command that is to be sorted now.
        buttons: The places to put it, by name.
        again_button: Begins anew.
        sorted: What is sorted so far.
        families: Which package manager each family of distributions has, and which this container is of.
    """

    def __init__(self, client: Client | None) -> None:
        super().__init__(client, ())
        self._sorting = Sorting(self.client)
        self._waiting = self._sorting.left
        self._distribution: Distribution | None = None
        self.card, self.sorted, self.families = widgets.HTML(), widgets.HTML(), widgets.HTML(_families_html(None))
        self.buttons = {place: button(label, self._put(place), "primary") for place, label in PLACES.items()}
        self.again_button = button(N_("Begin anew"), lambda: self._start(self._do_begin_anew))
        self.children = [
            widgets.HBox(
                [heading(translate(N_("To the engine, or inside?"))), widgets.HTML(engine_html(self.client) + STYLE)],
                layout=widgets.Layout(flex_flow="row wrap"),
            ),
            self.card,
            widgets.HBox(
                [*self.buttons.values(), self.again_button, self.cancel_button],
                layout=widgets.Layout(flex_flow="row wrap"),
            ),
            self.doing,
            self.outcome,
            self.sorted,
            self.families,
        ]
        self._set_busy(False)

    def close(self) -> None:
        """Stop what runs, remove the exercise's container, and go."""
        super().close()
        with suppress(EngineError):  # an engine that is gone has its containers no more
            self._sorting.close()

    def _put(self, place: Place) -> Callable[[], None]:
        return lambda: self._start(lambda: self._do_put(place))

    # ------------------------------------------------------------ what the worker does

    def _do_put(self, place: Place) -> None:
        if not self._waiting:
            return
        card = self._waiting[0]
        self.doing.value = html.escape(translate(N_("running {text}")).format(text=self._sorting.text(card)))
        answer = self._sorting.answer(card, place, report=self.report, cancel=self.cancel)
        self.outcome.value = _answer_html(answer, self._sorting.text(card))
        if self._distribution is None:
            self._distribution = self._sorting.distribution()
            self.families.value = _families_html(self._distribution)
        self._waiting.pop(0)
        if not (answer.is_right and answer.worked):
            self._waiting.append(card)
        if not self._waiting:
            self._sorting.close()

    def _do_begin_anew(self) -> None:
        self._sorting.begin_anew()
        self._waiting = self._sorting.left

    # ------------------------------------------------------------ what is shown

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        if not busy:
            self._show()

    def _show(self) -> None:
        """Show the next card. The buttons stay clickable while a command runs, and do nothing then: one that is disabled loses the keyboard."""
        done = len(CARDS) - len(self._waiting)
        for each in self.buttons.values():
            each.disabled = not self._waiting
        if self._waiting:
            count = translate(N_("{done} of {all} are sorted. Where does this command go?"))
            shown = _card_html(self._waiting[0], self._sorting.text(self._waiting[0]))
            says = html.escape(count.format(done=done, all=len(CARDS)))
            self.card.value = f'<div role="status"><div>{says}</div>{shown}</div>'
        else:
            all_done = translate(N_("All {all} commands are sorted, and each was run where it belongs."))
            self.card.value = says_html(f"✔ {all_done.format(all=len(CARDS))}", "good")
        self.sorted.value = self._sorted_html()

    def _sorted_html(self) -> str:
        waiting = {card.key for card in self._waiting}
        sides = []
        for place, label in PLACES.items():
            here = [card for card in CARDS if card.place == place and card.key not in waiting]
            rows = "".join(f"<li><code>{html.escape(self._sorting.text(card))}</code></li>" for card in here)
            sides.append(f"<div><b>{html.escape(translate(label))}</b><ul>{rows}</ul></div>")
        return f'<div class="dockyard-places">{"".join(sides)}</div>'


def sorter(*, client: Client | None = None) -> SorterPanel:
    """Return the exercise: which commands go to the engine, and which inside a container.

    Args:
        client: The engine; by default the one in use.
    """
    return SorterPanel(client)


def _card_html(card: Card, text: str) -> str:
    return f'<div class="dockyard-card"><b>{html.escape(translate(card.aim))}</b><br><code>{html.escape(text)}</code></div>'


def _answer_html(answer: Answer, text: str) -> str:
    good = answer.is_right and answer.worked
    says = translate(BELONGS[answer.card.place]).format(text=text, line=answer.line)
    parts = [
        f'<div class="dockyard-{"good" if good else "bad"}" role="{"status" if good else "alert"}">'
        f"{'✔' if answer.is_right else '✘'} {html.escape(says)}</div>",
        f"<div>{html.escape(translate(answer.card.why))}</div>",
        _printed_html(answer.output),
        wide(says, changes_html(answer.changes)) if answer.changes else "",
    ]
    if not answer.worked:
        failed = translate(N_("It belongs there, but it did not work this time. It comes again."))
        parts.append(f'<div class="dockyard-warning">⚠ {html.escape(failed)}</div>')
    if not answer.is_right:
        where = translate(N_("Where you put it, this happens:"))
        parts += [
            f"<div>{html.escape(where)} <code>{html.escape(answer.wrong_line)}</code></div>",
            _printed_html(answer.wrong_output),
        ]
    return "".join(parts)


def _printed_html(text: str) -> str:
    """What a command printed, its first lines."""
    lines: Sequence[str] = text.splitlines()
    if not lines:
        nothing = translate(N_("It prints nothing."))
        return f"<div><i>{html.escape(nothing)}</i></div>"
    if (left := len(lines) - MOST_LINES) > 0:
        lines = [*lines[:MOST_LINES], translate(N_("... and {n} lines more")).format(n=left)]
    shown = html.escape("\n".join(lines))
    label = html.escape(translate(N_("What it prints")))
    return f'<pre class="dockyard-printed" role="region" tabindex="0" aria-label="{label}">{shown}</pre>'


def _families_html(found: Distribution | None) -> str:
    heads = (N_("Family"), N_("Distributions"), N_("To install an editor"))
    first = "".join(f'<th scope="col">{html.escape(translate(head))}</th>' for head in heads)
    rows = []
    for family in FAMILIES:
        is_this = found is not None and found.family == family
        this = translate(N_("{family} ← this container"))
        name = html.escape(this.format(family=translate(family.name)) if is_this else translate(family.name))
        rows.append(
            f"<tr><td>{f'<b>{name}</b>' if is_this else name}</td><td>{html.escape(family.members)}</td>"
            f"<td><code>{html.escape(family.install)}</code></td></tr>"
        )
    why = translate(
        N_(
            "Distributions differ in how software is installed. Images of the Debian family are recommended unless there is a reason for another: "
            "most images are made from it, so that the same commands work in them, and most instructions are written for it. Alpine is smaller, "
            "but has another package manager, another C library, and no bash."
        )
    )
    table = wide(why, f"<table><tr>{first}</tr>{''.join(rows)}</table>")
    return f"<div>{html.escape(why)}</div>{table}{_this_html(found) if found else ''}"


def _this_html(found: Distribution) -> str:
    name = found.name or translate(N_("a distribution that does not say its name"))
    has = N_("This container is made from {name}; of these programs it has {managers}.")
    bare = N_("This container is made from {name}; its image was made without any of these programs.")
    says = translate(has if found.managers else bare).format(name=name, managers=", ".join(found.managers))
    return f"<div>{html.escape(says)}</div>"
