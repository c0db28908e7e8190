"""Compressed forms of layers, for registries, which take layers compressed."""

import threading
from collections.abc import Iterable
from pathlib import Path

from isal import isal_zlib

from dockyard.engine.durable import read_each, read_json, write_json
from dockyard.engine.images.blobs import Blobs, hex_of
from dockyard.engine.images.image import LAYER_GZIP, Layer

__all__ = ["Compression"]

LEVEL = 1
"""Of igzip: a fifth larger than gzip's usual level and many times as fast."""

GZIP_WINDOW = 16 + isal_zlib.MAX_WBITS
PIECE_BYTES = 1 << 20


class Compression:
    """Which blob is the compressed form of which layer. The same layer gives the same blob, so registries store it once.

    Args:
        file: Where this is remembered.
        blobs: Where layers are and their compressed forms go.
    """

    def __init__(self, file: Path, blobs: Blobs) -> None:
        self._file, self._blobs = file, blobs
        self._lock = threading.Lock()
        self._making = threading.Lock()  # apart, since compressing takes long and nobody else should wait for it
        self._known: dict[str, str] = next(read_each([file], _known), {})

    def compressed(self, layer: Layer) -> tuple[str, int]:
        """Return digest and length of a layer's compressed blob, made now if it is not there yet."""
        if not layer.is_plain:
            return layer.blob, layer.size_bytes
        with self._making:
            with self._lock:
                digest = self._known.get(layer.diff_id, "")
            if not digest or not self._blobs.claim(digest):
                digest = self._compress(layer)
                with self._lock:
                    self._known[layer.diff_id] = digest
                    write_json(self._file, self._known)
        return digest, self._blobs.size(digest)

    def media_type(self, layer: Layer) -> str:
        """Return the media type of what :meth:`compressed` gives."""
        return LAYER_GZIP if layer.is_plain else layer.media_type

    def keep(self, diff_ids: Iterable[str]) -> set[str]:
        """Forget the forms of all other layers, and return the blobs that are still of use."""
        with self._lock:
            wanted = set(diff_ids)
            self._known = {diff_id: digest for diff_id, digest in self._known.items() if diff_id in wanted}
            return set(self._known.values())

    def _compress(self, layer: Layer) -> str:
        # A gzip header of this library holds no time and no name, so the same bytes give the same blob.
        squeeze = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, GZIP_WINDOW)
        with self._blobs.open(layer.blob) as source, self._blobs.writer() as target:
            while piece := source.read(PIECE_BYTES):
                target.write(squeeze.compress(piece))
            target.write(squeeze.flush())
            return target.commit()


def _known(file: Path) -> dict[str, str]:
    return {str(diff_id): f"sha256:{hex_of(blob)}" for diff_id, blob in read_json(file).items()}
