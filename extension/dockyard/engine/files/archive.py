"""Files into and out of a container (Docker Engine API, ``/containers/{id}/archive`` and ``/containers/{id}/export``).

How a path is read is Docker's ``daemon/archive.go``: it is made shorter as it is written, then the links in its folders are followed; one at
the very end only where a slash or ``/.`` comes after it.
"""

import os
import stat as stats
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from dockyard.engine.errors import BadParameter, NotFound, ServerError
from dockyard.engine.files.extraction import Extraction, require_writable
from dockyard.engine.files.ownership import Ownership
from dockyard.engine.files.packing import Packer, Sink
from dockyard.engine.files.view import Held, View
from dockyard.engine.images.owners import Owners
from dockyard.engine.images.streams import plain
from dockyard.engine.timestamps import rfc3339_nano
from dockyard.tarstream import Reader, TarStream

__all__ = ["export", "get", "go_mode", "put", "stat"]

# Go's io/fs.FileMode: what the kinds and the special bits of a mode become.
GO_KINDS = {
    stats.S_IFDIR: 1 << 31,
    stats.S_IFLNK: 1 << 27,
    stats.S_IFBLK: 1 << 26,
    stats.S_IFIFO: 1 << 25,
    stats.S_IFSOCK: 1 << 24,
    stats.S_IFCHR: 1 << 26 | 1 << 21,
}
GO_BITS = {stats.S_ISUID: 1 << 23, stats.S_ISGID: 1 << 22, stats.S_ISVTX: 1 << 20}


@dataclass(frozen=True)
class _Asked:
    """A path as it was asked for.

    Attributes:
        text: Whole, to be named in errors.
        path: Absolute, made shorter, with what it ended on.
    """

    text: str

    @property
    def path(self) -> str:
        short = "/" + os.path.normpath(f"/{self.text}").lstrip("/")
        if os.path.basename(self.text) == ".":
            return f"{short.rstrip('/')}/."
        return f"{short}/" if self.text.endswith("/") and short != "/" else short

    @property
    def name(self) -> str:
        """Its last part, ``"."`` and ``"/"`` included."""
        return os.path.basename(self.path.rstrip("/")) or "/"

    @property
    def must_be_folder(self) -> bool:
        """Whether it ends so that only a folder can be meant."""
        return self.path.endswith(("/", "/."))


class _Found(NamedTuple):
    """What was asked for: held, and what it is."""

    held: Held
    status: os.stat_result


def stat(view: View, path: str, owners: Owners, *, container: str) -> dict[str, Any]:
    """Return what a path is, as the header ``X-Docker-Container-Path-Stat`` has it. A link is described, not followed.

    ::

        {"name": "www", "size": 4096, "mode": 2147484141, "mtime": "2026-01-02T15:04:05Z", "linkTarget": ""}

    Args:
        view: The container's tree.
        path: In it.
        owners: Of its root.
        container: As the client named it.

    Raises:
        BadParameter: There is no path.
        NotFound: Nothing is there.
        ServerError: The way there is none.
    """
    asked = _Asked(path)
    with _held(view, asked, container, follow_last=asked.must_be_folder) as (held, status):
        mode = Ownership(view, owners).true(held.place.mount, held.place.key, status).mode
        shown = {
            "name": asked.name,
            "size": status.st_size,
            "mode": go_mode(stats.S_IFMT(status.st_mode) | mode),
            "mtime": rfc3339_nano(status.st_mtime_ns),
            "linkTarget": "",
        }
    if stats.S_ISLNK(status.st_mode):
        with _words(asked, container):
            shown["linkTarget"] = view.resolve(asked.path).inner
    return shown


def get(view: View, path: str, owners: Owners, sink: Sink, *, container: str) -> None:
    """Send a file, a folder with all that it holds, or a link itself, as a tar stream.

    Args:
        view: The container's tree.
        path: In it.
        owners: Of its root.
        sink: Where the stream goes.
        container: As the client named it.

    Raises:
        BadParameter: There is no path.
        NotFound: Nothing is there.
        ServerError: The way there is none.
    """
    asked = _Asked(path)
    with _held(view, asked, container, follow_last=asked.must_be_folder) as (held, _):
        packer = Packer(view, Ownership(view, owners), sink)
        packer.add(held, "" if asked.name == "/" else asked.name)
        packer.finish()


def put(
    view: View,
    path: str,
    reader: Reader,
    owners: Owners,
    *,
    container: str,
    keeps_kinds: bool = False,
    owner: tuple[int, int] | None = None,
) -> None:
    """Unpack a tar stream, plain or compressed, into a folder.

    Args:
        view: The container's tree.
        path: A folder in it.
        reader: The stream.
        owners: Of its root; changed, and saved by the caller, also when this fails.
        container: As the client named it.
        keeps_kinds: ``noOverwriteDirNonDir``: whether a folder may not be replaced by a file, nor the other way round.
        owner: Who gets all files, for ``copyUIDGID``; None for whom the stream names.

    Raises:
        BadParameter: There is no path, it is no folder, or the stream is no archive or could reach outside.
        NotFound: Nothing is there.
        Forbidden: The container itself may not write there.
        ServerError: The way there is none, or it can't be written.
    """
    asked = _Asked(path)
    with _held(view, asked, container, follow_last=True) as (held, status):
        if not stats.S_ISDIR(status.st_mode):
            raise BadParameter("extraction point is not a directory")
        require_writable(held.place)
        target = held.place.inner
    ownership = Ownership(view, owners)
    try:
        extraction = Extraction(view, target, ownership, keeps_kinds=keeps_kinds, owner=owner)
        extraction.run(TarStream(plain(reader), rooted=False))
    finally:
        ownership.save()


def export(root: Path, owners: Owners, sink: Sink) -> None:
    """Send a container's own files, without what is mounted in it, as a tar stream.

    Args:
        root: Its tree.
        owners: Of that tree.
        sink: Where the stream goes.
    """
    view = View(root)
    packer = Packer(view, Ownership(view, owners), sink)
    with view.hold("/") as held:
        packer.add(held, "", with_itself=False)
    packer.finish()


def go_mode(mode: int) -> int:
    """Return a mode as Go's ``FileMode`` has it: permissions as everywhere, kinds and special bits elsewhere."""
    kind = GO_KINDS.get(stats.S_IFMT(mode), 0)
    return kind | (mode & 0o777) | sum(go for bit, go in GO_BITS.items() if mode & bit)


@contextmanager
def _held(view: View, asked: _Asked, container: str, *, follow_last: bool) -> Iterator[_Found]:
    """Hold what was asked for; where it can't be reached, say so in Docker's words."""
    if not asked.text:
        raise BadParameter("bad parameter: path cannot be empty")
    with ExitStack() as stack:
        with _words(asked, container):
            held = stack.enter_context(view.hold(asked.path, follow_last))
        if held.opened is None:
            raise NotFound(f"Could not find the file {asked.text} in container {container}")
        status = os.fstat(held.opened)
        if asked.must_be_folder and not stats.S_ISDIR(status.st_mode):
            raise ServerError(f"lstat {asked.path}: not a directory")
        yield _Found(held, status)


@contextmanager
def _words(asked: _Asked, container: str) -> Iterator[None]:
    """Say in Docker's words why a path can't be followed."""
    try:
        yield
    except FileNotFoundError as error:  # what was mounted there is gone
        raise NotFound(f"Could not find the file {asked.text} in container {container}") from error
    except OSError as error:
        raise ServerError(f"lstat {asked.path}: {os.strerror(error.errno or 0).lower()}") from error
    except ValueError as error:
        raise BadParameter(f"bad parameter: path {error}") from error
