"""Copy and rename volumes, for which docker has no command: both go through the engine's own streams, with nothing running."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from dockyard.command import line
from dockyard.connection import Client
from dockyard.errors import (
    CannotUndo,
    CopyDiffers,
    EngineRefused,
    VolumeExists,
    VolumeInUse,
    VolumeOutside,
)
from dockyard.locale import N_, translate
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
from dockyard.tasks.compare import compare
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.run import Run, run_from_words
from dockyard.tasks.volume_content import (
    copy_content,
    create,
    find,
    has_content,
    hashes_of,
    is_outside,
    remove,
    require,
    sizes_bytes,
)
from dockyard.tasks.volume_users import users_by_volume
from dockyard.tasks.volumes import NAME, check_name

__all__ = ["VolumeClone", "VolumeRename", "clone_of", "rename_of"]

RUNNING = "(running)"
RENAME = re.compile(
    rf"docker volume create (?P<new>{NAME.pattern}) && docker run --rm -v (?P<old>{NAME.pattern}):/source "
    r"-v (?P=new):/target busybox cp -a /source/\. /target && docker volume rm (?P=old)"
)


@dataclass(frozen=True)
class VolumeClone(Task):
    """Copy a volume into another one: names, modes, owners, times and links as the engine's stream has them.

    Attributes:
        source: The volume to copy.
        target: An empty volume that nothing uses, or the name of a new one, which gets the same labels.
    """

    verb: ClassVar[str] = "volume clone"
    source: str
    target: str

    @property
    def command(self) -> str:
        """The chapter's way, which starts a container: ``docker run --rm -v A:/source -v B:/target busybox cp -a ...``."""
        return line("docker", *_copy_words(self.source, self.target))

    def plan(self, client: Client) -> Plan:
        """Return the volume that will be made or filled, with the source's bytes.

        Raises:
            NoSuchVolume: There is no source.
            VolumeNameInvalid, VolumeInUse, VolumeExists: The target can't be filled.
        """
        require(client, self.source)
        check_name(self.target)
        holders = users_by_volume(client)
        target = find(client, self.target)
        if self.source == self.target:
            raise VolumeExists(name=self.target)
        if target is not None:
            if self.target in holders:
                raise VolumeInUse(name=self.target, containers=", ".join(holders[self.target]))
            if has_content(client, self.target):
                raise VolumeExists(name=self.target)
        action = "create" if target is None else "change"
        size = sizes_bytes(client).get(self.source)
        return Plan((Change(action, "volume", self.target, size),), _running_warning(self.source, holders))  # type: ignore[arg-type]  # one of two words

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Copy, and hold the two against each other file by file. See :meth:`Task.run`; a half copy is taken away again.

        Raises:
            CopyDiffers: The two do not hold the same, as when something wrote to the source meanwhile.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        source, before = require(client, self.source), find(client, self.target)
        doing = translate(N_("copying {source} into {target}")).format(source=self.source, target=self.target)
        watch = _watch(fresh, doing, report, cancel)
        _copied(client, source, before, self.target, watch)
        with Kept.of(client, self.command) as kept:
            kept.marks.append(Mark(self.target, "volume", "created" if before is None else "filled"))
        return Result(fresh.changes, fresh.warnings)

    def verify(self, client: Client) -> Evidence:
        """Compare the two volumes file by file."""
        return compare(hashes_of(client, self.source), [hashes_of(client, self.target)], self.target)

    def undo(self, client: Client) -> Result:
        """Remove the copy, or empty it if it was there before; only while it still is what was copied, and nothing uses it."""
        kept = last_kept(client, self.command)
        mark = kept.marks[0]
        found = find(client, self.target)
        if found is None:
            raise CannotUndo(command=self.command, reason=translate(N_("the volume is gone already")))
        if holders := users_by_volume(client).get(self.target):
            raise VolumeInUse(name=self.target, containers=", ".join(holders))
        if find(client, self.source) is None or hashes_of(client, self.source) != hashes_of(client, self.target):
            reason = translate(N_("the copy is no longer the same as {name}; it may hold what exists nowhere else"))
            raise CannotUndo(command=self.command, reason=reason.format(name=self.source))
        remove(client, self.target)
        is_filled = mark.state == "filled"
        if is_filled:
            create(client, self.target, found)
        kept.discard()
        return Result((Change("change" if is_filled else "remove", "volume", self.target),))


@dataclass(frozen=True)
class VolumeRename(Task):
    """Give a volume another name: copied, compared file by file, and only then removed under the old name.

    Attributes:
        name: The volume's name.
        new_name: What it will be called.
    """

    verb: ClassVar[str] = "volume rename"
    name: str
    new_name: str

    @property
    def command(self) -> str:
        """What one would have to write, since docker renames no volume."""
        made, removed = line("docker", "volume", "create", self.new_name), line("docker", "volume", "rm", self.name)
        return f"{made} && {line('docker', *_copy_words(self.name, self.new_name))} && {removed}"

    def plan(self, client: Client) -> Plan:
        """Return the new name and the old one.

        Raises:
            NoSuchVolume, VolumeNameInvalid, VolumeExists: By the names.
            VolumeInUse: Containers have it; they would keep the old name.
            VolumeOutside: It only names a place outside of Docker.
        """
        _require_renamable(client, self.name, self.new_name)
        size = sizes_bytes(client).get(self.name)
        return Plan((Change("create", "volume", self.new_name, size), Change("remove", "volume", self.name, size)))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Rename. See :meth:`Task.run`; until the copy was found whole, the old volume stays as it is.

        Raises:
            CopyDiffers: The copy is not the same; it was removed again.
            VolumeInUse: A container has taken the old name meanwhile; the copy was removed again.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        doing = translate(N_("copying {source} into {target}")).format(source=self.name, target=self.new_name)
        _rename(client, self.name, self.new_name, _watch(fresh, doing, report, cancel))
        with Kept.of(client, self.command) as kept:
            kept.marks.append(Mark(self.new_name, "volume"))
        return Result(fresh.changes)

    def verify(self, client: Client) -> Evidence:
        """Look which of the two names there is."""
        old, new = find(client, self.name), find(client, self.new_name)
        if new is None:
            return Evidence(False, translate(N_("{name}: no such volume")).format(name=self.new_name))
        if old is not None:
            return Evidence(False, translate(N_("Still there: {names}")).format(names=self.name))
        says = translate(N_("{new} is there, {old} is not any more"))
        return Evidence(True, says.format(new=self.new_name, old=self.name))

    def undo(self, client: Client) -> Result:
        """Give it its old name back, in the same way."""
        kept = last_kept(client, self.command)
        if find(client, self.new_name) is None:
            raise CannotUndo(command=self.command, reason=translate(N_("the volume is gone already")))
        _require_renamable(client, self.new_name, self.name)
        _rename(client, self.new_name, self.name, lambda _: None)
        kept.discard()
        return Result((Change("create", "volume", self.name), Change("remove", "volume", self.new_name)))


def clone_of(run: Run) -> VolumeClone | None:
    """The clone that a run is: busybox, ``cp -a`` from one volume to another, and nothing else."""
    volumes = [mount.source for mount in run.mounts if mount.kind == "volume"]
    if len(volumes) != 2 or not all(volumes):
        return None
    clone = VolumeClone(*volumes)
    return clone if run == run_from_words(_copy_words(*volumes)[1:]) else None


def rename_of(text: str) -> VolumeRename | None:
    """The rename that three lines joined by ``&&`` are; None for anything else."""
    found = RENAME.fullmatch(text.strip())
    return VolumeRename(found["old"], found["new"]) if found else None


def _require_renamable(client: Client, name: str, new_name: str) -> None:
    volume = require(client, name)
    check_name(new_name)
    if find(client, new_name) is not None:
        raise VolumeExists(name=new_name)
    if holders := users_by_volume(client).get(name):
        raise VolumeInUse(name=name, containers=", ".join(holders))
    if is_outside(volume):
        raise VolumeOutside(name=name)


def _rename(client: Client, name: str, new_name: str, watch: Callable[[int], None]) -> None:
    create(client, new_name, require(client, name))
    try:
        expected = copy_content(client, name, new_name, watch)
        if hashes_of(client, name) != expected:  # someone wrote to it while it was copied
            raise CopyDiffers(name=new_name, n=1, first=name)
        remove(client, name)
    except EngineRefused as error:
        remove(client, new_name)
        if error.facts["status"] == 409:
            raise VolumeInUse(name=name, containers=", ".join(users_by_volume(client).get(name, ("?",)))) from error
        raise
    except BaseException:
        remove(client, new_name)
        raise


def _copied(
    client: Client, source: dict[str, Any], before: dict[str, Any] | None, target: str, watch: Callable[[int], None]
) -> None:
    """Fill the target; if that breaks off, it is as before."""
    if before is None:
        create(client, target, source, with_options=False)
    try:
        copy_content(client, source["Name"], target, watch)
    except BaseException:
        remove(client, target)
        if before is not None:
            create(client, target, before)
        raise


def _copy_words(source: str, target: str) -> tuple[str, ...]:
    mounts = ("-v", f"{source}:/source", "-v", f"{target}:/target")
    return ("run", "--rm", *mounts, "busybox", "cp", "-a", "/source/.", "/target")


def _watch(plan: Plan, doing: str, report: Report, cancel: Cancel) -> Callable[[int], None]:
    total = plan.changes[0].size_bytes

    def watch(done: int) -> None:
        check_cancel(cancel)
        report(Progress(done, total, "bytes", doing))

    return watch


def _running_warning(name: str, holders: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if not (running := [each for each in holders.get(name, ()) if each.endswith(RUNNING)]):
        return ()
    sentence = translate(
        N_(
            "{name} is in use by {containers}: what is being written while it is copied may be copied half. Stop it first."
        )
    )
    return (sentence.format(name=name, containers=", ".join(running)),)
