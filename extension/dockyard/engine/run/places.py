"""What has to be there before a container starts: places for its mounts, its working folder."""

import os
import resource
from collections.abc import Sequence
from pathlib import Path

from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.engine.files.view import View
from dockyard.engine.run.spec import Mount, Spec

__all__ = ["make_places", "require_supported"]

ALWAYS = ("/proc", "/dev", "/sys")


def require_supported(spec: Spec) -> None:
    """Refuse what the runner can't do.

    Raises:
        NotSupported: It says what, and why.
    """
    for port in spec.ports:
        if port.protocol != "tcp":
            raise NotSupported(f"port {port.container_port}/{port.protocol} can't be published: only TCP is carried on")
    for name, _, _ in spec.ulimits:
        if not hasattr(resource, f"RLIMIT_{name.upper()}"):
            raise BadParameter(f"invalid ulimit type: {name}")
    if spec.runner != "proot":
        return
    sources: dict[str, bool] = {}
    for mount in spec.mounts:
        if mount.kind == "tmpfs":
            if mount.size_bytes is not None:
                raise NotSupported(
                    f"the size of the tmpfs on {mount.target} can't be limited: this machine grants no mounts, and a folder stands in for it"
                )
            continue
        for path in (mount.source, mount.target):
            if ":" in path:
                raise NotSupported(
                    f"{path} can't be mounted: without mounts of the kernel's own, a path with a colon has no way to be named"
                )
        source = os.path.realpath(mount.source)
        if sources.setdefault(source, mount.read_only) != mount.read_only:
            raise NotSupported(
                f"{mount.source} can't be mounted both read-only and writable: this machine grants no mounts of the kernel's own"
            )


def make_places(spec: Spec) -> Spec:
    """Create what mounts are put on and the working folder; return the spec with links in the targets followed.

    Raises:
        OSError: A place can't be made, such as one below a file.
    """
    root = Path(spec.root)
    for target in ALWAYS:
        _make(View(root).resolve(target, follow_last=False).host, folder=True)
    mounts: list[Mount] = []
    for mount in spec.mounts:
        place = View(root, mounts).resolve(mount.target)
        if not (place.read_only and place.mount):
            _make(place.host, folder=mount.kind == "tmpfs" or os.path.isdir(mount.source))
        mounts.append(mount._replace(target=place.inner))
    _make_working_folder(root, mounts, spec.process.cwd)
    return spec._replace(mounts=tuple(mounts))


def _make_working_folder(root: Path, mounts: Sequence[Mount], cwd: str) -> None:
    """Create a working folder that is missing; one that is not allowed to be made is left to fail at the start."""
    place = View(root, mounts).resolve(cwd)
    if not (place.read_only and place.mount):
        _make(place.host, folder=True)


def _make(path: Path, *, folder: bool) -> None:
    if os.path.lexists(path):
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if folder:
        path.mkdir(mode=0o755)
    else:
        path.touch(mode=0o644)
