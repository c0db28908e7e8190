"""What a client asks of a build (Docker Engine API, ``POST /build``), and what of it this engine refuses."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dockyard.engine.errors import BadParameter, NotSupported, ServerError
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry.platforms import Platform

__all__ = ["NO_BUILDKIT", "BuildOptions", "Parameters", "require_own_platform"]

NO_BUILDKIT = "this engine builds without BuildKit: set DOCKER_BUILDKIT=0 to build with the classic builder"

LIMITS = {
    "memory": "memory",
    "memswap": "swap",
    "cpushares": "CPU shares",
    "cpuperiod": "CPU period",
    "cpuquota": "CPU quota",
    "cpusetcpus": "CPU sets",
    "cpusetmems": "memory sets",
    "shmsize": "size of /dev/shm",
    "cgroupparent": "control group",
    "securityopt": "security options",
    "isolation": "isolation",
}
"""What can be limited under Docker, by the parameter that asks for it."""
NO_LIMIT = {"cpusetcpus": ("",), "cpusetmems": ("",)}
USUAL_NO_LIMIT = ("", "0", "[]", "null", "default")


class Parameters(Protocol):
    """The query of the request."""

    def get(self, name: str, default: str = "") -> str:
        """Return a parameter's first value."""
        ...

    def all(self, name: str) -> list[str]:
        """Return all its values."""
        ...

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a switch."""
        ...


@dataclass(frozen=True)
class BuildOptions:
    """One build.

    Attributes:
        names: What the image is to be called.
        dockerfile: Its path in the context.
        remote: Where the context comes from instead of the request's body: a URL.
        target: The stage to stop after; empty for the last.
        arguments: Build arguments; None for one that counts as not given.
        labels: To be put on the image.
        network: ``default``, ``host`` or ``none``.
        hosts: ``name:address`` each, for the commands' ``/etc/hosts``.
        ulimits: (name, soft, hard) each.
        use_cache: Whether steps that were built before are taken over.
        pull: Whether base images are pulled even if they are here.
        quiet: Whether only the image's ID is reported.
        remove: Whether it is said that intermediate containers are removed.
        force_remove: The same of those that failed.
    """

    names: tuple[Reference, ...] = ()
    dockerfile: str = "Dockerfile"
    remote: str = ""
    target: str = ""
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    network: str = "default"
    hosts: tuple[str, ...] = ()
    ulimits: tuple[tuple[str, int, int], ...] = ()
    use_cache: bool = True
    pull: bool = False
    quiet: bool = False
    remove: bool = True
    force_remove: bool = False

    @classmethod
    def from_query(cls, query: Parameters) -> "BuildOptions":
        """Return what a request asks for.

        Raises:
            BadParameter: Something in it makes no sense.
            NotSupported: It asks for BuildKit, limits, or another platform.
        """
        _refuse(query)
        force = query.flag("forcerm")
        return cls(
            names=_names(query.all("t")),
            dockerfile=query.get("dockerfile") or "Dockerfile",
            remote=query.get("remote"),
            target=query.get("target"),
            arguments=_mapping(query, "buildargs", "build args", _text_or_none),
            labels=_mapping(query, "labels", "labels", str),
            network=query.get("networkmode") or "default",
            hosts=tuple(each for text in query.all("extrahosts") for each in text.split(",") if each),
            ulimits=_ulimits(query),
            use_cache=not query.flag("nocache"),
            pull=query.flag("pull"),
            quiet=query.flag("q"),
            remove=force or query.flag("rm", not query.get("rm")),
            force_remove=force,
        )


def require_own_platform(text: str) -> None:
    """Refuse to build for another machine than this one.

    Args:
        text: Such as ``linux/arm64``; empty for this one.

    Raises:
        BadParameter: It is no platform.
        NotSupported: It is another one.
    """
    here = Platform.here()
    if text and (asked := Platform.parse(text)) and (asked.os, asked.architecture) != (here.os, here.architecture):
        raise NotSupported(f"this engine builds for {here.os}/{here.architecture} alone, not for {text}")


def _refuse(query: Parameters) -> None:
    version = query.get("version")
    if version == "2" or query.get("session"):
        raise NotSupported(NO_BUILDKIT)
    if version not in ("", "1"):
        raise ServerError(f'invalid version "{version}"')
    if query.flag("squash"):
        raise BadParameter("squash is only supported with experimental mode")
    if query.get("outputs") not in ("", "[]", "null"):
        raise NotSupported("this engine puts what it builds among its images: outputs need BuildKit")
    for name, what in LIMITS.items():
        if query.get(name) not in NO_LIMIT.get(name, USUAL_NO_LIMIT):
            raise NotSupported(f"this engine can't limit builds: it has no {what} ({name}={query.get(name)})")
    require_own_platform(query.get("platform"))


def _names(texts: list[str]) -> tuple[Reference, ...]:
    names = []
    for text in filter(None, texts):
        name = Reference.parse(text)
        if name.digest:
            raise BadParameter("build tag cannot contain a digest")
        names.append(name)
    return tuple(dict.fromkeys(names))


def _mapping(query: Parameters, name: str, what: str, value: Callable[[Any], Any]) -> dict[str, Any]:
    content = _json(query, name, what)
    if not isinstance(content, dict):
        raise BadParameter(f"error reading {what}: it is not an object")
    return {key: value(each) for key, each in content.items()}


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _ulimits(query: Parameters) -> tuple[tuple[str, int, int], ...]:
    try:
        return tuple(
            (str(each["Name"]), int(each["Soft"]), int(each["Hard"]))
            for each in _json(query, "ulimits", "ulimit settings") or ()
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadParameter(f"error reading ulimit settings: {error}") from error


def _json(query: Parameters, name: str, what: str) -> Any:
    try:
        return json.loads(query.get(name) or "{}") or {}
    except (ValueError, RecursionError) as error:
        raise BadParameter(f"error reading {what}: {error}") from error
