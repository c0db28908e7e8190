"""Images as files and back: ``docker save`` and ``docker load``. A container can't be copied to another machine; an image can."""

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import CannotUndo, MissingValue, TargetUnwritable
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Evidence, Plan, Report, Result, Task, check_cancel, ignore
from dockyard.tasks.image_files import ArchivedImage, describe_images, read_images, write_images
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.tagged import (
    image_mark,
    images_now,
    require_image,
    tag_change,
    tag_mark,
    tagged,
    take_back,
)
from dockyard.wording import human_size, short_id

__all__ = ["Load", "LoadResult", "Save", "load_from_words", "save_from_words"]

SAVE_FLAGS = (Flag("output", "o"),)
LOAD_FLAGS = (Flag("input", "i"), Flag("quiet", "q", "switch"))


@dataclass(frozen=True)
class Save(Task):
    """Write images into one tar file (``docker save``).

    Attributes:
        target: ``-o``: the file, on this machine.
        names: Names or IDs of images of the engine.
    """

    verb: ClassVar[str] = "save"
    target: str
    names: tuple[str, ...]

    @property
    def command(self) -> str:
        """Such as ``docker save -o ex22.tar ex22_original1``."""
        return line("docker", "save", "-o", self.target, *self.names)

    def plan(self, client: Client) -> Plan:
        """Return the file, and whether one is replaced.

        Raises:
            ImageMissing: The engine does not have one of the images.
            TargetUnwritable: The file can't be made there.
        """
        for name in self.names:
            require_image(client, name)
        path = self._path()
        if path.is_dir():
            raise TargetUnwritable(path=self.target, reason=os.strerror(errno.EISDIR))
        if not path.parent.is_dir():
            raise TargetUnwritable(path=self.target, reason=os.strerror(errno.ENOENT))
        if path.exists() and not path.is_file():
            raise TargetUnwritable(path=self.target, reason=translate(N_("it is no regular file")))
        return Plan((Change("change" if path.exists() else "create", "file", self.target),))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Save. See :meth:`Task.run`; the file takes its place when it is whole, and what it replaces is kept.

        Raises:
            TargetUnwritable: Such as for a full disk; nothing is left of it.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        path = self._path()
        with Kept.of(client, self.command) as kept:
            replaced = kept.new_file() if path.exists() else None
            size = write_images(
                client,
                self.names,
                path,
                doing=translate(N_("saving {name}")).format(name=", ".join(self.names)),
                report=report,
                cancel=cancel,
                before_replace=lambda: _keep(path, replaced),
            )
            kept.marks.append(Mark(str(path), "file", _state(path), replaced.name if replaced else ""))
        return Result((Change(fresh.changes[0].action, "file", self.target, size),))

    def verify(self, client: Client) -> Evidence:
        """Look whether the file's images are those of the engine, by their IDs."""
        path = self._path()
        if not path.is_file():
            return Evidence(False, translate(N_("There is no file {path}.")).format(path=self.target))
        inside = {each for image in describe_images(path) for each in image.ids}
        wanted = {name: str(require_image(client, name)["Id"]) for name in self.names}
        says = translate(N_("{path}, {size}, holds {names} with the same image ID")).format(
            path=self.target, size=human_size(path.stat().st_size), names=", ".join(self.names)
        )
        lacking = [name for name, image_id in wanted.items() if image_id not in inside]
        if lacking:
            says = translate(N_("{path} does not hold {names} as the engine has it")).format(
                path=self.target, names=", ".join(lacking)
            )
        return Evidence(not lacking, says, {"image_ids": wanted, "size_bytes": path.stat().st_size})

    def undo(self, client: Client) -> Result:
        """Remove the file, if nothing changed it, and bring back what it replaced."""
        kept = last_kept(client, self.command)
        mark = kept.marks[0]
        path = Path(mark.path)
        if not path.exists() or _state(path) != mark.state:
            reason = translate(N_("{path!r} has changed since")).format(path=mark.path)
            raise CannotUndo(command=self.command, reason=reason)
        if mark.kept:
            shutil.move(kept.folder / mark.kept, path)
        else:
            path.unlink()
        kept.discard()
        return Result((Change("change" if mark.kept else "remove", "file", self.target),))

    def _path(self) -> Path:
        return Path(self.target).resolve()


@dataclass(frozen=True)
class LoadResult(Result):
    """What a load brought.

    Attributes:
        loaded: Names as the engine tells them, or IDs of images without a name.
    """

    loaded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Load(Task):
    """Load the images of a file into the engine (``docker load``).

    Attributes:
        source: ``-i``: a file as ``docker save`` makes it, also compressed.
        quiet: ``-q``: for docker's own line only.
    """

    verb: ClassVar[str] = "load"
    source: str
    quiet: bool = False

    @property
    def command(self) -> str:
        """Such as ``docker load -i ex22.tar``."""
        return line("docker", "load", "-i", self.source, *(["-q"] if self.quiet else []))

    def plan(self, client: Client) -> Plan:
        """Return the images that the file brings, and the names that are new or move.

        Raises:
            SourceUnreadable, ArchiveBroken: It can't be loaded.
        """
        inside = describe_images(Path(self.source))
        there = images_now(client)
        changes: list[Change] = []
        for image in inside:
            known = next((each for each in image.ids if each in there), "")
            if known:
                reason = translate(N_("the engine has it already"))
                changes.append(Change("keep", "image", short_id(known), reason=reason))
            else:
                changes.append(Change("create", "image", short_id(image.ids[0])))
            changes += [tag_change(client, name, known) for name in image.names]
        return Plan(tuple(changes), work=inside)

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> LoadResult:
        """Load. See :meth:`Task.run`.

        Raises:
            ArchiveBroken: What the engine says in its stream.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        names = [name for image in _inside(fresh) for name in image.names]
        before, there = {name: tagged(client, name) for name in names}, images_now(client)
        doing = translate(N_("loading {path}")).format(path=self.source)
        with Kept.of(client, self.command) as kept:
            loaded = read_images(client, Path(self.source), doing=doing, report=report, cancel=cancel)
            now = {name: tagged(client, name) for name in names}
            kept.marks += [tag_mark(name, now[name], before[name]) for name in names if now[name] != before[name]]
            kept.marks += [image_mark(each) for each in sorted(images_now(client) - there)]
        return LoadResult(fresh.changes, fresh.warnings, loaded)

    def verify(self, client: Client) -> Evidence:
        """Look whether each name in the file stands for the image in the file."""
        there = images_now(client)
        facts: dict[str, object] = {}
        for image in describe_images(Path(self.source)):
            found = {name.familiar: tagged(client, name) for name in image.names}
            facts |= found
            if not there & set(image.ids) or any(each not in image.ids for each in found.values()):
                says = translate(N_("The engine does not have {name} as the file has it."))
                return Evidence(False, says.format(name=", ".join(found) or short_id(image.ids[0])), facts)
        says = translate(N_("The engine has the file's images, with the same image IDs: {names}"))
        return Evidence(True, says.format(names=", ".join(facts) or "-"), facts)

    def undo(self, client: Client) -> Result:
        """Remove the images that the last run brought, and give names back to the images that had them."""
        return take_back(client, last_kept(client, self.command))


def save_from_words(given: tuple[str, ...]) -> Save:
    """Return the task of ``docker save`` with these words after ``save``.

    Raises:
        BadLine: The words are not as ``docker save`` takes them.
    """
    parsed = parse_flags("save", SAVE_FLAGS, given)
    if not parsed.values.get("output"):
        raise MissingValue(flag="docker save -o")
    parsed.require_words("save", translate(N_("an image")), 1)
    return Save(parsed.values["output"], parsed.words)


def load_from_words(given: tuple[str, ...]) -> Load:
    """Return the task of ``docker load`` with these words after ``load``.

    Raises:
        BadLine: The words are not as ``docker load`` takes them.
    """
    parsed = parse_flags("load", LOAD_FLAGS, given)
    parsed.require_words("load", translate(N_("no word beside -i FILE")), 0, 0)
    if not parsed.values.get("input"):
        raise MissingValue(flag="docker load -i")
    return Load(parsed.values["input"], "quiet" in parsed.switches)


def _inside(plan: Plan) -> tuple[ArchivedImage, ...]:
    return plan.work if isinstance(plan.work, tuple) else ()


def _keep(path: Path, file: Path | None) -> None:
    """Keep a file that will be replaced: another name for it where the file system allows it, else a copy."""
    if file is None:
        return
    try:
        os.link(path, file)
    except OSError:
        shutil.copy2(path, file)


def _state(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"
