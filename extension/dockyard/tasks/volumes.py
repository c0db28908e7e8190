"""Make and remove volumes: ``docker volume create`` and ``docker volume rm``."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import (
    BadValue,
    CannotUndo,
    EngineRefused,
    NoSuchVolume,
    VolumeInUse,
    VolumeNameInvalid,
    engine_errors,
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
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.trash import KEEP_BYTES, fits, forget_volume, keep_volume, restore_volumes
from dockyard.tasks.volume_content import find, has_content, is_outside, remove, sizes_bytes
from dockyard.tasks.volume_users import users_by_volume
from dockyard.wording import human_size

__all__ = [
    "VolumeCreate",
    "VolumeRemove",
    "check_name",
    "loss_warnings",
    "lost_for_good",
    "volume_create_from_words",
    "volume_rm_from_words",
]

CREATE_FLAGS = (Flag("driver", "d"), Flag("label", "", "list"), Flag("opt", "o", "list"))
REMOVE_FLAGS = (Flag("force", "f", "switch"),)
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")  # as the engine checks it


@dataclass(frozen=True)
class VolumeCreate(Task):
    """Make a volume (``docker volume create``).

    Attributes:
        name: Its name; empty for one that the engine chooses.
        driver: Who stores it; empty for the engine's own, ``local``.
        labels: ``KEY=value`` each.
        options: ``KEY=value`` each, for the driver.
    """

    verb: ClassVar[str] = "volume create"
    name: str = ""
    driver: str = ""
    labels: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Such as ``docker volume create --label course=docker apa000vol1``."""
        given = ["--driver", self.driver] if self.driver else []
        given += [word for pair in self.labels for word in ("--label", pair)]
        given += [word for pair in self.options for word in ("--opt", pair)]
        return line("docker", "volume", "create", *given, *([self.name] if self.name else []))

    def plan(self, client: Client) -> Plan:
        """Return the volume; as ``keep`` where it exists already, which docker takes for done.

        Raises:
            VolumeNameInvalid: No volume can have that name.
            BadValue: A volume of that name has another driver.
        """
        check_name(self.name)
        found = find(client, self.name)
        if found is None:
            return Plan((Change("create", "volume", self.name or translate(N_("(the engine will choose a name)"))),))
        if found["Driver"] != (self.driver or "local"):
            expected = translate(N_("the volume {name!r} exists with the driver {driver}"))
            raise BadValue(
                flag="--driver",
                value=self.driver or "local",
                expected=expected.format(name=self.name, driver=found["Driver"]),
            )
        there = Change("keep", "volume", self.name, reason=translate(N_("it exists already")))
        given = (found.get("Labels") or {}, found.get("Options") or {})
        asked = (_pairs(self.labels), _pairs(self.options))
        differs = any(want and want != have for want, have in zip(asked, given, strict=True))
        warning = translate(
            N_("The volume {name!r} exists with other labels or options; the engine does not change them.")
        )
        return Plan((there,), (warning.format(name=self.name),) if differs else ())

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Make it. See :meth:`Task.run`.

        Raises:
            EngineRefused: The engine knows no such driver, or the driver no such option.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        report(Progress(0, 1, "steps", translate(N_("creating"))))
        if fresh.changes[0].action == "keep":
            return Result(fresh.changes, fresh.warnings)
        with Kept.of(client, self.command) as kept, engine_errors(client.address):
            made = client.api.create_volume(
                self.name or None,
                driver=self.driver or None,
                driver_opts=_pairs(self.options) or None,
                labels=_pairs(self.labels) or None,
            )
            kept.marks.append(Mark(made["Name"], "volume"))
        report(Progress(1, 1, "steps", translate(N_("creating"))))
        return Result((Change("create", "volume", made["Name"]),))

    def verify(self, client: Client) -> Evidence:
        """Look whether the volume is there, and where its files are."""
        name = self.name or last_kept(client, self.command).marks[0].path
        found = find(client, name)
        if found is None:
            return Evidence(False, translate(N_("{name}: no such volume")).format(name=name))
        says = translate(N_("{name}: driver {driver}, files at {path} on the engine's machine"))
        path = found["Mountpoint"]
        return Evidence(True, says.format(name=name, driver=found["Driver"], path=path), {"mountpoint": path})

    def undo(self, client: Client) -> Result:
        """Remove the volume that the last run made, as long as it is empty and nothing uses it."""
        kept = last_kept(client, self.command)
        name = kept.marks[0].path
        found = find(client, name)
        if found is None:
            kept.discard()
            raise CannotUndo(command=self.command, reason=translate(N_("the volume is gone already")))
        if holders := users_by_volume(client).get(name):
            raise VolumeInUse(name=name, containers=", ".join(holders))
        if is_outside(found) or has_content(client, name):
            reason = translate(N_("the volume holds files by now; remove it with `docker volume rm {name}`"))
            raise CannotUndo(command=self.command, reason=reason.format(name=name))
        remove(client, name)
        kept.discard()
        return Result((Change("remove", "volume", name),))


@dataclass(frozen=True)
class VolumeRemove(Task):
    """Remove volumes (``docker volume rm``).

    Attributes:
        names: Which.
        force: ``-f``: one that does not exist is no error. It does not remove what is in use.
        keep: Whether their content is kept on this machine, so that undo can bring it back. It is no part of the line.
        keep_bytes: The most that is kept, in bytes; the plan names what is larger and so goes for good.
    """

    verb: ClassVar[str] = "volume rm"
    names: tuple[str, ...]
    force: bool = False
    keep: bool = field(default=True, compare=False)
    keep_bytes: int = field(default=KEEP_BYTES, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(dict.fromkeys(self.names)))

    @property
    def command(self) -> str:
        """Such as ``docker volume rm apa000vol1``."""
        return line("docker", "volume", "rm", *(["-f"] if self.force else []), *self.names)

    def plan(self, client: Client) -> Plan:
        """Return each volume with its bytes, and warn of those that undo will not bring back.

        Raises:
            NoSuchVolume: One does not exist, and there is no ``-f``.
            VolumeInUse: Containers have one; the sentence names them.
        """
        found = {name: find(client, name) for name in self.names}
        holders = users_by_volume(client)
        for name, volume in found.items():
            if volume is None and not self.force:
                raise NoSuchVolume(name=name)
            if volume is not None and name in holders:
                raise VolumeInUse(name=name, containers=", ".join(holders[name]))
        sizes = sizes_bytes(client)
        absent = translate(N_("there is no such volume"))
        changes = tuple(
            Change("remove", "volume", name, sizes.get(name))
            if found[name]
            else Change("keep", "volume", name, reason=absent)
            for name in self.names
        )
        lost = lost_for_good([name for name in self.names if found[name]], sizes, self.keep, self.keep_bytes)
        return Plan(changes, loss_warnings(lost, self.keep, self.keep_bytes), work=_Work(found, frozenset(lost)))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Keep all of them, then remove them. See :meth:`Task.run`; until all are kept, a cancel leaves everything as it was.

        Raises:
            TooLargeToKeep: One turned out larger than it may be; nothing was removed.
            VolumeInUse: A container has taken it meanwhile, and none was removed.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        work = fresh.work
        assert isinstance(work, _Work)
        kept = Kept.begin(client, self.command)
        try:
            self._keep(client, kept, fresh, work, report, cancel)
            check_cancel(cancel)
            kept.save()  # before anything is removed: if all breaks off here, undo still can bring it back
            removed, warnings = _remove_each(client, [each for each in fresh.changes if each.action == "remove"])
        except BaseException:
            if all(find(client, name) for name, volume in work.found.items() if volume):
                kept.discard()
            raise
        if warnings and not removed:
            kept.discard()
            raise VolumeInUse(
                name=self.names[0], containers=", ".join(users_by_volume(client).get(self.names[0], ("?",)))
            )
        gone = {change.name for change in removed}
        kept.marks = [mark for mark in kept.marks if mark.path in gone]
        kept.save()
        return Result(tuple(removed), (*fresh.warnings, *warnings))

    def verify(self, client: Client) -> Evidence:
        """Look whether they are gone."""
        left = [name for name in self.names if find(client, name)]
        if left:
            return Evidence(False, translate(N_("Still there: {names}")).format(names=", ".join(left)))
        return Evidence(True, translate(N_("No longer there: {names}")).format(names=", ".join(self.names)))

    def undo(self, client: Client) -> Result:
        """Make the volumes of the last run anew, with their labels, and bring their content back; then compare it file by file."""
        kept = last_kept(client, self.command)
        restored, lost = restore_volumes(client, kept)
        if lost and not restored:
            raise CannotUndo(command=self.command, reason=not_kept(lost))
        kept.discard()
        changes = tuple(Change("create", "volume", name) for name in restored)
        return Result(changes, (not_kept(lost),) if lost else ())

    def _keep(self, client: Client, kept: Kept, plan: Plan, work: "_Work", report: Report, cancel: Cancel) -> None:
        total, done, left = plan.size_bytes, 0, self.keep_bytes
        doing = translate(N_("keeping {name} for undo"))
        for name, volume in work.found.items():
            if volume is None:
                continue
            if name in work.lost:
                forget_volume(kept, volume)
                continue

            def watch(written: int, name: str = name, done: int = done) -> None:
                check_cancel(cancel)
                report(Progress(done + written, total or None, "bytes", doing.format(name=name)))

            mark = keep_volume(client, kept, volume, left, watch)
            if mark.kept:
                size = (kept.folder / mark.kept).stat().st_size
                left, done = left - size, done + size


@dataclass(frozen=True)
class _Work:
    found: dict[str, dict[str, Any] | None]
    lost: frozenset[str]


def not_kept(names: list[str]) -> str:
    """The sentence that these were removed for good."""
    return translate(N_("{names} was removed for good: its content was not kept")).format(names=", ".join(names))


def check_name(name: str) -> None:
    """Refuse what can't name a volume; empty is for the engine to choose.

    Raises:
        VolumeNameInvalid: It has characters no volume may have.
    """
    if name and not NAME.fullmatch(name):
        raise VolumeNameInvalid(name=name)


def volume_create_from_words(given: tuple[str, ...]) -> VolumeCreate:
    """Return the task of ``docker volume create`` with these words after it.

    Raises:
        BadLine: The words are not as ``docker volume create`` takes them.
    """
    parsed = parse_flags("volume create", CREATE_FLAGS, given)
    parsed.require_words("volume create", translate(N_("one name at most")), 0, 1)
    for flag, name in (("--label", "label"), ("--opt", "opt")):
        for pair in parsed.lists.get(name, ()):
            if pair.startswith("=") or not pair or (name == "opt" and "=" not in pair):
                raise BadValue(flag=flag, value=pair, expected=translate(N_("write KEY=value")))
    return VolumeCreate(
        name=parsed.words[0] if parsed.words else "",
        driver=parsed.values.get("driver", ""),
        labels=parsed.lists.get("label", ()),
        options=parsed.lists.get("opt", ()),
    )


def volume_rm_from_words(given: tuple[str, ...]) -> VolumeRemove:
    """Return the task of ``docker volume rm`` with these words after it.

    Raises:
        BadLine: The words are not as ``docker volume rm`` takes them.
    """
    parsed = parse_flags("volume rm", REMOVE_FLAGS, given)
    names = parsed.require_words("volume rm", translate(N_("a volume's name")), 1)
    return VolumeRemove(names, "force" in parsed.switches)


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in given)


def lost_for_good(
    names: Iterable[str], sizes: Mapping[str, int | None], keep: bool, keep_bytes: int = KEEP_BYTES
) -> list[str]:
    """Which of these volumes undo will not bring back: those that do not fit into what is kept, or all."""
    left, lost = keep_bytes, []
    for name in names:
        if keep and fits(sizes.get(name), left):
            left -= sizes.get(name) or 0
        else:
            lost.append(name)
    return lost


def loss_warnings(lost: list[str], keep: bool, keep_bytes: int = KEEP_BYTES) -> tuple[str, ...]:
    """The sentence about volumes that will be gone for good; none where there are none."""
    if not lost:
        return ()
    if not keep:
        sentence = translate(N_("Nothing is kept for undo: {names} will be gone for good."))
    else:
        sentence = translate(N_("Larger than what is kept for undo ({limit}): {names} will be gone for good."))
    return (sentence.format(names=", ".join(lost), limit=human_size(keep_bytes)),)


def _remove_each(client: Client, planned: list[Change]) -> tuple[list[Change], list[str]]:
    """Remove one by one; what a container has taken meanwhile stays, and is told."""
    removed, warnings = [], []
    for change in planned:
        try:
            remove(client, change.name)
        except EngineRefused as error:
            if error.facts["status"] not in (404, 409):
                raise
            says = translate(N_("{name} was not removed: {message}"))
            warnings.append(says.format(name=change.name, message=error.facts["message"]))
        else:
            removed.append(change)
    return removed, warnings
