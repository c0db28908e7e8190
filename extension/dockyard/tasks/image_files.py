"""Images as one file: written, described and read back; what ``docker save`` and ``docker load`` move.

Docker Engine API, "Export several images" and "Import images"; the archive is Docker's (``manifest.json``) or an OCI image layout
(``index.json``, github.com/opencontainers/image-spec), or both.
"""

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dockyard.connection import Client
from dockyard.errors import ArchiveBroken, ImageNameInvalid, SourceUnreadable, TargetUnwritable, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Progress, Report, check_cancel, ignore
from dockyard.tasks.names import ImageName
from dockyard.tasks.output import checked

__all__ = ["ArchivedImage", "describe_images", "export_images", "read_images", "write_images"]

PIECE_BYTES = 1 << 20
LARGEST_JSON_BYTES = 8 << 20
LOADED = "Loaded image: "
LOADED_ID = "Loaded image ID: "


@dataclass(frozen=True)
class ArchivedImage:
    """One image in an archive.

    Attributes:
        ids: What its ID can be on an engine: that of its configuration, or that of its manifest (containerd's image store).
        names: Its tags.
    """

    ids: tuple[str, ...]
    names: tuple[ImageName, ...]


def write_images(
    client: Client,
    names: Sequence[str],
    target: Path,
    *,
    doing: str = "",
    report: Report = ignore,
    cancel: Cancel = NEVER,
    before_replace: Callable[[], None] = lambda: None,
) -> int:
    """Write images into one file, which is there whole or not at all, and return its size in bytes.

    Args:
        client: The engine.
        names: Names or IDs.
        target: The file; its folder exists.
        doing: What is reported as being done.
        report: Told the bytes written; how many there will be is not known.
        cancel: Looked at between pieces.
        before_replace: Called when the file is whole, right before it takes its place.

    Raises:
        EngineRefused: The engine does not have one of them.
        TargetUnwritable: The file can't be written.
    """
    try:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        raise TargetUnwritable(path=str(target), reason=error.strerror) from error
    try:
        with os.fdopen(handle, "wb") as file:
            written = 0
            for piece in export_images(client, names):
                check_cancel(cancel)
                _write(file, piece, target)
                written += len(piece)
                report(Progress(written, None, "bytes", doing))
            file.flush()
            os.fsync(file.fileno())
        before_replace()
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return written


def read_images(
    client: Client, source: Path, *, doing: str = "", report: Report = ignore, cancel: Cancel = NEVER
) -> tuple[str, ...]:
    """Load a file into the engine and return the names that it says it loaded, or IDs where there is no name.

    Raises:
        SourceUnreadable: The file can't be read.
        ArchiveBroken: The engine finds that it is no archive of images.
    """
    try:
        file = source.open("rb")
    except OSError as error:
        raise SourceUnreadable(path=str(source), reason=error.strerror) from error
    loaded: list[str] = []
    with file, engine_errors(client.address):
        sent = _pieces(file, source.stat().st_size, doing, report, cancel)
        answer = client.api.post(
            client.url("/images/load"),
            data=sent,
            params={"quiet": 1},
            headers={"Content-Type": "application/x-tar"},
            stream=True,
        )
        with checked(answer):
            for text in answer.iter_lines():
                event = json.loads(text)
                if "error" in event:
                    raise ArchiveBroken(path=str(source), reason=event["error"])
                for said in str(event.get("stream", "")).splitlines():
                    for start in (LOADED, LOADED_ID):
                        loaded += [said.removeprefix(start).strip()] if said.startswith(start) else []
    return tuple(loaded)


def describe_images(source: Path) -> tuple[ArchivedImage, ...]:
    """Return the images of an archive, having unpacked nothing. What it says of itself is read as what a stranger wrote.

    Raises:
        SourceUnreadable: The file can't be read.
        ArchiveBroken: It is no such archive, or is damaged.
    """
    try:
        with tarfile.open(source) as archive:
            members = {member.name.removeprefix("./"): member for member in archive if member.isreg()}
            if "manifest.json" in members:
                return tuple(_docker_images(source, archive, members))
            if "index.json" in members:
                return tuple(_oci_images(source, archive, members))
    except OSError as error:
        if isinstance(error, tarfile.TarError) or error.strerror is None:
            raise ArchiveBroken(path=str(source), reason=str(error)) from error
        raise SourceUnreadable(path=str(source), reason=error.strerror) from error
    except (tarfile.TarError, EOFError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ArchiveBroken(path=str(source), reason=str(error) or type(error).__name__) from error
    except ImageNameInvalid as error:
        raise ArchiveBroken(path=str(source), reason=str(error)) from error
    raise ArchiveBroken(path=str(source), reason=translate(N_("it has neither manifest.json nor index.json")))


Members = Mapping[str, tarfile.TarInfo]


def _docker_images(source: Path, archive: tarfile.TarFile, members: Members) -> Iterator[ArchivedImage]:
    named: dict[str, list[str]] = {}
    if "index.json" in members:  # both forms in one: containerd's image store knows an image by its manifest
        for each in _json(source, archive, members, "index.json").get("manifests") or []:
            named.setdefault(str((each.get("annotations") or {}).get("io.containerd.image.name")), []).append(
                str(each["digest"])
            )
    for entry in _json(source, archive, members, "manifest.json"):
        config = _content(source, archive, members, str(entry["Config"]))
        names = tuple(ImageName.parse(str(each)) for each in entry.get("RepoTags") or ())
        more = [digest for name in names for digest in named.get(name.full, [])]
        yield ArchivedImage((f"sha256:{hashlib.sha256(config).hexdigest()}", *more), names)


def _oci_images(source: Path, archive: tarfile.TarFile, members: Members) -> Iterator[ArchivedImage]:
    for entry in _json(source, archive, members, "index.json")["manifests"]:
        given = entry.get("annotations") or {}
        name = given.get("io.containerd.image.name")
        algorithm, _, text = str(entry["digest"]).partition(":")
        manifest = _json(source, archive, members, f"blobs/{algorithm}/{text}")
        ids = (str(entry["digest"]), *([str(manifest["config"]["digest"])] if "config" in manifest else []))
        yield ArchivedImage(ids, (ImageName.parse(str(name)),) if name else ())


def _json(source: Path, archive: tarfile.TarFile, members: Members, name: str) -> Any:
    return json.loads(_content(source, archive, members, name))


def _content(source: Path, archive: tarfile.TarFile, members: Members, name: str) -> bytes:
    member = members.get(name)
    if member is None:
        raise ArchiveBroken(path=str(source), reason=translate(N_("{name} is missing")).format(name=name))
    if member.size > LARGEST_JSON_BYTES:
        raise ArchiveBroken(path=str(source), reason=translate(N_("{name} is too large")).format(name=name))
    file = archive.extractfile(member)
    assert file is not None  # it is a regular file
    return file.read()


def export_images(client: Client, names: Sequence[str]) -> Generator[bytes]:
    """Return the archive of images as ``docker save`` writes it, in pieces.

    Raises:
        EngineRefused: The engine does not have one of them.
    """
    with engine_errors(client.address):
        answer = client.api.get(client.url("/images/get"), params={"names": list(names)}, stream=True)
        with checked(answer):
            yield from answer.iter_content(PIECE_BYTES)


def _write(file: BinaryIO, piece: bytes, target: Path) -> None:
    try:
        file.write(piece)
    except OSError as error:
        raise TargetUnwritable(path=str(target), reason=error.strerror) from error


def _pieces(file: BinaryIO, total: int, doing: str, report: Report, cancel: Cancel) -> Iterator[bytes]:
    sent = 0
    while piece := file.read(PIECE_BYTES):
        check_cancel(cancel)
        yield piece
        sent += len(piece)
        report(Progress(sent, total, "bytes", doing))
