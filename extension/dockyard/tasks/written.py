"""A small text file written on this machine so that it can be taken back."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from dockyard.errors import TargetUnwritable
from dockyard.tasks.change import Change
from dockyard.tasks.kept import Kept, Mark

__all__ = ["file_state", "give_back", "write_kept"]


def write_kept(path: Path, text: str, kept: Kept) -> None:
    """Write a file in one step; what was there is kept in the run's record, which gains a mark.

    Raises:
        TargetUnwritable: It can't be written; nothing was changed.
    """
    target = path.resolve()
    try:
        former = None
        if target.exists():
            former = kept.new_file()
            shutil.copy2(target, former)
        handle, draft = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        try:
            with open(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
            Path(draft).chmod(target.stat().st_mode & 0o777 if former else 0o644)
            Path(draft).replace(target)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(draft)
            raise
    except OSError as error:
        raise TargetUnwritable(path=str(path), reason=error.strerror) from error
    kept.marks.append(Mark(str(target), "file", file_state(target), former.name if former else ""))


def file_state(path: Path) -> str:
    """What a mark says of a file, so that later changes are noticed; empty where there is none."""
    if not path.is_file():
        return ""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def give_back(kept: Kept) -> tuple[Change, ...]:
    """Put files back as they were before the run, and return what that changed."""
    changes = []
    for mark in kept.marks:
        if mark.kind == "file" and mark.kept:
            shutil.copy2(kept.folder / mark.kept, mark.path)
            changes.append(Change("change", "file", mark.path))
        elif mark.kind == "file":
            Path(mark.path).unlink(missing_ok=True)
            changes.append(Change("remove", "file", mark.path))
    return tuple(changes)
