"""Changes on disk that are there whole or not at all, whenever the engine is killed."""

import json
import logging
import os
import secrets
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["discard", "empty", "read_each", "read_json", "stage", "sync_folder", "write_bytes", "write_json"]

log = logging.getLogger(__name__)

Record = TypeVar("Record")


def write_bytes(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replace a file's content in one step.

    Args:
        path: Its final name; the draft lies beside it as ``.NAME.XXXX.part``.
        content: All of it.
        sync: Whether it must outlive a loss of power too; without, it outlives the engine alone.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            if sync:
                os.fdatasync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any, *, sync: bool = True) -> None:
    """As :func:`write_bytes`, of a JSON document."""
    write_bytes(path, json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(), sync=sync)


def read_json(path: Path) -> Any:
    """Return a JSON document's content."""
    return json.loads(path.read_bytes())


def read_each(paths: Iterable[Path], read: Callable[[Path], Record]) -> Iterator[Record]:
    """Return what ``read`` makes of each path.

    One that is missing is passed over. One that can't be read is named in the log and stays where it is: a single damaged record must not
    keep an engine from starting.
    """
    for path in paths:
        try:
            record = read(path)
        except FileNotFoundError:
            continue
        except Exception:  # damage may show anywhere
            log.exception("%s can't be read and is left aside", path)
        else:
            yield record


@contextmanager
def stage(staging: Path, final: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which stands at ``final`` after the block, or not at all if the block fails.

    Args:
        staging: A folder on the same file system, emptied when the engine starts.
        final: Where it goes; there is nothing yet.
    """
    draft = staging / secrets.token_hex(8)
    draft.mkdir(mode=0o700)
    try:
        yield draft
        draft.rename(final)
    except BaseException:
        _remove(draft)
        raise
    sync_folder(final.parent)


def discard(path: Path, trash: Path) -> None:
    """Remove a file or folder: it is gone at once; its bytes follow.

    Args:
        path: What; nothing happens where it is missing.
        trash: A folder on the same file system, emptied when the engine starts.
    """
    doomed = trash / secrets.token_hex(8)
    try:
        path.rename(doomed)
    except FileNotFoundError:
        return
    try:
        _remove(doomed)
    except (OSError, subprocess.CalledProcessError) as error:
        log.error("what was removed still takes room, until the next start: %s", error)


def empty(folder: Path) -> None:
    """Remove what an engine that was killed left in ``staging`` or ``trash``; what can't be removed stays, and the log says so.

    On some file systems of a network, what another process has open can't.
    """
    for path in folder.iterdir():
        try:
            _remove(path)
        except (OSError, subprocess.CalledProcessError) as error:
            log.error("%s can't be removed: %s", path, error)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a loss of power."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _remove(path: Path) -> None:
    """Remove a tree whatever modes its folders have, however deep it is: ``rm`` follows no path and no link."""
    if not stat.S_ISDIR(path.lstat().st_mode):
        path.unlink()
        return
    command = ["rm", "-rf", "--", os.fspath(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        subprocess.run(["chmod", "-R", "u+rwx", "--", os.fspath(path)], capture_output=True, check=False)
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
