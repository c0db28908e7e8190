"""A volume into an archive and back, as the line with ``busybox tar`` does it, without running anything."""

import posixpath
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from dockyard.command import line
from dockyard.connection import Client
from dockyard.connection.archive import download
from dockyard.errors import (
    BadValue,
    NoSuchPath,
    ParentMissing,
    TargetUnwritable,
    VolumeHeld,
    VolumeNotEmpty,
    VolumeOutside,
)
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Evidence, Plan, Progress, Report, Result, Task, ignore
from dockyard.tasks.compare import Hashes, compare
from dockyard.tasks.holder import holding, one_image
from dockyard.tasks.kept import Kept, last_kept
from dockyard.tasks.pack import on_this_machine
from dockyard.tasks.run import Run, run_from_words
from dockyard.tasks.run_words import Mount
from dockyard.tasks.settling import settle_files, undo_settling
from dockyard.tasks.volume_archive import check_archive, write_archive
from dockyard.tasks.volume_content import find, has_content, hashes_of, is_outside, require, sizes_bytes
from dockyard.tasks.volume_exchange import exchange, restored_state, undo_exchange
from dockyard.tasks.volume_manifest import manifest_of
from dockyard.tasks.volume_users import holders, resting, stoppable, users
from dockyard.wording import human_size

__all__ = ["Backup", "Restore", "run_or_backup_from_words"]

IMAGE = "busybox"
SOURCE, TARGET = "/source", "/target"


@dataclass(frozen=True)
class Backup(Task):
    """Write all that a volume holds into an archive on this machine, with a manifest beside it.

    Attributes:
        volume: Its name.
        target: The archive's path, such as ``backup_apa.tar.gz``; made absolute.
        stop: Stop the containers that use the volume meanwhile, and start them again. The line does not say so.
    """

    verb: ClassVar[str] = "run"
    volume: str
    target: str
    stop: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", _absolute(self.target))

    @property
    def command(self) -> str:
        """``docker run --rm -v apa000vol1:/source -v FOLDER:/target busybox tar czvf /target/backup_apa.tar.gz -C /source .``."""
        return _command(self.volume, self.target, "czvf", ".")

    def plan(self, client: Client) -> Plan:
        """Return the archive and its manifest, and the containers that use the volume.

        Raises:
            NoSuchVolume: There is no such volume.
            ParentMissing, TargetUnwritable: The archive can't be made there.
            WouldVanish: A container that is to be stopped could not be started again.
        """
        require(client, self.volume)
        size_bytes = sizes_bytes(client).get(self.volume)
        target = Path(self.target)
        if not target.parent.is_dir():
            raise ParentMissing(path=str(target.parent), where=on_this_machine())
        if target.is_dir():
            raise TargetUnwritable(path=self.target, reason=translate(N_("it is a folder")))
        running = users(client, self.volume)
        changes = [
            Change("change" if path.exists() else "create", "file", str(path)) for path in (target, manifest_of(target))
        ]
        if self.stop:
            reason = translate(N_("stopped for the time of the backup, then started again"))
            changes += [
                Change("change", "container", name, reason=reason) for name in stoppable(client, running).values()
            ]
        return Plan(tuple(changes), tuple(_warnings(self, list(running.values()), size_bytes)), size_bytes)

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Back up; the archive gets its name when all of it has been read back from the disk as it was written. See :meth:`Task.run`.

        Raises:
            BackupBroken: What was written did not read back as it was written; nothing of it stays.
            TargetUnwritable: It can't be written, or the disk is full; nothing of it stays.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        total = fresh.work if isinstance(fresh.work, int) else None
        doing = translate(N_("backing up {name}")).format(name=self.volume)
        target = Path(self.target)
        running = stoppable(client, users(client, self.volume)) if self.stop else {}
        with (
            _writable(target),
            TemporaryDirectory(prefix=".dockyard-", dir=target.parent) as stage,
            resting(client, running),
        ):
            drafts = (Path(stage, target.name), Path(stage, manifest_of(target).name))
            with (
                holding(client, {self.volume: SOURCE}) as held,
                download(client, held, f"{SOURCE}/.") as (_, reader),
            ):
                write_archive(
                    reader,
                    self.volume,
                    *drafts,
                    watch=lambda done: report(Progress(done, total, "bytes", doing)),
                    cancel=cancel,
                )
            finals = (target, manifest_of(target))
            with Kept.of(client, self.command) as kept:
                changes = settle_files(dict(zip(drafts, finals, strict=True)), kept)
        return Result((*changes, *fresh.changes[2:]), fresh.warnings)

    def verify(self, client: Client) -> Evidence:
        """Compare every file's bytes in the volume and in the archive, which is read whole; neither may have more than the other."""
        return _compared(check_archive(_there(self.target)), hashes_of(client, self.volume), self.volume)

    def undo(self, client: Client) -> Result:
        """Remove the files of the last run, and bring back what they replaced.

        Raises:
            CannotUndo: A file has changed since.
        """
        return undo_settling(last_kept(client, self.command))


@dataclass(frozen=True)
class Restore(Task):
    """Put an archive's content into a volume that is new, or empty, or whose content is replaced.

    Attributes:
        archive: Path of a ``.tar`` or ``.tar.gz``, of :class:`Backup` or of any ``tar``; made absolute.
        volume: Its name.
        replace: Let go of what the volume has; undo brings it back. The line does not say so.
    """

    verb: ClassVar[str] = "run"
    archive: str
    volume: str
    replace: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "archive", _absolute(self.archive))

    @property
    def command(self) -> str:
        """``docker run --rm -v apa000vol2:/source -v FOLDER:/target busybox tar xzvf /target/backup_apa.tar.gz -C /source``."""
        return _command(self.volume, self.archive, "xvf" if self.archive.endswith(".tar") else "xzvf")

    def plan(self, client: Client) -> Plan:
        """Return the volume.

        Raises:
            NoSuchPath: There is no such archive.
            VolumeNotEmpty: The volume has something already, and ``replace`` is not set.
            VolumeOutside: It only names a place outside of Docker.
            VolumeHeld: A container has the volume, so that its content can't be exchanged.
        """
        _there(self.archive)
        reason = translate(N_("with what is in {archive}")).format(archive=Path(self.archive).name)
        there = find(client, self.volume)
        if there is None:
            return Plan((Change("create", "volume", self.volume, reason=reason),))
        if is_outside(there):
            raise VolumeOutside(name=self.volume)
        if held := holders(client, self.volume):
            raise VolumeHeld(name=self.volume, holders=", ".join(held))
        is_full = has_content(client, self.volume)
        if is_full and not self.replace:
            raise VolumeNotEmpty(name=self.volume)
        warning = translate(N_("What the volume {name!r} has now is taken out of it. Undo brings it back."))
        return Plan(
            (Change("change", "volume", self.volume, reason=reason),),
            (warning.format(name=self.volume),) if is_full else (),
        )

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Read the archive whole and check it; then put it into the volume. See :meth:`Task.run`.

        Raises:
            BackupBroken: The archive is cut or damaged, or not what the manifest beside it says; nothing was changed.
            HostileArchive: A member could reach outside the volume; nothing was changed.
            ContentKept: It broke off, and what the volume had could not be put back; undo can do so later.
        """
        archive = _there(self.archive)
        size_bytes = archive.stat().st_size
        checking, restoring = translate(N_("checking the archive")), translate(N_("restoring"))
        with one_image(client), ThreadPoolExecutor(1, "dockyard-restore") as aside:

            def fresh_plan() -> Plan:
                fresh = self.plan(client)
                fresh.require_same(plan)
                return fresh

            def watch_check(done: int) -> None:
                if planned.done():
                    planned.result()  # what the engine can't do is said at once
                report(Progress(done, 2 * size_bytes, "bytes", checking))

            # The engine is asked while the archive is read; what it can't do goes before what is wrong with the archive.
            planned = aside.submit(copy_context().run, fresh_plan)
            try:
                found = check_archive(archive, thorough=False, watch=watch_check, cancel=cancel)
            finally:
                fresh = planned.result()
            exchange(
                client,
                self.volume,
                archive,
                restored_state(found),
                command=self.command,
                watch=lambda done: report(Progress(size_bytes + done, 2 * size_bytes, "bytes", restoring)),
                cancel=cancel,
            )
        return Result(fresh.changes, fresh.warnings)

    def verify(self, client: Client) -> Evidence:
        """Compare every file's bytes in the archive, which is read whole, and in the volume; neither may have more than the other."""
        return _compared(check_archive(_there(self.archive)), hashes_of(client, self.volume), self.archive)

    def undo(self, client: Client) -> Result:
        """Remove the volume, or bring back what it had.

        Raises:
            CannotUndo: It has changed since, or a container has it.
        """
        return undo_exchange(client, last_kept(client, self.command))


def run_or_backup_from_words(given: tuple[str, ...]) -> Task:
    """Return the task of ``docker run`` with these words; where the line backs a volume up or restores one, that task.

    Raises:
        BadLine: As :func:`dockyard.tasks.run.run_from_words`.
    """
    run = run_from_words(given)
    return _as_backup(run) or run


def _as_backup(run: Run) -> Task | None:
    """The backup or restore that a run is: busybox, ``tar``, a volume, a folder, and nothing else."""
    if run != Run(IMAGE, run.words, mounts=run.mounts, remove=True) or run.words[:1] != ("tar",):
        return None
    inner = {mount.target: mount for mount in run.mounts if mount.form == "-v" and not set(mount.options) - {"rw"}}
    if len(run.mounts) != 2 or len(inner) != 2 or len(run.words) not in (5, 6) or run.words[3] != "-C":
        return None
    letters, file, folder, rest = run.words[1].removeprefix("-"), run.words[2], run.words[4], run.words[5:]
    volume, outer = inner.get(folder), inner.get(posixpath.dirname(file))
    if not volume or not outer or volume.kind != "volume" or not volume.source or outer.kind != "bind":
        return None
    path = str(Path(outer.path, posixpath.basename(file)))
    if letters in ("czf", "czvf") and rest == (".",) and not outer.read_only:
        return Backup(volume.source, path)
    if letters in ("xf", "xvf", "xzf", "xzvf") and not rest and not volume.read_only:
        return Restore(path, volume.source)
    return None


def _command(volume: str, path: str, letters: str, *rest: str) -> str:
    folder, name = posixpath.split(path)
    mounts = (Mount(SOURCE, volume), Mount(TARGET, folder, "bind"))
    flags = [word for mount in mounts for word in ("-v", mount.text)]
    return line("docker", "run", "--rm", *flags, IMAGE, "tar", letters, f"{TARGET}/{name}", "-C", SOURCE, *rest)


def _absolute(path: str) -> str:
    made = str(Path(path).expanduser().absolute()) if path else ""
    if not made or ":" in posixpath.dirname(made):
        raise BadValue(
            flag="-v",
            value=path,
            expected=translate(N_("write the path of a file, in a folder whose path has no colon")),
        )
    return posixpath.normpath(made)


def _there(archive: str) -> Path:
    path = Path(archive)
    if not path.is_file():
        raise NoSuchPath(path=archive, where=on_this_machine())
    return path


def _compared(archive: Hashes, volume: Hashes, shown: str) -> Evidence:
    """Whether an archive and a volume hold the same. Not every tar lists every folder, so folders that the archive has not are as good."""
    more = {name: digest for name, digest in volume.items() if not digest.startswith("folder ")}
    evidence = compare(archive, [volume], shown)
    return evidence if not evidence.ok or not more.keys() - archive.keys() else compare(more, [archive], shown)


def _warnings(task: Backup, running: list[str], size_bytes: int | None) -> Iterator[str]:
    if running and not task.stop:
        text = translate(
            N_(
                "The volume {name!r} is in use by {users}: what they write meanwhile may be in the archive by half. Stop them first, or have them stopped for the time of the backup."
            )
        )
        yield text.format(name=task.volume, users=", ".join(running))
    for path in (Path(task.target), manifest_of(Path(task.target))):
        if path.exists():
            yield translate(N_("{path!r} exists and will be replaced. Undo brings it back.")).format(path=str(path))
    free = shutil.disk_usage(Path(task.target).parent).free
    if size_bytes is not None and size_bytes > free:
        text = translate(
            N_(
                "The volume holds {size}, and {free} is free on the disk: the archive fits only if enough of it compresses."
            )
        )
        yield text.format(size=human_size(size_bytes), free=human_size(free))


@contextmanager
def _writable(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TargetUnwritable(path=str(target), reason=error.strerror or str(error)) from error
