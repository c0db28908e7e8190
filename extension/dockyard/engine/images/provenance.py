"""The manifests under which registries have images: kept byte for byte, so that what is pushed again has the same digest."""

import json
from collections.abc import Iterable

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.blobs import Blobs

__all__ = ["manifests"]

LARGEST_BYTES = 4 << 20


def manifests(blobs: Blobs, digests: Iterable[str]) -> set[str]:
    """Return those of some manifests that are here, and those that the indexes among them list and are here.

    Args:
        blobs: Where they are kept.
        digests: From images' names by digest, such as ``sha256:d293...``.
    """
    found = {digest for digest in digests if _is_here(blobs, digest) and blobs.size(digest) <= LARGEST_BYTES}
    return found | {entry for digest in found for entry in _listed(blobs.read(digest)) if _is_here(blobs, entry)}


def _listed(content: bytes) -> list[str]:
    """The digests in an index; none where it is a manifest."""
    try:
        return [str(entry["digest"]) for entry in json.loads(content).get("manifests") or []]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return []


def _is_here(blobs: Blobs, digest: str) -> bool:
    try:
        return blobs.has(digest)
    except BadParameter:
        return False
