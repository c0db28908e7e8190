"""A container's files as the container sees them: its root, the mounts in it, and links that lead no further than it reaches.

The container may run meanwhile and put a link where a folder was. So a path is never handed to the kernel whole: each part is opened in the
folder that is already held, without following links; links are followed here, inside the root.
"""

import errno
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Held", "Mounted", "Place", "View"]

MOST_LINKS = 255
PATH_MAX = 4096
PATH = os.O_PATH | os.O_CLOEXEC


class Mounted(Protocol):
    """What a view needs to know of a mount: ``run.spec.Mount`` has it."""

    @property
    def source(self) -> str:
        """A file or folder of this machine; empty where it is none, which the view passes by."""
        ...

    @property
    def target(self) -> str:
        """Where it stands in the container."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether it may not be written to."""
        ...


@dataclass(frozen=True)
class Place:
    """Where a path of the container leads.

    Attributes:
        inner: The path with all links followed, as the container sees it; absolute.
        host: Where that lies on this machine. For messages and for what nobody changes meanwhile; else use :meth:`View.hold`.
        read_only: Whether the container may not write there.
        mount: The target of the mount that it lies in; None in the container's own root.
    """

    inner: str
    host: Path
    read_only: bool
    mount: str | None

    @property
    def key(self) -> str:
        """The path relative to what it lies in, the root or a mount: as a table of owners names it."""
        return self.inner[len(self.mount or "") :].strip("/")


@dataclass(frozen=True)
class Held:
    """A path, opened so that it stays what it is.

    Attributes:
        place: Where it is.
        opened: Descriptor (``O_PATH``) of the file, folder or link; None where nothing is there.
        parent: Descriptor of the folder that it stands in; None for a root, of the container or of a mount, and where that is missing.
    """

    place: Place
    opened: int | None
    parent: int | None

    @property
    def name(self) -> str:
        """Its name in ``parent``."""
        return os.path.basename(self.place.inner)


class View:
    """The tree of one container."""

    def __init__(self, root: Path, mounts: Iterable[Mounted] = (), *, read_only: bool = False) -> None:
        """See a container's files.

        Args:
            root: Its own tree on this machine.
            mounts: What is mounted in it, parents first.
            read_only: Whether its own tree may not be written to.
        """
        self.root = root
        self._read_only = read_only
        self._mounts: dict[str, Mounted] = {}
        for mount in mounts:
            if mount.source:
                self._mounts[self.resolve(mount.target).inner] = mount

    @property
    def mounts(self) -> dict[str, Mounted]:
        """What is mounted where, by target with links followed."""
        return dict(self._mounts)

    def resolve(self, path: str, follow_last: bool = True) -> Place:
        """Return where a path leads, whether or not something is there.

        Args:
            path: From the container's root; ``..`` leads no further up than that.
            follow_last: Whether a link at the very end is followed.

        Raises:
            OSError: A part of it is a file (ENOTDIR), its links lead around in circles (ELOOP), or it is too long (ENAMETOOLONG).
        """
        with self.hold(path, follow_last) as held:
            return held.place

    @contextmanager
    def hold(self, path: str, follow_last: bool = True) -> Iterator[Held]:
        """As :meth:`resolve`, opened; what is opened closes with the block."""
        walk = _Walk(self.root, self._mounts, self._read_only)
        try:
            walk.follow(path, follow_last)
            yield walk.held()
        finally:
            walk.close()


@dataclass(frozen=True)
class _Step:
    """One part of the way: a folder that is held, or, at the end, anything."""

    inner: str
    host: Path
    opened: int | None
    mount: str | None


class _Walk:
    """A way from the root to a path, all its folders held."""

    def __init__(self, root: Path, mounts: dict[str, Mounted], read_only: bool) -> None:
        self._mounts, self._read_only = mounts, read_only
        self._steps = [_Step("/", root, os.open(root, PATH), None)]

    def held(self) -> Held:
        last = self._steps[-1]
        read_only = self._mounts[last.mount].read_only if last.mount else self._read_only
        parent = self._steps[-2].opened if last.inner not in ("/", last.mount) else None
        return Held(Place(last.inner, last.host, read_only, last.mount), last.opened, parent)

    def close(self) -> None:
        self._climb(0)

    def follow(self, path: str, follow_last: bool) -> None:
        if len(os.fsencode(path)) >= PATH_MAX:  # as the kernel has it
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
        parts, links = deque(path.split("/")), 0
        while parts:
            part = parts.popleft()
            if part in ("", "."):
                continue
            if part == "..":
                self._climb(max(len(self._steps) - 1, 1))
                continue
            self._enter(part)
            if not any(parts) and not follow_last:
                return
            target = self._link()
            if target is None:
                continue
            links += 1
            if links > MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            self._climb(1 if target.startswith("/") else len(self._steps) - 1)
            parts.extendleft(reversed(target.split("/")))

    def _enter(self, name: str) -> None:
        last = self._steps[-1]
        inner = f"{last.inner.rstrip('/')}/{name}"
        if inner in self._mounts:
            host = Path(self._mounts[inner].source)
            self._steps.append(_Step(inner, host, os.open(host, PATH), inner))
            return
        opened = None
        if last.opened is not None:
            with suppress(FileNotFoundError):  # then the rest of the path is as it is written
                opened = os.open(name, PATH | os.O_NOFOLLOW, dir_fd=last.opened)
        self._steps.append(_Step(inner, last.host / name, opened, last.mount))

    def _link(self) -> str | None:
        """Where the last step leads, if it is a link."""
        opened = self._steps[-1].opened
        if opened is None or not stat.S_ISLNK(os.fstat(opened).st_mode):
            return None
        return os.readlink("", dir_fd=opened)

    def _climb(self, depth: int) -> None:
        """Let go of all steps but the first ``depth``."""
        while len(self._steps) > depth:
            opened = self._steps.pop().opened
            if opened is not None:
                os.close(opened)
