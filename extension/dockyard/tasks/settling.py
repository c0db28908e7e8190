"""An unpacked copy moved to its place on this machine so that it can be taken back.

What it replaces is kept first; each file changes in one step; a folder that is new appears in one step.
"""

import os
import shutil
from pathlib import Path

from dockyard.errors import CannotUndo, KindClash
from dockyard.locale import N_, translate
from dockyard.tasks.base import Change, Result
from dockyard.tasks.copy_rules import Placement, Target
from dockyard.tasks.kept import Kept, Mark
from dockyard.tasks.pack import on_this_machine
from dockyard.tasks.unpack import Member

__all__ = ["met", "settle", "target_here", "undo_settling"]


def target_here(path: str) -> Target:
    """Return what ``path`` is on this machine; a link there is followed."""
    real = os.path.realpath(path) if os.path.islink(path.rstrip("/") or "/") else path
    # os.path.join keeps a trailing '/', by which the rules tell "a folder" from "that name".
    return Target(
        os.path.abspath(real) + ("/" if path.endswith("/") else ""),
        os.path.lexists(real),
        os.path.isdir(real),
        on_this_machine(),
    )


def met(placement: Placement, members: tuple[Member, ...]) -> dict[str, os.stat_result]:
    """Return what stands already where members would go: name to its status.

    Raises:
        KindClash: A folder would meet a file of the same name, or the reverse.
    """
    there: dict[str, os.stat_result] = {}
    for member in members:
        if member.name and os.path.dirname(member.name) not in there:
            continue
        path = _final(placement, member.name)
        if not os.path.lexists(path):
            continue
        is_dir = path.is_dir() and not path.is_symlink()
        if is_dir != (member.kind == "folder"):
            raise KindClash(
                path=str(path),
                there=translate(N_("folder")) if is_dir else translate(N_("file")),
                here=translate(N_("folder")) if member.kind == "folder" else translate(N_("file")),
            )
        there[member.name] = path.lstat()
    return there


def settle(root: Path, placement: Placement, members: tuple[Member, ...], kept: Kept) -> None:
    """Move an unpacked tree to its place and record how to take it back.

    Args:
        root: The unpacked root, on the same file system as the place.
        placement: Where it goes.
        members: What it holds, parents first.
        kept: The run's record; saved here.

    Raises:
        KindClash: As :func:`met`; nothing was changed.
        OSError: A move failed; what was moved before has been moved back.
    """
    there = met(placement, members)
    try:
        if "" not in there:
            root.rename(_final(placement, ""))
            kept.marks += [_mark(placement, member) for member in members]
        else:
            _merge(root, placement, members, there, kept)
    except OSError:
        _take_back(kept)
        kept.discard()
        raise
    kept.save()


def undo_settling(kept: Kept) -> Result:
    """Take a settled copy back.

    Raises:
        CannotUndo: Something changed since.
    """
    for mark in kept.marks:
        if mark.kind == "file" and _state(Path(mark.path)) != mark.state:
            raise CannotUndo(
                command=kept.command, reason=translate(N_("{path!r} has changed since")).format(path=mark.path)
            )
    changes = _take_back(kept)
    kept.discard()
    return Result(changes)


def _merge(
    root: Path, placement: Placement, members: tuple[Member, ...], there: dict[str, os.stat_result], kept: Kept
) -> None:
    folders: list[tuple[Path, Path]] = []
    for member in members:
        here, final = root / member.name if member.name else root, _final(placement, member.name)
        if member.kind == "folder":
            if member.name not in there:
                final.mkdir()
                kept.marks.append(Mark(str(final), "folder"))
            if member.name or placement.name:
                folders.append((here, final))
            continue
        file = None
        if member.name in there:
            file = kept.new_file()
            _copy_aside(final, file)
        here.replace(final)
        mark = _mark(placement, member)
        mark.kept = file.name if file else ""
        kept.marks.append(mark)
    for here, final in reversed(folders):
        shutil.copystat(here, final)


def _take_back(kept: Kept) -> tuple[Change, ...]:
    changes = []
    for mark in reversed(kept.marks):
        path = Path(mark.path)
        if mark.kept:
            shutil.move(kept.folder / mark.kept, path)
            changes.append(Change("change", mark.kind, mark.path))
        elif mark.kind == "folder":
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
                changes.append(Change("remove", mark.kind, mark.path))
        else:
            path.unlink(missing_ok=True)
            changes.append(Change("remove", mark.kind, mark.path))
    return tuple(changes)


def _copy_aside(path: Path, target: Path) -> None:
    """Keep ``path`` as it is: another name for the same file where the file system allows it, else a copy."""
    try:
        os.link(path, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, target, follow_symlinks=False)


def _mark(placement: Placement, member: Member) -> Mark:
    path = _final(placement, member.name)
    return Mark(str(path), "folder") if member.kind == "folder" else Mark(str(path), "file", _state(path))


def _state(path: Path) -> str:
    if not os.path.lexists(path):
        return ""
    status = path.lstat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _final(placement: Placement, name: str) -> Path:
    return Path(placement.path) / name if name else Path(placement.path)
