"""What an image is: its configuration (OCI Image Specification, "Image Configuration") and its layers."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.kinds import require_kinds

__all__ = ["LAYER_GZIP", "LAYER_PLAIN", "Image", "Layer", "chain_ids"]

LAYER_PLAIN = "application/vnd.docker.image.rootfs.diff.tar"
LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Layer:
    """One layer, as it is stored.

    Attributes:
        diff_id: Digest of its tar stream.
        blob: Digest of the stored blob, which is that stream or a compressed form of it.
        media_type: Of the blob.
        size_bytes: Of the blob.
        unpacked_bytes: Sum of the lengths of its files.
    """

    diff_id: str
    blob: str
    media_type: str
    size_bytes: int
    unpacked_bytes: int

    @property
    def is_plain(self) -> bool:
        """Whether the blob is the tar stream itself."""
        return self.blob == self.diff_id

    def to_json(self) -> dict[str, Any]:
        """Return it as it is written to disk."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Layer":
        """Return what :meth:`to_json` gave."""
        return cls(**data)


@dataclass(frozen=True)
class Image:
    """An image.

    Attributes:
        id: Digest of its configuration's bytes.
        config: The configuration; what a container of it runs with is under ``config``.
        layers: Lowest first.
        parent: ID of the image that it was built or committed from here; empty where that is not known.
        added: When it came here, RFC 3339.
        tagged: When it last got a name; empty if never.
    """

    id: str
    config: Mapping[str, Any]
    layers: tuple[Layer, ...]
    parent: str = ""
    added: str = ""
    tagged: str = ""

    @classmethod
    def parse(cls, config_json: bytes, layers: Sequence[Layer], **more: str) -> "Image":
        """Return the image of a configuration.

        Raises:
            BadParameter: It is no configuration, or one of other layers.
        """
        try:
            config = json.loads(config_json)
        except (ValueError, RecursionError) as error:
            raise BadParameter(f"invalid image configuration: {error}") from error
        require_kinds(config)
        diff_ids = (config.get("rootfs") or {}).get("diff_ids") or []
        if diff_ids != [layer.diff_id for layer in layers]:
            raise BadParameter("invalid image configuration: its layers are not those of the image")
        return cls(f"sha256:{hashlib.sha256(config_json).hexdigest()}", config, tuple(layers), **more)

    @property
    def short_id(self) -> str:
        """The first 12 digits of its ID."""
        return self.id.removeprefix("sha256:")[:12]

    @property
    def run_config(self) -> Mapping[str, Any]:
        """What a container runs with: ``Cmd``, ``Env``, ``User``, ... as they are written."""
        return self.config.get("config") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.run_config.get("Labels") or {}

    @property
    def created(self) -> str:
        """When it was made, RFC 3339; year 1 where the configuration does not say."""
        return str(self.config.get("created") or "0001-01-01T00:00:00Z")

    @property
    def architecture(self) -> str:
        """Such as ``"amd64"``."""
        return str(self.config.get("architecture") or "")

    @property
    def size_bytes(self) -> int:
        """Length of all files of all layers, as Docker counts."""
        return sum(layer.unpacked_bytes for layer in self.layers)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Digests of the layers' tar streams, lowest first."""
        return tuple(layer.diff_id for layer in self.layers)

    @property
    def chain_id(self) -> str:
        """Digest that names the root file system as a whole; empty where there are no layers."""
        return chain_ids(self.diff_ids)[-1] if self.layers else ""


def chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """Return the digest that names each layer on top of those below it (OCI Image Specification, "Layer ChainID")."""
    chain: list[str] = []
    for diff_id in diff_ids:
        below = chain[-1] if chain else ""
        chain.append(f"sha256:{hashlib.sha256(f'{below} {diff_id}'.encode()).hexdigest()}" if below else diff_id)
    return chain
