"""Content by its digest: layers, image configurations and manifests (OCI Image Layout, "Blobs")."""

import hashlib
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType

from dockyard.engine.durable import sync_folder
from dockyard.engine.errors import BadParameter, NotFound, ServerError
from dockyard.tarstream import write_all

__all__ = ["BlobWriter", "Blobs", "hex_of", "sha256"]

PARTIAL_LASTS_S = 7 * 24 * 3600
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def sha256(content: bytes) -> str:
    """Return the digest of ``content``."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def hex_of(digest: str) -> str:
    """Return the 64 digits of a digest.

    Raises:
        BadParameter: It is none, or of another algorithm. What comes from a registry or an archive can't name another path by it.
    """
    found = _DIGEST.fullmatch(digest)
    if not found:
        raise BadParameter(f"invalid digest {digest!r}")
    return found[1]


class Blobs:
    """The blobs of one engine.

    A blob that was just written belongs to no image yet, and still may not be swept. Whoever makes an image does so in a :meth:`making`
    block: what is written or claimed is kept at least until no such block is left, since several may rely on the same blob.

    Attributes:
        staging: Where blobs are written before they are whole.
        on_idle: Called when the last block has ended, if a sweep had to spare blobs for it. Set by the images.

    Args:
        folder: Where they are kept, as ``sha256/HEX``.
        staging: Where they are written, on the same file system.
    """

    def __init__(self, folder: Path, staging: Path) -> None:
        self._folder, self.staging = folder, staging
        self._lock = threading.Lock()
        self._claimed: set[str] = set()
        self._makers, self._has_spared = 0, False
        self.on_idle: Callable[[], object] = lambda: None
        for name in ("sha256", "partial"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        """Return where a blob is, or would be."""
        return self._folder / "sha256" / hex_of(digest)

    def partial(self, digest: str) -> Path:
        """Return where a download that was interrupted is kept, or would be; :meth:`adopt` makes it a blob."""
        return self._folder / "partial" / hex_of(digest)

    def has(self, digest: str) -> bool:
        """Whether it is here."""
        return self.path(digest).is_file()

    def claim(self, digest: str) -> bool:
        """As :meth:`has`; what is here is not swept from now on, so that an image can be made of it."""
        with self._lock:
            if not self.has(digest):
                return False
            self._claimed.add(digest)
            return True

    @contextmanager
    def making(self) -> Iterator[None]:
        """Keep all that is written or claimed until this block has ended, and all others that began before that."""
        with self._lock:
            self._makers += 1
        try:
            yield
        finally:
            with self._lock:
                self._makers -= 1
                is_idle = not self._makers
                if is_idle:
                    self._claimed.clear()
                has_spared, self._has_spared = is_idle and self._has_spared, self._has_spared and not is_idle
            if has_spared:
                self.on_idle()

    def size(self, digest: str) -> int:
        """Return its length in bytes.

        Raises:
            NotFound: It is not here.
        """
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError as error:
            raise NotFound(f"no such blob: {digest}") from error

    def open(self, digest: str) -> FileIO:
        """Open it for reading.

        Raises:
            NotFound: It is not here.
        """
        try:
            return self.path(digest).open("rb", buffering=0)
        except FileNotFoundError as error:
            raise NotFound(f"no such blob: {digest}") from error

    def read(self, digest: str) -> bytes:
        """Return all of it, which suits configurations and manifests.

        Raises:
            NotFound: It is not here.
        """
        with self.open(digest) as file:
            return file.read()

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its digest."""
        with self.writer() as writer:
            writer.write(content)
            return writer.commit()

    def writer(self, expected: str | None = None) -> "BlobWriter":
        """Return a writer, to be used as a context: without a commit nothing is kept.

        Args:
            expected: The digest that the content must have.
        """
        return BlobWriter(self, self.staging / f"blob-{secrets.token_hex(8)}", expected)

    def adopt(self, file: Path, digest: str) -> None:
        """Make a file, whose digest the caller has computed, a blob by moving it.

        Raises:
            OSError: It is on another file system, or gone.
        """
        with file.open("rb") as opened:
            os.fdatasync(opened.fileno())
        with self._lock:
            self._claimed.add(digest)
            file.replace(self.path(digest))
        self.partial(digest).unlink(missing_ok=True)

    def sync(self) -> None:
        """Make the names of all blobs outlive a loss of power; what they hold does already."""
        sync_folder(self._folder / "sha256")

    def sweep(self, used: Collection[str]) -> int:
        """Remove every blob that is neither in ``used`` nor claimed, and return how many bytes that freed."""
        kept = {hex_of(each) for each in used}
        with self._lock:
            claimed = {hex_of(each) for each in self._claimed}
            self._has_spared |= not claimed <= kept
            kept |= claimed
            doomed = [path for path in (self._folder / "sha256").iterdir() if path.name not in kept]
            freed = sum(path.stat().st_size for path in doomed)
            for path in doomed:
                path.unlink()
        for path in (self._folder / "partial").iterdir():
            if time.time() - path.stat().st_mtime > PARTIAL_LASTS_S:
                path.unlink(missing_ok=True)
        return freed


class BlobWriter:
    """Writes one blob; from :meth:`Blobs.writer`."""

    def __init__(self, blobs: Blobs, draft: Path, expected: str | None) -> None:
        self._blobs, self._draft, self._expected = blobs, draft, expected
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def __enter__(self) -> "BlobWriter":
        self._file = self._draft.open("xb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._draft.unlink(missing_ok=True)

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        """Add to the end; all of it is written."""
        self._digest.update(data)
        write_all(self._file.write, data)
        self.size_bytes += len(data)
        return len(data)

    def commit(self) -> str:
        """Keep what was written, for good once this returns, and return its digest.

        Raises:
            ServerError: It is not the content that was expected.
        """
        digest = f"sha256:{self._digest.hexdigest()}"
        if self._expected not in (None, digest):
            raise ServerError(f"filesystem layer verification failed for digest {self._expected}")
        if not self._blobs.claim(digest):
            self._blobs.adopt(self._draft, digest)
        return digest
