"""The body of ``POST /containers/create``, and others about containers, checked for kinds.

What is of the wrong one is named before anything else looks at it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dockyard.engine.errors import BadParameter

__all__ = ["check_create", "check_exec", "config_fields"]

Check = Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_words(value: Any) -> bool:
    return isinstance(value, str) or _is_texts(value)


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_bindings(value: Any) -> bool:
    return isinstance(value, dict) and all(each is None or _is_records(each) for each in value.values())


def _is_limits(value: Any) -> bool:
    return _is_records(value) and all(
        isinstance(each.get("Name"), str) and _is_number(each.get("Soft")) and _is_number(each.get("Hard"))
        for each in value
    )


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(_is_number(each) and 0 <= each < 1 << 16 for each in value)
    )


TEXT: tuple[str, Check] = ("string", lambda value: isinstance(value, str))
FLAG: tuple[str, Check] = ("bool", lambda value: isinstance(value, bool))
NUMBER: tuple[str, Check] = ("int", _is_number)
TEXTS: tuple[str, Check] = ("[]string", _is_texts)
WORDS: tuple[str, Check] = ("[]string", _is_words)
MAP: tuple[str, Check] = ("map", lambda value: isinstance(value, dict))
TEXT_MAP: tuple[str, Check] = ("map[string]string", _is_text_map)
RECORDS: tuple[str, Check] = ("[]struct", _is_records)

_CONFIG = {
    **dict.fromkeys(("Image", "Hostname", "Domainname", "User", "WorkingDir", "StopSignal", "MacAddress"), TEXT),
    **dict.fromkeys(
        ("Tty", "OpenStdin", "StdinOnce", "NetworkDisabled", "AttachStdin", "AttachStdout", "AttachStderr"), FLAG
    ),
    **dict.fromkeys(("Cmd", "Entrypoint"), WORDS),
    **dict.fromkeys(("Env", "Shell"), TEXTS),
    **dict.fromkeys(("ExposedPorts", "Volumes", "HostConfig", "NetworkingConfig", "Healthcheck"), MAP),
    "Labels": TEXT_MAP,
    "StopTimeout": NUMBER,
}
_BESIDE_CONFIG = {"HostConfig", "NetworkingConfig"}
_HOST = {
    **dict.fromkeys(("NetworkMode", "IpcMode", "PidMode", "Runtime", "Isolation", "VolumeDriver"), TEXT),
    **dict.fromkeys(("AutoRemove", "PublishAllPorts", "ReadonlyRootfs", "Privileged", "Init"), FLAG),
    **dict.fromkeys(
        ("Binds", "VolumesFrom", "ExtraHosts", "GroupAdd", "Links", "Dns", "DnsOptions", "DnsSearch"), TEXTS
    ),
    **dict.fromkeys(("LogConfig", "RestartPolicy"), MAP),
    **dict.fromkeys(("Tmpfs", "Sysctls"), TEXT_MAP),
    "Mounts": RECORDS,
    "PortBindings": ("map[nat.Port][]nat.PortBinding", _is_bindings),
    "Ulimits": ("[]*units.Ulimit", _is_limits),
    "ConsoleSize": ("[2]uint", _is_size),
}
_HEALTH = {"Test": TEXTS, **dict.fromkeys(("Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"), NUMBER)}
_EXEC = {
    **dict.fromkeys(("User", "WorkingDir", "DetachKeys"), TEXT),
    **dict.fromkeys(("Tty", "Privileged", "AttachStdin", "AttachStdout", "AttachStderr", "Detach"), FLAG),
    **dict.fromkeys(("Cmd", "Env"), TEXTS),
    "ConsoleSize": ("[2]uint", _is_size),
}
_LOG = {"Type": TEXT, "Config": TEXT_MAP}
_RESTART = {"Name": TEXT, "MaximumRetryCount": NUMBER}


def check_create(body: Mapping[str, Any]) -> None:
    """Refuse a body with a field of the wrong kind.

    Raises:
        BadParameter: In the words of Go's JSON decoder, which names the field.
    """
    _check(body, "ContainerConfigWrapper", _CONFIG)
    host = body.get("HostConfig") or {}
    _check(host, "HostConfig", _HOST)
    _check(body.get("Healthcheck") or {}, "HealthConfig", _HEALTH)
    _check(host.get("LogConfig") or {}, "LogConfig", _LOG)
    _check(host.get("RestartPolicy") or {}, "RestartPolicy", _RESTART)


def check_exec(body: Mapping[str, Any]) -> None:
    """As :func:`check_create`, for the body of ``POST /containers/ID/exec``."""
    _check(body, "ExecConfig", _EXEC)


def config_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a ``ContainerConfig`` in the body of ``POST /commit``; what is none is dropped, as Docker does.

    Raises:
        BadParameter: As :func:`check_create`.
    """
    _check(body, "ContainerConfigWrapper", _CONFIG)
    return {field: value for field, value in body.items() if field in _CONFIG and field not in _BESIDE_CONFIG}


def _check(found: Mapping[str, Any], struct: str, kinds: Mapping[str, tuple[str, Check]]) -> None:
    for field, (kind, fits) in kinds.items():
        value = found.get(field)
        if value is not None and not fits(value):
            given = {bool: "bool", str: "string", list: "array", dict: "object"}.get(type(value), "number")
            raise BadParameter(f"json: cannot unmarshal {given} into Go struct field {struct}.{field} of type {kind}")
