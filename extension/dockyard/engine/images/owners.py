"""Whose files are whose, where this user can't give them away.

As root, files get their true owners. Any other user owns everything it writes, so what a file should have is kept aside here, and only
for files that should have something other than "uid 0, gid 0, mode as on the disk".
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dockyard.engine.durable import write_bytes

__all__ = ["Owner", "Owners", "open_up", "settle"]

SPECIAL_BITS = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True)
class Owner:
    """What a file should have.

    Attributes:
        uid: Its user.
        gid: Its group.
        mode: Permission bits with setuid, setgid and sticky.
    """

    uid: int
    gid: int
    mode: int


class Owners:
    """The owners below one root, by path without a leading slash; the root itself is ``""``. Not for two threads at once."""

    def __init__(self, table: Mapping[str, Owner] | None = None) -> None:
        self._table = dict(table or {})

    @classmethod
    def load(cls, file: Path) -> "Owners":
        """Return what :meth:`save` wrote; an empty table where there is no file."""
        try:
            content = json.loads(file.read_bytes())
        except FileNotFoundError:
            return cls()
        return cls({path: Owner(*values) for path, values in content.items()})

    def save(self, file: Path) -> None:
        """Write the table, whole or not at all."""
        content = {path: (owner.uid, owner.gid, owner.mode) for path, owner in self._table.items()}
        # Names that are no UTF-8 are kept as lone surrogates, which only ASCII with escapes can carry.
        write_bytes(file, json.dumps(content, separators=(",", ":")).encode("ascii"), sync=False)

    def copy(self) -> "Owners":
        """Return a table of its own with the same owners."""
        return Owners(self._table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Owners) and self._table == other._table

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def get(self, path: str) -> Owner | None:
        """Return what is kept for a path; None means uid 0, gid 0, mode as on the disk."""
        return self._table.get(path)

    def set(self, path: str, uid: int, gid: int, mode: int) -> None:
        """Keep what a path should have."""
        self._table[path] = Owner(uid, gid, mode)

    def share(self, first: str, path: str) -> None:
        """Note that a path is another name of the file at ``first``, and so has the same owner."""
        owner = self._table.get(first)
        if owner is None:
            self.clear(path)
        else:
            self._table[path] = owner

    def forget(self, path: str) -> None:
        """Drop a path that is no more, and everything below it."""
        self._table.pop(path, None)
        for each in self._below(path):
            del self._table[each]

    def clear(self, path: str) -> None:
        """Drop what is kept for a path alone."""
        self._table.pop(path, None)

    def rename(self, old: str, new: str) -> None:
        """Follow a path, and everything below it, to another place."""
        moved = {
            new + each.removeprefix(old): self._table[each] for each in [old, *self._below(old)] if each in self._table
        }
        self.forget(old)
        self.forget(new)
        self._table |= moved

    def true(self, path: str, status: os.stat_result) -> Owner:
        """Return what a file has, seen through this table.

        Args:
            path: Of the file.
            status: As the disk has it, not followed.
        """
        mode = stat.S_IMODE(status.st_mode)
        kept = self._table.get(path)
        if kept is None:
            return Owner(status.st_uid, status.st_gid, mode) if os.geteuid() == 0 else Owner(0, 0, mode)
        # A mode on the disk that is not the one that was given there comes from a later chmod, which counts.
        changed = not stat.S_ISLNK(status.st_mode) and mode != _on_disk(kept.mode, status.st_mode)
        return Owner(kept.uid, kept.gid, mode) if changed else kept

    def _below(self, path: str) -> list[str]:
        prefix = f"{path}/" if path else ""
        return [each for each in self._table if each.startswith(prefix) and each != path]


def settle(file: Path, inner: str, owner: Owner, owners: Owners) -> None:
    """Give a file its owner and mode: on the disk as far as this user may, the rest through ``owners``.

    A symbolic link is not followed. On the disk everything stays usable by its user, whatever its mode should be.

    Args:
        file: Where it is.
        inner: Its path below the root of ``owners``.
        owner: What it should have.
        owners: The table.
    """
    status = file.lstat()
    is_link = stat.S_ISLNK(status.st_mode)
    given = os.geteuid() == 0 and _given(file, owner, status)
    on_disk = owner.mode if given else _on_disk(owner.mode, status.st_mode)
    if not is_link and (stat.S_IMODE(status.st_mode) != on_disk or on_disk & SPECIAL_BITS):  # which chown clears
        _chmod(file, on_disk)
    if given or (os.geteuid() != 0 and (owner.uid, owner.gid) == (0, 0) and (is_link or owner.mode == on_disk)):
        owners.clear(inner)
    else:
        owners.set(inner, owner.uid, owner.gid, stat.S_IMODE(status.st_mode) if is_link else owner.mode)


def open_up(root: Path, owners: Owners) -> None:
    """Open to this user what programs in a tree have closed even to it, and keep the modes that they gave aside.

    Root needs no right to read; whoever stands in for it does. What can't be opened is left to whoever wants to read it.

    Args:
        root: The tree.
        owners: Of its files.
    """
    if os.geteuid() == 0:
        return
    top, left = os.fspath(root), [""]
    while left:
        folder = left.pop()
        with suppress(OSError), os.scandir(f"{top}/{folder}") as entries:
            for entry in entries:
                inner = f"{folder}/{entry.name}" if folder else entry.name
                status = entry.stat(follow_symlinks=False)
                is_folder = stat.S_ISDIR(status.st_mode)
                needed = 0o700 if is_folder else 0o400
                if not stat.S_ISLNK(status.st_mode) and status.st_mode & needed != needed:
                    settle(root / inner, inner, owners.true(inner, status), owners)
                if is_folder:
                    left.append(inner)


def _given(file: Path, owner: Owner, status: os.stat_result) -> bool:
    """Give a file away; False where even root can't, as in a user namespace that lacks that user."""
    if (status.st_uid, status.st_gid) == (owner.uid, owner.gid):
        return True
    try:
        os.lchown(file, owner.uid, owner.gid)
    except OSError:
        return False
    return True


def _chmod(file: Path, mode: int) -> None:
    """Change a mode, whatever takes the file's place meanwhile: a link that does is not followed."""
    opened = os.open(file, os.O_PATH | os.O_NOFOLLOW)
    try:
        if not stat.S_ISLNK(os.fstat(opened).st_mode):
            os.chmod(f"/proc/self/fd/{opened}", mode)
    finally:
        os.close(opened)


def _on_disk(mode: int, file_mode: int) -> int:
    """The mode a file gets where its owner can't be the true one: open to the user, and nobody's power to borrow."""
    return (mode & ~SPECIAL_BITS) | (0o700 if stat.S_ISDIR(file_mode) else 0o600)
