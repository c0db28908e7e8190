"""The ``filters`` of a request (Docker Engine API, "filters - a JSON encoded value of the filters").

Two forms are about, and both are taken::

    {"label": ["stage=test", "tier"], "dangling": ["true"]}
    {"label": {"stage=test": true, "tier": true}, "dangling": {"true": true}}
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from dockyard.engine.errors import BadParameter

__all__ = ["Filters"]

FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Filters:
    """What a list, an event stream or a prune is narrowed to.

    Attributes:
        terms: Each filter's values, in the order that they came in. Without terms everything matches.
    """

    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None, allowed: Collection[str] | None = None) -> "Filters":
        """Read the filters of a request.

        Args:
            text: As the query has it; None or empty is no filter.
            allowed: The filters that are known here; None takes any, as ``/events`` does.

        Raises:
            BadParameter: It is not of either form, or names an unknown filter.
        """
        if not text:
            return cls()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadParameter(f"invalid filter: {error}") from error
        if not isinstance(document, dict):
            raise BadParameter("invalid filter: it must be a map of names to values")
        terms = {name: _values(name, values) for name, values in document.items()}
        for name in terms:
            if allowed is not None and name not in allowed:
                raise BadParameter(f"invalid filter '{name}'")
        return cls({name: values for name, values in terms.items() if values})

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __contains__(self, name: str) -> bool:
        return name in self.terms

    def values(self, name: str) -> tuple[str, ...]:
        """Return what was given for a filter; empty where it was not."""
        return self.terms.get(name, ())

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """Return a filter that is true or false; ``default`` where it was not given.

        Raises:
            BadParameter: It is neither, or both.
        """
        if name not in self.terms:
            return default
        chosen = {FLAGS.get(value) for value in self.values(name)}
        if len(chosen) != 1 or None in chosen:
            raise BadParameter(f"invalid filter '{name}=[{' '.join(self.values(name))}]'")
        return chosen.pop()

    def single(self, name: str) -> str | None:
        """Return the one value of a filter, or None.

        Raises:
            BadParameter: There is more than one.
        """
        if len(self.values(name)) > 1:
            raise BadParameter(f"more than one {name} filter specified")
        return next(iter(self.values(name)), None)

    def exact(self, name: str, *candidates: str) -> bool:
        """Tell whether one of the candidates is a value of this filter, or the filter was not given."""
        return name not in self.terms or any(candidate in self.terms[name] for candidate in candidates)

    def prefix(self, name: str, *candidates: str) -> bool:
        """Tell whether one of the candidates begins with a value of this filter, or the filter was not given."""
        return name not in self.terms or any(candidate.startswith(self.terms[name]) for candidate in candidates)

    def match(self, name: str, *candidates: str) -> bool:
        """Tell whether a value of this filter, as a regular expression, is found in a candidate, or the filter was not given."""
        if self.exact(name, *candidates):
            return True
        return any(_found(pattern, candidate) for pattern in self.terms[name] for candidate in candidates)

    def match_label(self, labels: Mapping[str, str] | None) -> bool:
        """Tell whether labels have all that ``label`` asks for (``"key"`` or ``"key=value"``), and not all of ``label!``."""
        labels = labels or {}
        if not _has_all(self.values("label"), labels):
            return False
        return "label!" not in self.terms or not _has_all(self.values("label!"), labels)


def _values(name: str, values: object) -> tuple[str, ...]:
    if isinstance(values, dict):
        values = [value for value, wanted in values.items() if wanted]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadParameter(f"invalid filter '{name}': its values must be strings")
    return tuple(dict.fromkeys(values))


def _found(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # Docker, too, takes what is no pattern for something that never matches
        return False


def _has_all(wanted: Iterable[str], labels: Mapping[str, str]) -> bool:
    for term in wanted:
        key, equals, value = term.partition("=")
        if key not in labels or (equals and labels[key] != value):
            return False
    return True
