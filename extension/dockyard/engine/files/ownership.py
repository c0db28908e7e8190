"""Whose files are whose in a container's tree, where this user can't give them away: in its own root, and in the volumes mounted in it."""

import os
import threading
from pathlib import Path

from dockyard.engine.files.view import View
from dockyard.engine.images.owners import Owner, Owners, settle
from dockyard.engine.volumes import Volumes

__all__ = ["Ownership"]

# Two containers may be given files in one volume at once; each changes what it knows of, and the file is read anew.
_SAVING = threading.Lock()


class Ownership:
    """The tables of owners of a view. Where a path is, is said by a mount's target, None for the root, and the path below that."""

    def __init__(self, view: View, owners: Owners) -> None:
        """Look through the tables.

        Args:
            view: The container's tree.
            owners: Of its root. It is changed and not saved.
        """
        self._view = view
        self._tables: dict[str | None, Owners] = {None: owners}
        self._changed: dict[str, dict[str, None]] = {}

    def true(self, mount: str | None, key: str, status: os.stat_result) -> Owner:
        """Return whose a file is, and its mode.

        Args:
            mount: Where it is.
            key: Its path there.
            status: As the disk has it, not followed.
        """
        return self._table(mount).true(key, status)

    def settle(self, mount: str | None, key: str, file: Path, owner: Owner) -> None:
        """Give a file its owner and mode.

        Args:
            mount: Where it is.
            key: Its path there.
            file: The same, in a folder that is held.
            owner: What it should have.
        """
        settle(file, key, owner, self._table(mount))
        self._note(mount, key)

    def share(self, mount: str | None, first: str, key: str) -> None:
        """Note that a path is another name of the file at ``first``, in the same mount."""
        self._table(mount).share(first, key)
        self._note(mount, key)

    def forget(self, mount: str | None, key: str) -> None:
        """Drop what is removed, and everything below it."""
        self._table(mount).forget(key)
        self._note(mount, key)

    def save(self) -> None:
        """Keep what changed in volumes."""
        for mount, keys in self._changed.items():
            file = self._file(mount)
            table = self._table(mount)
            if file is None:
                continue
            with _SAVING:
                kept = Owners.load(file)
                before = len(kept)
                for key in keys:
                    owner = table.get(key)
                    (kept.forget if key else kept.clear)(key)  # a volume's own folder goes only with the volume
                    if owner is not None:
                        kept.set(key, owner.uid, owner.gid, owner.mode)
                if before or len(kept):
                    kept.save(file)
        self._changed.clear()

    def _note(self, mount: str | None, key: str) -> None:
        if mount is not None:
            keys = self._changed.setdefault(mount, {})
            keys.pop(key, None)
            keys[key] = None

    def _table(self, mount: str | None) -> Owners:
        if mount not in self._tables:
            file = self._file(str(mount))
            self._tables[mount] = Owners.load(file) if file else Owners()
        return self._tables[mount]

    def _file(self, mount: str) -> Path | None:
        return Volumes.owners_beside(Path(self._view.mounts[mount].source))
