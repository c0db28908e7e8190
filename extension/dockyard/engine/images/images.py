"""The images of an engine and their names."""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from dockyard.engine.clock import now
from dockyard.engine.errors import BadParameter, NotFound, ServerError
from dockyard.engine.events import Events
from dockyard.engine.filters import Filters
from dockyard.engine.folders import Folders
from dockyard.engine.images import describe, removal
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.compression import Compression
from dockyard.engine.images.describe import Version
from dockyard.engine.images.image import Image, Layer, chain_ids
from dockyard.engine.images.provenance import manifests
from dockyard.engine.images.records import Records
from dockyard.engine.images.reference import Reference

__all__ = ["LIST_FILTERS", "PRUNE_FILTERS", "Images"]

LIST_FILTERS = ("before", "dangling", "label", "reference", "since", "until")
PRUNE_FILTERS = ("dangling", "label", "label!", "until")
NO_FILTERS = Filters()
DIGITS = frozenset("0123456789abcdef")


class Images:
    """All images. Thread-safe; what a call has acknowledged outlives the engine.

    Attributes:
        blobs: Their content.
        compression: Compressed forms of their layers.
        in_use: Given an image's ID, the containers made of it: ID and whether it runs. Set by the containers.
        on_delete: Told of each image that is gone, such as for its unpacked files to go too.
    """

    def __init__(self, folders: Folders, blobs: Blobs, events: Events) -> None:
        self.blobs = blobs
        self.compression = Compression(folders.images / "compressed.json", blobs)
        self.in_use: Callable[[str], Sequence[tuple[str, bool]]] = lambda _: ()
        self.on_delete: Callable[[Image], None] = lambda _: None
        self._events = events
        self._records = Records(folders.images, blobs)
        self._lock = threading.RLock()
        self._images, self._held, self._names = self._records.read()
        self._deleted: list[Image] = []
        self.sweep()
        blobs.on_idle = self.sweep

    # ------------------------------------------------------------ finding

    def resolve(self, name: str) -> Image:
        """Return the image of a name, a name with a digest, an ID, or the beginning of one that fits one image alone.

        Raises:
            NotFound: There is none.
            BadParameter: It can't be a name.
        """
        bare = name.removeprefix("sha256:")
        with self._lock:
            if len(bare) == 64 and DIGITS.issuperset(bare):
                if found := self._images.get(f"sha256:{bare}"):
                    return found
                raise NotFound(f"No such image: sha256:{bare}")
            try:
                reference = Reference.parse(name)
            except BadParameter:
                if bare == name or not DIGITS.issuperset(bare):
                    raise
                shown = name
            else:
                if named := self._names.owner(reference):
                    return self._images[named]
                shown = reference.familiar
            matching = [each for each in self._images if each.startswith(f"sha256:{bare}")]
            if bare and len(matching) == 1:
                return self._images[matching[0]]
        raise NotFound(f"No such image: {shown}")

    def get(self, image_id: str) -> Image:
        """Return the image of a whole ID; also one that was removed, as long as a container that was made of it is there.

        Raises:
            NotFound: There is none.
        """
        with self._lock:
            if found := self._images.get(image_id) or self._held.get(image_id):
                return found
        raise NotFound(f"No such image: {image_id}")

    def all(self) -> list[Image]:
        """Return every image, also those that only serve others as parents."""
        with self._lock:
            return list(self._images.values())

    def children(self, image_id: str) -> list[Image]:
        """Return the images that were built or committed from one."""
        return [image for image in self.all() if image.parent == image_id]

    def names(self, image_id: str) -> list[str]:
        """Return an image's names as people write them, such as ``["busybox:latest"]``."""
        return [each.familiar for each in self.references(image_id) if each.tag]

    def digests(self, image_id: str) -> list[str]:
        """Return an image's names by digest, as registries know it, such as ``["busybox@sha256:d293..."]``."""
        return [each.familiar for each in self.references(image_id) if each.digest]

    def references(self, image_id: str) -> list[Reference]:
        """Return all names of both kinds, in order."""
        with self._lock:
            return self._names.of(image_id)

    def has(self, image_id: str) -> bool:
        """Whether there is an image of a whole ID."""
        return image_id in self._images

    def is_id(self, name: str) -> bool:
        """Whether a name means an image by its ID or the beginning of it."""
        bare = name.removeprefix("sha256:")
        return DIGITS.issuperset(bare) and self.resolve(name).id.startswith(f"sha256:{bare}")

    def owner(self, reference: Reference) -> str | None:
        """Return the ID of the image that has a name, if one has."""
        with self._lock:
            return self._names.owner(reference)

    def tagged(self, repository: str) -> list[tuple[Reference, str]]:
        """Return the tags of a repository and the IDs of their images, in order."""
        with self._lock:
            return self._names.tagged(repository)

    # ------------------------------------------------------------ adding and naming

    def add(
        self,
        config_json: bytes,
        layers: Sequence[Layer],
        *,
        parent: str = "",
        names: Iterable[Reference] = (),
        digests: Iterable[str] = (),
    ) -> Image:
        """Make an image of layers whose blobs are here, and return it; one that is here already keeps its record and gets the names.

        Args:
            config_json: Its configuration, byte for byte: the image's ID is their digest.
            layers: Lowest first.
            parent: ID of the image that it was made from here.
            names: What it is called from now on; another image of that name loses it.
            digests: Names by digest, such as ``"docker.io/library/busybox@sha256:d293..."``.

        Raises:
            BadParameter: The configuration is none, or not of these layers.
            ServerError: A layer's blob is not here.
        """
        image = Image.parse(config_json, layers, parent=parent, added=now())
        with self.blobs.making():
            for layer in layers:
                if not self.blobs.claim(layer.blob):
                    raise ServerError(f"layer does not exist: {layer.blob}")
            self.blobs.put(config_json)
            with self._lock:
                if image.id in self._images:
                    image = self._images[image.id]
                else:
                    image = replace(image, parent=parent if parent in self._images else "")
                    self.blobs.sync()
                    self._records.write(image)
                    self._images[image.id] = image
                    self._held.pop(image.id, None)
                references = [*names, *(Reference.parse(each) for each in digests)]
                return self._name(image, references) if references else image

    def tag(self, image: Image, reference: Reference) -> Image:
        """Give an image a name; another image of that name loses it.

        Raises:
            NotFound: The image is gone meanwhile.
        """
        with self._lock:
            named = self._name(self.get(image.id), [reference])
        self.tell("tag", image, image.id, reference.familiar)
        return named

    def untag(self, reference: Reference) -> None:
        """Drop a name of either kind; its image stays, nameless if this was the last."""
        with self._lock:
            if self._names.drop(reference):
                self._records.write_names(self._names)

    # ------------------------------------------------------------ removing

    def remove(self, name: str, *, force: bool = False, prune: bool = True) -> list[dict[str, str]]:
        """Remove an image, or one of its names, as ``docker rmi`` does.

        Args:
            name: As :meth:`resolve` takes it.
            force: Also one with several names, or that stopped containers were made from.
            prune: Also parents that nobody needs any more.

        Returns:
            ``[{"Untagged": "busybox:latest"}, {"Deleted": "sha256:..."}]``: images and the chain IDs of layers.

        Raises:
            NotFound: There is no such image.
            Conflict: Something needs it.
        """
        with self._lock:
            done = removal.remove(self, name, force=force, prune=prune)
            self.sweep()
        self._tell_deleted()
        return done

    def prune(self, filters: Filters = NO_FILTERS) -> dict[str, Any]:
        """Remove images without names, or, with ``dangling=false``, all that no container was made from.

        Returns:
            ``{"ImagesDeleted": [...] or None, "SpaceReclaimed": BYTES}``.
        """
        with self._lock:
            done = removal.prune(self, filters)
            self.sweep()
        self._tell_deleted()
        self._events.publish("image", "prune", "", {"reclaimed": str(done["SpaceReclaimed"])})
        return done

    def delete(self, image: Image) -> list[str]:
        """Remove an image that has no names; return the chain IDs of the layers that went with it, highest first.

        Its content stays for containers that were made of it, and is gone with the last of them.
        """
        with self._lock:
            if self.in_use(image.id):
                self._records.write(image, held=True)
                self._held[image.id] = image
            else:
                self._records.remove(image.id)
            del self._images[image.id]
            left = {chain for each in self._everything() for chain in chain_ids(each.diff_ids)}
        self.tell("delete", image, image.id, image.id)
        self._deleted.append(image)
        return [chain for chain in reversed(chain_ids(image.diff_ids)) if chain not in left]

    def release(self) -> None:
        """Drop the content of removed images that was only held for containers, if they are gone; to be called when one is removed."""
        with self._lock:
            for image_id in [each for each in self._held if not self.in_use(each)]:
                self._records.remove(image_id)
                self._deleted.append(self._held.pop(image_id))
            if self._deleted:
                self.sweep()
        self._tell_deleted()

    def sweep(self) -> int:
        """Remove content that belongs to no image and to no container of a removed one; return how many bytes that freed."""
        with self._lock:
            layers = [layer for image in self._everything() for layer in image.layers]
            used = {*self._images, *self._held, *(layer.blob for layer in layers)}
            used |= manifests(self.blobs, self._names.manifests())
            return self.blobs.sweep(used | self.compression.keep(layer.diff_id for layer in layers))

    def tell(self, action: str, image: Image, event_id: str, name: str) -> None:
        """Publish an event of an image, with its labels."""
        self._events.publish("image", action, event_id, {**image.labels, "name": name})

    # ------------------------------------------------------------ inside

    def _tell_deleted(self) -> None:
        """Tell of what is gone, once nothing waits for this any more: to remove files takes its time."""
        with self._lock:
            gone, self._deleted = self._deleted, []
        for image in gone:
            self.on_delete(image)

    def _everything(self) -> Iterable[Image]:
        return [*self._images.values(), *self._held.values()]

    def _name(self, image: Image, references: Collection[Reference]) -> Image:
        for reference in references:
            self._names.give(reference, image.id)
        self._records.write_names(self._names)
        named = replace(image, tagged=now())
        self._records.write(named)
        self._images[image.id] = named
        return named

    # ------------------------------------------------------------ what the API shows

    def inspect(self, name: str, version: Version = describe.OLDEST) -> dict[str, Any]:
        """Return what ``docker image inspect`` shows in a version of the API.

        Raises:
            NotFound: There is no such image.
        """
        try:
            image = self.resolve(name)
        except (NotFound, BadParameter) as error:
            raise type(error)(f"no such image: {name}: {error}") from error
        return describe.inspect(image, self.names(image.id), self.digests(image.id), version)

    def history(self, name: str) -> list[dict[str, Any]]:
        """Return what ``docker history`` shows, newest first.

        Raises:
            NotFound: There is no such image.
        """
        image = self.resolve(name)
        ancestors = [image]
        while parent := self._images.get(ancestors[-1].parent):
            ancestors.append(parent)
        return describe.history(image, [(each.id, self.names(each.id)) for each in ancestors])

    def layers_size_bytes(self) -> int:
        """Return how long the files of all layers are, each layer counted once."""
        layers = {layer.diff_id: layer.unpacked_bytes for image in self.all() for layer in image.layers}
        return sum(layers.values())

    def list(
        self,
        filters: Filters = NO_FILTERS,
        *,
        all: bool = False,  # noqa: A002  # the API's own name
        shared_size: bool = False,
        version: Version = describe.OLDEST,
    ) -> list[dict[str, Any]]:
        """Return what ``docker images`` shows, newest first.

        Args:
            filters: Of :data:`LIST_FILTERS`.
            all: Also images without names that others were made from.
            shared_size: Whether to count what each shares with others.
            version: Of the API.

        Raises:
            NotFound: ``before`` or ``since`` name no image.
            BadParameter: A filter's value can't be read.
        """
        return describe.summaries(self, filters, all=all, shared_size=shared_size, version=version)
