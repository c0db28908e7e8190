"""A grid as a page has it, for tests without a browser."""

from typing import Any


def looked_at(grid: Any, view: str = "page") -> None:
    """Let a cell show the grid: from then on it follows what it shows."""
    grid.hear({"do": "ready", "view": view})


def heard(grid: Any) -> list[dict[str, Any]]:
    """Keep what the grid tells the browser from now on."""
    messages: list[dict[str, Any]] = []
    grid.send = lambda content, _buffers=None: messages.append(dict(content))
    return messages
