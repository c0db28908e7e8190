"""Single values of a Compose file: durations, ports, mounts, lists that may be mappings (Compose specification, "Services")."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path as Folder
from typing import Any, Literal

from dockyard.compose.model import Attached, Published
from dockyard.compose.tree import Fault, Path
from dockyard.locale import N_, translate

__all__ = ["attached", "duration_ns", "is_true", "pairs", "published", "texts", "tmpfs", "whole", "words"]

PORT = re.compile(
    r"(?:(?:(?P<ip>\[[0-9a-fA-F:.]+\]|[0-9.]+):)?(?P<host>\d+(?:-\d+)?)?:)?(?P<inner>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?"
)
DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")
UNITS_NS = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000}
SIZE = re.compile(r"\d+([bkmgBKMG][bB]?)?")
MOUNT_OPTIONS = ("rw", "z", "Z")


def texts(value: Any) -> tuple[str, ...]:
    """A text, or several, or numbers for texts."""
    if value is None:
        return ()
    return tuple(_text(each) for each in (value if isinstance(value, list) else [value]))


def words(value: Any, path: Path) -> tuple[str, ...] | None:
    """A command's words; None keeps the image's own.

    Raises:
        Fault: Its quotes do not match.
    """
    if value is None or isinstance(value, list):
        return None if value is None else tuple(value)
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise Fault(path, translate(N_("The quotes of {text!r} do not match.")).format(text=value)) from error


def pairs(value: Any) -> dict[str, str | None]:
    """A mapping, or a list of ``KEY=value``; None for a key alone."""
    if isinstance(value, dict):
        return {key: None if each is None else _text(each) for key, each in value.items()}
    found: dict[str, str | None] = {}
    for each in value or ():
        key, sign, text = each.partition("=")
        found[key] = text if sign else None
    return found


def is_true(value: Any, path: Path) -> bool:
    """A truth value, which may have come out of a variable as a text.

    Raises:
        Fault: It is none.
    """
    if isinstance(value, str) and value.lower() not in ("true", "false"):
        raise Fault(path, translate(N_("{text!r} is neither true nor false.")).format(text=value))
    return value.lower() == "true" if isinstance(value, str) else bool(value)


def whole(value: Any, path: Path) -> int:
    """A whole number, which may be written as a text.

    Raises:
        Fault: It is none.
    """
    if not re.fullmatch(r"\d+", str(value)):
        raise Fault(path, translate(N_("{text!r} is no whole number.")).format(text=value))
    return int(value)


def duration_ns(value: str, path: Path) -> int:
    """A duration such as ``1m30s``, in nanoseconds.

    Raises:
        Fault: It is none.
    """
    if not re.fullmatch(rf"(?:{DURATION.pattern})+", value):
        raise Fault(path, translate(N_("{text!r} is no duration; write 30s or 1m30s.")).format(text=value))
    return sum(int(float(number) * UNITS_NS[unit]) for number, unit in DURATION.findall(value))


def published(value: Any, path: Path) -> tuple[Published, ...]:
    """The ports of one entry of ``ports``: several for a range.

    Raises:
        Fault: It is no port.
    """
    if isinstance(value, dict):
        value = _short_port(value, path)
    matched = PORT.fullmatch(str(value))
    if not matched:
        says = translate(N_('{text!r} is no port; write "8080:80", in quotes.'))
        raise Fault(path, says.format(text=value))
    inner, host = _range(matched["inner"], path), _range(matched["host"], path) if matched["host"] else []
    if host and len(host) != len(inner):
        says = translate(N_("{text!r} has {host} ports of this machine for {inner} of the container."))
        raise Fault(path, says.format(text=value, host=len(host), inner=len(inner)))
    ip, protocol = (matched["ip"] or "").strip("[]"), matched["protocol"] or "tcp"
    return tuple(Published(target, host[place] if host else None, ip, protocol) for place, target in enumerate(inner))


def _short_port(value: Mapping[str, Any], path: Path) -> str:
    if value.get("mode", "ingress") not in ("ingress", "host"):
        raise Fault((*path, "mode"), translate(N_("The mode of a port is ingress or host.")))
    if "target" not in value:
        raise Fault(path, translate(N_("A port needs its `target`, the port in the container.")))
    ip = str(value.get("host_ip", ""))
    front = f"{f'[{ip}]' if ':' in ip else ip}:" if ip else ""
    host = f"{value.get('published', '')}"
    return f"{front}{host}{':' if front or host else ''}{value['target']}/{value.get('protocol', 'tcp')}"


def _range(text: str, path: Path) -> list[int]:
    first, _, last = text.partition("-")
    ports = list(range(int(first), int(last or first) + 1))
    if not ports or not 0 < ports[0] <= ports[-1] < 65536:
        raise Fault(path, translate(N_("{text} is no port: they go from 1 to 65535.")).format(text=text))
    return ports


def attached(value: Any, folder: Folder, path: Path) -> Attached:
    """What one entry of ``volumes`` mounts. A relative source begins at the file's folder.

    Raises:
        Fault: It is no mount, or one that is not done here.
    """
    return _long_mount(value, folder, path) if isinstance(value, dict) else _short_mount(value, folder, path)


def _short_mount(value: str, folder: Folder, path: Path) -> Attached:
    parts = value.split(":")
    source, target = ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    if len(parts) > 3 or not all(parts) or not target.startswith("/"):
        says = translate(N_("{text!r} is no mount; write SOURCE:TARGET or SOURCE:TARGET:ro, with an absolute TARGET."))
        raise Fault(path, says.format(text=value))
    options = parts[2].split(",") if len(parts) == 3 else []
    for option in options:
        if option not in (*MOUNT_OPTIONS, "ro", "nocopy"):
            says = translate(N_("The option {option!r} of a mount is not supported here: ro, rw, nocopy, z and Z are."))
            raise Fault(path, says.format(option=option))
    kind: Literal["bind", "volume"] = "bind" if source.startswith((".", "/", "~")) else "volume"
    return Attached(
        target,
        _absolute(source, folder) if kind == "bind" else source,
        kind,
        "ro" in options,
        nocopy="nocopy" in options,
        options=tuple(each for each in options if each in MOUNT_OPTIONS),
    )


def _long_mount(value: Mapping[str, Any], folder: Folder, path: Path) -> Attached:
    kind = value["type"]
    if kind not in ("bind", "volume", "tmpfs"):
        says = translate(N_("Mounts of the type {kind!r} are not supported here: bind, volume and tmpfs are."))
        raise Fault((*path, "type"), says.format(kind=kind))
    source, target = str(value.get("source", "")), str(value.get("target", ""))
    if not target.startswith("/"):
        raise Fault(path, translate(N_("A mount needs its `target`, an absolute path in the container.")))
    if kind == "bind" and not source:
        raise Fault(path, translate(N_("A bind needs its `source`, a path of this machine.")))
    for other in {"bind", "volume", "tmpfs"} - {kind}:
        if value.get(other):
            says = translate(N_("A mount of the type {kind} has no `{other}:`."))
            raise Fault((*path, other), says.format(kind=kind, other=other))
    given = value.get(kind) or {}
    return Attached(
        target,
        _absolute(source, folder) if kind == "bind" else source,
        kind,
        is_true(value.get("read_only", False), (*path, "read_only")),
        is_true(given.get("create_host_path", True), (*path, "bind", "create_host_path")),
        is_true(given.get("nocopy", False), (*path, "volume", "nocopy")),
        tuple(_tmpfs_options(given, (*path, "tmpfs"))),
    )


def _tmpfs_options(given: Mapping[str, Any], path: Path) -> Iterator[str]:
    if "size" in given:
        if not SIZE.fullmatch(str(given["size"])):
            says = translate(N_("{text!r} is no size; write 64m or a number of bytes."))
            raise Fault((*path, "size"), says.format(text=given["size"]))
        yield f"size={str(given['size']).lower().removesuffix('b')}"
    if "mode" in given:
        mode = given["mode"]
        octal = f"{mode:o}" if isinstance(mode, int) else str(mode).removeprefix("0o")
        if not re.fullmatch(r"[0-7]{1,5}", octal):
            raise Fault((*path, "mode"), translate(N_("{text!r} is no mode; write 0o1777.")).format(text=mode))
        yield f"mode={octal}"


def tmpfs(value: str, path: Path) -> Attached:
    """What one entry of ``tmpfs`` mounts, such as ``/run:size=64m``.

    Raises:
        Fault: Its path is not absolute.
    """
    target, _, options = value.partition(":")
    if not target.startswith("/"):
        raise Fault(path, translate(N_("{text!r} is no tmpfs; write /PATH or /PATH:size=64m.")).format(text=value))
    return Attached(target, kind="tmpfs", options=tuple(filter(None, options.split(","))))


def _absolute(source: str, folder: Folder) -> str:
    return os.path.normpath(folder / os.path.expanduser(source))


def _text(value: Any) -> str:
    """A number or truth value as the text that stands for it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
