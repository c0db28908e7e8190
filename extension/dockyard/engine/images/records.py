"""Which images there are and what they are called, on disk.

::

    images/HEX.json      one image: its layers, its parent, and when it came here
    images/names.json    {"tags": {"docker.io/library/busybox:latest": "sha256:7066..."},
                          "digests": {"docker.io/library/busybox@sha256:d293...": "sha256:7066..."}}

An image is there once its record is, and gone once its record is; a name that leads to no image is dropped when it is read.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from dockyard.engine.durable import read_each, read_json, sync_folder, write_json
from dockyard.engine.images.blobs import Blobs, hex_of
from dockyard.engine.images.image import Image, Layer
from dockyard.engine.images.names import Names

__all__ = ["Records"]

NAMES = "names.json"


class Records:
    """The records of a folder; the caller sees to it that one thread writes at a time."""

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self._folder, self._blobs = folder, blobs

    def read(self) -> tuple[dict[str, Image], dict[str, Image], Names]:
        """Return all images by ID, those that are only held for their containers, and the names.

        An image whose content is gone, such as after a disk lost files, is left out with its names, and can be pulled again.
        """
        images: dict[str, Image] = {}
        held: dict[str, Image] = {}
        for image, is_held in read_each(self._folder.glob(f"{'[0-9a-f]' * 64}.json"), self._read_one):
            (held if is_held else images)[image.id] = image
        names = next(read_each([self._folder / NAMES], lambda file: _names(read_json(file), images)), Names({}, {}))
        return images, held, names

    def write(self, image: Image, *, held: bool = False) -> None:
        """Keep an image's record; its configuration is a blob already.

        Args:
            image: Which.
            held: Whether it is removed, and kept for the containers that were made of it.
        """
        record = {
            "id": image.id,
            "layers": [layer.to_json() for layer in image.layers],
            "parent": image.parent,
            "added": image.added,
            "tagged": image.tagged,
            "held": held,
        }
        write_json(self._path(image.id), record)
        sync_folder(self._folder)

    def write_names(self, names: Names) -> None:
        """Keep all names."""
        write_json(self._folder / NAMES, names.to_json())
        sync_folder(self._folder)

    def remove(self, image_id: str) -> None:
        """Drop an image's record."""
        self._path(image_id).unlink(missing_ok=True)
        sync_folder(self._folder)

    def _path(self, image_id: str) -> Path:
        return self._folder / f"{hex_of(image_id)}.json"

    def _read_one(self, path: Path) -> tuple[Image, bool]:
        record = read_json(path)
        layers = [Layer.from_json(each) for each in record["layers"]]
        for layer in layers:
            self._blobs.size(layer.blob)
        more = {key: record[key] for key in ("parent", "added", "tagged")}
        return Image.parse(self._blobs.read(record["id"]), layers, **more), bool(record["held"])


def _names(stored: Mapping[str, Mapping[str, str]], images: Collection[str]) -> Names:
    return Names(
        *(
            {name: image_id for name, image_id in stored[kind].items() if image_id in images}
            for kind in ("tags", "digests")
        )
    )
