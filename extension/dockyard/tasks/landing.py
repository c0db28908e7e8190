"""A tar stream put into a container so that it can be taken back: what it replaces is kept first, and a broken copy is cleaned up."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dockyard.connection import Client
from dockyard.connection.archive import Part, PathStat, in_container, stat_path, upload
from dockyard.errors import CannotUndo, DockyardError, LeftBehind, ParentMissing
from dockyard.locale import N_, translate
from dockyard.tasks.base import Cancel, Change, Progress, Report, Result, check_cancel
from dockyard.tasks.copy_rules import Placement, Source, Target, place
from dockyard.tasks.inside import clashes, is_in_state, is_running, keep_paths, remove_paths, restore_path, state_of
from dockyard.tasks.kept import Kept, Mark

__all__ = ["Landing", "land", "plan_landing", "target_in", "undo_landing"]


@dataclass(frozen=True)
class Landing:
    """Where a copy lands in a container, and what it meets there.

    Attributes:
        container: Name or ID.
        placement: Folder and name.
        names: Every name that will be written, relative to the copy's root, parents first, and whether it is a folder.
        there: What stands already at some of those names.
    """

    container: str
    placement: Placement
    names: Mapping[str, bool]
    there: Mapping[str, PathStat]

    def path(self, name: str) -> str:
        """Absolute path of ``name`` in the container."""
        return posixpath.join(self.placement.path, name) if name else self.placement.path

    @property
    def written(self) -> list[str]:
        """The names that are written: all but a root whose contents alone are copied."""
        return [name for name in self.names if name or self.placement.name]


def target_in(client: Client, container: str, path: str) -> Target:
    """Return what ``path`` is in the container; a link there is followed, and a relative path starts at ``/``."""
    absolute = path if path.startswith("/") else f"/{path}"
    found = stat_path(client, container, absolute)
    if found and found.link_target is not None:
        absolute = found.link_target
        found = stat_path(client, container, absolute)
    return Target(absolute, found is not None, bool(found and found.is_dir), in_container(container))


def plan_landing(client: Client, container: str, path: str, source: Source, names: Mapping[str, bool]) -> Landing:
    """Find out where ``source`` lands and what it meets.

    Raises:
        NoSuchContainer: There is no such container.
        ParentMissing: The folder that would hold the copy does not exist.
        FolderOntoFile, NotADirectory, KindClash: By docker's rules.
    """
    target = target_in(client, container, path)
    placement = place(source, target)
    if not target.exists:
        parent = stat_path(client, container, placement.directory)
        if parent is None:
            raise ParentMissing(path=placement.directory, where=target.where)
    there = clashes(client, container, placement.path, names)
    return Landing(container, placement, names, there)


def land(
    client: Client,
    landing: Landing,
    parts: Iterable[Part],
    size_bytes: int | None,
    *,
    command: str,
    archive: bool,
    report: Report,
    cancel: Cancel,
) -> None:
    """Upload ``parts`` into the place that was planned, and record how to take it back.

    Raises:
        Cancelled: ``cancel`` was set; the container is as before.
        LeftBehind: It broke off in a stopped container, where a new file can't be removed again.
        EngineRefused: The engine said no; the container is as before.
    """
    kept = Kept.begin(client, command)
    doing = translate(N_("copying into {name}")).format(name=landing.container)

    def watch(sent_bytes: int) -> None:
        check_cancel(cancel)
        report(Progress(sent_bytes, size_bytes, "bytes", doing))

    try:
        files = {}
        for name in landing.written:
            mark = Mark(landing.path(name), "folder" if landing.names[name] else "file")
            if name in landing.there:
                files[name] = kept.new_file()
                mark.kept = files[name].name
            kept.marks.append(mark)
        replaced = {name: landing.there[name] for name in files}
        keep_paths(client, landing.container, landing.placement.path, replaced, files, cancel)
        kept.save()  # before anything is changed: if all breaks off here, undo still can take it back
    except BaseException:
        kept.discard()
        raise
    try:
        upload(
            client, landing.container, landing.placement.directory, parts, size_bytes, copy_uid_gid=archive, watch=watch
        )
    except BaseException as error:
        _roll_back(client, landing.container, kept, error)
        raise
    for mark in kept.marks:
        if mark.kind == "file":
            mark.state = state_of(stat_path(client, landing.container, mark.path))
    kept.save()


def undo_landing(client: Client, container: str, kept: Kept) -> Result:
    """Take a landing back: bring back what it replaced and remove what it made.

    Raises:
        CannotUndo: Something changed since, or a new file can't be removed because the container does not run.
    """
    files = [mark for mark in kept.marks if mark.kind == "file"]
    for mark in files:
        if mark.state and not is_in_state(stat_path(client, container, mark.path), mark.state):
            raise CannotUndo(
                command=kept.command, reason=translate(N_("{path!r} has changed since")).format(path=mark.path)
            )
    made = [mark for mark in kept.marks if not mark.kept]
    if made and not is_running(client, container):
        raise CannotUndo(
            command=kept.command,
            reason=translate(
                N_("files can be removed only in a running container; start it first: docker start {name}")
            ).format(name=container),
        )
    reason = _take_back(client, container, kept)
    if reason:
        raise CannotUndo(command=kept.command, reason=reason)
    kept.discard()
    return Result(
        tuple(Change("change" if mark.kept else "remove", mark.kind, mark.path) for mark in kept.marks),
    )


def _roll_back(client: Client, container: str, kept: Kept, cause: BaseException) -> None:
    """Undo a copy that broke off, or say what is left and leave the record for a later undo.

    Asking for the first path waits until the engine has let go of the container.
    """
    first = kept.marks[0].path if kept.marks else ""
    try:
        began = bool(first) and (bool(kept.marks[0].kept) or stat_path(client, container, first) is not None)
        reason = _take_back(client, container, kept)
    except DockyardError as error:
        raise LeftBehind(path=first, container=container, reason=str(error)) from cause
    if reason and began:
        raise LeftBehind(path=first, container=container, reason=reason) from cause
    kept.discard()


def _take_back(client: Client, container: str, kept: Kept) -> str:
    """Remove what is new, then bring back what was replaced; return why the first failed, in which case nothing was done."""
    new = [mark for mark in kept.marks if not mark.kept]
    reason = remove_paths(
        client,
        container,
        [mark.path for mark in new if mark.kind == "file"],
        [mark.path for mark in new if mark.kind == "folder"],
    )
    if reason:
        return reason
    for mark in kept.marks:
        if mark.kept:
            restore_path(client, container, mark.path, kept.folder / mark.kept)
    return ""
