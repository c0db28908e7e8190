"""One thing that comes, changes, goes or stays: what plans, results and the journal are made of."""

from dataclasses import dataclass
from typing import Literal

from dockyard.locale import N_, translate

__all__ = ["Change"]


@dataclass(frozen=True)
class Change:
    """One thing that a run will create, change or remove; or one that the reader might expect to go, and that stays.

    Attributes:
        action: What happens to it; ``keep`` where nothing does, and ``reason`` says why.
        kind: ``file``, ``folder``, ``link``, ``container``, ``volume``, ``image``, ``tag``, ``network``, ``build cache``, ``tmpfs`` or ``port``.
        name: Its path or name.
        size_bytes: How many bytes it brings or takes, or None where that can't be known beforehand.
        reason: Why, in the reader's language; empty where the task itself is the reason.
    """

    action: Literal["create", "change", "remove", "keep"]
    kind: str
    name: str
    size_bytes: int | None = None
    reason: str = ""

    @property
    def word(self) -> str:
        """What happens to it, in the reader's language."""
        if (self.action, self.kind) == ("change", "file"):
            return translate(N_("replaced"))
        words = {"create": N_("new"), "change": N_("changed"), "remove": N_("removed"), "keep": N_("stays")}
        return translate(words[self.action])
