"""The files of a stage: a private copy of its base image's, made when an instruction first needs it, and used by all that follow."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from dockyard.engine.build.snapshot import Snapshot
from dockyard.engine.build.tree import FileTree
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import Image, Layer
from dockyard.engine.images.layers import write_layer
from dockyard.engine.images.owners import Owners, open_up

__all__ = ["StageTree", "Unpacked", "Unpacker"]


class Unpacked(Protocol):
    """An image's files, which nobody may write to."""

    @property
    def path(self) -> Path:
        """Where they are."""
        ...

    @property
    def owners(self) -> Owners:
        """Whose they are."""
        ...


class Unpacker(Protocol):
    """What a build needs of the engine's trees."""

    def base(self, image: Image) -> Unpacked:
        """Return an image's files."""
        ...

    def copy(self, image: Image, target: Path) -> tuple[Owners, int]:
        """Make a private copy of them, and return its owners and a moment after it."""
        ...


class StageTree:
    """A stage's files, and which of them the next layer has to hold.

    Attributes:
        files: They themselves.
    """

    def __init__(self, files: FileTree) -> None:
        self.files = files
        self._snapshot = Snapshot.take(files)

    @classmethod
    def of(cls, image: Image | None, unpacker: Unpacker, root: Path) -> "StageTree":
        """Return a stage's files.

        Args:
            image: What they are at first; None for nothing at all.
            unpacker: Has the image's files.
            root: Where to put them; there is nothing yet.
        """
        if image is None:
            root.mkdir(0o755)
            return cls(FileTree(root))
        owners, _ = unpacker.copy(image, root)
        return cls(FileTree(root, owners))

    def commit(self, blobs: Blobs, *, programs_ran: bool = False, skip: Collection[str] = ()) -> Layer | None:
        """Write what changed since the last time as a layer; None where nothing did.

        Args:
            blobs: Where the layer goes.
            programs_ran: Whether programs did it, which know nothing of the table of owners.
            skip: Paths that are none of the image's business.
        """
        if programs_ran:
            open_up(self.files.root, self.files.owners)
        now = Snapshot.take(self.files)
        if programs_ran and (stale := self._stale(now)):
            for key in stale:
                self.files.owners.clear(key)
            now = Snapshot.take(self.files)
        changed = self._snapshot.changes_to(now, skip)
        self._snapshot = now
        return write_layer(blobs, self.files.root, changed, self.files.owners) if changed else None

    def _stale(self, now: Snapshot) -> list[str]:
        """What has owners in the table that were another file's, which a program has replaced or removed."""
        owners = self.files.owners
        return [key for key in self._snapshot.replaced(now) if owners.get(key)]
