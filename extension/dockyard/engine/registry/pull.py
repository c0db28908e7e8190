"""``docker pull``."""

import json
from collections.abc import Callable
from typing import Any

from dockyard.engine.errors import ApiError, NotSupported, ServerError
from dockyard.engine.images.blobs import Blobs, sha256
from dockyard.engine.images.image import Image, Layer
from dockyard.engine.images.images import Images
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry.client import Repository
from dockyard.engine.registry.credentials import Credentials
from dockyard.engine.registry.layers import pull_layer
from dockyard.engine.registry.manifests import Descriptor, Document
from dockyard.engine.registry.platforms import Platform
from dockyard.engine.registry.progress import Report, message, short_id, step
from dockyard.engine.registry.refusals import not_pulled
from dockyard.engine.registry.transfers import AT_ONCE, Stop, transfer

__all__ = ["pull"]

LARGEST_CONFIG_BYTES = 8 << 20


def pull(
    images: Images,
    blobs: Blobs,
    reference: Reference,
    *,
    platform: str = "",
    credentials: Credentials | None = None,
    report: Report = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Image:
    """Download an image under the name that it was asked for.

    Args:
        images: Where it goes.
        blobs: Where its content goes.
        reference: Its name with a tag or a digest.
        platform: As in ``linux/arm64``; empty for this machine's.
        credentials: For the registry; None takes those that ``docker login`` kept.
        report: Called with Docker's records; the first follows once the registry has shown a manifest.
        cancelled: Asked several times a second; True ends it. What has been downloaded is kept for the next pull.

    Raises:
        NotFound: The registry has no such image, or not for this caller or this platform.
        ServerError: The registry can't be reached, said no, or gave something else than it named.
        NotSupported: It is nothing that this engine can read.
        BadParameter: There is no such platform.
    """
    wanted = Platform.parse(platform) if platform else Platform.here()
    with blobs.making(), Repository(reference, credentials) as repository:
        try:
            image, known = _pull(images, blobs, repository, reference, wanted, report, cancelled)
        except ApiError as error:
            translated = not_pulled(error, reference)
            if translated is error:
                raise
            raise translated from error
    report(message(f"Status: {'Image is up to date' if known else 'Downloaded newer image'} for {reference.familiar}"))
    actual = Platform.of(image.config)
    if platform and wanted.rank(actual) is None:
        report(
            message(
                f"WARNING: image with reference {reference.name} was found but does not match the specified platform: wanted {wanted}, actual: {actual}"
            )
        )
    images.tell("pull", image, reference.familiar, reference.name)
    return image


def _pull(
    images: Images,
    blobs: Blobs,
    repository: Repository,
    reference: Reference,
    wanted: Platform,
    report: Report,
    cancelled: Callable[[], bool],
) -> tuple[Image, bool]:
    """The image, and whether it had that name already."""
    named = _manifest(blobs, repository, reference.digest or str(reference.tag))
    report(message(f"Pulling from {reference.path}", reference.familiar if reference.digest else str(reference.tag)))
    manifest = _manifest(blobs, repository, named.choose(wanted).digest) if named.is_list else named
    config_json = _config(blobs, repository, manifest.config)
    diff_ids = _diff_ids(config_json)
    if len(diff_ids) != len(manifest.layers):
        raise ServerError("layers from manifest don't match image configuration")
    layers = _layers(images, blobs, repository, dict(zip(manifest.layers, diff_ids, strict=True)), report, cancelled)
    for document in (named, manifest):
        blobs.put(document.content)
    known = manifest.config.digest == _known(images, reference)
    image = images.add(
        config_json,
        [layers[each.digest] for each in manifest.layers],
        names=[] if reference.digest else [reference],
        digests=[reference.with_digest(named.digest).full],
    )
    report(message(f"Digest: {named.digest}"))
    return image, known


def _manifest(blobs: Blobs, repository: Repository, name: str) -> Document:
    """What is under a tag or digest: from here, where it is here already."""
    digest = name if name.startswith("sha256:") else repository.manifest_digest(name)
    if digest and digest.startswith("sha256:") and blobs.claim(digest):
        return Document.read(blobs.read(digest))
    return repository.manifest(name)


def _config(blobs: Blobs, repository: Repository, config: Descriptor) -> bytes:
    if blobs.claim(config.digest):
        return blobs.read(config.digest)
    content = repository.small_blob(config, LARGEST_CONFIG_BYTES)
    if sha256(content) != config.digest:
        raise ServerError(f"image config verification failed for digest {config.digest}")
    return content


def _diff_ids(config_json: bytes) -> list[str]:
    try:
        config: dict[str, Any] = json.loads(config_json)
        system, diff_ids = config.get("os") or "linux", [str(each) for each in config["rootfs"]["diff_ids"] or []]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ServerError("invalid rootfs in image configuration") from error
    if system != "linux":
        raise NotSupported(f'image operating system "{system}" cannot be used on this platform')
    return diff_ids


def _layers(
    images: Images,
    blobs: Blobs,
    repository: Repository,
    wanted: dict[Descriptor, str],
    report: Report,
    cancelled: Callable[[], bool],
) -> dict[str, Layer]:
    """Every layer by the digest that the manifest gives it; one that an image here has, in whatever form, is not downloaded."""
    here = {layer.diff_id: layer for image in images.all() for layer in image.layers}
    layers: dict[str, Layer] = {}
    jobs: dict[str, Callable[[Report, Stop], Layer]] = {}
    for blob, diff_id in wanted.items():
        layer = here.get(diff_id)
        if layer and blobs.claim(layer.blob):
            layers[blob.digest] = layer
            report(step("Already exists", short_id(blob.digest)))
        elif blob.digest not in jobs:
            jobs[blob.digest] = _job(repository, blobs, blob, diff_id)
            report(step("Pulling fs layer", short_id(blob.digest)))
    for digest in list(jobs)[AT_ONCE:]:
        report(step("Waiting", short_id(digest)))
    return layers | transfer(jobs, report=report, cancelled=cancelled)


def _job(repository: Repository, blobs: Blobs, blob: Descriptor, diff_id: str) -> Callable[[Report, Stop], Layer]:
    return lambda report, stop: pull_layer(repository, blobs, blob, diff_id, report=report, stop=stop)


def _known(images: Images, reference: Reference) -> str:
    """The ID of the image that has the name now; empty if none."""
    try:
        return images.resolve(reference.familiar).id
    except ApiError:
        return ""
