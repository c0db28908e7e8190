"""Moments as clients write them and as the API writes them."""

import re
import time
from datetime import UTC, datetime

from dockyard.engine.errors import BadParameter

__all__ = ["parse_duration_ns", "parse_moment_ns", "rfc3339_nano"]

SECOND_NS = 1_000_000_000
UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "\N{MICRO SIGN}s": 1_000,
    "\N{GREEK SMALL LETTER MU}s": 1_000,
    "ms": 1_000_000,
    "s": SECOND_NS,
    "m": 60 * SECOND_NS,
    "h": 3600 * SECOND_NS,
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|\N{MICRO SIGN}s|\N{GREEK SMALL LETTER MU}s|ms|s|m|h)")
_UNIX = re.compile(r"(-?\d+)(?:\.(\d{1,18}))?")
_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d)(T\d\d(?::\d\d(?::\d\d)?)?)?(?:\.(\d{1,18}))?(Z|[+-]\d\d:\d\d)?")


def parse_duration_ns(text: str) -> int | None:
    """Return the nanoseconds of a duration as Go writes it, such as ``"1h30m"`` or ``"-1.5s"``; None for anything else."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, end = 0, 0
    for part in _PART.finditer(rest):
        if part.start() != end:
            return None
        whole, _, fraction = part[1].partition(".")
        unit = UNITS_NS[part[2]]
        total += int(whole or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        end = part.end()
    return sign * total if rest and end == len(rest) else None


def parse_moment_ns(text: str, now_ns: int | None = None) -> int:
    """Return a moment as nanoseconds since 1970.

    Args:
        text: What ``since`` and ``until`` take: seconds since 1970 with or without a fraction (``"1700000000.5"``), RFC 3339 in whole or cut
            short (``"2026-01-02T15:04"``, in the local zone without one), or a duration before ``now_ns`` (``"10m"``).
        now_ns: What durations are counted from; the present without.

    Raises:
        BadParameter: It is none of these.
    """
    if text != "0" and (duration := parse_duration_ns(text)) is not None:
        return (time.time_ns() if now_ns is None else now_ns) - duration
    if found := _UNIX.fullmatch(text):
        return int(found[1]) * SECOND_NS + _nanoseconds(found[2])
    if found := _WRITTEN.fullmatch(text):
        try:
            whole = int(datetime.fromisoformat(f"{found[1]}{found[2] or 'T00'}{found[4] or ''}").timestamp())
        except (ValueError, OverflowError):
            pass  # it has the shape alone, such as a 13th month
        else:
            return whole * SECOND_NS + _nanoseconds(found[3])
    raise BadParameter(f'failed to parse value as time or duration: "{text}"')


def rfc3339_nano(moment_ns: int) -> str:
    """Return a moment as the API writes it, such as ``"2026-01-02T15:04:05.123456789Z"``, without the fraction's last zeros."""
    seconds, fraction = divmod(moment_ns, SECOND_NS)
    written = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{written}{digits}Z"


def _nanoseconds(fraction: str | None) -> int:
    """The digits after a point, as nanoseconds."""
    return int((fraction or "0").ljust(9, "0")[:9])
