"""Of which kind each field of an image's configuration is (OCI Image Specification, "Image Configuration"; Docker's ``container.Config``).

A configuration comes from a stranger. One of the wrong kinds is refused as it comes in, so that nobody who reads it later has to look.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dockyard.engine.errors import BadParameter

__all__ = ["require_kinds"]

Kind = tuple[str, Callable[[Any], bool]]


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(each, kind) for each in value)


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


TEXT: Kind = ("string", lambda value: isinstance(value, str))
FLAG: Kind = ("bool", lambda value: isinstance(value, bool))
NUMBER: Kind = ("int", lambda value: isinstance(value, int) and not isinstance(value, bool))
TEXTS: Kind = ("[]string", _is_list_of(str))
MAP: Kind = ("map", lambda value: isinstance(value, dict))
TEXT_MAP: Kind = ("map[string]string", _is_text_map)
RECORDS: Kind = ("[]struct", _is_list_of(dict))

_IMAGE: Mapping[str, Kind] = {
    **dict.fromkeys(("architecture", "author", "comment", "container", "created", "docker_version"), TEXT),
    **dict.fromkeys(("os", "os.version", "variant"), TEXT),
    **dict.fromkeys(("config", "container_config", "rootfs"), MAP),
    "history": RECORDS,
}
_RUN: Mapping[str, Kind] = {
    **dict.fromkeys(("Hostname", "Domainname", "User", "Image", "WorkingDir", "StopSignal", "MacAddress"), TEXT),
    **dict.fromkeys(("Tty", "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr"), FLAG),
    **dict.fromkeys(("Cmd", "Entrypoint", "Env", "OnBuild", "Shell"), TEXTS),
    **dict.fromkeys(("ExposedPorts", "Volumes", "Healthcheck"), MAP),
    "Labels": TEXT_MAP,
    "StopTimeout": NUMBER,
}
_HEALTH: Mapping[str, Kind] = {
    "Test": TEXTS,
    **dict.fromkeys(("Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"), NUMBER),
}
_STEP: Mapping[str, Kind] = {
    **dict.fromkeys(("created", "created_by", "author", "comment"), TEXT),
    "empty_layer": FLAG,
}
_ROOT: Mapping[str, Kind] = {"diff_ids": TEXTS}


def require_kinds(config: Any) -> None:
    """Refuse a configuration with a field of the wrong kind; what is missing or null is fine, and so is what is not known here.

    Raises:
        BadParameter: In the words of Go's JSON decoder, which names the field.
    """
    if not isinstance(config, dict):
        raise BadParameter("invalid image configuration: it is not a JSON object")
    _require(config, "Image", _IMAGE)
    _require(config.get("rootfs") or {}, "RootFS", _ROOT)
    for step in config.get("history") or ():
        _require(step, "History", _STEP)
    for name in ("config", "container_config"):
        run = config.get(name) or {}
        _require(run, "Config", _RUN)
        _require(run.get("Healthcheck") or {}, "HealthConfig", _HEALTH)


def _require(found: Mapping[str, Any], struct: str, kinds: Mapping[str, Kind]) -> None:
    for field, (kind, fits) in kinds.items():
        value = found.get(field)
        if value is not None and not fits(value):
            given = {bool: "bool", str: "string", list: "array", dict: "object"}.get(type(value), "number")
            raise BadParameter(
                "invalid image configuration: "
                f"json: cannot unmarshal {given} into Go struct field {struct}.{field} of type {kind}"
            )
