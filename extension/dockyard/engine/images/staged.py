"""The members of an image archive, kept aside until it is known whether the archive is good.

Whatever looks like a layer is measured as it passes, so that even a large archive is read once.
"""

import posixpath
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockyard.engine.durable import read_json
from dockyard.engine.errors import ApiError, BadParameter, NotFound
from dockyard.engine.images.image import LAYER_GZIP, LAYER_PLAIN, Layer
from dockyard.engine.images.streams import LONGEST_MAGIC, Tee, is_compressed, plain
from dockyard.engine.images.unpacking import archive_errors, unpacked_bytes
from dockyard.tarstream import Member, Reader, TarStream, write_all

__all__ = ["StagedArchive", "StagedFile", "measure"]

LARGEST_DOCUMENT_BYTES = 16 << 20
MOST_LINKS = 8


@dataclass(frozen=True)
class StagedFile:
    """One file of the archive.

    Attributes:
        path: Where it is kept.
        digest: Of its bytes.
        size_bytes: How many.
        measured: If it is a tar stream, compressed or not: the digest of that stream and the sum of its files' lengths.
    """

    path: Path
    digest: str
    size_bytes: int
    measured: tuple[str, int] | None

    def layer(self) -> Layer:
        """Return it as a layer.

        Raises:
            BadParameter: It is no tar stream.
        """
        if self.measured is None:
            with self.path.open("rb", buffering=0) as file:
                diff_id, total = measure(Tee(file.readinto))
        else:
            diff_id, total = self.measured
        media_type = LAYER_PLAIN if diff_id == self.digest else LAYER_GZIP
        return Layer(diff_id, self.digest, media_type, self.size_bytes, total)


class StagedArchive:
    """An archive, read to its end.

    Args:
        reader: The archive, compressed or not.
        folder: An empty folder that only this user can enter.
        watch: Called with the bytes of each file that has been read.

    Raises:
        BadParameter: It is no archive, or one that could not come from an image.
    """

    def __init__(self, reader: Reader, folder: Path, watch: Callable[[int], None] = lambda _: None) -> None:
        self._folder = folder
        self._count = 0
        self._files: dict[str, StagedFile] = {}
        self._links: dict[str, str] = {}
        stream = TarStream(plain(reader), rooted=False)
        with archive_errors():
            for member in stream:
                self._keep(member, stream)
                watch(member.size_bytes)

    def __contains__(self, name: str) -> bool:
        with suppress(NotFound):
            return bool(self.file(name))
        return False

    def file(self, name: str) -> StagedFile:
        """Return a file, by its name in the archive or that of a link to it.

        Raises:
            NotFound: There is none.
        """
        found = posixpath.normpath(name)
        for _ in range(MOST_LINKS):
            if found in self._files:
                return self._files[found]
            if found not in self._links:
                break
            found = self._links[found]
        raise NotFound(f"invalid archive: {name}: no such file")

    def document(self, name: str) -> Any:
        """Return a JSON file's content.

        Raises:
            NotFound: There is none.
            BadParameter: It can't be read.
        """
        file = self.file(name)
        if file.size_bytes > LARGEST_DOCUMENT_BYTES:
            raise BadParameter(f"invalid archive: {name} is too large")
        try:
            return read_json(file.path)
        except (ValueError, RecursionError) as error:
            raise BadParameter(f"invalid archive: {name}: {error}") from error

    def _keep(self, member: Member, stream: TarStream) -> None:
        for table in (self._files, self._links):
            table.pop(member.name, None)  # the last of a name counts
        if member.kind == "file":
            self._files[member.name] = self._store(stream)
        elif member.kind == "hard link":
            self._links[member.name] = member.link
        elif member.kind == "link":
            # A name among these files alone: it is looked up, never followed on the disk.
            self._links[member.name] = posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.link))
        elif member.kind != "folder":
            raise BadParameter(f"invalid archive: {member.name!r} is of a kind that no image archive holds")

    def _store(self, stream: TarStream) -> StagedFile:
        self._count += 1
        path = self._folder / str(self._count)
        with path.open("xb", buffering=0) as file:
            whole = Tee(stream.read_into, lambda data: write_all(file.write, data))
            measured = None
            start = whole.peek(tarfile.BLOCKSIZE)
            if start[257:262] == b"ustar" or is_compressed(start):
                # A file that only looks like a layer may be cut short; one that is used as a layer is looked at again.
                with suppress(ApiError):
                    measured = measure(whole)
            whole.drain()
        return StagedFile(path, whole.digest, whole.size_bytes, measured)


def measure(whole: Tee) -> tuple[str, int]:
    """Read a layer to its end, and return the digest of its tar stream and the sum of its files' lengths.

    Raises:
        BadParameter: It is no tar stream, or holds what no layer may hold.
    """
    compressed = is_compressed(whole.peek(LONGEST_MAGIC))
    layer = Tee(plain(whole).readinto) if compressed else whole
    with archive_errors():
        total = sum(unpacked_bytes(member) for member in TarStream(layer, rooted=False))
    layer.drain()
    return layer.digest, total
