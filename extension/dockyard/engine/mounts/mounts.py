"""What is mounted in a container: all the ways to ask for it, made into one list.

Docker Engine API, ``HostConfig``: ``Binds``, ``Mounts``, ``Tmpfs`` and ``VolumesFrom``; ``Config.Volumes``, the image's among them.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from dockyard.engine.errors import BadParameter, NotFound, NotSupported, ServerError
from dockyard.engine.mounts.binds import parse_bind, parse_tmpfs, parse_volumes_from, require_propagation
from dockyard.engine.run.spec import Mount
from dockyard.engine.volumes import Volumes

__all__ = ["MountPoint", "describe", "make_sources", "mount_points", "runner_mounts"]

Kind = Literal["bind", "volume", "tmpfs"]
OPTIONS: Mapping[Kind, str] = {"bind": "BindOptions", "volume": "VolumeOptions", "tmpfs": "TmpfsOptions"}


@dataclass(frozen=True)
class MountPoint:
    """One mount.

    Attributes:
        kind: What is mounted.
        target: Where, in the container; absolute, without ``..``.
        source: A path of this machine; empty for a tmpfs.
        volume: The volume's name.
        mode: The words after a ``-v``; ``z`` for a volume without any, as Docker shows it.
        read_only: Whether the container may not write to it.
        copies: Whether an empty volume gets what the image has at that place.
        is_anonymous: Whether the volume is this container's own, to be removed with it.
        size_bytes: The most that a tmpfs holds.
        tmpfs_mode: A tmpfs's permissions.
        is_listed: Whether it is among ``Mounts``; a ``--tmpfs`` is not.
        labels: Of a volume that is made.
        driver: Of a volume that is made.
        options: The driver's.
    """

    kind: Kind
    target: str
    source: str = ""
    volume: str = ""
    mode: str = ""
    read_only: bool = False
    copies: bool = False
    is_anonymous: bool = False
    size_bytes: int | None = None
    tmpfs_mode: int | None = None
    is_listed: bool = True
    labels: Mapping[str, str] | None = None
    driver: str = ""
    options: Mapping[str, str] | None = None


def mount_points(
    host_config: Mapping[str, Any],
    image_volumes: Iterable[str],
    container: str,
    volumes: Volumes,
    mounts_of: Callable[[str], Sequence[Mapping[str, Any]]],
) -> list[MountPoint]:
    """Return all mounts of a container that is being made; volumes that are missing are made, and reserved for it.

    Args:
        host_config: The API's ``HostConfig``.
        image_volumes: The keys of ``Config.Volumes``, with the image's.
        container: Its ID; give it to :meth:`Volumes.release` once it is on record, or was not made after all.
        volumes: The engine's.
        mounts_of: Returns another container's ``Mounts`` as ``inspect`` shows them, by its name; raises NotFound.

    Raises:
        BadParameter: Something of it makes no sense.
        NotSupported: Docker could mount it; this engine can't.
    """
    points: dict[str, MountPoint] = {}
    for text in host_config.get("VolumesFrom") or ():
        for point in _from_container(text, mounts_of):
            points[point.target] = point
    asked = [_from_bind(text) for text in host_config.get("Binds") or ()]
    asked += [_from_mount(each) for each in host_config.get("Mounts") or ()]
    asked += [_from_tmpfs(target, text) for target, text in (host_config.get("Tmpfs") or {}).items()]
    for point in asked:
        if sum(point.target == each.target for each in asked) > 1:
            raise BadParameter(f"Duplicate mount point: {point.target}")
        points[point.target] = point
    for path in image_volumes:
        target = _target(path, "volume")
        if target not in points:
            points[target] = MountPoint("volume", target, copies=True, is_anonymous=True)
    return [_with_volume(point, container, volumes) for point in points.values()]


def describe(points: Iterable[MountPoint]) -> list[dict[str, Any]]:
    """Return the mounts as ``Mounts`` of ``GET /containers/{id}/json``."""
    shown = []
    for point in points:
        if not point.is_listed:
            continue
        named = {"Name": point.volume} if point.kind == "volume" else {}
        driver = {"Driver": "local"} if point.kind == "volume" else {}
        shown.append(
            {
                "Type": point.kind,
                **named,
                "Source": point.source,
                "Destination": point.target,
                **driver,
                "Mode": point.mode,
                "RW": not point.read_only,
                "Propagation": "rprivate" if point.kind == "bind" else "",
            }
        )
    return shown


def runner_mounts(points: Iterable[MountPoint]) -> list[Mount]:
    """Return the mounts as the runner takes them: what lies in another comes after it."""
    ordered = sorted(points, key=lambda point: (point.target.count("/"), point.target))
    return [
        Mount(
            source=point.source,
            target=point.target,
            read_only=point.read_only,
            kind="tmpfs" if point.kind == "tmpfs" else "bind",
            size_bytes=point.size_bytes,
            mode=point.tmpfs_mode,
        )
        for point in ordered
    ]


def make_sources(host_config: Mapping[str, Any]) -> None:
    """Make the folders that ``-v`` names and this machine lacks, as a container starts.

    Raises:
        ServerError: One can't be made.
        BadParameter: One that ``--mount`` names is not there any more.
    """
    for text in host_config.get("Binds") or ():
        source = parse_bind(text).source
        if source.startswith("/"):
            _make_folder(os.path.normpath(source))
    for asked in host_config.get("Mounts") or ():
        if asked.get("Type") != "bind":
            continue
        if (asked.get("BindOptions") or {}).get("CreateMountpoint"):
            _make_folder(os.path.normpath(asked["Source"]))
        _require_source(asked["Source"])


def _from_container(text: str, mounts_of: Callable[[str], Sequence[Mapping[str, Any]]]) -> Iterable[MountPoint]:
    name, read_only = parse_volumes_from(text)
    try:
        mounts = mounts_of(name)
    except NotFound as error:
        raise BadParameter(str(error)) from error
    for each in mounts:
        yield MountPoint(
            each["Type"],
            each["Destination"],
            source=each["Source"],
            volume=each.get("Name", ""),
            read_only=read_only or not each["RW"],
        )


def _from_bind(text: str) -> MountPoint:
    bind = parse_bind(text)
    is_path = bind.source.startswith("/")
    kind: Kind = "bind" if is_path else "volume"
    try:
        target = _target(bind.target, kind)
        if is_path and "nocopy" in bind.words:
            raise BadParameter('invalid mount config for type "bind": field VolumeOptions must not be specified')
        propagation = next((word for word in bind.words if word.endswith(("private", "shared", "slave"))), "")
        if propagation and not is_path:
            raise BadParameter('invalid mount config for type "volume": field BindOptions must not be specified')
    except BadParameter as error:
        raise BadParameter(f"invalid volume specification: '{text}': {error}") from error
    require_propagation(propagation)
    read_only = "ro" in bind.words
    if is_path:
        return MountPoint("bind", target, os.path.normpath(bind.source), mode=bind.mode, read_only=read_only)
    return MountPoint(
        "volume",
        target,
        volume=bind.source,
        mode=bind.mode or "z",
        read_only=read_only,
        copies="nocopy" not in bind.words,
        is_anonymous=not bind.source,
    )


def _from_mount(asked: Mapping[str, Any]) -> MountPoint:
    asked_kind, source = asked.get("Type") or "", asked.get("Source") or ""
    kind = next((each for each in OPTIONS if each == asked_kind), None)
    if kind is None:
        raise BadParameter(f'invalid mount config for type "{asked_kind}": mount type unknown')
    for other, name in OPTIONS.items():
        if other != kind and asked.get(name) is not None:
            raise _bad(kind, f"field {name} must not be specified")
    if not asked.get("Target"):
        raise _bad(kind, "field Target must not be empty")
    point = MountPoint(kind, _target(asked["Target"], kind), read_only=bool(asked.get("ReadOnly")))
    make = {"bind": _bind, "volume": _volume, "tmpfs": _tmpfs}[kind]
    return make(point, source, asked.get(OPTIONS[kind]) or {})


def _bind(point: MountPoint, source: str, options: Mapping[str, Any]) -> MountPoint:
    if not source:
        raise _bad("bind", "field Source must not be empty")
    if not source.startswith("/"):
        raise _bad("bind", f"invalid mount path: '{source}' mount path must be absolute")
    propagation = options.get("Propagation") or ""
    if propagation.removeprefix("r") not in ("", "private", "shared", "slave"):
        raise _bad("bind", f"invalid propagation mode: {propagation}")
    require_propagation(propagation)
    _refuse("bind", options, ("NonRecursive", "ReadOnlyNonRecursive", "ReadOnlyForceRecursive"))
    if not options.get("CreateMountpoint"):
        _require_source(source)
    return replace(point, source=os.path.normpath(source))


def _volume(point: MountPoint, source: str, options: Mapping[str, Any]) -> MountPoint:
    if not source and point.read_only:
        raise _bad("volume", "must not set ReadOnly mode when using anonymous volumes")
    _refuse("volume", options, ("Subpath",))
    driver = options.get("DriverConfig") or {}
    return replace(
        point,
        volume=source,
        mode="z",
        copies=not options.get("NoCopy"),
        is_anonymous=not source,
        labels=options.get("Labels"),
        driver=driver.get("Name") or "",
        options=driver.get("Options"),
    )


def _tmpfs(point: MountPoint, source: str, options: Mapping[str, Any]) -> MountPoint:
    if source:
        raise _bad("tmpfs", "field Source must not be specified")
    _refuse("tmpfs", options, ("Options",))
    return replace(point, size_bytes=options.get("SizeBytes") or None, tmpfs_mode=options.get("Mode") or None)


def _from_tmpfs(target: str, text: str) -> MountPoint:
    options = parse_tmpfs(text)
    if not target.startswith("/"):
        raise BadParameter(f"invalid mount path: '{target}' mount path must be absolute")
    if _cleaned(target) == "/":
        raise BadParameter("invalid specification: destination can't be '/'")
    return MountPoint(
        "tmpfs",
        _cleaned(target),
        read_only=options.read_only,
        size_bytes=options.size_bytes,
        tmpfs_mode=options.mode,
        is_listed=False,
    )


def _with_volume(point: MountPoint, container: str, volumes: Volumes) -> MountPoint:
    if point.kind != "volume":
        return point
    labels, options = dict(point.labels or {}) or None, dict(point.options or {}) or None
    volume = volumes.create(point.volume, point.driver, options, labels, reserve=container)
    return replace(point, volume=volume.name, source=str(volume.source))


def _target(path: str, kind: str) -> str:
    if not path.startswith("/"):
        raise _bad(kind, f"invalid mount path: '{path}' mount path must be absolute")
    target = _cleaned(path)
    if target == "/":
        raise _bad(kind, "invalid specification: destination can't be '/'")
    return target


def _cleaned(path: str) -> str:
    # normpath keeps two slashes at the front, which mean something on other systems.
    return "/" + os.path.normpath(path).lstrip("/")


def _require_source(path: str) -> None:
    if not os.path.exists(path):
        raise _bad("bind", f"bind source path does not exist: {path}")


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, mode=0o755, exist_ok=True)
    except FileExistsError:
        return  # a file is as good
    except OSError as error:
        sentence = f"error while creating mount source path '{path}': mkdir {path}: {(error.strerror or '').lower()}"
        raise ServerError(sentence) from error


def _refuse(kind: str, options: Mapping[str, Any], unsupported: Iterable[str]) -> None:
    for option in unsupported:
        if options.get(option):
            raise NotSupported(f'this engine can\'t mount type "{kind}" with {option}')


def _bad(kind: str, reason: str) -> BadParameter:
    return BadParameter(f'invalid mount config for type "{kind}": {reason}')
