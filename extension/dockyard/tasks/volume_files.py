"""Files into a volume and out of it, by the rules of ``docker cp``, with nothing running: docker itself has no command for it."""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import ClassVar

from dockyard.command import line
from dockyard.connection import Client
from dockyard.errors import BadValue, CannotUndo, WouldReplace
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Evidence, Plan, Report, Result, Task, ignore
from dockyard.tasks.browse import inside
from dockyard.tasks.copy import CopyIn, CopyOut
from dockyard.tasks.holder import holding
from dockyard.tasks.kept import last_kept
from dockyard.tasks.run import Run, run_from_words
from dockyard.tasks.settling import undo_settling
from dockyard.tasks.volume_content import ROOT

__all__ = ["VolumeGet", "VolumePut", "files_of"]

IMAGE = "busybox"
HERE = "/here"  # where the line mounts this machine's folder


@dataclass(frozen=True)
class VolumePut(Task):
    """Copy a file or folder of this machine into a volume.

    Attributes:
        source: Path on this machine; ``SRC/.`` copies a folder's contents; made absolute.
        volume: The volume's name.
        path: Path in it, from its root; made so.
        replace: Whether files may be replaced, which can't be taken back. The line does not say so.
    """

    verb: ClassVar[str] = "volume put"
    source: str
    volume: str
    path: str = "/"
    replace: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", _here(self.source))
        object.__setattr__(self, "path", _in_volume(self.path))

    @property
    def command(self) -> str:
        """What one would have to write: ``docker run --rm -v FOLDER:/here -v VOLUME:/volume busybox cp -r /here/NAME /volume/``."""
        return line("docker", *_words(self.source, self.volume, self.path, into=True))

    def plan(self, client: Client) -> Plan:
        """Return each file that will be created or replaced, with its bytes.

        Raises:
            NoSuchVolume: There is no such volume.
            WouldReplace: Something is there already, and ``replace`` is not set.
            DockyardError: As :class:`CopyIn`.
        """
        with self._copy(client) as copy:
            return self._plan(copy.plan(client))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Copy. See :class:`CopyIn`."""
        with self._copy(client) as copy:
            inner = copy.plan(client)
            self._plan(inner).require_same(plan)
            result = copy.run(
                client, plan=inner, report=_named(report, N_("copying into {name}"), self.volume), cancel=cancel
            )
        last_kept(client, copy.command).discard()  # the container that it names is gone
        return changed(result, changes=_shown(result.changes))

    def verify(self, client: Client) -> Evidence:
        """Compare the bytes on both sides."""
        with self._copy(client) as copy:
            return copy.verify(client)

    def undo(self, client: Client) -> Result:  # noqa: ARG002  # as every task has it
        """Refuse, and say what does it."""
        target = line("docker", "run", "--rm", "-v", f"{self.volume}:{ROOT}", IMAGE, "rm", "-r")
        reason = translate(N_("files of a volume can be removed only by something that runs: {line} {path}/..."))
        raise CannotUndo(command=self.command, reason=reason.format(line=target, path=ROOT))

    @contextmanager
    def _copy(self, client: Client) -> Iterator[CopyIn]:
        with holding(client, {self.volume: ROOT}) as container:
            yield CopyIn(self.source, container, ROOT + self.path)

    def _plan(self, inner: Plan) -> Plan:
        changes = _shown(inner.changes)
        replaced = [change for change in changes if change.action == "change"]
        if replaced and not self.replace:
            raise WouldReplace(path=replaced[0].name)
        warning = translate(N_("What is replaced in a volume can't be brought back."))
        return Plan(changes, (*inner.warnings, *([warning] if replaced else [])))


@dataclass(frozen=True)
class VolumeGet(Task):
    """Copy a file or folder out of a volume to this machine.

    Attributes:
        volume: The volume's name.
        path: Path in it, from its root; ``PATH/.`` copies a folder's contents.
        target: Path on this machine; made absolute.
    """

    verb: ClassVar[str] = "volume get"
    volume: str
    path: str
    target: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _in_volume(self.path))
        object.__setattr__(self, "target", _here(self.target))

    @property
    def command(self) -> str:
        """What one would have to write: ``docker run --rm -v VOLUME:/volume -v FOLDER:/here busybox cp -r /volume/PATH /here/NAME``."""
        return line("docker", *_words(self.target, self.volume, self.path, into=False))

    def plan(self, client: Client) -> Plan:
        """Return each file that will be created or replaced, with its bytes.

        Raises:
            NoSuchVolume: There is no such volume.
            DockyardError: As :class:`CopyOut`.
        """
        with self._copy(client) as copy:
            return copy.plan(client)

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Copy. See :class:`CopyOut`."""
        with self._copy(client) as copy:
            result = copy.run(
                client, plan=plan, report=_named(report, N_("copying out of {name}"), self.volume), cancel=cancel
            )
        kept = last_kept(client, copy.command)
        kept.command = self.command
        kept.save()
        return result

    def verify(self, client: Client) -> Evidence:
        """Compare the bytes on both sides."""
        with self._copy(client) as copy:
            return copy.verify(client)

    def undo(self, client: Client) -> Result:
        """Bring back what the last run replaced and remove what it created."""
        return undo_settling(last_kept(client, self.command))

    @contextmanager
    def _copy(self, client: Client) -> Iterator[CopyOut]:
        with holding(client, {self.volume: ROOT}) as container:
            yield CopyOut(container, ROOT + self.path, self.target)


def files_of(run: Run) -> VolumePut | VolumeGet | None:
    """The copy of files that a run is: busybox, ``cp -r`` between a folder and a volume, and nothing else."""
    inner = {mount.target: mount for mount in run.mounts}
    if set(inner) != {HERE, ROOT} or run.words[:2] != ("cp", "-r") or len(run.words) != 4:
        return None
    source, target = run.words[2:]
    folder, volume = inner[HERE].path.rstrip("/"), inner[ROOT].source
    if inner[HERE].kind != "bind" or inner[ROOT].kind != "volume":
        return None
    task: VolumePut | VolumeGet
    if source.startswith(f"{HERE}/") and target.startswith(f"{ROOT}/"):
        task = VolumePut(folder + source.removeprefix(HERE), volume, target.removeprefix(ROOT))
        words = _words(task.source, volume, task.path, into=True)
    elif source.startswith(f"{ROOT}/") and target.startswith(f"{HERE}/"):
        task = VolumeGet(volume, source.removeprefix(ROOT), folder + target.removeprefix(HERE))
        words = _words(task.target, volume, task.path, into=False)
    else:
        return None
    return task if run == run_from_words(words[1:]) else None


def _words(here: str, volume: str, path: str, *, into: bool) -> tuple[str, ...]:
    suffix = _suffix(here)
    folder, name = posixpath.split(here.removesuffix(suffix))
    mounts = ("-v", f"{folder}:{HERE}", "-v", f"{volume}:{ROOT}")
    sides = (f"{HERE}/{name}{suffix}", f"{ROOT}{path}")
    return ("run", "--rm", *mounts, IMAGE, "cp", "-r", *(sides if into else reversed(sides)))


def _here(path: str) -> str:
    """A path of this machine, absolute; its last ``/`` or ``/.`` has a meaning for copies and stays.

    Raises:
        BadValue: ``-v`` could not take its folder.
    """
    made = posixpath.normpath(str(Path(path).expanduser().absolute())) if path else ""
    if made in ("", "/") or ":" in posixpath.dirname(made):
        expected = translate(N_("write the path of a file, in a folder whose path has no colon"))
        raise BadValue(flag="-v", value=path, expected=expected)
    return made + _suffix(path)


def _in_volume(path: str) -> str:
    """A path of a volume, from its root on; ``..`` does not lead out."""
    clean = inside(path).removeprefix(ROOT)
    return clean + (_suffix(path) or ("" if clean else "/"))


def _suffix(path: str) -> str:
    return "/." if path.endswith("/.") else "/" if path.endswith("/") else ""


def _shown(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Changes by paths of the volume."""
    return tuple(changed(change, name=change.name.removeprefix(ROOT) or "/") for change in changes)


def _named(report: Report, doing: str, volume: str) -> Report:
    """Progress that names the volume, not the container that holds it."""
    doing = translate(doing).format(name=volume)
    return lambda progress: report(changed(progress, doing=doing))
