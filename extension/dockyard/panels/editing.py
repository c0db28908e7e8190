"""Help beside a Dockerfile that is being written: what may stand here, and what the instruction is for."""

from collections.abc import Sequence

import ipywidgets as widgets

from dockyard.dockerfile import INSTRUCTIONS, Dockerfile, completions, explain_instruction
from dockyard.dockerfile.completion import word_at_end
from dockyard.locale import N_, translate
from dockyard.panels.build_view import explanation_html

__all__ = ["EditingHelp", "edited_at"]

MOST_OFFERS = 8


def edited_at(old: str, new: str) -> int:
    """Return where a text was edited: the place in ``new`` after what came in or went."""
    most = min(len(old), len(new))
    before = next((place for place in range(most) if old[place] != new[place]), most)
    most -= before
    after = next((count for count in range(most) if old[-1 - count] != new[-1 - count]), most)
    return len(new) - after


class EditingHelp(widgets.VBox):
    """Help for what is written in a text area. A browser does not tell where the cursor is; the place of the last edit stands for it.

    Attributes:
        offers: Buttons with what may stand where the text was edited; a click puts it there.
        instruction: The instruction that is explained; it follows the line that is edited.
        explanation: What it is for, with an example.
        example: Puts that example at the text's end.
        images, files: What to offer after ``FROM``, and after ``COPY`` and ``ADD``.
    """

    def __init__(self, editor: widgets.Textarea) -> None:
        self._editor, self._cursor = editor, len(editor.value)
        self.images: Sequence[str] = ()
        self.files: Sequence[str] = ()
        self.offers = widgets.HBox(layout=widgets.Layout(flex_flow="row wrap", min_height="2.4em"))
        self.instruction = widgets.Dropdown(
            options=INSTRUCTIONS,
            description=translate(N_("Instruction")),
            style={"description_width": "9em"},
        )
        self.explanation = widgets.HTML()
        self.example = widgets.Button(
            description=translate(N_("Put the example at the end")), layout=widgets.Layout(width="auto")
        )
        self.example.on_click(lambda _: self._put_example())
        self.instruction.observe(lambda _: self._explain(), "value")
        editor.observe(lambda change: self._follow(change["old"], change["new"]), "value")
        chosen = widgets.HBox([self.instruction, self.example], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__([self.offers, chosen, self.explanation])
        self._explain()
        self._offer()

    def _explain(self) -> None:
        self.explanation.value = explanation_html(explain_instruction(self.instruction.value))

    def _follow(self, old: str, new: str) -> None:
        self._cursor = edited_at(old, new)
        line = new.count("\n", 0, self._cursor) + 1
        for each in Dockerfile.parse(new).instructions:
            if each.line <= line <= each.last_line and each.name in INSTRUCTIONS:
                self.instruction.value = each.name
        self._offer()

    def _offer(self) -> None:
        text = self._editor.value[: self._cursor]
        found = completions(text, images=self.images, files=self.files)
        self.offers.children = tuple(self._offered(each) for each in found[:MOST_OFFERS])

    def _offered(self, whole: str) -> widgets.Button:
        button = widgets.Button(description=whole, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: self._put(whole))
        return button

    def _put(self, whole: str) -> None:
        """Put a word in place of the one that is begun; by the time of a click that may be another than when it was offered."""
        before, after = self._editor.value[: self._cursor], self._editor.value[self._cursor :]
        begun = word_at_end(before)
        if whole.lower().startswith(begun.lower().removeprefix("./")):
            before = before[: len(before) - len(begun)]
        self._editor.value = f"{before}{whole}{after}"

    def _put_example(self) -> None:
        text = self._editor.value
        begin = text if not text or text.endswith("\n") else f"{text}\n"
        self._editor.value = f"{begin}{explain_instruction(self.instruction.value).example}\n"
