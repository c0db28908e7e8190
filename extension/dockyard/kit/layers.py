"""Write image layers and images, file by file, without root and without unpacking anything.

The image archive is the one that ``docker save`` writes and every engine loads (Docker Image Specification v1.2, "Combined Image JSON +
Filesystem Changeset Format").
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

__all__ = ["Layer", "LayerWriter", "architecture", "write_images"]

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Layer:
    """A finished layer.

    Attributes:
        path: Its uncompressed tar file.
        diff_id: The file's digest, ``sha256:...``.
        newest: When its newest file changed, in seconds since 1970.
    """

    path: Path
    diff_id: str
    newest: int


class LayerWriter:
    """Writes one layer; a folder that comes twice is written once, and folders above a file come before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed by finish()
        self._names: set[str] = set()
        self._newest = 0

    def add(self, info: tarfile.TarInfo, content: IO[bytes] | None = None) -> None:
        """Add a member; one of the same name that is there already stays."""
        name = info.name.strip("/").removeprefix("./")
        if name in ("", ".") or name in self._names:
            return
        self._make_parents(name)
        info.name = name
        info.uname = info.gname = ""
        self._tar.addfile(info, content)
        self._names.add(name)
        self._newest = max(self._newest, int(info.mtime))

    def folder(self, name: str, mode: int = 0o755) -> None:
        """Add a folder, owned by root."""
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.mtime = tarfile.DIRTYPE, mode, self._newest
        self.add(info)

    def file(self, name: str, content: bytes, mode: int = 0o644, changed: int | None = None) -> None:
        """Add a file, owned by root."""
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(content), mode, self._newest if changed is None else changed
        self.add(info, io.BytesIO(content))

    def link(self, name: str, target: str, *, hard: bool = False) -> None:
        """Add a symbolic link, or another name for a file of this layer."""
        info = tarfile.TarInfo(name)
        info.type, info.linkname = (tarfile.LNKTYPE if hard else tarfile.SYMTYPE), target
        info.mode, info.mtime = (0o755 if hard else 0o777), self._newest
        self.add(info)

    def finish(self) -> Layer:
        """Close the layer and return it."""
        self._tar.close()
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Layer(self._path, f"sha256:{digest}", self._newest)

    def _make_parents(self, name: str) -> None:
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            parent = "/".join(parts[:depth])
            if parent not in self._names:
                self.folder(parent)


def architecture() -> str:
    """Return this machine's architecture as images name it, such as ``amd64``."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def write_images(target: Path, images: Mapping[str, tuple[Sequence[Layer], Mapping[str, Any]]]) -> None:
    """Write an archive that ``docker load`` takes.

    Args:
        target: The file; it is there whole or not at all.
        images: Reference to its layers, lowest first, and its configuration as ``docker inspect`` shows it under ``Config``.
    """
    draft = target.with_name(target.name + ".part")
    manifest = []
    with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as archive:
        for reference, (layers, config) in images.items():
            created = (
                datetime.fromtimestamp(max(layer.newest for layer in layers), UTC).isoformat().replace("+00:00", "Z")
            )
            body = json.dumps(
                {
                    "architecture": architecture(),
                    "os": "linux",
                    "created": created,
                    "config": dict(config),
                    "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
                    "history": [{"created": created, "created_by": "dockyard images prepare"} for _ in layers],
                },
                sort_keys=True,
            ).encode()
            name = f"{hashlib.sha256(body).hexdigest()}.json"
            _put(archive, name, body)
            paths = [f"{layer.diff_id.removeprefix('sha256:')}/layer.tar" for layer in layers]
            for layer, path in zip(layers, paths, strict=True):
                info = archive.gettarinfo(layer.path, path)
                info.uid = info.gid = info.mtime = 0
                with layer.path.open("rb") as file:
                    archive.addfile(info, file)
            manifest.append({"Config": name, "RepoTags": [reference], "Layers": paths})
        _put(archive, "manifest.json", json.dumps(manifest).encode())
    draft.replace(target)


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))
