"""Signals as clients name them."""

import signal

from dockyard.engine.errors import BadParameter

__all__ = ["signal_number"]


def signal_number(text: str) -> int:
    """Return a signal's number.

    Args:
        text: ``SIGTERM``, ``term``, ``15`` or ``RTMIN+3``; empty for SIGKILL.

    Raises:
        BadParameter: There is no such signal.
    """
    if not text:
        return int(signal.SIGKILL)
    if text.isascii() and text.isdecimal():
        number = int(text)
        if 1 <= number < signal.NSIG:
            return number
        raise BadParameter(f"Invalid signal: {text}")
    name = text.upper().removeprefix("SIG")
    base, plus, offset = name.partition("+")
    try:
        number = int(signal.Signals[f"SIG{base}"]) + (int(offset) if plus else 0)
    except (KeyError, ValueError) as error:
        raise BadParameter(f"Invalid signal: {text}") from error
    if not 1 <= number < signal.NSIG:
        raise BadParameter(f"Invalid signal: {text}")
    return number
