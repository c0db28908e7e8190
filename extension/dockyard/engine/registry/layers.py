"""One layer of an image from a registry: downloaded, from where an earlier download broke off, and checked twice.

The blob must have the digest that the manifest names, and the tar stream in it the one that the image's configuration names.
"""

import hashlib
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dockyard.engine.errors import BadParameter, NotSupported, ServerError
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import Layer
from dockyard.engine.images.staged import measure
from dockyard.engine.images.streams import Tee
from dockyard.engine.registry.client import Repository
from dockyard.engine.registry.manifests import Descriptor
from dockyard.engine.registry.progress import Bar, Report, short_id, step
from dockyard.engine.registry.refusals import Dropped
from dockyard.engine.registry.transfers import Stop, retried

__all__ = ["pull_layer"]

PIECE_BYTES = 1 << 20
WAIT_S = 0.25


def pull_layer(
    repository: Repository, blobs: Blobs, blob: Descriptor, diff_id: str, *, report: Report, stop: Stop
) -> Layer:
    """Download a layer unless its blob is here, and check it.

    Args:
        repository: Where it is.
        blobs: Where it goes; it is claimed there.
        blob: What the manifest says of it.
        diff_id: What the image's configuration says of it.
        report: Told what is being done.
        stop: Ends it; what has been downloaded is kept for the next time.

    Raises:
        ServerError: It is not what was promised, or can't be had.
        NotSupported: It is compressed with zstd.
    """
    if blob.media_type.endswith("zstd"):
        raise NotSupported("layers that are compressed with zstd are not supported; gzip is")
    record_id = short_id(blob.digest)
    with _alone(blobs.partial(blob.digest), stop):
        if not blobs.claim(blob.digest):
            retried(
                lambda: _download(repository, blobs, blob, report, stop), record_id=record_id, report=report, stop=stop
            )
    report(step("Download complete", record_id))
    found, unpacked_bytes = _measure(blobs, blob, Bar(report, "Extracting", record_id, blob.size_bytes), stop)
    if found != diff_id:
        raise ServerError(f"failed to register layer: {blob.digest} holds the layer {found}, not {diff_id}")
    report(step("Pull complete", record_id))
    return Layer(diff_id, blob.digest, blob.media_type, blobs.size(blob.digest), unpacked_bytes)


# ---------------------------------------------------------------- downloading

_downloads: weakref.WeakValueDictionary[Path, "_Lock"] = weakref.WeakValueDictionary()
_downloads_lock = threading.Lock()


class _Lock:
    """A lock that the table forgets when nobody holds it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


@contextmanager
def _alone(partial: Path, stop: Stop) -> Iterator[None]:
    """Let one thread at a time write a partial download; the others find the blob there afterwards."""
    with _downloads_lock:
        held = _downloads.setdefault(partial, _Lock())
    while not held.lock.acquire(timeout=WAIT_S):
        stop.check()
    try:
        yield
    finally:
        held.lock.release()


def _download(repository: Repository, blobs: Blobs, blob: Descriptor, report: Report, stop: Stop) -> None:
    partial, record_id = blobs.partial(blob.digest), short_id(blob.digest)
    try:
        opened = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with open(opened, "r+b", buffering=0) as file:
            began_at = file.seek(0, os.SEEK_END)
            if began_at != blob.size_bytes:
                _complete(repository, blob, file, Bar(report, "Downloading", record_id, blob.size_bytes), stop)
            report(step("Verifying Checksum", record_id))
            right = _digest(file, stop) == blob.digest
        if not right:
            partial.unlink()
            sentence = f"filesystem layer verification failed for digest {blob.digest}"
            # Where a part came from an earlier download, that may have been the wrong one.
            raise Dropped(sentence) if began_at else ServerError(sentence)
        blobs.adopt(partial, blob.digest)
    except OSError as error:
        raise ServerError(f"write {partial}: {(error.strerror or str(error)).lower()}") from error


def _complete(repository: Repository, blob: Descriptor, file: BinaryIO, bar: Bar, stop: Stop) -> None:
    if file.tell() > blob.size_bytes:
        file.truncate(0)
        file.seek(0)
    began_at = file.tell()

    def moved(there: int) -> None:
        stop.check()
        if there > blob.size_bytes:
            file.truncate(0)
            raise ServerError(
                f"filesystem layer verification failed for digest {blob.digest}: it is longer than the manifest says"
            )
        bar(there)

    try:
        repository.download(blob.digest, file, moved)
        if file.tell() < blob.size_bytes:
            raise Dropped("unexpected EOF")
    except Dropped as error:
        error.further = file.tell() > began_at
        raise


def _digest(file: BinaryIO, stop: Stop) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        stop.check()
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


# ---------------------------------------------------------------- checking what is in it


def _measure(blobs: Blobs, blob: Descriptor, bar: Bar, stop: Stop) -> tuple[str, int]:
    """Digest of the tar stream in a blob, and the sum of its files' lengths."""
    try:
        with blobs.open(blob.digest) as file:
            return measure(Tee(_Watched(file, bar, stop).readinto))
    except (BadParameter, ValueError, OverflowError) as error:
        raise ServerError(f"failed to register layer: {blob.digest}: {error}") from error


class _Watched:
    """A file that is read with progress, until it is stopped."""

    def __init__(self, file: BinaryIO, bar: Bar, stop: Stop) -> None:
        self._file, self._bar, self._stop = file, bar, stop

    def readinto(self, buffer: memoryview, /) -> int:
        self._stop.check()
        count = int(self._file.readinto(buffer))  # type: ignore[attr-defined]  # a file has it; its type doesn't say so
        self._bar(self._file.tell())
        return count
