"""Which machine an image is for: ``linux/amd64``, ``linux/arm/v7`` (OCI image-spec, image-index, ``platform``)."""

import platform as machine
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dockyard.engine.errors import BadParameter

__all__ = ["Platform"]

# As Go's architectures are also called; the second word is the variant.
ALSO_CALLED = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armv8l": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
}
SYSTEMS = {"linux", "windows", "darwin", "freebsd"}
ARCHITECTURES = {"386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"}
# What a machine without a variant is, and what else each variant runs, best first.
USUAL_VARIANT = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
RUNS = {"v8": ("v8",), "v7": ("v7", "v6", "v5"), "v6": ("v6", "v5"), "v4": ("v4", "v3", "v2", "v1")}
RUNS |= {"v3": ("v3", "v2", "v1"), "v2": ("v2", "v1")}


@dataclass(frozen=True)
class Platform:
    """An operating system and a processor."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def here(cls) -> "Platform":
        """Return what this machine runs."""
        architecture, variant = _architecture(machine.machine())
        return cls("linux", architecture, variant)

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Return what a user means by ``linux/arm64``, ``arm64`` or ``linux``.

        Raises:
            BadParameter: It means nothing.
        """
        here = cls.here()
        parts = text.lower().split("/")
        if not 1 <= len(parts) <= 3 or not all(parts):
            raise BadParameter(f'"{text}": cannot parse platform specifier: invalid argument')
        if len(parts) == 1:
            if parts[0] in SYSTEMS:
                return cls(parts[0], here.architecture, here.variant)
            architecture, variant = _architecture(parts[0])
            if architecture not in ARCHITECTURES:
                raise BadParameter(f'"{text}": unknown operating system or architecture: invalid argument')
            return cls(here.os, architecture, variant)
        architecture, variant = _architecture(parts[1])
        return cls(parts[0], architecture, parts[2] if len(parts) == 3 else variant)

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> "Platform":
        """Return what an index entry's ``platform`` or an image's configuration names."""
        architecture, variant = _architecture(str(described.get("architecture", "")))
        return cls(str(described.get("os", "")), architecture, str(described.get("variant") or variant))

    def to_json(self) -> dict[str, str]:
        """Return it as the API writes it, empty fields left out."""
        named = {"architecture": self.architecture, "os": self.os, "variant": self.variant}
        return {name: value for name, value in named.items() if value}

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def rank(self, offered: "Platform") -> int | None:
        """Say how well an image for ``offered`` suits: 0 is best, None is not at all."""
        if (self.os, self.architecture) != (offered.os, offered.architecture):
            return None
        usual = USUAL_VARIANT.get(self.architecture, "")
        wanted, there = self.variant or usual, offered.variant or usual
        order = RUNS.get(wanted, (wanted,))
        return order.index(there) if there in order else None


def _architecture(name: str) -> tuple[str, str]:
    return ALSO_CALLED.get(name, (name, ""))
