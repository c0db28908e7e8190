"""A password that does not show itself."""

import getpass

from dockyard.locale import N_, translate

__all__ = ["Secret"]


class Secret:
    """A password or token. Neither ``repr()`` nor ``str()``, pickles or copies show it, so that no output or traceback does either.

    >>> Secret("carrot")
    Secret(hidden)
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def ask(cls) -> "Secret":
        """Ask the person at the keyboard; what is typed is not shown, and kept nowhere."""
        return cls(getpass.getpass(translate(N_("Password or token: "))))

    def reveal(self) -> str:
        """Return the text, for the one place that needs it. Never keep it in a variable that outlives the call."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not stored")
