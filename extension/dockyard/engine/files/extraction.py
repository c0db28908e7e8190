"""A tar stream unpacked into a container's tree by Docker's rules (Docker Engine API, ``PUT /containers/{id}/archive``).

The stream is hostile, and so is the container, which may run meanwhile. Every member goes into a folder that is held open, found by way of the
view: wherever links lead, that is inside. In that folder only the member's own name is used, and never followed.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dockyard.engine.errors import ApiError, BadParameter, Forbidden, NotSupported, ServerError
from dockyard.engine.files.ownership import Ownership
from dockyard.engine.files.view import Held, Place, View
from dockyard.engine.images.owners import Owner
from dockyard.engine.images.unpacking import archive_errors, kept_xattr
from dockyard.tarstream import BUFFER_BYTES, Member, TarStream, changed_ns, write_with_holes

__all__ = ["Extraction", "require_writable"]

XATTR = "SCHILY.xattr."
LARGEST_ID = (1 << 32) - 2
PREFIX = "Error processing tar file"


class Extraction:
    """One stream on its way into a folder."""

    def __init__(
        self,
        view: View,
        target: str,
        ownership: Ownership,
        *,
        keeps_kinds: bool = False,
        owner: tuple[int, int] | None = None,
    ) -> None:
        """Unpack into a folder.

        Args:
            view: The container's tree.
            target: The folder, with links followed.
            ownership: The tables of owners.
            keeps_kinds: Whether a folder may not be replaced by a file, nor the other way round.
            owner: Who gets all files; None for whom the stream names.
        """
        self._view, self._target, self._ownership = view, target, ownership
        self._keeps_kinds, self._owner = keeps_kinds, owner
        self._mounts = view.mounts
        self._folders: dict[str, Member] = {}
        self._buffer = bytearray(BUFFER_BYTES)

    def run(self, stream: TarStream) -> None:
        """Unpack all of it. What is there when it fails stays there, as with Docker.

        Raises:
            BadParameter: It is no archive, or a member could reach outside.
            Forbidden: It leads to where the container may not write.
            ServerError: It can't be written.
        """
        with archive_errors():
            for member in stream:
                with self._named(member.name):
                    self._write(member, stream)
            # Only now, since writing into a folder changes its time.
            for name, member in self._folders.items():
                with self._named(name):
                    self._stamp_folder(name, member)

    def _write(self, member: Member, stream: TarStream) -> None:
        folder, name = os.path.split(member.name)
        if not name:
            if member.kind != "folder":
                raise _mismatch(self._target, self._target, is_folder=True)
            return
        if member.kind == "device":
            raise NotSupported(f"{PREFIX}: {self._inner(member.name)}: this engine makes no devices")
        with self._entered(folder) as (place, parent):
            self._require_inside(member, place)
            if self._make_room(parent, place, name, member):
                self._make(parent, place, name, member, stream)

    @contextmanager
    def _entered(self, folder: str) -> Iterator[tuple[Place, int]]:
        """Hold a folder to write in, made with those above it where it is missing."""
        inner = self._inner(folder)
        with self._view.hold(inner) as held:
            if held.opened is not None:
                require_writable(held.place)
                yield held.place, held.opened
                return
        parts = folder.split("/")
        for end in range(1, len(parts) + 1):
            with self._view.hold(self._inner("/".join(parts[:end]))) as held:
                self._make_parent(held)
        with self._view.hold(inner) as held:
            if held.opened is None:
                raise ServerError(f"{PREFIX}: open {inner}: no such file or directory")
            yield held.place, held.opened

    def _make_room(self, parent: int, place: Place, name: str, member: Member) -> bool:
        """Remove what is there, unless both are folders; False where the member is not wanted."""
        inner = _join(place.inner, name)
        is_mount = inner in self._mounts
        try:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            status = None
        if is_mount and member.kind == "folder" and (status is None or stat.S_ISDIR(status.st_mode)):
            self._settle_mount(inner, member)
            return False
        if status is None:
            return not is_mount
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_folder and member.kind == "folder":
            return True
        if self._keeps_kinds and (is_folder or member.kind == "folder"):
            raise _mismatch(inner, self._target, is_folder=is_folder)
        if is_mount or any(each.startswith(f"{inner}/") for each in self._mounts):
            raise ServerError(f"{PREFIX}: unlinkat {inner}: device or resource busy")
        if is_folder:
            shutil.rmtree(name, dir_fd=parent)
            self._folders = {
                each: kept
                for each, kept in self._folders.items()
                if each != member.name and not each.startswith(f"{member.name}/")
            }
        else:
            os.unlink(name, dir_fd=parent)
        self._ownership.forget(place.mount, _key(place, name))
        return True

    def _settle_mount(self, inner: str, member: Member) -> None:
        """Give what is mounted there the folder's owner, mode and time."""
        with self._view.hold(inner) as held:
            require_writable(held.place)
            if held.opened is not None and stat.S_ISDIR(os.fstat(held.opened).st_mode):
                self._settle(held.place.host, held.place.mount, held.place.key, member)
                self._folders[member.name] = member

    def _make(self, parent: int, place: Place, name: str, member: Member, stream: TarStream) -> None:
        if member.kind == "hard link":
            self._link(parent, place, name, member)
            return  # it is the other file, whose owner and time it has
        path = Path(f"/proc/self/fd/{parent}", name)
        if member.kind == "folder":
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=parent)
            self._folders[member.name] = member
        elif member.kind == "file":
            created = os.open(
                name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent
            )
            with open(created, "wb", buffering=0) as file:
                for _ in write_with_holes(file, stream.read_into, self._buffer):
                    pass
        elif member.kind == "link":
            os.symlink(member.link, name, dir_fd=parent)
        else:
            os.mkfifo(name, 0o600, dir_fd=parent)
        self._settle(path, place.mount, _key(place, name), member)

    def _settle(self, path: Path, mount: str | None, key: str, member: Member) -> None:
        uid, gid = self._owner or (member.info.uid, member.info.gid)
        if not (0 <= uid <= LARGEST_ID and 0 <= gid <= LARGEST_ID):
            raise BadParameter(f"{PREFIX}: {self._inner(member.name)}: {uid}:{gid} is no owner")
        self._ownership.settle(mount, key, path, Owner(uid, gid, stat.S_IMODE(member.info.mode)))
        for name, value in member.info.pax_headers.items():
            if name.startswith(XATTR) and kept_xattr(kept := name.removeprefix(XATTR)):
                _set_xattr(path, kept, str(value).encode("utf-8", "surrogateescape"))
        changed = changed_ns(member.info)
        os.utime(path, ns=(changed, changed), follow_symlinks=False)

    def _link(self, parent: int, place: Place, name: str, member: Member) -> None:
        with self._view.hold(self._inner(member.link), follow_last=False) as first:
            if first.opened is None or first.parent is None:
                first_path, path = self._inner(member.link), self._inner(member.name)
                raise ServerError(f"{PREFIX}: link {first_path} {path}: no such file or directory")
            if first.place.mount != place.mount:  # else a file that is mounted read-only would get a name that is not
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            os.link(first.name, name, src_dir_fd=first.parent, dst_dir_fd=parent, follow_symlinks=False)
        self._ownership.share(place.mount, first.place.key, _key(place, name))

    def _stamp_folder(self, name: str, member: Member) -> None:
        with self._view.hold(self._inner(name), follow_last=False) as held:
            if held.opened is not None and stat.S_ISDIR(os.fstat(held.opened).st_mode):
                changed = changed_ns(member.info)
                os.utime(f"/proc/self/fd/{held.opened}", ns=(changed, changed))

    def _make_parent(self, held: Held) -> None:
        if held.opened is None and held.parent is not None:
            require_writable(held.place)
            os.mkdir(held.name, 0o755, dir_fd=held.parent)
            path = Path(f"/proc/self/fd/{held.parent}", held.name)
            self._ownership.settle(held.place.mount, held.place.key, path, Owner(0, 0, 0o755))

    def _require_inside(self, member: Member, place: Place) -> None:
        """Refuse a symbolic link that is written to lead out of the folder, as Docker does; following it would lead nowhere else."""
        if member.kind == "link" and not member.link.startswith("/"):
            leads = os.path.normpath(_join(_join(self._target, os.path.dirname(member.name)), member.link))
            if not leads.startswith(self._target):
                raise BadParameter(
                    f'{PREFIX}: invalid symlink "{_join(place.inner, os.path.basename(member.name))}" -> "{member.link}"'
                )

    def _inner(self, name: str) -> str:
        return _join(self._target, name) if name else self._target

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """Say which member it was that failed."""
        try:
            yield
        except ApiError:
            raise
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno else str(error)
            raise ServerError(f"{PREFIX}: open {self._inner(name)}: {reason}") from error
        except (ValueError, OverflowError) as error:  # such as a name with a zero byte, or a time after the end of time
            raise BadParameter(f"{PREFIX}: {self._inner(name)}: {error}") from error


def require_writable(place: Place) -> None:
    """Refuse to write where the container itself may not.

    Raises:
        Forbidden: It may not.
    """
    if place.read_only:
        raise Forbidden("mounted volume is marked read-only" if place.mount else "container rootfs is marked read-only")


def _mismatch(path: str, target: str, *, is_folder: bool) -> BadParameter:
    there, here = ("directory", "non-directory") if is_folder else ("non-directory", "directory")
    return BadParameter(f'{PREFIX}: cannot overwrite {there} "{path}" with {here} "{target}"')


def _set_xattr(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value, follow_symlinks=False)
    except OSError:
        return  # not every file system and user can keep it; Docker, too, goes on without


def _key(place: Place, name: str) -> str:
    return f"{place.key}/{name}" if place.key else name


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"
