"""A tar stream from an engine, unpacked as hostile input.

What a container holds was written by whoever controls it, and the engine passes it on. Nothing of it may be written outside the folder
that is given, and it may not fill the disk. The rules do not depend on what is on the disk: a member goes only into folders that this
very stream has made, in a private folder that nobody else writes to, so no link, however placed, is ever followed.
"""

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dockyard.errors import DiskWouldFill, HostileArchive, KindClash
from dockyard.locale import N_, translate
from dockyard.tarstream import BUFFER_BYTES, Member, TarStream, changed_ns, write_with_holes
from dockyard.tasks.base import NEVER, Cancel, check_cancel
from dockyard.wording import human_size

__all__ = ["Unpacked", "require_room", "stamp", "unpack"]

Watch = Callable[[int], None]

SPARE_DISK_BYTES = 64 << 20


@dataclass(frozen=True)
class Unpacked:
    """What was unpacked.

    Attributes:
        members: Every member written, parents before children.
        warnings: What was left out or changed for safety, in the reader's language.
    """

    members: tuple[Member, ...]
    warnings: tuple[str, ...]


def unpack(
    stream: TarStream,
    stage: Path,
    *,
    expected: dict[str, int] | None = None,
    keep_owner: bool = False,
    watch: Watch = lambda _: None,
    cancel: Cancel = NEVER,
) -> Unpacked:
    """Write a stream's members below ``stage``; the root becomes ``stage/root``.

    Folders stay open to their owner alone; :func:`stamp` gives them their modes and times once they are in their place.

    Args:
        stream: From :func:`dockyard.connection.archive.download`.
        stage: An empty folder that only this user can enter.
        expected: If given, the only members to write, by name, with the largest size of each.
        keep_owner: Give files to the archive's user and group (root only).
        watch: Called with the count of bytes written so far.
        cancel: Looked at between pieces.

    Raises:
        HostileArchive: A member could reach outside, or is more than was expected.
        DiskWouldFill: The next file needs more room than there is.
        Truncated: The stream ended too early.
    """
    writer = _Writer(stream, stage, keep_owner, watch, cancel)
    for member in stream:
        check_cancel(cancel)
        if expected is not None and member.name not in expected:
            continue
        if expected is not None and member.size_bytes > expected[member.name]:
            raise HostileArchive(
                member=member.info.name, reason=translate(N_("is larger than it was when the plan was made"))
            )
        try:
            writer.write(member)
        except (ValueError, OverflowError) as error:
            raise HostileArchive(member=member.info.name, reason=str(error)) from error
    return Unpacked(tuple(writer.members), tuple(writer.warnings))


def require_room(folder: Path, what: str, size_bytes: int) -> None:
    """Refuse what needs more room than its disk has.

    Raises:
        DiskWouldFill: It does; the sentence says how much there is.
    """
    free = max(shutil.disk_usage(folder).free - SPARE_DISK_BYTES, 0)
    if size_bytes > free:
        raise DiskWouldFill(what=what, needed=human_size(size_bytes), free=human_size(free), path=str(folder))


def stamp(path: Path, member: Member, *, keep_owner: bool) -> None:
    """Give a file, folder or link its owner, mode and time: the owner first, since that clears mode bits."""
    follow = member.kind != "link"
    if keep_owner and os.geteuid() == 0:
        os.chown(path, member.info.uid, member.info.gid, follow_symlinks=follow)
    if follow:
        path.chmod(member.info.mode & 0o777)
    when = changed_ns(member.info)
    os.utime(path, ns=(when, when), follow_symlinks=follow)


class _Writer:
    """Writes members below a private folder, each only into folders that it made itself."""

    def __init__(self, stream: TarStream, stage: Path, keep_owner: bool, watch: Watch, cancel: Cancel) -> None:
        self.members: list[Member] = []
        self.warnings: list[str] = []
        self._stream, self._stage, self._keep_owner = stream, stage, keep_owner
        self._watch, self._cancel = watch, cancel
        self._folders: dict[str, Member] = {}
        self._buffer = bytearray(BUFFER_BYTES)
        self._written = 0

    def write(self, member: Member) -> None:
        parent = os.path.dirname(member.name)
        if member.name and parent not in self._folders:
            raise HostileArchive(
                member=member.info.name, reason=translate(N_("stands in a folder that the archive did not make"))
            )
        path = self._path(member.name)
        if member.kind == "device":
            self._warn(N_("{name!r} is a device and was left out"), member)
            return
        if member.kind == "folder":
            self._make_folder(path, member)
            return
        if member.name in self._folders:
            raise KindClash(path=member.name, there=translate(N_("folder")), here=translate(N_("file")))
        path.unlink(missing_ok=True)  # a later member of the same name replaces the first
        if member.kind == "file":
            self._write_file(path, member)
        elif member.kind == "link":
            os.symlink(member.link, path)
            if _leads_out(member):
                self._warn(N_("{name!r} is a link that leads out of the copy, to {link!r}"), member)
            stamp(path, member, keep_owner=self._keep_owner)
        elif member.kind == "hard link":
            self._link(path, member)
        else:
            os.mkfifo(path, 0o600)
            stamp(path, member, keep_owner=self._keep_owner)
        self.members.append(member)

    def _path(self, name: str) -> Path:
        return self._stage / "root" / name if name else self._stage / "root"

    def _make_folder(self, path: Path, member: Member) -> None:
        if member.name not in self._folders:
            if os.path.lexists(path):
                raise KindClash(path=member.name, there=translate(N_("file")), here=translate(N_("folder")))
            path.mkdir(mode=0o700)
            self.members.append(member)
        self._folders[member.name] = member

    def _write_file(self, path: Path, member: Member) -> None:
        require_room(self._stage, member.info.name, member.size_bytes)
        created = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(created, "wb", buffering=0) as file:
            for count in write_with_holes(file, self._stream.read_into, self._buffer):
                check_cancel(self._cancel)
                self._written += count
                self._watch(self._written)
        if member.info.mode & (stat.S_ISUID | stat.S_ISGID):
            self._warn(N_("{name!r} ran as its owner (setuid or setgid); the copy does not"), member)
        stamp(path, member, keep_owner=self._keep_owner)

    def _link(self, path: Path, member: Member) -> None:
        first = self._path(member.link)
        inside = os.path.dirname(member.link) in self._folders or not member.link
        if not inside or not os.path.lexists(first) or not stat.S_ISREG(os.lstat(first).st_mode):
            raise HostileArchive(
                member=member.info.name, reason=translate(N_("is a hard link to something outside the archive"))
            )
        os.link(first, path, follow_symlinks=False)

    def _warn(self, template: str, member: Member) -> None:
        self.warnings.append(translate(template).format(name=member.name or member.info.name, link=member.link))


def _leads_out(member: Member) -> bool:
    """Whether a symbolic link, followed on this machine, could leave the copy."""
    where = os.path.normpath(os.path.join(os.path.dirname(member.name), member.link))
    return member.link.startswith("/") or where == ".." or where.startswith("../")
