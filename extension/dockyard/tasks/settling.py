"""An unpacked copy moved to its place on this machine so that it can be taken back.

What it replaces is kept first; each file changes in one step; a folder that is new appears in one step.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from dockyard.errors import CannotUndo, KindClash
from dockyard.locale import N_, translate
from dockyard.tarstream import Member
from dockyard.tasks.base import Change, Result
from dockyard.tasks.copy_rules import Placement, Target
from dockyard.tasks.kept import Kept, Mark
from dockyard.tasks.pack import on_this_machine
from dockyard.tasks.unpack import stamp

__all__ = ["met", "settle", "settle_files", "target_here", "undo_settling"]


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


def settle(
    root: Path, placement: Placement, members: tuple[Member, ...], kept: Kept, *, keep_owner: bool = False
) -> tuple[Change, ...]:
    """Move an unpacked tree to its place, record how to take it back, and return what was created or replaced.

    Args:
        root: The unpacked root, on the same file system as the place.
        placement: Where it goes.
        members: What it holds, parents first.
        kept: The run's record; saved here, or discarded where nothing was changed.
        keep_owner: Give folders to the archive's user and group, as files already are (root only).

    Raises:
        KindClash: As :func:`met`; nothing was changed.
        OSError: A move failed; what was moved before has been moved back.
    """
    try:
        there = met(placement, members)
        if "" not in there:
            root.rename(_final(placement, ""))
            kept.marks += [_mark(placement, member) for member in members]
        else:
            _merge(root, placement, members, there, kept)
        for member in reversed(members):  # children first: what is written into a folder changes its time
            if member.kind == "folder" and (member.name or placement.name):
                stamp(_final(placement, member.name), member, keep_owner=keep_owner)
    except BaseException:
        _take_back(kept)
        kept.discard()
        raise
    kept.save()
    return tuple(
        Change(
            "change" if member.name in there else "create",
            member.kind,
            str(_final(placement, member.name)),
            member.size_bytes,
        )
        for member in members
        if (member.name or placement.name) and not (member.kind == "folder" and member.name in there)
    )


def settle_files(drafts: Mapping[Path, Path], kept: Kept) -> tuple[Change, ...]:
    """Give finished files their final names, note how to take it back, and return what was created or replaced.

    Args:
        drafts: Each file and its final name, on the same file system.
        kept: The run's record, which goes on to be saved or discarded by :meth:`Kept.of`.

    Raises:
        OSError: A move failed; what was moved before has been moved back.
    """
    changes = []
    try:
        for draft, final in drafts.items():
            file = kept.new_file() if os.path.lexists(final) else None
            if file:
                _copy_aside(final, file)
            draft.replace(final)
            kept.marks.append(Mark(str(final), "file", _state(final), file.name if file else ""))
            changes.append(Change("change" if file else "create", "file", str(final), final.stat().st_size))
    except BaseException:
        _take_back(kept)
        raise
    return tuple(changes)


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
    for member in members:
        here, final = root / member.name if member.name else root, _final(placement, member.name)
        if member.kind == "folder":
            if member.name in there:
                before = there[member.name]
                kept.marks.append(Mark(str(final), "mode", f"{before.st_mode & 0o7777} {before.st_mtime_ns}"))
            else:
                final.mkdir(mode=0o700)
                kept.marks.append(Mark(str(final), "folder"))
            continue
        file = None
        if member.name in there:
            file = kept.new_file()
            _copy_aside(final, file)
        here.replace(final)
        mark = _mark(placement, member)
        mark.kept = file.name if file else ""
        kept.marks.append(mark)


def _take_back(kept: Kept) -> tuple[Change, ...]:
    changes = []
    for mark in reversed(kept.marks):
        path = Path(mark.path)
        if mark.kept:
            shutil.move(kept.folder / mark.kept, path)
            changes.append(Change("change", mark.kind, mark.path))
        elif mark.kind == "mode":
            mode, changed_ns = map(int, mark.state.split())
            path.chmod(mode)
            os.utime(path, ns=(changed_ns, changed_ns))
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
