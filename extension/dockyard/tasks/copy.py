"""Copies between this machine and containers, and from one container to another, by the rules of ``docker cp``."""

import os
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.connection.archive import FileBytes, Part, download, in_container, stat_path
from dockyard.errors import (
    BadValue,
    NoSuchPath,
    NotADirectory,
    ParentMissing,
    PlanOutdated,
    TargetUnwritable,
    WrongCount,
)
from dockyard.locale import N_, translate
from dockyard.tarstream import Member, TarStream, renamed_header
from dockyard.tasks.base import (
    NEVER,
    Cancel,
    Change,
    Evidence,
    Plan,
    Progress,
    Report,
    Result,
    Task,
    check_cancel,
    ignore,
)
from dockyard.tasks.compare import compare, hashes_here, hashes_in, hashes_in_any
from dockyard.tasks.copy_rules import Placement, Source, names_folder, place
from dockyard.tasks.kept import Kept, last_kept
from dockyard.tasks.landing import Landing, land, plan_landing, undo_landing
from dockyard.tasks.pack import TRAILER, Entry, packed_size_bytes, parts, resolve, scan
from dockyard.tasks.settling import met, settle, target_here, undo_settling
from dockyard.tasks.unpack import require_room, unpack

__all__ = ["CopyBetween", "CopyIn", "CopyOut", "copy_from_words"]

FLAGS = (Flag("archive", "a", "switch"), Flag("follow-link", "L", "switch"), Flag("quiet", "q", "switch"))
BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class CopyIn(Task):
    """Copy a file or folder of this machine into a container (``docker cp SRC CONTAINER:PATH``).

    Attributes:
        source: Path on this machine; ``SRC/.`` copies a folder's contents.
        container: Name or ID; it may be stopped.
        path: Path in the container; a relative one starts at ``/``.
        follow_link: ``-L``: copy what a link leads to, not the link.
        archive: ``-a``: give the files to the container's user.
    """

    verb: ClassVar[str] = "cp"
    source: str
    container: str
    path: str
    follow_link: bool = False
    archive: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", _local(self.source))

    @property
    def command(self) -> str:
        """Such as ``docker cp index.html apa000ex19:/usr/local/apache2/htdocs/``."""
        return line("docker", "cp", *_switches(self), self.source, f"{self.container}:{self.path}")

    def plan(self, client: Client) -> Plan:
        """Return each file that will be created or replaced, with its bytes.

        Raises:
            NoSuchPath, NotADirectory, SourceUnreadable: On this machine.
            NoSuchContainer, ParentMissing, FolderOntoFile, KindClash: In the container.
        """
        source, real = resolve(self.source, follow_link=self.follow_link)
        entries = scan(real)
        landing = plan_landing(
            client, self.container, self.path, source, {entry.name: entry.kind == "folder" for entry in entries}
        )
        sizes = {entry.name: entry.size_bytes for entry in entries}
        kinds = {entry.name: entry.kind for entry in entries}
        return Plan(_landing_changes(landing, sizes, kinds), work=_In(tuple(entries), landing))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Copy. See :meth:`Task.run`; a half copy is taken away again, and what it replaced is brought back.

        Raises:
            LeftBehind: It broke off in a stopped container, where a new file can't be removed.
        """
        plan = _current_plan(self, client, plan)
        work = plan.work
        assert isinstance(work, _In)
        root_name = work.landing.placement.name
        entries = list(work.entries)
        land(
            client,
            work.landing,
            parts(entries, root_name),
            packed_size_bytes(entries, root_name),
            command=self.command,
            archive=self.archive,
            report=report,
            cancel=cancel,
        )
        return Result(plan.changes)

    def verify(self, client: Client) -> Evidence:
        """Compare the bytes on both sides."""
        source, real = resolve(self.source, follow_link=self.follow_link)
        return compare(hashes_here(real), hashes_in_any(client, self.container, source, self.path), self.source)

    def undo(self, client: Client) -> Result:
        """Bring back what the last run replaced and remove what it created."""
        return undo_landing(client, self.container, last_kept(client, self.command))


@dataclass(frozen=True)
class CopyOut(Task):
    """Copy a file or folder out of a container to this machine (``docker cp CONTAINER:PATH TARGET``).

    Attributes:
        container: Name or ID; it may be stopped.
        path: Path in the container; ``PATH/.`` copies a folder's contents.
        target: Path on this machine.
        follow_link: ``-L``: copy what a link leads to, not the link.
        archive: ``-a``: keep owner and group (only root can give files away).
    """

    verb: ClassVar[str] = "cp"
    container: str
    path: str
    target: str
    follow_link: bool = False
    archive: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", _local(self.target))

    @property
    def command(self) -> str:
        """Such as ``docker cp apa000ex19:/usr/local/apache2/htdocs/index.html .``."""
        return line("docker", "cp", *_switches(self), f"{self.container}:{self.path}", self.target)

    def plan(self, client: Client) -> Plan:
        """Return each file that will be created or replaced, with its bytes.

        A folder's plan reads the folder's stream once through, since the engine has no cheaper listing.

        Raises:
            NoSuchContainer, NoSuchPath, NotADirectory: In the container.
            ParentMissing, FolderOntoFile, KindClash: On this machine.
        """
        source, real = _source_in(client, self.container, self.path, self.follow_link)
        placement = self._placement(source)
        members = _listing(client, self.container, real)
        there = met(placement, members)
        changes = tuple(
            Change(
                "change" if member.name in there else "create",
                member.kind,
                str(Path(placement.path) / member.name),
                member.size_bytes,
            )
            for member in members
            if (member.name or placement.name) and not (member.kind == "folder" and member.name in there)
        )
        return Plan(changes, work={member.name: member.size_bytes for member in members})

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Copy. See :meth:`Task.run`; everything is unpacked aside first and moved to its place when it is whole.

        Raises:
            HostileArchive: The container's archive could write outside the target; nothing was written.
            DiskWouldFill: There is not enough room; nothing was written.
        """
        if plan is not None:
            _current_plan(self, client, plan)
        source, real = _source_in(client, self.container, self.path, self.follow_link)
        placement = self._placement(source)
        doing = translate(N_("copying out of {name}")).format(name=self.container)
        expected = plan.work if plan is not None and isinstance(plan.work, dict) else None
        with _stage(placement.directory) as stage, download(client, self.container, real) as (stat, reader):
            total = sum(expected.values()) if expected is not None else stat.size_bytes if not stat.is_dir else None
            unpacked = unpack(
                TarStream(reader),
                stage,
                expected=expected,
                keep_owner=self.archive,
                watch=lambda written: report(Progress(written, total, "bytes", doing)),
                cancel=cancel,
            )
            check_cancel(cancel)
            changes = settle(
                stage / "root", placement, unpacked.members, Kept.begin(client, self.command), keep_owner=self.archive
            )
        return Result(changes, unpacked.warnings)

    def verify(self, client: Client) -> Evidence:
        """Compare the bytes on both sides."""
        source, real = _source_in(client, self.container, self.path, self.follow_link)
        theirs = hashes_in(client, self.container, real)
        landed = self._placement(source).path
        candidates = [hashes_here(path) for path in (landed, self.target) if os.path.lexists(path)]
        return compare(theirs, candidates, f"{self.container}:{self.path}")

    def undo(self, client: Client) -> Result:
        """Bring back what the last run replaced and remove what it created."""
        return undo_settling(last_kept(client, self.command))

    def _placement(self, source: Source) -> Placement:
        target = target_here(self.target)
        placement = place(source, target)
        if not Path(placement.directory).is_dir():
            raise ParentMissing(path=placement.directory, where=target.where)
        return placement


@dataclass(frozen=True)
class CopyBetween(Task):
    """Copy from one container to another, which ``docker cp`` itself refuses to do.

    Attributes:
        container: The container that has it; it may be stopped.
        path: Path in it.
        to_container: The container that gets it; it may be stopped.
        to_path: Path in that one.
        follow_link: Copy what a link leads to, not the link.
        archive: Give the files to the receiving container's user.
    """

    verb: ClassVar[str] = "cp"
    container: str
    path: str
    to_container: str
    to_path: str
    follow_link: bool = False
    archive: bool = False

    @property
    def command(self) -> str:
        """The pipe that comes nearest with the docker command line; it needs ``to_path`` to be a folder, this task does not."""
        switches = _switches(self)
        out = line("docker", "cp", *switches, f"{self.container}:{self.path}", "-")
        return f"{out} | {line('docker', 'cp', *switches, '-', f'{self.to_container}:{self.to_path}')}"

    def plan(self, client: Client) -> Plan:
        """Return each file that will be created or replaced, with its bytes. See :meth:`CopyOut.plan` for its cost."""
        source, real = _source_in(client, self.container, self.path, self.follow_link)
        members = _listing(client, self.container, real)
        landing = plan_landing(
            client,
            self.to_container,
            self.to_path,
            source,
            {member.name: member.kind == "folder" for member in members},
        )
        sizes = {member.name: member.size_bytes for member in members}
        kinds = {member.name: member.kind for member in members}
        return Plan(_landing_changes(landing, sizes, kinds), work=_Between(real, landing, sizes))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Copy, without a detour over this machine's disk. See :meth:`CopyIn.run`."""
        plan = _current_plan(self, client, plan)
        work = plan.work
        assert isinstance(work, _Between)
        with _parts_between(client, self, work, cancel) as sent:
            land(
                client,
                work.landing,
                sent,
                None,
                command=self.command,
                archive=self.archive,
                report=report,
                cancel=cancel,
            )
        return Result(plan.changes)

    def verify(self, client: Client) -> Evidence:
        """Compare the bytes on both sides."""
        source, real = _source_in(client, self.container, self.path, self.follow_link)
        theirs = hashes_in(client, self.container, real)
        return compare(
            theirs, hashes_in_any(client, self.to_container, source, self.to_path), f"{self.container}:{self.path}"
        )

    def undo(self, client: Client) -> Result:
        """Bring back what the last run replaced and remove what it created."""
        return undo_landing(client, self.to_container, last_kept(client, self.command))


def copy_from_words(given: tuple[str, ...]) -> CopyIn | CopyOut | CopyBetween:
    """Return the task of ``docker cp`` with these words after ``cp``.

    Raises:
        BadLine: The words are not as ``docker cp`` takes them.
    """
    parsed = parse_flags("cp", FLAGS, given)
    parsed.require_words("cp", translate(N_("a source and a target")), 2, 2)
    if "-" in parsed.words:
        raise BadValue(
            flag="docker cp", value="-", expected=translate(N_("a cell has no stream to pipe; write a path"))
        )
    follow_link, archive = "follow-link" in parsed.switches, "archive" in parsed.switches
    (source_name, source), (target_name, target) = (_side(word) for word in parsed.words)
    if source_name and target_name:
        return CopyBetween(source_name, source, target_name, target, follow_link, archive)
    if target_name:
        return CopyIn(source, target_name, target, follow_link, archive)
    if source_name:
        return CopyOut(source_name, source, target, follow_link, archive)
    raise WrongCount(command="cp", needed=translate(N_("a container on one side, written CONTAINER:PATH")), found=0)


@dataclass(frozen=True)
class _In:
    entries: tuple[Entry, ...]
    landing: Landing


@dataclass(frozen=True)
class _Between:
    real: str
    landing: Landing
    sizes: Mapping[str, int]


def _side(word: str) -> tuple[str, str]:
    """A ``docker cp`` argument as container and path; no container for a path of this machine."""
    if word.startswith(("/", ".")):
        return "", word
    name, colon, path = word.partition(":")
    return (name, path) if colon else ("", word)


def _local(path: str) -> str:
    """A path of this machine as ``docker cp`` can't take for a container's: a colon or a dash needs ``./`` before it."""
    return path if path.startswith(("/", ".")) or not re.search(r":|^-", path) else f"./{path}"


def _switches(task: CopyIn | CopyOut | CopyBetween) -> list[str]:
    return [*(["-L"] if task.follow_link else []), *(["-a"] if task.archive else [])]


def _source_in(client: Client, container: str, path: str, follow_link: bool) -> tuple[Source, str]:
    """What ``path`` names in a container, and the path to ask the engine for."""
    absolute = path if path.startswith("/") else f"/{path}"
    stat = stat_path(client, container, absolute)
    name = posixpath.basename(posixpath.normpath(absolute))
    if stat is not None and stat.link_target is not None and follow_link:
        absolute = stat.link_target
        stat = stat_path(client, container, absolute)
    if stat is None:
        raise NoSuchPath(path=path, where=in_container(container))
    if names_folder(path) and not stat.is_dir:
        raise NotADirectory(path=path)
    # The engine names a root's members absolutely; as "/." they are relative like all others.
    return Source(path, name, stat.is_dir), "/." if absolute.strip("/") == "" else absolute


def _listing(client: Client, container: str, real: str) -> tuple[Member, ...]:
    with download(client, container, real) as (stat, reader):
        stream = iter(TarStream(reader))
        return tuple(stream) if stat.is_dir else (next(stream),)


def _landing_changes(landing: Landing, sizes: Mapping[str, int], kinds: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change("change" if name in landing.there else "create", kinds[name], landing.path(name), sizes[name])
        for name in landing.written
        if not (landing.names[name] and name in landing.there)
    )


def _current_plan(task: Task, client: Client, plan: Plan | None) -> Plan:
    """The plan to carry out: the one given, if everything it lists is still so; else a new one."""
    fresh = task.plan(client)
    if plan is None:
        return fresh
    now = {change.name: change for change in fresh.changes}
    for change in plan.changes:
        if now.get(change.name) != change:
            raise PlanOutdated(what=repr(change.name))
    return plan


@contextmanager
def _stage(directory: str) -> Iterator[Path]:
    """A private folder beside the target, so that the last step is a rename; gone afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix=".dockyard-", dir=directory) as stage:
            yield Path(stage)
    except OSError as error:
        raise TargetUnwritable(path=directory, reason=error.strerror) from error


@contextmanager
def _parts_between(client: Client, task: CopyBetween, work: _Between, cancel: Cancel) -> Iterator[Iterable[Part]]:
    """The stream for the receiving container; straight from the other, or by way of the disk if both are one."""
    root_name = work.landing.placement.name
    first, second = (client.get_json("/containers/{}/json", name)["Id"] for name in (task.container, task.to_container))
    if first != second:
        with download(client, task.container, work.real) as (_, reader):
            yield _renamed(TarStream(reader), root_name, work.sizes)
        return
    # The engine gives a container to one stream at a time: reading must end before writing begins.
    require_room(Path(tempfile.gettempdir()), task.path, sum(work.sizes.values()))
    with tempfile.TemporaryFile() as spool:
        with download(client, task.container, work.real) as (_, reader):
            for part in _renamed(TarStream(reader), root_name, work.sizes):
                check_cancel(cancel)
                spool.write(part)
        spool.flush()
        yield [FileBytes(task.path, spool, spool.tell())]


def _renamed(stream: TarStream, root_name: str, expected: Mapping[str, int]) -> Iterator[bytes]:
    """The members of one container's stream as another's: under the new root's name, and only those that were planned."""
    buffer = memoryview(bytearray(BUFFER_BYTES))
    for member in stream:
        name = f"{root_name}/{member.name}".strip("/")
        if not name or member.name not in expected:
            continue
        if member.size_bytes != expected[member.name]:
            raise PlanOutdated(what=repr(member.info.name))
        shared = f"{root_name}/{member.link}".strip("/") if member.kind == "hard link" else None
        yield renamed_header(member, name, shared)
        while count := stream.read_into(buffer):
            yield bytes(buffer[:count])
        yield b"\0" * (-member.size_bytes % tarfile.BLOCKSIZE)
    yield TRAILER
