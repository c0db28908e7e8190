"""``docker manifest``'s question: what a registry has under a name, without downloading it."""

import json
from typing import Any

from dockyard.engine.errors import ServerError
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry.client import Repository
from dockyard.engine.registry.credentials import Credentials
from dockyard.engine.registry.manifests import LARGEST_BYTES, Document
from dockyard.engine.registry.platforms import Platform

__all__ = ["inspect_distribution"]


def inspect_distribution(reference: Reference, *, credentials: Credentials | None = None) -> dict[str, Any]:
    """Return what a name stands for and which machines it is for (Docker Engine API, ``GET /distribution/{name}/json``).

    ::

        {"Descriptor": {"mediaType": "application/vnd...", "digest": "sha256:d293...", "size": 527},
         "Platforms": [{"architecture": "amd64", "os": "linux"}]}

    Raises:
        Refused: The registry has no such thing, or not for this caller.
        ServerError: It can't be reached.
    """
    with Repository(reference, credentials) as repository:
        document = repository.manifest(reference.digest or str(reference.tag))
        platforms = _platforms(repository, document)
    described = {"mediaType": document.media_type, "digest": document.digest, "size": len(document.content)}
    return {"Descriptor": described, "Platforms": [each.to_json() for each in platforms]}


def _platforms(repository: Repository, document: Document) -> list[Platform]:
    if document.is_list:
        return [platform for _, platform in document.entries if platform]
    try:
        config = json.loads(repository.small_blob(document.config, LARGEST_BYTES))
        return [Platform.of(config)]
    except (ValueError, AttributeError, RecursionError) as error:
        raise ServerError("the image's configuration can't be read") from error
