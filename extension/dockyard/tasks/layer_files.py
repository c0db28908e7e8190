"""What an image holds, layer by layer, read from the stream of ``docker save`` as it passes: nothing of it is stored.

Docker Engine API, "Export an image". The archive is Docker's (``manifest.json``, a ``layer.tar`` a layer) or an OCI image layout (``index.json``
and ``blobs/``), or both; a layer is a tar stream, gzipped or not, with whiteouts for what it hides (OCI Image Specification, "Image Layer
Filesystem Changeset").
"""

import hashlib
import json
import posixpath
import tarfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from io import RawIOBase
from typing import Any, cast

from dockyard.connection import Client
from dockyard.connection.archive import ChunkReader
from dockyard.errors import LayersUnreadable, Truncated
from dockyard.locale import N_, translate
from dockyard.tarstream import BUFFER_BYTES, Kind, Member, Reader, TarStream, changed_ns
from dockyard.tasks.base import NEVER, Cancel, Progress, Report, check_cancel, ignore
from dockyard.tasks.image_files import LARGEST_JSON_BYTES, export_images
from dockyard.tasks.proved_file import GZIP_ERRORS, unzipped
from dockyard.tasks.tagged import require_image

__all__ = ["LayerContent", "LayerFile", "SavedImage", "read_archive", "read_image"]

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
DAMAGED: tuple[type[Exception], ...] = (*GZIP_ERRORS, EOFError)
XATTR = "SCHILY.xattr."  # how tar streams call extended attributes (PAX)


@dataclass(frozen=True, slots=True)
class LayerFile:
    """One path in a layer, by its header.

    Attributes:
        path: From the image's root, such as ``/etc/passwd``.
        kind: What it is.
        size_bytes: Length of a file's content; a hard link has that of the file that it shares.
        mode: Permission bits, such as ``0o644``.
        uid: Owner.
        gid: Group.
        link: Where a symbolic link leads, as it is written; the path that a hard link shares; ``major:minor`` of a device.
        changed_ns: Modification time, in nanoseconds since 1970.
        attributes: Extended attributes, by name.
        sha256: Of a file's content; empty where it was not read.
    """

    path: str
    kind: Kind
    size_bytes: int
    mode: int
    uid: int
    gid: int
    link: str = ""
    changed_ns: int = 0
    attributes: tuple[tuple[str, str], ...] = ()
    sha256: str = ""

    @property
    def stored_bytes(self) -> int:
        """The bytes of content that the layer itself holds for it: none for a hard link."""
        return self.size_bytes if self.kind == "file" else 0


@dataclass(frozen=True)
class LayerContent:
    """What one layer's archive says.

    Attributes:
        files: What it holds, by path.
        hidden: Paths below it that it hides, with what is in them (whiteouts).
        opaque: Folders of which it hides everything below it.
    """

    files: Mapping[str, LayerFile]
    hidden: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SavedImage:
    """An image as its archive has it.

    Attributes:
        name: As it was asked for.
        image_id: The engine's ID of it.
        config: Its configuration (OCI Image Specification, "Image Configuration").
        diff_ids: The layers' IDs, the lowest first.
        layers: What is in each.
    """

    name: str
    image_id: str
    config: Mapping[str, Any]
    diff_ids: tuple[str, ...]
    layers: tuple[LayerContent, ...]


def read_image(
    client: Client, name: str, *, contents: bool = True, report: Report = ignore, cancel: Cancel = NEVER
) -> SavedImage:
    """Read an image's layers once through, headers and (for their SHA-256) contents; nothing is stored, whatever its size.

    Args:
        client: The engine.
        name: Name or ID.
        contents: Whether files get their SHA-256; without it a file that kept its length counts as unchanged in content.
        report: Told the bytes read.
        cancel: Looked at at each piece.

    Raises:
        ImageMissing: The engine does not have it.
        LayersUnreadable: What the engine sends is not as it should be.
        HostileArchive: A layer holds a name that climbs out of the image.
        Cancelled: ``cancel`` was set.
    """
    image_id = str(require_image(client, name)["Id"])
    doing = translate(N_("reading the layers of {name}")).format(name=name)
    # By its ID, for a name without a tag would bring every image of that name.
    with closing(_watched(export_images(client, [image_id]), doing, report, cancel)) as pieces:
        return read_archive(ChunkReader(pieces), name, image_id, contents=contents)


def read_archive(reader: Reader, name: str, image_id: str = "", *, contents: bool = True) -> SavedImage:
    """Read the layers of one image of an archive.

    Args:
        reader: The archive's stream.
        name: What the image is called in errors.
        image_id: Which of several images in it; by default the first, whose ID is that of its configuration.
        contents: Whether files get their SHA-256.

    Raises:
        LayersUnreadable: It is no such archive, or is damaged, or a layer is packed in a way that is not known here.
        HostileArchive: A layer holds a name that climbs out of the image.
    """
    try:
        return _Archive(name, contents).read(reader).image(image_id)
    except Truncated as error:
        raise _unreadable(name, N_("the stream ended too early")) from error
    except DAMAGED as error:
        raise _unreadable(name, N_("a compressed layer is damaged")) from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _unreadable(name, N_("what it says of itself makes no sense")) from error


@dataclass
class _Archive:
    """What was seen of an archive so far: documents and layers come in any order."""

    name: str
    contents: bool
    documents: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, LayerContent] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    is_zstd: set[str] = field(default_factory=set)

    def read(self, reader: Reader) -> "_Archive":
        stream = TarStream(reader, rooted=False, marked=True)
        for member in stream:
            if member.kind == "file":
                self._file(member, _Content(stream))
            elif member.kind in ("link", "hard link"):  # a layer that is there already
                folder = posixpath.dirname(member.name) if member.kind == "link" else ""
                self.same[member.name] = posixpath.normpath(posixpath.join(folder, member.link))
        return self

    def _file(self, member: Member, content: "_Content") -> None:
        start = content.peek(tarfile.BLOCKSIZE)
        if start.startswith(GZIP):
            with unzipped(content) as layer:
                self.layers[member.name] = _layer(cast(Reader, layer), self.contents)
                while layer.read(BUFFER_BYTES):  # to its end, where its checksum is
                    pass
        elif start.startswith(ZSTD):
            self.is_zstd.add(member.name)
        elif _is_tar(start):
            self.layers[member.name] = _layer(content, self.contents)
        elif member.size_bytes <= LARGEST_JSON_BYTES:
            self.documents[member.name] = content.read() or b""

    def image(self, image_id: str) -> SavedImage:
        config_path, layer_paths = self._docker(image_id) if "manifest.json" in self.documents else self._oci()
        config = self._json(config_path)
        diff_ids = tuple(str(each) for each in (config.get("rootfs") or {}).get("diff_ids") or ())
        layers = tuple(self._layer(path) for path in layer_paths)
        if len(layers) != len(diff_ids):
            raise _unreadable(self.name, N_("it holds other layers than its configuration says"))
        known = image_id or f"sha256:{hashlib.sha256(self.documents[config_path]).hexdigest()}"
        return SavedImage(self.name, known, config, diff_ids, layers)

    def _docker(self, image_id: str) -> tuple[str, Sequence[str]]:
        entries = self._json("manifest.json")
        wanted = image_id.removeprefix("sha256:") or "?"
        entry = next((each for each in entries if wanted in str(each["Config"])), entries[0] if entries else None)
        if entry is None:
            raise _unreadable(self.name, N_("the archive holds no image"))
        return str(entry["Config"]), [str(each) for each in entry.get("Layers") or ()]

    def _oci(self) -> tuple[str, Sequence[str]]:
        """The first manifest all of whose layers are there: an index may name platforms that were never pulled."""
        for manifest in self._manifests(self._json("index.json"), 0):
            paths = [_blob_path(each["digest"]) for each in manifest.get("layers") or ()]
            config = _blob_path(manifest["config"]["digest"])
            if config in self.documents and all(self._real(path) in self.layers for path in paths):
                return config, paths
        if self.is_zstd:
            raise self._no_zstd()
        raise _unreadable(self.name, N_("the archive holds no image"))

    def _manifests(self, index: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
        for entry in index.get("manifests") or ():
            path = _blob_path(entry["digest"])
            if path in self.documents and depth < 4:
                document = self._json(path)
                if "manifests" in document:
                    yield from self._manifests(document, depth + 1)
                elif "config" in document:
                    yield document

    def _json(self, path: str) -> Any:
        if path not in self.documents:
            raise _unreadable(self.name, N_("{path} is missing"), path=path)
        return json.loads(self.documents[path])

    def _layer(self, path: str) -> LayerContent:
        real = self._real(path)
        if real in self.is_zstd:
            raise self._no_zstd()
        if real not in self.layers:
            raise _unreadable(self.name, N_("{path} is missing"), path=path)
        return self.layers[real]

    def _real(self, path: str) -> str:
        for _ in range(len(self.same) + 1):
            if path not in self.same:
                break
            path = self.same[path]
        return path

    def _no_zstd(self) -> LayersUnreadable:
        return _unreadable(self.name, N_("a layer is compressed with zstd, which is not read here"))


class _Content(RawIOBase):
    """The bytes of a stream's current file, of which the first may be looked at beforehand."""

    def __init__(self, stream: TarStream) -> None:
        self._stream, self._first = stream, b""

    def peek(self, count: int) -> bytes:
        buffer = memoryview(bytearray(count))
        filled = 0
        while filled < count and (got := self._stream.read_into(buffer[filled:])):
            filled += got
        self._first = bytes(buffer[:filled])
        return self._first

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        if self._first:
            count = min(len(view), len(self._first))
            view[:count] = self._first[:count]
            self._first = self._first[count:]
            return count
        return self._stream.read_into(view)


def _layer(reader: Reader, contents: bool) -> LayerContent:
    """What a layer's tar stream holds."""
    stream, buffer = TarStream(reader, rooted=False), memoryview(bytearray(BUFFER_BYTES))
    files: dict[str, LayerFile] = {}
    hidden, opaque = set(), set()
    for member in stream:
        path = _path(member.name)
        folder, _, name = path.rpartition("/")
        if name == OPAQUE:
            opaque.add(folder)
        elif name.startswith(WHITEOUT):
            if not name.startswith(f"{WHITEOUT}{WHITEOUT}"):  # others of these are notes of AUFS to itself
                hidden.add(f"{folder}/{name.removeprefix(WHITEOUT)}")
        elif member.name:
            file = _described(path, member)
            if contents and member.kind == "file":
                digest = hashlib.sha256()
                while count := stream.read_into(buffer):
                    digest.update(buffer[:count])
                file = replace(file, sha256=digest.hexdigest())
            elif member.kind == "hard link" and (target := files.get(file.link)):
                file = replace(file, size_bytes=target.size_bytes, sha256=target.sha256)
            files[path] = file
    return LayerContent(files, frozenset(hidden), frozenset(opaque))


def _described(path: str, member: Member) -> LayerFile:
    info = member.info
    link = _path(member.link) if member.kind == "hard link" else _shown(member.link)
    return LayerFile(
        path,
        member.kind,
        member.size_bytes,
        info.mode & 0o7777,
        info.uid,
        info.gid,
        f"{info.devmajor}:{info.devminor}" if member.kind == "device" else link if "link" in member.kind else "",
        changed_ns(info),
        tuple(
            sorted(
                (key.removeprefix(XATTR), _shown(value))
                for key, value in info.pax_headers.items()
                if key.startswith(XATTR)
            )
        ),
    )


def _path(name: str) -> str:
    return f"/{_shown(name)}"


def _shown(name: str) -> str:
    """A name that can be shown: bytes that are no UTF-8 are spelled out."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_tar(block: bytes) -> bool:
    if len(block) < tarfile.BLOCKSIZE:
        return False
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return not any(block)  # a layer that changes nothing is an end mark alone
    return True


def _blob_path(digest: str) -> str:
    algorithm, _, text = digest.partition(":")
    return f"blobs/{algorithm}/{text}"


def _unreadable(name: str, reason: str, **facts: str) -> LayersUnreadable:
    return LayersUnreadable(name=name, reason=translate(reason).format(**facts))


def _watched(pieces: Generator[bytes], doing: str, report: Report, cancel: Cancel) -> Generator[bytes]:
    done = 0
    with closing(pieces):
        for piece in pieces:
            check_cancel(cancel)
            yield piece
            done += len(piece)
            report(Progress(done, None, "bytes", doing))
