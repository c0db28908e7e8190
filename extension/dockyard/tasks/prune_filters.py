"""What ``--filter`` of the prunes takes: how old a thing must be, and which labels it must or must not have.

docs.docker.com/reference/cli/docker/system/prune, "Filtering (--filter)".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dockyard.errors import BadValue
from dockyard.locale import N_, translate

__all__ = ["PruneFilters"]

PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)")
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class PruneFilters:
    """What things must be like to go.

    Attributes:
        until: ``until=``: only what was made before goes; an age such as ``24h``, a date, or seconds since 1970.
        labels: ``label=``: each ``KEY`` or ``KEY=value``; all must be there.
        not_labels: ``label!=``: the same; what has all of them stays.
    """

    until: str = ""
    labels: tuple[str, ...] = ()
    not_labels: tuple[str, ...] = ()

    @classmethod
    def parse(cls, given: Sequence[str], *, takes_until: bool = True, takes_labels: bool = True) -> "PruneFilters":
        """Return what the values of ``--filter`` stand for.

        Raises:
            BadValue: One can't be taken; the sentence says what is.
        """
        until, labels, not_labels = "", list[str](), list[str]()
        for text in given:
            name, equals, value = text.partition("=")
            if name == "until" and takes_until and value and not until:
                _moment(value, datetime.now(UTC))
                until = value
            elif name in ("label", "label!") and takes_labels and equals and value:
                (labels if name == "label" else not_labels).append(value)
            else:
                kinds = [*(["until=24h"] if takes_until else []), *(["label=KEY[=VALUE]"] if takes_labels else [])]
                expected = translate(N_("it takes {kinds}")).format(kinds=", ".join(kinds))
                raise BadValue(flag="--filter", value=text, expected=expected)
        return cls(until, tuple(labels), tuple(not_labels))

    def latest(self, now: datetime) -> datetime | None:
        """The moment before which a thing must have been made; None where any will do.

        Args:
            now: With a time zone.
        """
        return _moment(self.until, now) if self.until else None

    def match_labels(self, labels: Mapping[str, str] | None) -> bool:
        """Whether a thing with these labels may go."""
        given = labels or {}
        return _has_all(self.labels, given) and not (self.not_labels and _has_all(self.not_labels, given))


def _has_all(wanted: Sequence[str], labels: Mapping[str, str]) -> bool:
    for text in wanted:
        key, equals, value = text.partition("=")
        if key not in labels or (equals and labels[key] != value):
            return False
    return True


def _moment(text: str, now: datetime) -> datetime:
    """A moment as docker takes it: an age, a date (this machine's time zone where it has none), or seconds since 1970."""
    parts = PART.findall(text)
    try:
        if parts and "".join(number + unit for number, unit in parts) == text:
            return now - timedelta(seconds=sum(float(number) * SECONDS[unit] for number, unit in parts))
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        expected = translate(N_("write an age such as 24h, a date such as 2026-01-31, or seconds since 1970"))
        raise BadValue(flag="--filter", value=f"until={text}", expected=expected) from error
