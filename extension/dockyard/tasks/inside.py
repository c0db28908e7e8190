"""Small things done to the files inside a container, for copies and their undoing."""

import os
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from dockyard.connection import Client
from dockyard.connection.archive import FileBytes, PathStat, download, stat_path, upload
from dockyard.errors import EngineRefused, KindClash, engine_errors
from dockyard.locale import N_, translate
from dockyard.tarstream import BUFFER_BYTES, Member, TarStream, renamed_header, write_with_holes
from dockyard.tasks.base import Cancel, check_cancel
from dockyard.tasks.copy_rules import split
from dockyard.tasks.pack import TRAILER
from dockyard.tasks.unpack import require_room

__all__ = ["clashes", "is_in_state", "is_running", "keep_paths", "remove_paths", "restore_path", "run_in", "state_of"]

ARGUMENTS_AT_ONCE = 200
FEW = 8


def is_running(client: Client, container: str) -> bool:
    """Whether the container runs, so that a command can be run in it; one that is paused does not."""
    state = client.get_json("/containers/{}/json", container)["State"]
    return bool(state["Running"]) and not state["Paused"]


def clashes(client: Client, container: str, root: str, names: Mapping[str, bool]) -> dict[str, PathStat]:
    """Return what stands already where a tree would be put: name to what is there.

    Asks only about names whose folder exists, so a copy to a new place costs one question.

    Args:
        client: The engine.
        container: Name or ID.
        root: Path at which the tree's root would land.
        names: Every name relative to the root, parents first, and whether it is a folder.

    Raises:
        KindClash: A folder would meet a file of the same name, or the reverse.
    """
    there: dict[str, PathStat] = {}
    for name, is_dir in names.items():
        parent = posixpath.dirname(name)
        if name and parent not in there:
            continue
        found = stat_path(client, container, posixpath.join(root, name) if name else root)
        if found is None:
            continue
        if found.is_dir != is_dir:
            raise KindClash(
                path=posixpath.join(root, name) if name else root,
                there=translate(N_("folder")) if found.is_dir else translate(N_("file")),
                here=translate(N_("folder")) if is_dir else translate(N_("file")),
            )
        there[name] = found
    return there


def state_of(stat: PathStat | None) -> str:
    """A path's state, to be compared later: length and time of change."""
    return f"{stat.size_bytes} {stat.changed.isoformat()}" if stat else ""


def is_in_state(stat: PathStat | None, state: str) -> bool:
    """Whether a path is as it was when ``state`` was taken of it.

    A file that was brought back has the time that its archive carried, which engines round to whole seconds.
    """
    if state_of(stat) == state:
        return True
    size, _, moment = state.partition(" ")
    if stat is None or not moment or stat.changed.microsecond or str(stat.size_bytes) != size:
        return False
    return abs(stat.changed - datetime.fromisoformat(moment)) < timedelta(seconds=1)


def keep_paths(
    client: Client, container: str, root: str, names: Mapping[str, PathStat], files: Mapping[str, Path], cancel: Cancel
) -> None:
    """Save what stands at some names below ``root``, each as a tar file; of a folder only its own entry, without contents.

    Few are asked for one by one; many are taken from one stream of the root, which is far quicker.

    Raises:
        DiskWouldFill: There is no room for them.
        Cancelled: ``cancel`` was set.
    """
    left = dict(names)
    if not left:
        return
    total = sum(stat.size_bytes for stat in left.values() if not stat.is_dir)
    require_room(next(iter(files.values())).parent, root, total)
    if len(left) > FEW and root != "/":
        with download(client, container, root) as (_, reader):
            stream = TarStream(reader)
            for member in stream:
                check_cancel(cancel)
                if member.name in left and member.kind != "hard link":  # which says only where else its bytes are
                    _save(stream, member, files[member.name], cancel)
                    del left[member.name]
    for name in left:
        with download(client, container, posixpath.join(root, name) if name else root) as (_, reader):
            stream = TarStream(reader)
            _save(stream, next(iter(stream)), files[name], cancel)


def _save(stream: TarStream, member: Member, target: Path, cancel: Cancel) -> None:
    """Write one member as a tar file of its own, to be restored into the folder that holds it."""
    name = posixpath.basename(member.info.name.rstrip("/"))
    with target.open("wb", buffering=0) as file:
        file.write(renamed_header(member, name))
        for _ in write_with_holes(file, stream.read_into, bytearray(BUFFER_BYTES)):
            check_cancel(cancel)
        file.seek(0, os.SEEK_END)
        file.write(b"\0" * (-member.size_bytes % tarfile.BLOCKSIZE) + TRAILER)


def restore_path(client: Client, container: str, path: str, kept: Path) -> None:
    """Put a path back as :func:`keep_paths` saved it."""
    with kept.open("rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        upload(client, container, split(path)[0], [FileBytes(str(kept), file, size_bytes)], size_bytes)


def remove_paths(client: Client, container: str, files: list[str], folders: list[str]) -> str:
    """Remove files, and folders that are then empty, inside a running container; return why that failed, or an empty string.

    The engine has no call to remove a file, so the container's own ``rm`` and ``rmdir`` do it.
    """
    for batch in _batches(files):
        if reason := _exec(client, container, ["rm", "-f", "--", *batch]):
            return reason
    for folder in sorted(folders, reverse=True):
        _exec(
            client, container, ["rmdir", "--", folder]
        )  # refuses where someone else has put something in it, as it should
    return ""


def _batches(paths: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(paths), ARGUMENTS_AT_ONCE):
        yield paths[start : start + ARGUMENTS_AT_ONCE]


def run_in(client: Client, container: str, words: list[str], *, user: str = "") -> tuple[int, str]:
    """Run a command inside a running container, and return its exit code and what it printed, both streams in order.

    Raises:
        EngineRefused: The container does not run.
    """
    with engine_errors(client.address):
        made = client.api.exec_create(container, words, user=user)
        output = client.api.exec_start(made["Id"])
        code = client.api.exec_inspect(made["Id"])["ExitCode"]
    return int(code), bytes(output).decode(errors="replace")


def _exec(client: Client, container: str, words: list[str]) -> str:
    try:
        code, output = run_in(client, container, words, user="0")
    except EngineRefused as error:
        return str(error.facts["message"])
    return "" if code == 0 else output.strip() or f"exit code {code}"
