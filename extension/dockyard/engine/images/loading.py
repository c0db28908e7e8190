"""Images out of one file: ``docker load``, of what Docker, containerd, skopeo and others write.

An archive is an OCI image layout (``index.json``), or it has a ``manifest.json`` (Docker Image Specification v1.2), or both, which then
say the same.
"""

import json
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockyard.engine.errors import BadParameter, NotFound, NotSupported, ServerError
from dockyard.engine.images.archive import ARCHITECTURES, NAME, OCI_INDEX, OCI_MANIFEST, SHORT_NAME, blob_path
from dockyard.engine.images.blobs import sha256
from dockyard.engine.images.image import Image, Layer
from dockyard.engine.images.images import Images
from dockyard.engine.images.reference import Reference
from dockyard.engine.images.staged import StagedArchive, StagedFile
from dockyard.tarstream import Reader

__all__ = ["Report", "load"]

Report = Callable[[dict[str, Any]], None]

INDEXES = (OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = (OCI_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")


@dataclass(frozen=True)
class _Found:
    """An image of an archive, checked."""

    config_json: bytes
    layers: tuple[Layer, ...]
    files: tuple[StagedFile, ...]
    references: tuple[Reference, ...]
    parent: str


def load(images: Images, reader: Reader, report: Report, *, quiet: bool = False) -> list[str]:
    r"""Take the images of an archive, all of them or, if anything is wrong with one, none; return their IDs.

    Args:
        images: Where they go.
        reader: The archive, compressed or not.
        report: Called with what Docker says: progress, and ``{"stream": "Loaded image: busybox:latest\n"}`` for each name.
        quiet: Whether to leave the progress out.

    Raises:
        BadParameter: It is no archive of images.
        ServerError: A layer is not what its image says it is.
    """
    with images.blobs.making(), tempfile.TemporaryDirectory(prefix="load-", dir=images.blobs.staging) as folder:
        archive = StagedArchive(reader, Path(folder))
        if "manifest.json" in archive:
            found = list(_of_docker(archive))
        elif "index.json" in archive:
            found = list(_of_layout(archive))
        else:
            found = []
        if not found:
            raise ServerError("invalid archive: neither manifest.json nor index.json names an image")
        said = [_take(images, each, report, quiet=quiet) for each in found]
    if not any(each.references for each in found):
        report({"stream": "".join(f"Loaded image ID: {image_id}\n" for image_id in said)})
    return said


def _take(images: Images, found: _Found, report: Report, *, quiet: bool) -> str:
    for layer, file in zip(found.layers, found.files, strict=True):
        if not images.blobs.claim(layer.blob):
            images.blobs.adopt(file.path, layer.blob)
            if not quiet:
                done = {"current": layer.size_bytes, "total": layer.size_bytes}
                report({"status": "Loading layer", "progressDetail": done, "id": layer.diff_id[7:19]})
    for reference in found.references:
        old = images.owner(reference)
        if old and old != sha256(found.config_json):
            text = f"The image {reference.familiar} already exists, renaming the old one with ID {old} to empty string"
            report({"stream": f"{text}\n"})
    image = images.add(found.config_json, found.layers, parent=_parent(images, found), names=found.references)
    for reference in found.references:
        report({"stream": f"Loaded image: {reference.familiar}\n"})
    images.tell("load", image, image.id, image.id)
    return image.id


def _parent(images: Images, found: _Found) -> str:
    """The image that a loaded one was made from: what the archive says, if it is here and has the beginning of its history."""
    if not found.parent or not images.has(found.parent):
        return ""
    steps = json.loads(found.config_json).get("history") or []
    earlier = images.get(found.parent).config.get("history") or []
    return found.parent if len(earlier) < len(steps) and steps[: len(earlier)] == earlier else ""


def _of_docker(archive: StagedArchive) -> Iterator[_Found]:
    """The images of a ``manifest.json``: ``[{"Config": PATH, "RepoTags": [NAME], "Layers": [PATH]}]``."""
    try:
        for entry in archive.document("manifest.json"):
            files = [archive.file(path) for path in entry["Layers"] or []]
            names = tuple(Reference.parse(name) for name in entry.get("RepoTags") or [])
            yield _checked(archive.file(entry["Config"]), files, names, str(entry.get("Parent") or ""))
    except (TypeError, KeyError, AttributeError) as error:
        raise BadParameter(f"invalid archive: manifest.json: {error!r}") from error


def _of_layout(archive: StagedArchive) -> Iterator[_Found]:
    """The images of an ``index.json``; of one for several machines, that for this machine."""
    try:
        for entry in archive.document("index.json")["manifests"]:
            manifest = _manifest_of(archive, entry)
            names = entry.get("annotations") or {}
            name = names.get(NAME) or names.get(SHORT_NAME) or ""
            is_name = NAME in names or ":" in name or "/" in name  # a short name may be a tag alone
            references = (Reference.parse(name),) if is_name else ()
            layers = [_blob(archive, each) for each in manifest["layers"]]
            yield _checked(_blob(archive, manifest["config"]), layers, references, "")
    except (TypeError, KeyError, AttributeError) as error:
        raise BadParameter(f"invalid archive: index.json: {error!r}") from error


def _manifest_of(archive: StagedArchive, entry: dict[str, Any]) -> dict[str, Any]:
    _blob(archive, entry)
    document: dict[str, Any] = archive.document(blob_path(entry["digest"]))
    kind = entry.get("mediaType") or document.get("mediaType")
    if kind in MANIFESTS:
        return document
    if kind in INDEXES and not entry.get("_nested"):
        here = ARCHITECTURES.get(platform.machine(), platform.machine())
        for each in document["manifests"]:
            wanted = each.get("platform") or {}
            if wanted.get("os", "linux") == "linux" and wanted.get("architecture", here) == here:
                return _manifest_of(archive, {**each, "_nested": True})
        raise NotFound(f"no image for the platform linux/{here} in the archive")
    raise NotSupported(f"content of the type {kind} in an image archive is not supported")


def _blob(archive: StagedArchive, entry: dict[str, Any]) -> StagedFile:
    file = archive.file(blob_path(entry["digest"]))
    if file.digest != entry["digest"]:
        raise ServerError(f"filesystem layer verification failed for digest {entry['digest']}")
    return file


def _checked(config: StagedFile, files: Sequence[StagedFile], references: tuple[Reference, ...], parent: str) -> _Found:
    """An image whose layers are what its configuration says they are."""
    config_json = config.path.read_bytes()
    try:
        expected = [str(each) for each in json.loads(config_json)["rootfs"]["diff_ids"] or []]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadParameter(f"invalid archive: an image's configuration can't be read: {error!r}") from error
    if len(expected) != len(files):
        raise ServerError(f"invalid manifest, layers length mismatch: expected {len(expected)}, got {len(files)}")
    layers = tuple(file.layer() for file in files)
    for number, (diff_id, layer) in enumerate(zip(expected, layers, strict=True)):
        if diff_id != layer.diff_id:
            raise ServerError(f'invalid diffID for layer {number}: expected "{diff_id}", got "{layer.diff_id}"')
    Image.parse(config_json, layers)  # so that nothing of the archive is taken if this can't be
    return _Found(config_json, layers, tuple(files), references, parent)
