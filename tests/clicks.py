"""What a person does with a panel, and reads off it."""

from typing import Any


def click(button: Any, panel: Any) -> None:
    """Click a button of a panel, and wait until what it started has ended."""
    button.click()
    panel.wait()


def fault_of(panel: Any, field: str) -> str:
    """What stands beside a field."""
    return str(panel.form.children[list(panel.form.fields).index(field)].children[1].value)
