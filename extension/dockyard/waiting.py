"""Waiting for something outside to become so."""

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["eventually"]

Value = TypeVar("Value")


def eventually(
    ask: Callable[[], Value], retry_on: type[Exception], *, timeout_s: float = 10, pause_s: float = 0.1
) -> Value:
    """Return what ``ask`` returns, asking again while it raises ``retry_on``, such as while a server starts.

    Raises:
        Exception: The last ``retry_on``, when ``timeout_s`` has passed.
    """
    end = time.monotonic() + timeout_s
    while True:
        try:
            return ask()
        except retry_on:
            if time.monotonic() >= end:
                raise
        time.sleep(pause_s)
