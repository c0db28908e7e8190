"""``docker push``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dockyard.engine.errors import BadParameter, ServerError
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry.client import Repository
from dockyard.engine.registry.credentials import Credentials
from dockyard.engine.registry.manifests import Descriptor, write_manifest
from dockyard.engine.registry.progress import Bar, Report, message, short_id, step
from dockyard.engine.registry.provenance import manifest_of
from dockyard.engine.registry.refusals import NoCredentials
from dockyard.engine.registry.transfers import AT_ONCE, Stop, retried, transfer

__all__ = ["push"]

MOUNTS = 3


def push(
    images: Images,
    blobs: Blobs,
    reference: Reference,
    *,
    all_tags: bool = False,
    credentials: Credentials | None = None,
    report: Report = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Upload an image under its name.

    Args:
        images: Where it is.
        blobs: Where its content is.
        reference: Its name with a tag.
        all_tags: Every tag of that repository instead.
        credentials: For the registry; None takes those that ``docker login`` kept.
        report: Called with Docker's records; the last has the digest: ``{"aux": {"Tag": ..., "Digest": ..., "Size": ...}}``.
        cancelled: Asked several times a second; True ends it.

    Raises:
        BadParameter: The name has a digest; only tags can be pushed.
        ServerError: There is no such image here, the registry can't be reached, or it said no.
    """
    if reference.digest:
        raise BadParameter("cannot push a digest reference")
    report(message(f"The push refers to repository [{reference.repository}]"))
    pushed = _named(images, reference, all_tags=all_tags)
    origins = {image.id: _Origins(images, image, reference) for _, image in pushed}
    mounts = {path for each in origins.values() for paths in each.by_diff_id.values() for path in paths}
    try:
        with blobs.making(), Repository(reference, credentials, push=True, mounts=mounts) as repository:
            repository.reach()
            for tagged, image in pushed:
                _Push(images, blobs, repository, tagged, image, origins[image.id], report, cancelled)()
    except NoCredentials as error:
        raise ServerError("no basic auth credentials") from error


def _named(images: Images, reference: Reference, *, all_tags: bool) -> list[tuple[Reference, Image]]:
    found = [
        (each, image)
        for image in images.all()
        for each in images.references(image.id)
        if each.tag and each.repository == reference.repository
    ]
    if not found:
        raise ServerError(f"An image does not exist locally with the tag: {reference.name}")
    chosen = [(each, image) for each, image in found if all_tags or each.tag == reference.tag]
    if not chosen:
        raise ServerError(f"tag does not exist: {reference.familiar}")
    return sorted(chosen, key=lambda pair: str(pair[0].tag))


class _Origins:
    """Other repositories of the same registry that have an image's layers, for it to take them over from."""

    def __init__(self, images: Images, image: Image, reference: Reference) -> None:
        self.by_diff_id: dict[str, list[str]] = {}
        for other in images.all():
            paths = {
                each.path
                for each in images.references(other.id)
                if each.digest and each.domain == reference.domain and each.path != reference.path
            }
            for diff_id in set(other.diff_ids) & set(image.diff_ids):
                self.by_diff_id[diff_id] = sorted({*self.by_diff_id.get(diff_id, ()), *paths})[:MOUNTS]


@dataclass
class _Push:
    """One image, on its way under one tag."""

    images: Images
    blobs: Blobs
    repository: Repository
    reference: Reference
    image: Image
    origins: _Origins
    report: Report
    cancelled: Callable[[], bool]

    def __call__(self) -> None:
        kept = manifest_of(self.images, self.blobs, self.image)
        ready = kept.layers if kept else (None,) * len(self.image.layers)
        sent = self._layers(ready)
        config = Descriptor("", self.image.id, self.blobs.size(self.image.id))
        manifest = kept or write_manifest(config, [sent[diff_id] for diff_id in self.image.diff_ids])
        if not self.repository.has_blob(config.digest):
            self.repository.upload(config.digest, self.blobs.path(config.digest), lambda _: None)
        tag = str(self.reference.tag)
        self.repository.put_manifest(tag, manifest)
        self.blobs.put(manifest.content)
        self.images.add(
            self.blobs.read(self.image.id),
            self.image.layers,
            digests=[self.reference.with_digest(manifest.digest).full],
        )
        size_bytes = len(manifest.content)
        self.report(message(f"{tag}: digest: {manifest.digest} size: {size_bytes}"))
        self.report({"progressDetail": {}, "aux": {"Tag": tag, "Digest": manifest.digest, "Size": size_bytes}})
        self.images.tell("push", self.image, self.reference.familiar, self.reference.name)

    def _layers(self, ready: Sequence[Descriptor | None]) -> dict[str, Descriptor]:
        """Send the layers, the highest first as Docker does, and return what each is in the registry, by diff ID."""
        jobs = {
            layer.diff_id: self._job(number, blob)
            for number, (layer, blob) in reversed(list(enumerate(zip(self.image.layers, ready, strict=True))))
        }
        for diff_id in jobs:
            self.report(step("Preparing", short_id(diff_id)))
        for diff_id in list(jobs)[AT_ONCE:]:
            self.report(step("Waiting", short_id(diff_id)))
        return transfer(jobs, report=self.report, cancelled=self.cancelled)

    def _job(self, number: int, ready: Descriptor | None) -> Callable[[Report, Stop], Descriptor]:
        return lambda report, stop: self._layer(number, ready, report, stop)

    def _layer(self, number: int, ready: Descriptor | None, report: Report, stop: Stop) -> Descriptor:
        layer = self.image.layers[number]
        record_id = short_id(layer.diff_id)
        blob = ready or Descriptor("", *self.images.compression.compressed(layer))
        stop.check()
        if self.repository.has_blob(blob.digest):
            report(step("Layer already exists", record_id))
            return blob
        for origin in self.origins.by_diff_id.get(layer.diff_id, ()):
            if self.repository.mount(blob.digest, origin):
                report(step(f"Mounted from {origin}", record_id))
                return blob
        bar = Bar(report, "Pushing", record_id, blob.size_bytes)

        def moved(count: int) -> None:
            stop.check()
            bar(count)

        path = self.blobs.path(blob.digest)
        retried(lambda: self.repository.upload(blob.digest, path, moved), record_id=record_id, report=report, stop=stop)
        report(step("Pushed", record_id))
        return blob
