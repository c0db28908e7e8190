"""A password field whose content is in no state, neither in the kernel nor in the browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from dockyard.connection.secret import Secret
from dockyard.locale import N_, translate

__all__ = ["SecretField"]


class SecretField(anywidget.AnyWidget):
    """A password field. What is typed arrives as a message, waits here as a :class:`Secret`, and is gone once it is taken.

    A value of an ordinary widget would be a part of its state, which notebooks can save.

    Attributes:
        label, hint, placeholder: What it says.
        filled: What it says while a password waits.
        is_filled: Whether one does.
        disabled: Whether nothing can be typed.
    """

    _esm = Path(__file__).parent / "secret.js"
    label = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    filled = traitlets.Unicode().tag(sync=True)
    is_filled = traitlets.Bool(False).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, label: str, hint: str = "", placeholder: str = "") -> None:
        self._secret: Secret | None = None
        self._listeners: list[Callable[[], None]] = []
        super().__init__(
            label=label,
            hint=hint,
            placeholder=placeholder,
            filled=translate(N_("(taken; it is used once and not kept here)")),
            layout=widgets.Layout(width="min(44em, 98%)"),
        )
        self.on_msg(self._arrive)

    def give(self, secret: Secret) -> None:
        """Let a password wait here, as if it had been typed."""
        self._secret = secret
        self.is_filled = bool(secret)
        for listener in self._listeners:
            listener()

    def on_given(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when a password comes; not when it is taken, which is in the middle of the work."""
        self._listeners.append(listener)

    def take(self) -> Secret | None:
        """Return the password and forget it; None where there is none."""
        secret, self._secret = self._secret, None
        self.is_filled = False
        return secret or None

    def close(self) -> None:
        """Forget the password, and go."""
        self._secret = None
        super().close()

    def _arrive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        # Taken out of the message, which the kernel holds until the next one comes.
        self.give(Secret(str(content.pop("secret", ""))))
