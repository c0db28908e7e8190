"""What a container has changed of its image's files."""

import os
import stat
from collections.abc import Iterator

from dockyard.engine.containers.container import Container
from dockyard.engine.images.changes import Change, Kind, changes
from dockyard.engine.images.owners import Owners
from dockyard.engine.images.trees import Trees

__all__ = ["Differences"]


class Differences:
    """Compares containers with their images' trees."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees

    def of(self, container: Container, owners: Owners | None = None) -> list[Change]:
        """Return what changed, sorted by path.

        Args:
            container: Which.
            owners: Of its files, where they have been read already.
        """
        base = self._trees.known(container.chain_id)
        return changes(
            container.root,
            base.path,
            owners if owners is not None else container.opened_up(),
            base.owners,
            container.since_ns,
            skip=container.placeholders,
        )

    def size_bytes(self, container: Container) -> int:
        """Return how long the files are that it has written."""
        return sum(_sizes(container, self.of(container)))


def _sizes(container: Container, changed: list[Change]) -> Iterator[int]:
    for change in changed:
        if change.kind == Kind.DELETED:
            continue
        try:
            status = os.lstat(container.root / change.path)
        except FileNotFoundError:
            continue  # it is gone again
        if stat.S_ISREG(status.st_mode):
            yield status.st_size
