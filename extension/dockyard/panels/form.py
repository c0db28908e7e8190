"""A form: labelled fields, each with its help and a place for what is wrong with it. It knows nothing of Docker."""

import html
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import ipywidgets as widgets

from dockyard.errors import MissingField
from dockyard.panels.secret import SecretField

__all__ = ["Field", "Form", "Value", "lines_of", "required"]

Value = str | bool


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        name: What it is called in code.
        label: What it is called on screen.
        kind: ``text``, ``suggest`` (text with suggestions), ``lines`` (several values, one a line), ``code`` (told with every letter), ``switch`` or
            ``secret`` (a password, which is taken from the field and is no value of the form).
        help: One sentence, shown as its tooltip.
        placeholder: An example, shown while it is empty.
        choices: What ``suggest`` suggests.
        flag: The flag of the command line that it stands for; errors about that flag are shown here.
    """

    name: str
    label: str
    kind: Literal["text", "suggest", "lines", "code", "switch", "secret"] = "text"
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
            if isinstance(widget, SecretField):
                widget.on_given(on_change)
            else:
                widget.observe(lambda _: on_change(), "value")
        rows = [widgets.VBox([self.fields[name], self._faults[name]]) for name in self.fields]
        super().__init__(rows)
        self.add_class("dockyard-form")

    @property
    def values(self) -> dict[str, Value]:
        """What the fields hold now, by name. A secret is not among them."""
        return {name: widget.value for name, widget in self.fields.items() if not isinstance(widget, SecretField)}

    def fill(self, values: Mapping[str, Value]) -> None:
        """Set every field: to its value, or where there is none, to nothing. Secrets stay."""
        for name in self.values:
            self.fields[name].value = values.get(name, False if self._spec[name].kind == "switch" else "")

    def suggest(self, name: str, choices: Sequence[str]) -> None:
        """Renew the suggestions of a field."""
        self.fields[name].options = tuple(choices)

    def show_fault(self, sentence: str, place: str = "") -> bool:
        """Show what is wrong beside the field with this flag or name; return whether there is one. An empty sentence clears all."""
        for fault in self._faults.values():
            fault.value = ""
        name = next((field.name for field in self._spec.values() if place and place in (field.flag, field.name)), None)
        if sentence and name:
            self._faults[name].value = f'<span class="dockyard-fault" role="alert">{html.escape(sentence)}</span>'
        return bool(sentence and name)

    def forget(self) -> None:
        """Forget the secrets that wait in it."""
        for widget in self.fields.values():
            if isinstance(widget, SecretField):
                widget.take()

    def show(self, names: Collection[str]) -> None:
        """Show these fields alone; the others keep what they hold."""
        for row, name in zip(self.children, self.fields, strict=True):
            row.layout.display = None if name in names else "none"

    def freeze(self, frozen: bool) -> None:
        """Keep the fields from being changed, or let them be again."""
        for widget in self.fields.values():
            widget.disabled = frozen


def required(values: Mapping[str, Value], name: str, label: str) -> str:
    """Return what a field holds, without spaces around it.

    Raises:
        MissingField: It holds nothing.
    """
    if not (text := str(values[name]).strip()):
        raise MissingField(label=label, flag=name)
    return text


def lines_of(value: Value) -> tuple[str, ...]:
    """The values that a field with one a line holds."""
    return tuple(each.strip() for each in str(value).splitlines() if each.strip())


def _input(field: Field, value: Value | None) -> widgets.Widget:
    common = {"description": field.label, "tooltip": field.help, "style": {"description_width": "9em"}}
    wide = widgets.Layout(width="min(44em, 98%)")
    if field.kind == "switch":
        return widgets.Checkbox(value=bool(value), indent=True, layout=wide, **common)
    if field.kind == "secret":
        return SecretField(field.label, field.help, field.placeholder)
    text = {
        "value": str(value or ""),
        "placeholder": field.placeholder,
        "layout": wide,
        "continuous_update": False,
        **common,
    }
    if field.kind == "code":
        area = widgets.Textarea(rows=14, **{**text, "continuous_update": True})
        area.add_class("dockyard-code")
        return area
    if field.kind == "lines":
        return widgets.Textarea(rows=2, **text)
    if field.kind == "suggest":
        return widgets.Combobox(options=tuple(field.choices), ensure_option=False, **text)
    return widgets.Text(**text)
