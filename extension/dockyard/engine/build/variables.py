"""Build arguments: what ARG declares, what the client gave, and which of them an instruction sees."""

from collections.abc import Iterable, Mapping

from dockyard.engine.build.quoting import listed

__all__ = ["BuildArguments", "environment"]

PREDEFINED = tuple(
    spelled
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for spelled in (name, name.lower())
)
"""May be given without being declared, and then leave no trace in the image."""


class BuildArguments:
    """The arguments of one build, and what the current stage declares of them."""

    def __init__(self, given: Mapping[str, str | None], platform: Mapping[str, str]) -> None:
        """Begin before the first FROM.

        Args:
            given: By the client; None stands for "as if it were not declared".
            platform: The arguments that are there without being given, such as ``TARGETARCH``.
        """
        self._given = dict(given)
        self._global: dict[str, str | None] = dict(platform)
        self._declared: dict[str, str | None] = {}
        self._used: set[str] = set()

    def declare_global(self, name: str, default: str | None) -> None:
        """Take an ARG that stands before the first FROM."""
        self._global[name] = default
        self._used.add(name)

    def begin_stage(self) -> None:
        """Forget what the last stage declared."""
        self._declared = {}

    def declare(self, name: str, default: str | None) -> None:
        """Take an ARG of the current stage."""
        self._declared[name] = default
        self._used.add(name)

    @property
    def globals(self) -> dict[str, str]:
        """What a FROM sees."""
        return self._values(self._global)

    def beyond(self, names: Iterable[str]) -> dict[str, str]:
        """Return what the current stage sees, without those that its environment has already."""
        hidden = set(names)
        declared = {**dict.fromkeys(PREDEFINED), **self._declared}
        return {name: value for name, value in self._values(declared).items() if name not in hidden}

    def leaves_trace(self, name: str) -> bool:
        """Return whether an argument belongs to what a step is made of."""
        return name in self._used or name not in PREDEFINED

    @property
    def warning(self) -> str:
        """What Docker says of arguments that nothing declared; empty if all were."""
        unused = sorted(name for name in self._given if name not in self._used and name not in PREDEFINED)
        return f"[Warning] One or more build-args {listed(unused)} were not consumed\n" if unused else ""

    def _values(self, declared: Mapping[str, str | None]) -> dict[str, str]:
        found = {name: self._value(name, default) for name, default in declared.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str, default: str | None) -> str | None:
        if name in self._given:
            return self._given[name]
        return self._global.get(name) if default is None else default


def environment(variables: Iterable[str]) -> dict[str, str]:
    """Return variables written as ``NAME=value`` by name."""
    split = (each.partition("=") for each in variables)
    return {name: value for name, _, value in split}
