"""The time now, and spans of time as Docker says them to people."""

import time

from dockyard.engine.timestamps import SECOND_NS, rfc3339_nano

__all__ = ["NEVER", "ago", "now"]

NEVER = "0001-01-01T00:00:00Z"
"""How the API writes a time that has not come, such as when a running container ended."""


def now() -> str:
    """Return the time as the API writes it."""
    return rfc3339_nano(time.time_ns())


def ago(span_ns: int) -> str:
    """Return a span as Docker says it to people, such as ``About a minute``."""
    seconds = max(span_ns, 0) // SECOND_NS
    minutes, hours = seconds // 60, round(seconds / 3600)
    if seconds < 1:
        return "Less than a second"
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    days = hours // 24
    for limit, unit, length in ((14, "days", 1), (60, "weeks", 7), (730, "months", 30)):
        if days < limit:
            return f"{days // length} {unit}"
    return f"{days // 365} years"
