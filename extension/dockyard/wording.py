"""Sizes, times and IDs as people read them."""

from datetime import UTC, datetime, timedelta

from dockyard.locale import N_, translate

__all__ = ["human_size", "relative_time", "short_id"]


def human_size(size_bytes: int) -> str:
    """Return a size as ``docker`` writes it: three digits, units of 1000.

    >>> human_size(188_400_000)
    '188MB'
    >>> human_size(1_530)
    '1.53kB'
    """
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(size) < 999.5 or unit == "TB":
            break
        size /= 1000
    return f"{size:.3g}{unit}" if abs(size) < 1000 else f"{size:.0f}{unit}"


def relative_time(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago ``moment`` was, in the reader's language, such as ``3 hours ago``.

    Args:
        moment: With a time zone.
        now: Instead of the present; with a time zone.
    """
    age = (now or datetime.now(UTC)) - moment
    if age < timedelta(seconds=1):
        return translate(N_("just now"))
    for length, template in (
        (timedelta(days=365), N_("{n} years ago")),
        (timedelta(days=30), N_("{n} months ago")),
        (timedelta(weeks=1), N_("{n} weeks ago")),
        (timedelta(days=1), N_("{n} days ago")),
        (timedelta(hours=1), N_("{n} hours ago")),
        (timedelta(minutes=1), N_("{n} minutes ago")),
    ):
        if age >= 2 * length:
            return translate(template).format(n=age // length)
    return translate(N_("{n} seconds ago")).format(n=int(age.total_seconds()))


def short_id(full: str) -> str:
    """Return an ID as ``docker`` shows it: twelve digits, without the name of the hash.

    >>> short_id("sha256:" + "0a" * 32)
    '0a0a0a0a0a0a'
    """
    return full.removeprefix("sha256:")[:12]
