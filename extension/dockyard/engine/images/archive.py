"""Images as one file: ``docker save``. How such files are read is in :mod:`.loading`.

What is written is both of the formats that engines read: an OCI image layout (``index.json``, OCI Image Specification) whose blobs are
also named by a ``manifest.json`` (Docker Image Specification v1.2).
"""

import json
import os
import tarfile
from collections.abc import Sequence
from contextlib import ExitStack
from io import FileIO
from typing import Any, Protocol

from dockyard.engine.errors import NotFound
from dockyard.engine.images.blobs import hex_of, sha256
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.reference import Reference

__all__ = ["ARCHITECTURES", "NAME", "OCI_INDEX", "OCI_MANIFEST", "SHORT_NAME", "Sink", "blob_path", "save"]

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
NAME = "io.containerd.image.name"
SHORT_NAME = "org.opencontainers.image.ref.name"
END = b"\0" * (2 * tarfile.BLOCKSIZE)


class Sink(Protocol):
    """Where an archive goes."""

    def write(self, data: bytes, /) -> None:
        """Send some bytes."""
        ...

    def send_file(self, file: FileIO, offset: int, count: int) -> None:
        """Send a part of a file without reading it here."""
        ...


def save(images: Images, names: Sequence[str], sink: Sink) -> None:
    """Write images as an archive that any engine loads. Layers go from the disk to the sink as they are, without a copy.

    Args:
        images: Where they are.
        names: As ``docker save`` takes them: a name with a tag, a name alone for all its tags, or an ID for an image without its names.
        sink: Where the archive goes; nothing is written before all images are found.

    Raises:
        NotFound: There is no such image.
    """
    chosen = _chosen(images, names)
    with ExitStack() as files:
        blobs: dict[str, FileIO] = {}  # opened now, so that they are there to the end whoever removes the image
        for image, _ in chosen:
            for digest in (image.id, *(layer.blob for layer in image.layers)):
                if digest not in blobs:
                    blobs[digest] = files.enter_context(images.blobs.open(digest))
        for folder in ("blobs/", "blobs/sha256/"):
            sink.write(_header(folder, 0))
        for digest, file in blobs.items():
            _send(sink, blob_path(digest), file)
        index, manifest_json = [], []
        for image, references in chosen:
            manifest = _encode(_manifest(image, _length(blobs[image.id])))
            if (digest := sha256(manifest)) not in blobs:
                _write(sink, blob_path(digest), manifest)
            index += [
                {"mediaType": OCI_MANIFEST, "digest": digest, "size": len(manifest)} | annotations
                for annotations in [_annotations(each) for each in references] or [{}]
            ]
            manifest_json.append(
                {
                    "Config": blob_path(image.id),
                    "RepoTags": [each.familiar for each in references] or None,
                    "Layers": [blob_path(layer.blob) for layer in image.layers],
                }
            )
        _write(sink, "index.json", _encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": index}))
        _write(sink, "oci-layout", _encode({"imageLayoutVersion": "1.0.0"}))
        _write(sink, "manifest.json", _encode(manifest_json))
        sink.write(END)
    for image, _ in chosen:
        images.tell("save", image, image.id, image.id)


def _chosen(images: Images, names: Sequence[str]) -> list[tuple[Image, list[Reference]]]:
    """Each image once, with the names under which it is saved."""
    chosen: dict[str, tuple[Image, list[Reference]]] = {}
    for name in names:
        for image_id, reference in _meant(images, name):
            references = chosen.setdefault(image_id, (images.get(image_id), []))[1]
            if reference and reference not in references:
                references.append(reference)
    return list(chosen.values())


def _meant(images: Images, name: str) -> list[tuple[str, Reference | None]]:
    """IDs of the images that a name means, each with the tag under which it is meant."""
    if images.is_id(name):
        return [(images.resolve(name).id, None)]
    reference = Reference.parse(name)
    if "@" not in name and ":" not in name.rpartition("/")[2]:
        if tagged := images.tagged(reference.repository):
            return [(image_id, each) for each, image_id in tagged]
        raise NotFound(f"No such image: {name}")
    if owner := images.owner(reference):
        return [(owner, None if reference.digest else reference)]
    raise NotFound("reference does not exist")


def _manifest(image: Image, config_bytes: int) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": image.id, "size": config_bytes},
        "layers": [
            {
                "mediaType": OCI_LAYER if layer.is_plain else f"{OCI_LAYER}+gzip",
                "digest": layer.blob,
                "size": layer.size_bytes,
            }
            for layer in image.layers
        ],
    }


def _annotations(reference: Reference) -> dict[str, Any]:
    return {"annotations": {NAME: reference.full, SHORT_NAME: reference.tag}}


def _length(file: FileIO) -> int:
    return os.fstat(file.fileno()).st_size


def _send(sink: Sink, name: str, file: FileIO) -> None:
    size_bytes = _length(file)
    sink.write(_header(name, size_bytes))
    sink.send_file(file, 0, size_bytes)
    sink.write(b"\0" * (-size_bytes % tarfile.BLOCKSIZE))


def _write(sink: Sink, name: str, content: bytes) -> None:
    sink.write(_header(name, len(content)) + content + b"\0" * (-len(content) % tarfile.BLOCKSIZE))


def _header(name: str, size_bytes: int) -> bytes:
    info = tarfile.TarInfo(name.rstrip("/"))
    info.size = size_bytes
    if name.endswith("/"):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info.tobuf(tarfile.PAX_FORMAT)


def _encode(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def blob_path(digest: str) -> str:
    """Return where a blob is in an archive."""
    return f"blobs/sha256/{hex_of(digest)}"
