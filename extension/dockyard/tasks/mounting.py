"""What a mount would bring into being, and what a learner should know of it before the container starts."""

import os
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.utils import parse_bytes

from dockyard.connection import Client
from dockyard.errors import BindSourceMissing, MountSourceUnclear
from dockyard.locale import N_, translate
from dockyard.tasks.base import Change
from dockyard.tasks.run_words import Mount
from dockyard.wording import human_size

__all__ = ["APACHE_ROOT", "look_at", "mounted_in"]

APACHE_ROOT = "/usr/local/apache2/htdocs"  # where the image httpd has its pages


def look_at(client: Client, mount: Mount) -> tuple[Change | None, str]:
    """Return what a mount would make, and a warning; nothing where all is there already.

    Raises:
        BindSourceMissing: ``--mount`` names a folder that does not exist.
        MountSourceUnclear: It was meant to be a path, and would be taken for a volume's name.
    """
    if mount.kind == "tmpfs":
        return Change("create", "tmpfs", mount.target, reason=_tmpfs_reason(mount)), ""
    if mount.kind == "volume":
        return _look_at_volume(client, mount)
    return _look_at_bind(mount) if client.is_local else (None, "")


def mounted_in(found: Mapping[str, Any]) -> dict[str, str]:
    """Return what an inspected container has mounted: each path in it, and the volume, the place on the host, or ``tmpfs``."""
    mounted = {
        each["Destination"]: str(each.get("Name") or each.get("Source") or each["Type"])
        for each in found.get("Mounts") or ()
    }
    return {**mounted, **dict.fromkeys(found["HostConfig"].get("Tmpfs") or (), "tmpfs")}


def _look_at_volume(client: Client, mount: Mount) -> tuple[Change | None, str]:
    if not mount.source:
        reason = translate(N_("without a name; it goes with the container when that is removed with --rm or -v"))
        return Change("create", "volume", mount.target, reason=reason), ""
    if "/" in mount.source:
        raise MountSourceUnclear(source=mount.source, path=os.path.abspath(mount.source), target=mount.target)
    if client.find_json("/volumes/{}", mount.source):
        return _read_only("volume", mount.source, mount), ""
    warning = translate(
        N_(
            "The volume {name!r} does not exist and will be made on the way. Better make it first: docker volume create {name}"
        )
    )
    reason = translate(N_("empty but for what the image has there, and read-only")) if mount.read_only else ""
    return Change("create", "volume", mount.source, reason=reason), warning.format(name=mount.source)


def _look_at_bind(mount: Mount) -> tuple[Change | None, str]:
    path = Path(mount.path)
    if not path.exists():
        if mount.form == "--mount":
            raise BindSourceMissing(path=mount.path)
        warning = translate(
            N_(
                "The folder {path!r} does not exist; the engine will make it, owned by root. Better make it first (mkdir -p {path})."
            )
        ).format(path=mount.path)
        return Change("create", "folder", mount.path), f"{warning}{_index_warning(mount)}"
    stays = _read_only("folder" if path.is_dir() else "file", mount.path, mount)
    if not path.is_dir() or not os.access(path, os.R_OK):
        return stays, ""
    if not any(path.iterdir()):
        warning = translate(N_("The folder {path!r} is empty, and it will hide what the image has at {target}."))
        return stays, f"{warning.format(path=mount.path, target=mount.target)}{_index_warning(mount)}"
    return stays, "" if (path / "index.html").exists() else _index_warning(mount).lstrip()


def _read_only(kind: str, name: str, mount: Mount) -> Change | None:
    """What is there and is mounted so that the container can't change it."""
    if not mount.read_only:
        return None
    reason = translate(N_("mounted at {target} read-only: the container can't change it")).format(target=mount.target)
    return Change("keep", kind, name, reason=reason)


def _index_warning(mount: Mount) -> str:
    """What Apache makes of a folder without ``index.html``; empty for a mount at another place."""
    if posixpath.normpath(mount.target) != APACHE_ROOT:
        return ""
    sentence = N_(' Apache will show "Index of /" instead of "It works!" until {path} is there.')
    return translate(sentence).format(path=os.path.join(mount.path, "index.html"))


def _tmpfs_reason(mount: Mount) -> str:
    options = dict(option.partition("=")[::2] for option in mount.options)
    given = options.get("size") or options.get("tmpfs-size")
    in_memory = translate(N_("in memory; it is empty again whenever the container stops"))
    if not given:
        return in_memory
    size = human_size(int(parse_bytes(given))) if re.fullmatch(r"\d+[bkmgBKMG]?", given) else given
    return translate(N_("in memory, at most {size}; it is empty again whenever the container stops")).format(size=size)
