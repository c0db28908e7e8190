"""What a registry keeps under a tag: a manifest (one image) or an index of them (an image for several machines).

Docker's image manifest schema 2 and the OCI image manifest have the same fields; so have Docker's manifest list and the OCI index.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dockyard.engine.errors import NotFound, NotSupported, ServerError
from dockyard.engine.images.blobs import hex_of, sha256
from dockyard.engine.images.image import LAYER_GZIP
from dockyard.engine.registry.platforms import Platform

__all__ = ["ACCEPTED", "LARGEST_BYTES", "Descriptor", "Document", "write_manifest"]

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"

ACCEPTED = (DOCKER_MANIFEST, DOCKER_LIST, OCI_INDEX, OCI_MANIFEST)
LISTS = {DOCKER_LIST, OCI_INDEX}
LARGEST_BYTES = 4 << 20  # a registry takes no larger manifest (OCI distribution-spec, "Pushing Manifests")


@dataclass(frozen=True)
class Descriptor:
    """One blob that a manifest names."""

    media_type: str
    digest: str
    size_bytes: int

    @classmethod
    def of(cls, described: Any) -> "Descriptor":
        """Return a descriptor as a registry wrote it.

        Raises:
            ServerError: It is none.
            BadParameter: Its digest is none.
        """
        try:
            found = cls(str(described.get("mediaType", "")), str(described["digest"]), int(described["size"]))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ServerError("manifest invalid: a blob in it is not described by digest and size") from error
        if found.size_bytes < 0:
            raise ServerError("manifest invalid: a blob in it has a negative size")
        hex_of(found.digest)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it as manifests hold it."""
        return {"mediaType": self.media_type, "size": self.size_bytes, "digest": self.digest}


@dataclass(frozen=True)
class Document:
    """A manifest or an index, byte for byte as the registry has it.

    Attributes:
        content: Its bytes; their digest is its name.
        media_type: What the registry calls it.
    """

    content: bytes
    media_type: str

    @classmethod
    def read(cls, content: bytes, media_type: str = "") -> "Document":
        """Return a document; its own ``mediaType`` counts where the registry gave none of those that are known."""
        document = cls(content, media_type.partition(";")[0].strip())
        if document.media_type in ACCEPTED:
            return document
        fields = document.fields
        guessed = OCI_INDEX if "manifests" in fields else OCI_MANIFEST if "config" in fields else document.media_type
        return cls(content, str(fields.get("mediaType") or guessed))

    @property
    def digest(self) -> str:
        """Its name."""
        return sha256(self.content)

    @property
    def fields(self) -> dict[str, Any]:
        """What it says.

        Raises:
            ServerError: It is no JSON object.
        """
        try:
            fields = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise ServerError(f"manifest invalid: {error}") from error
        if not isinstance(fields, dict):
            raise ServerError("manifest invalid: it is not a JSON object")
        return fields

    @property
    def is_list(self) -> bool:
        """Whether it names other manifests."""
        return self.media_type in LISTS

    @property
    def config(self) -> Descriptor:
        """The image's configuration, whose digest is the image's ID.

        Raises:
            NotSupported: It is not of an image.
        """
        if self.media_type not in ACCEPTED:
            raise NotSupported(
                f'the registry has it as "{self.media_type}", an old kind of manifest that this engine does not read; push it again with a newer Docker'
            )
        config = Descriptor.of(self.fields.get("config"))
        if config.media_type not in (DOCKER_CONFIG, OCI_CONFIG):
            raise NotSupported(f'Encountered remote "{config.media_type}"(unknown) when fetching')
        return config

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """Its layers, the lowest first."""
        layers = self.fields.get("layers")
        if not isinstance(layers, list):
            raise ServerError("manifest invalid: it has no layers")
        return tuple(Descriptor.of(layer) for layer in layers)

    @property
    def entries(self) -> tuple[tuple[Descriptor, Platform | None], ...]:
        """What an index names: manifests, each with the platform that it is for."""
        entries = self.fields.get("manifests")
        if not isinstance(entries, list):
            raise ServerError("manifest invalid: it has no manifests")
        return tuple(
            (Descriptor.of(entry), Platform.of(entry["platform"]) if isinstance(entry.get("platform"), dict) else None)
            for entry in entries
        )

    def choose(self, platform: Platform) -> Descriptor:
        """Return the manifest in an index that suits ``platform`` best.

        Raises:
            NotFound: None does.
        """
        ranked = [
            (rank, number, entry)
            for number, (entry, offered) in enumerate(self.entries)
            if offered is not None and (rank := platform.rank(offered)) is not None
        ]
        if not ranked:
            raise NotFound(f"no matching manifest for {platform} in the manifest list entries")
        return min(ranked)[2]


def write_manifest(config: Descriptor, layers: Sequence[Descriptor]) -> Document:
    """Return the manifest of an image that came from no registry, laid out as Docker lays it out."""
    fields = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": Descriptor(DOCKER_CONFIG, config.digest, config.size_bytes).to_json(),
        "layers": [Descriptor(LAYER_GZIP, layer.digest, layer.size_bytes).to_json() for layer in layers],
    }
    return Document(json.dumps(fields, indent=3).encode(), DOCKER_MANIFEST)
