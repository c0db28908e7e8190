"""The manifest that an image was pulled or pushed with."""

from dockyard.engine.errors import ApiError
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.provenance import manifests
from dockyard.engine.registry.manifests import Document

__all__ = ["manifest_of"]


def manifest_of(images: Images, blobs: Blobs, image: Image) -> Document | None:
    """Return the manifest that registries have an image under, if all that it names is here."""
    digests = [reference.digest for reference in images.references(image.id) if reference.digest]
    for digest in sorted(manifests(blobs, digests)):
        document = Document.read(blobs.read(digest))
        try:
            its_own = not document.is_list and document.config.digest == image.id
            if its_own and all(blobs.claim(each.digest) for each in document.layers):
                return document
        except ApiError:  # a manifest of another kind, which no image was made from
            continue
    return None
