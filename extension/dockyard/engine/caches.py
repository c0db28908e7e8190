"""What the engine keeps only to be fast: images unpacked, and what builds put into their cache mounts. It shows as Docker's build cache."""

from pathlib import Path
from typing import Any

from dockyard.engine.containers.containers import Containers
from dockyard.engine.disk import content_bytes
from dockyard.engine.durable import discard
from dockyard.engine.folders import Folders
from dockyard.engine.images.trees import Trees
from dockyard.engine.timestamps import rfc3339_nano

__all__ = ["Caches"]


class Caches:
    """All of it can go at any time; it is made again where it is needed."""

    def __init__(self, folders: Folders, trees: Trees, containers: Containers, mounts: Path) -> None:
        """Take what is needed.

        Args:
            folders: The engine's.
            trees: Images unpacked.
            containers: Those whose images' trees stay, since they are compared with them.
            mounts: The folder of cache mounts.
        """
        self._folders, self._trees, self._containers, self._mounts = folders, trees, containers, mounts

    def list(self) -> list[dict[str, Any]]:
        """Return the records of ``BuildCache`` in ``GET /system/df``; none for what is empty."""
        kept = (
            (
                "trees",
                "internal",
                "images unpacked, ready for containers",
                self._folders.trees,
                self._trees.size_bytes(),
            ),
            ("mounts", "exec.cachemount", "cache mounts of builds", self._mounts, self._mounts_bytes()),
        )
        return [
            {
                "ID": name,
                "Parent": "",
                "Type": kind,
                "Description": what,
                "InUse": False,
                "Shared": False,
                "Size": size_bytes,
                "CreatedAt": rfc3339_nano(folder.stat().st_mtime_ns),
                "LastUsedAt": None,
                "UsageCount": 1,
            }
            for name, kind, what, folder, size_bytes in kept
            if size_bytes
        ]

    def prune(self) -> dict[str, Any]:
        """Answer ``POST /build/prune``."""
        before = {each["ID"]: each["Size"] for each in self.list()}
        self._trees.evict({each.chain_id for each in self._containers.all()})
        discard(self._mounts, self._folders.trash)
        after = {each["ID"]: each["Size"] for each in self.list()}
        gone = [name for name, size_bytes in before.items() if after.get(name, 0) < size_bytes]
        freed_bytes = sum(before[name] - after.get(name, 0) for name in gone)
        return {"CachesDeleted": gone or None, "SpaceReclaimed": freed_bytes}

    def _mounts_bytes(self) -> int:
        return content_bytes(self._mounts) if self._mounts.is_dir() else 0
