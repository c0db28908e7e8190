"""A form: labelled fields, each with its help and a place for what is wrong with it. It knows nothing of Docker."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import ipywidgets as widgets

__all__ = ["Field", "Form"]

Value = str | bool


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        name: What it is called in code.
        label: What it is called on screen.
        kind: ``text``, ``suggest`` (text with suggestions), ``lines`` (several values, one a line) or ``switch``.
        help: One sentence, shown as its tooltip.
        placeholder: An example, shown while it is empty.
        choices: What ``suggest`` suggests.
        flag: The flag of the command line that it stands for; errors about that flag are shown here.
    """

    name: str
    label: str
    kind: Literal["text", "suggest", "lines", "switch"] = "text"
    help: str = ""
    placeholder: str = ""
    choices: Sequence[str] = ()
    flag: str = ""


class Form(widgets.VBox):
    """Fields below each other.

    Attributes:
        fields: The input widget of each field, by name.
    """

    def __init__(self, fields: Sequence[Field], values: Mapping[str, Value], on_change: Callable[[], None]) -> None:
        self._spec = {field.name: field for field in fields}
        self._faults = {field.name: widgets.HTML() for field in fields}
        self.fields = {field.name: _input(field, values.get(field.name)) for field in fields}
        for widget in self.fields.values():
            widget.observe(lambda _: on_change(), "value")
        rows = [widgets.VBox([self.fields[name], self._faults[name]]) for name in self.fields]
        super().__init__(rows)
        self.add_class("dockyard-form")

    @property
    def values(self) -> dict[str, Value]:
        """What the fields hold now, by name."""
        return {name: widget.value for name, widget in self.fields.items()}

    def suggest(self, name: str, choices: Sequence[str]) -> None:
        """Renew the suggestions of a field."""
        self.fields[name].options = tuple(choices)

    def show_fault(self, sentence: str, flag: str = "") -> bool:
        """Show what is wrong beside the field that stands for ``flag``; return whether there is one. An empty sentence clears all."""
        for fault in self._faults.values():
            fault.value = ""
        name = next((field.name for field in self._spec.values() if flag and field.flag == flag), None)
        if sentence and name:
            self._faults[name].value = f'<span class="dockyard-fault" role="alert">{html.escape(sentence)}</span>'
        return bool(sentence and name)

    def freeze(self, frozen: bool) -> None:
        """Keep the fields from being changed, or let them be again."""
        for widget in self.fields.values():
            widget.disabled = frozen


def _input(field: Field, value: Value | None) -> widgets.Widget:
    common = {"description": field.label, "tooltip": field.help, "style": {"description_width": "9em"}}
    wide = widgets.Layout(width="min(44em, 98%)")
    if field.kind == "switch":
        return widgets.Checkbox(value=bool(value), indent=True, layout=wide, **common)
    text = {
        "value": str(value or ""),
        "placeholder": field.placeholder,
        "layout": wide,
        "continuous_update": False,
        **common,
    }
    if field.kind == "lines":
        return widgets.Textarea(rows=2, **text)
    if field.kind == "suggest":
        return widgets.Combobox(options=tuple(field.choices), ensure_option=False, **text)
    return widgets.Text(**text)
