"""What a volume holds as one archive: ``tar`` compressed by gzip, as the chapter's own command makes it, proved as it is written.

Each member is named from ``./`` on. Names are written as GNU tar writes them, which busybox reads too; what has no place in such a header (times below
a second, extended attributes) stands before it in a pax header, which busybox passes over.
"""

import hashlib
import json
import os
import posixpath
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from io import FileIO, RawIOBase
from pathlib import Path

from isal import isal_zlib

from dockyard.buffers import page_aligned
from dockyard.connection.archive import ChunkReader
from dockyard.errors import HostileArchive, Truncated
from dockyard.locale import N_, translate
from dockyard.tarstream import BUFFER_BYTES, Member, Reader, TarStream
from dockyard.tasks.base import NEVER, Cancel, check_cancel
from dockyard.tasks.compare import Hashes
from dockyard.tasks.pack import TRAILER
from dockyard.tasks.pieces import PIECE_BYTES, Pieces
from dockyard.tasks.proved_file import GZIP_ERRORS, ProvedFile, broken, unzipped
from dockyard.tasks.volume_manifest import digest_of, end_line, end_line_in, line_of, lines_in, manifest_of

__all__ = ["Checked", "check_archive", "fill_room", "header_of", "opened", "write_archive"]

Watch = Callable[[int], None]


def write_archive(
    reader: Reader, volume: str, archive: Path, manifest: Path, *, watch: Watch = lambda _: None, cancel: Cancel
) -> None:
    """Write an engine's tar stream as an archive with its manifest, both on the disk when it returns.

    One thread reads and takes the checksums, one compresses and writes, another reads the file back from the disk behind it (:class:`ProvedFile`).

    Args:
        reader: The stream of a folder's contents.
        volume: Its name, for the manifest.
        archive: A file to be made.
        manifest: A file to be made.
        watch: Called with the count of bytes of files so far.
        cancel: Looked at between pieces.

    Raises:
        Cancelled: ``cancel`` was set; the files are to be removed by whoever named them.
        BackupBroken: What was written does not read back as it was written.
        HostileArchive, Truncated: The engine's stream.
        OSError: The files can't be written.
    """
    with archive.open("xb", buffering=0) as file, manifest.open("x", encoding="utf-8") as listing:
        writer = ProvedFile(file, archive)
        listing.write(f'{{"volume": {json.dumps(volume)}, "members": [\n')
        try:
            stream, done, first = TarStream(reader), 0, True
            for member in stream:
                writer.write(header_of(member, f"./{member.name}" if member.name else "."))
                digest = hashlib.sha256()
                while count := fill_room(room := writer.room, stream):
                    check_cancel(cancel)
                    digest.update(room[:count])
                    writer.took(count)
                    done += count
                    watch(done)
                check_cancel(cancel)
                writer.write(b"\0" * (-member.size_bytes % tarfile.BLOCKSIZE))
                line = line_of(member, digest.hexdigest())
                listing.write(line if first else f",\n{line}")
                first = False
            writer.write(TRAILER)
            size_bytes, crc = writer.finish()
        except BaseException:
            writer.give_up()
            raise
        listing.write(f"\n{end_line(size_bytes, crc)}\n")
        listing.flush()
        os.fsync(listing.fileno())


def check_archive(
    archive: Path, *, thorough: bool = True, watch: Watch = lambda _: None, cancel: Cancel = NEVER
) -> Hashes:
    """Read an archive whole and return every member's SHA-256 by name; folders and links with their kind, hard links as what they share.

    Its checksums, its end, its structure, and, where a manifest lies beside it, every member against that.

    Args:
        archive: ``.tar`` or ``.tar.gz``, whoever made it.
        thorough: Take it apart in any case. Otherwise, where its bytes are those that the manifest was written for, the manifest's word is taken.
        watch: Called with the count of bytes of the file read so far.
        cancel: Looked at between pieces.

    Raises:
        BackupBroken: It is cut, damaged, no tar archive, or not what the manifest says.
        HostileArchive: A member could reach outside the volume.
    """
    beside = manifest_of(archive)
    has_manifest = beside.exists()
    try:
        if has_manifest and not thorough and _is_as_ended(archive, beside, watch, cancel):
            return _hashes(lines_in(beside))
        found = _hashes(_lines_checked(archive, lines_in(beside) if has_manifest else None, watch, cancel))
    except (ValueError, KeyError, TypeError) as error:
        raise broken(archive, translate(N_("its manifest can't be read"))) from error
    if not found:
        raise broken(archive, translate(N_("nothing is in it")))
    return found


def _is_as_ended(archive: Path, manifest: Path, watch: Watch, cancel: Cancel) -> bool:
    """Whether an archive's bytes are those of which its manifest's end tells the length and the CRC-32."""
    size_bytes, crc, buffer = 0, 0, page_aligned(PIECE_BYTES)
    with archive.open("rb", buffering=0) as file:
        watched = _Watched(file, watch, cancel)
        while count := watched.readinto(buffer):
            crc = isal_zlib.crc32(buffer[:count], crc)
            size_bytes += count
    return end_line(size_bytes, crc) == end_line_in(manifest)


def _lines_checked(archive: Path, lines: Iterator[str] | None, watch: Watch, cancel: Cancel) -> Iterator[str]:
    """The lines of an archive's members, each checked."""
    with opened(archive, watch, cancel, ahead=True) as stream:
        checked = Checked()
        for member in stream:
            checked.add(member)
            line = line_of(member, digest_of(stream, cancel))
            if lines is not None and next(lines, "") != line:
                raise broken(archive, translate(N_("{member!r} is not as its manifest says")), member=member.info.name)
            yield line
        if lines is not None and (more := next(lines, "")):
            raise broken(archive, translate(N_("{member!r} is missing")), member=json.loads(more)["name"])


def _hashes(lines: Iterator[str]) -> Hashes:
    found: Hashes = {}
    for each in map(json.loads, lines):
        if each["kind"] == "file":
            found[each["name"]] = each["sha256"]
        elif each["kind"] == "hard link":
            found[each["name"]] = found.get(each["link"], each["link"])
        else:
            found[each["name"]] = f"{each['kind']} {each['link']}"
    return found


@contextmanager
def opened(
    archive: Path, watch: Watch = lambda _: None, cancel: Cancel | None = None, *, ahead: bool = False
) -> Iterator[TarStream]:
    """Open an archive of either kind; what is wrong with it is told as BackupBroken.

    Args:
        archive: ``.tar`` or ``.tar.gz``.
        watch: Called with the count of bytes of the file read so far.
        cancel: Looked at between pieces.
        ahead: Unpack in a thread of its own: for whoever computes with the bytes that come.
    """
    try:
        with archive.open("rb", buffering=0) as file:
            is_zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            watched = _Watched(file, watch, cancel)
            unpacked = unzipped(_Aligned(watched)) if is_zipped else watched
            with _ahead(unpacked) if ahead else nullcontext(unpacked) as reader:
                yield TarStream(reader, rooted=False, marked=True, sparse=True)
                # What follows the end mark, and the checksum at the very end.
                rest = memoryview(bytearray(BUFFER_BYTES))
                while reader.readinto(rest):
                    continue
    except (Truncated, EOFError) as error:
        raise broken(archive, translate(N_("it ends too early, or is no tar archive"))) from error
    except GZIP_ERRORS as error:
        raise broken(archive, str(error).replace("{", "{{").replace("}", "}}")) from error


class _Watched(RawIOBase):
    """A file whose reading is watched."""

    def __init__(self, file: FileIO, watch: Watch, cancel: Cancel | None) -> None:
        self._file, self._watch, self._cancel, self._done = file, watch, cancel, 0

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # as our readers have it
        if self._cancel is not None:
            check_cancel(self._cancel)
        count = self._file.readinto(buffer) or 0
        self._done += count
        self._watch(self._done)
        return count


class _Aligned(RawIOBase):
    """A file read by way of aligned memory, for a reader whose own is not."""

    def __init__(self, file: RawIOBase) -> None:
        self._file, self._piece = file, page_aligned(PIECE_BYTES)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # as our readers have it
        count = self._file.readinto(self._piece[: len(buffer)]) or 0
        buffer[:count] = self._piece[:count]
        return count


@contextmanager
def _ahead(file: Reader) -> Iterator[Reader]:
    """Read a file in a thread, a few pieces ahead of its reader."""
    pieces, faults = Pieces(), list[BaseException]()

    def unpack() -> None:
        try:
            while count := file.readinto(pieces.room):
                pieces.took(count)
        except BaseException as error:  # noqa: BLE001  # raised again by the reader
            faults.append(error)
        pieces.end()

    def unpacked() -> Iterator[memoryview]:
        yield from pieces.taken()
        if faults:  # told in its place: after what was read before it
            raise faults[0]

    thread = threading.Thread(target=unpack, name="dockyard-restore", daemon=True)
    thread.start()
    try:
        yield ChunkReader(unpacked())
    finally:
        pieces.fault = Truncated()  # nobody reads on
        pieces.drain()
        thread.join()


class Checked:
    """Refuses members that would be written through a link of the same archive, and hard links to anything but its files."""

    def __init__(self) -> None:
        self._links: set[str] = set()
        self._files: set[str] = set()

    def add(self, member: Member) -> None:
        """Take one more member.

        Raises:
            HostileArchive: It could reach outside.
        """
        self._require_no_link_above(member.name, member)
        if member.kind == "hard link":
            self._require_no_link_above(member.link, member)
            if member.link not in self._files:
                raise HostileArchive(
                    member=member.info.name, reason=translate(N_("is a hard link to something outside the archive"))
                )
        if member.kind == "link":
            self._links.add(member.name)
            if not member.name:
                raise HostileArchive(member=member.info.name, reason=translate(N_("puts a link in the volume's place")))
        else:
            self._links.discard(member.name)
        if member.kind != "folder":
            self._files.add(member.name)

    def _require_no_link_above(self, name: str, member: Member) -> None:
        while name := posixpath.dirname(name):
            if name in self._links:
                raise HostileArchive(member=member.info.name, reason=translate(N_("would be written through a link")))


def fill_room(room: memoryview, stream: TarStream) -> int:
    """Fill ``room`` with bytes of the current member, which may come in small pieces, and return how many they are."""
    filled = 0
    while filled < len(room) and (count := stream.read_into(room[filled:])):
        filled += count
    return filled


def header_of(member: Member, name: str, link: str | None = None) -> bytes:
    """A member's header under its new name, in the form that every tar reads."""
    info = member.info
    more = {
        key: value
        for key, value in info.pax_headers.items()
        if key == "mtime" or key.startswith(("SCHILY.xattr.", "LIBARCHIVE.xattr."))
    }
    made = tarfile.TarInfo(name)
    made.type, made.size, made.mode, made.mtime = info.type, member.size_bytes, info.mode, int(info.mtime)
    made.uid, made.gid, made.uname, made.gname = info.uid, info.gid, info.uname, info.gname
    made.devmajor, made.devminor = info.devmajor, info.devminor
    made.linkname = link if link is not None else f"./{member.link}" if member.kind == "hard link" else member.link
    return (_pax(more) if more else b"") + made.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _pax(records: dict[str, str]) -> bytes:
    """A pax extended header (POSIX.1-2001, pax interchange format)."""
    body = b""
    for key, value in records.items():
        rest = f" {key}={value}\n".encode("utf-8", "surrogateescape")
        length = len(rest) + len(str(len(rest)))
        length = len(rest) + len(str(length))
        body += str(length).encode() + rest
    info = tarfile.TarInfo("./@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, len(body)
    return info.tobuf(tarfile.USTAR_FORMAT, "utf-8") + body + b"\0" * (-len(body) % tarfile.BLOCKSIZE)
