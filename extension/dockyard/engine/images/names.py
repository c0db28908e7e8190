"""Which image has which name."""

from collections import defaultdict
from collections.abc import Mapping

from dockyard.engine.images.reference import Reference

__all__ = ["Names"]


class Names:
    """Names of both kinds, tags and digests, and the IDs of the images that have them. Not for two threads at once.

    Args:
        tags: Whole names with a tag, such as ``docker.io/library/busybox:latest``, to IDs.
        digests: Whole names with a digest to IDs.
    """

    def __init__(self, tags: Mapping[str, str], digests: Mapping[str, str]) -> None:
        self._owners: dict[Reference, str] = {}
        self._of: defaultdict[str, set[Reference]] = defaultdict(set)
        for name, image_id in (*tags.items(), *digests.items()):
            self.give(Reference.parse(name), image_id)

    def to_json(self) -> dict[str, dict[str, str]]:
        """Return them as they are written to disk."""
        named = self._owners.items()
        return {
            "tags": {reference.full: image_id for reference, image_id in named if reference.tag},
            "digests": {reference.full: image_id for reference, image_id in named if reference.digest},
        }

    def owner(self, reference: Reference) -> str | None:
        """Return the ID of the image that has a name."""
        return self._owners.get(_key(reference))

    def of(self, image_id: str) -> list[Reference]:
        """Return an image's names, in order."""
        return sorted(self._of.get(image_id, ()), key=lambda reference: reference.full)

    def tagged(self, repository: str) -> list[tuple[Reference, str]]:
        """Return the tags of a repository and the IDs of their images, in order."""
        found = [(each, owner) for each, owner in self._owners.items() if each.tag and each.repository == repository]
        return sorted(found, key=lambda each: each[0].full)

    def manifests(self) -> list[str]:
        """Return the digests by which registries know images."""
        return [reference.digest for reference in self._owners if reference.digest]

    def give(self, reference: Reference, image_id: str) -> None:
        """Give a name to an image; another that had it loses it."""
        self.drop(reference)
        self._owners[_key(reference)] = image_id
        self._of[image_id].add(_key(reference))

    def drop(self, reference: Reference) -> bool:
        """Drop a name; False where no image had it."""
        owner = self._owners.pop(_key(reference), None)
        if owner is None:
            return False
        self._of[owner].discard(_key(reference))
        return True


def _key(reference: Reference) -> Reference:
    """How a name is kept: a digest says more than a tag beside it."""
    return reference.with_digest(reference.digest) if reference.digest else reference
