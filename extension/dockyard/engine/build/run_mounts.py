"""What a RUN instruction has mounted while it runs: its ``--mount`` flags, and the volumes that the image declares."""

import csv
import hashlib
import posixpath
import stat
from dataclasses import dataclass, field
from pathlib import Path

from dockyard.engine.build.construction import Construction
from dockyard.engine.build.copying import Copying
from dockyard.engine.build.instruction import Instruction
from dockyard.engine.build.sources import Source, fingerprint
from dockyard.engine.build.state import StageState
from dockyard.engine.build.tree import FileTree
from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.engine.run.spec import Mount

__all__ = ["MountFlag", "mount_flags", "volume_mounts"]

KNOWN_KEYS = {
    "bind": {"type", "target", "dst", "destination", "source", "src", "from", "readonly", "ro", "rw", "readwrite"},
    "cache": {"type", "id", "target", "dst", "destination", "sharing", "mode"},
    "tmpfs": {"type", "target", "dst", "destination", "size"},
}
UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True)
class MountFlag:
    """One ``--mount`` (Dockerfile reference, "RUN --mount").

    Attributes:
        kind: ``bind``, ``cache`` or ``tmpfs``.
        target: Where, in the container.
        options: All that was given, by name.
        fingerprint: What stands for it in the record of the step.
        source: What a bind mount shows.
    """

    kind: str
    target: str
    options: dict[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    source: Path | None = None

    def mount(self, build: Construction) -> Mount:
        """Return it as the runner takes it."""
        if self.kind == "tmpfs":
            size = self.options.get("size", "")
            return Mount("", self.target, kind="tmpfs", size_bytes=_bytes(size) if size else None)
        if self.kind == "cache":
            name = hashlib.sha256(self.options.get("id", self.target).encode()).hexdigest()
            folder = build.caches / name
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(_mode(self.options.get("mode", "755")) | 0o700)
            return Mount(str(folder), self.target)
        return Mount(str(self.source), self.target, read_only=True)


def mount_flags(build: Construction, state: StageState, instruction: Instruction) -> list[MountFlag]:
    """Return what a RUN instruction wants mounted.

    Raises:
        BadParameter: A flag makes no sense, or names something that is not there.
        NotSupported: A kind of mount that this engine does not have.
    """
    return [_flag(build, state, state.expand(value)) for name, value in instruction.flags if name == "mount" and value]


def volume_mounts(build: Construction, state: StageState, tree: FileTree) -> list[Mount]:
    """Return mounts for the volumes that the image declares: what a command writes there is not kept, as under Docker."""
    mounts = []
    for path in sorted(state.config["Volumes"] or {}):
        key = tree.key(path)
        tree.make_folders(key)
        folder = build.scratch("volume")
        folder.mkdir(0o755)
        entry = tree.entry(key)
        if entry is None or not entry.is_folder:
            continue
        copy = FileTree(folder)
        Copying(copy, None).copy(Source(tree, entry, "", ""), "/")
        copy.settle("", tree.owner(entry))
        mounts.append(Mount(str(folder), f"/{key}"))
    return mounts


def _flag(build: Construction, state: StageState, text: str) -> MountFlag:
    options: dict[str, str] = {}
    for part in next(csv.reader([text]), []):
        name, equals, value = part.partition("=")
        options[name.lower()] = value if equals else "true"
    kind = options.get("type", "bind")
    if kind not in KNOWN_KEYS:
        raise NotSupported(f"RUN --mount=type={kind} is not supported by this engine: it has bind, cache and tmpfs")
    for name in options:
        if name not in KNOWN_KEYS[kind]:
            raise NotSupported(f"RUN --mount=type={kind},{name}=... is not supported by this engine")
    target = next((options[name] for name in ("target", "dst", "destination") if options.get(name)), "")
    if not target:
        raise BadParameter(
            "invalid field '' must be a non-empty target for --mount"
            if "target" in options
            else "--mount requires a target"
        )
    target = posixpath.normpath(posixpath.join("/", state.config["WorkingDir"] or "/", target))
    if kind != "bind":
        return MountFlag(kind, target, options, text)
    if options.get("rw", options.get("readwrite", "false")) != "false":
        raise NotSupported("RUN --mount=type=bind,rw is not supported by this engine: bind mounts are read-only")
    return _bind(build, target, options, text)


def _bind(build: Construction, target: str, options: dict[str, str], text: str) -> MountFlag:
    tree = build.files_of(options["from"]) if options.get("from") else build.context.tree
    path = options.get("source", options.get("src", "/"))
    entry = tree.entry(tree.key(path))
    if entry is None:
        raise BadParameter(f'failed to compute cache key: "{path}": not found')
    if stat.S_ISLNK(entry.status.st_mode):
        raise BadParameter(f"{path} is a link that leads around in circles")
    found = fingerprint(tree, entry, with_owners=False)
    return MountFlag("bind", target, options, f"{text},{found}", tree.path(entry.key))


def _mode(text: str) -> int:
    if not text or set(text) - set("01234567") or len(text) > 5:
        raise BadParameter(f"invalid value {text} for mode")
    return int(text, 8) & 0o7777


def _bytes(text: str) -> int:
    number, unit = text.lower().removesuffix("b").rstrip("kmg"), text.lower().removesuffix("b")[-1:]
    if not number.isdecimal():
        raise BadParameter(f"invalid size: '{text}'")
    return int(number) * UNITS.get(unit, 1)
