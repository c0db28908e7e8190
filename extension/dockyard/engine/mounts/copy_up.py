"""An empty volume's first content: what the image has at the place where it is mounted."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from dockyard.engine.errors import ServerError
from dockyard.engine.files.view import View
from dockyard.engine.images.owners import Owners
from dockyard.engine.mounts.mounts import MountPoint
from dockyard.engine.volumes import Volumes

__all__ = ["fill_volumes"]


def fill_volumes(points: Iterable[MountPoint], root: Path, owners: Owners, volumes: Volumes) -> None:
    """Copy the image's content into those volumes that are empty, with its owners, modes and times, as Docker does.

    Args:
        points: The mounts of a container that does not run yet.
        root: Its tree.
        owners: Of that tree.
        volumes: The engine's.

    Raises:
        ServerError: It can't be copied.
    """
    view = View(root)
    for point in points:
        if point.kind == "volume" and point.copies:
            place = view.resolve(point.target)
            if place.host.is_dir():
                with volumes.filling:
                    _fill(Path(point.source), place.host, place.key, owners)


def _copy(content: Path, target: Path) -> None:
    # "/." copies the folder's own owner, mode and time too. Links are copied, not followed.
    command = ["cp", "-a", "--reflink=auto", "--", f"{content}/.", f"{target}/"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"error while copying an image's content to a volume: {done.stderr.strip()}")


def _remove(draft: Path) -> None:
    subprocess.run(["rm", "-rf", "--", os.fspath(draft)], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _fill(volume: Path, content: Path, key: str, owners: Owners) -> None:
    if os.listdir(volume):
        return
    table = Volumes.owners_beside(volume)
    if table is None:
        _copy(content, volume)
        return
    draft = volume.with_name("filling")
    _remove(draft)  # of an engine that was killed at this
    try:
        draft.mkdir()
        _copy(content, draft)
        if len(kept := _below(key, owners)):
            kept.save(table)
        # Only now, and at once: a volume with a part of it would pass for one that has content of its own.
        for name in os.listdir(draft):
            (draft / name).rename(volume / name)
        _copy(draft, volume)  # what the folder itself has
    finally:
        _remove(draft)


def _below(key: str, owners: Owners) -> Owners:
    """The owners of a folder and of what is in it, by path in it."""
    kept = Owners()
    prefix = f"{key}/" if key else ""
    for path in owners:
        owner = owners.get(path)
        if owner is not None and (path == key or path.startswith(prefix)):
            kept.set(path[len(prefix) :] if path != key else "", owner.uid, owner.gid, owner.mode)
    return kept
