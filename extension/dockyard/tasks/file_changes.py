"""What a container has written, as ``docker diff`` lists it, and how two such lists differ."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from dockyard.connection import Client
from dockyard.connection.archive import PathStat, stat_path
from dockyard.tasks.change import Change
from dockyard.tasks.inside import state_of

__all__ = ["Written", "newly_written", "written"]

MOST_COMPARED = 200  # paths that are looked at one by one; where there are more, those that were listed before are not compared again
DELETED = 2  # Docker Engine API, "Get changes on a container's filesystem": 0 changed, 1 added, 2 deleted
ACTIONS: Mapping[int, str] = {0: "change", 1: "create", 2: "remove"}


@dataclass(frozen=True)
class Written:
    """What a container has written at one moment.

    Attributes:
        kinds: Path to 0 (changed), 1 (added) or 2 (deleted), beside the image.
        stats: Path to what is there; empty where there are more than :data:`MOST_COMPARED` paths.
    """

    kinds: Mapping[str, int]
    stats: Mapping[str, PathStat | None]

    @property
    def is_compared(self) -> bool:
        """Whether a file that was written before, and is written again, is noticed."""
        return len(self.stats) >= sum(kind != DELETED for kind in self.kinds.values())


def written(client: Client, container: str) -> Written:
    """Look at what a container has written, outside of its mounts.

    Raises:
        EngineRefused: The engine can't tell.
    """
    kinds = {row["Path"]: int(row["Kind"]) for row in client.get_json("/containers/{}/changes", container) or ()}
    paths = [path for path, kind in kinds.items() if kind != DELETED]
    stats = {path: stat_path(client, container, path) for path in paths} if len(paths) <= MOST_COMPARED else {}
    return Written(kinds, stats)


def newly_written(before: Written, after: Written) -> tuple[Change, ...]:
    """Return the files and folders that were created, changed and removed in between, by path.

    A folder whose entries alone changed is not listed: what changed in it is.
    """
    parents = {posixpath.dirname(path) for path in (*before.kinds, *after.kinds)}
    changes = []
    for path in sorted({*before.kinds, *after.kinds}):
        kind = after.kinds.get(path)
        same = kind == before.kinds.get(path) and state_of(before.stats.get(path)) == state_of(after.stats.get(path))
        if same or (kind == 0 and path in parents):
            continue
        if kind is None:  # it is as in the image again, or was created in between and is gone
            action = "remove" if before.kinds[path] == 1 else "change"
        else:
            action = ACTIONS[kind] if path not in before.kinds or kind == DELETED else "change"
        stat = after.stats.get(path) or before.stats.get(path)
        changes.append(Change(action, _kind(stat), path, _size(stat, action)))  # type: ignore[arg-type]  # the actions are written above
    return tuple(changes)


def _kind(stat: PathStat | None) -> str:
    if stat is None:
        return "file"
    return "folder" if stat.is_dir else "link" if stat.link_target is not None else "file"


def _size(stat: PathStat | None, action: str) -> int | None:
    return None if stat is None or stat.is_dir or action == "remove" else stat.size_bytes
