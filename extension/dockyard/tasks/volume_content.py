"""What is in a volume, as one tar stream each way, without anything running.

The stream is kept as the engine sends it: names, modes, owners, times, links and what else the engine puts into it are the engine's to bring back.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from dockyard.connection import Client
from dockyard.connection.archive import Part, download, upload
from dockyard.errors import CopyDiffers, NoSuchVolume, engine_errors
from dockyard.tarstream import Reader, TarStream
from dockyard.tasks.compare import Hashes, hashes_in
from dockyard.tasks.holder import holding, one_image

__all__ = [
    "ROOT",
    "content_parts",
    "copy_content",
    "create",
    "fill_from",
    "find",
    "has_content",
    "hashes_of",
    "is_outside",
    "remove",
    "require",
    "sizes_bytes",
    "tee",
]

ROOT = "/volume"  # its own name is the stream's first member, so that the volume's mode and owner go along
PIECE_BYTES = 1 << 20


def find(client: Client, name: str) -> dict[str, Any] | None:
    """Return what the engine says of a volume (Docker Engine API, Volume), or None where there is none of that name."""
    found: dict[str, Any] | None = client.find_json("/volumes/{}", name) if name else None
    return found


def require(client: Client, name: str) -> dict[str, Any]:
    """Return the same.

    Raises:
        NoSuchVolume: There is none of that name.
    """
    found = find(client, name)
    if found is None:
        raise NoSuchVolume(name=name)
    return found


def is_outside(volume: Mapping[str, Any]) -> bool:
    """Whether a volume only names a place outside of Docker, such as a folder or a share, which stays when the name goes."""
    return bool((volume.get("Options") or {}).get("device"))


def sizes_bytes(client: Client) -> dict[str, int | None]:
    """Return each volume's bytes as the engine counts them; None where its driver does not tell. The engine walks every volume for it."""
    rows = client.get_json("/system/df", type="volume")["Volumes"] or ()
    sizes = {row["Name"]: int((row.get("UsageData") or {}).get("Size", -1)) for row in rows}
    return {name: size if size >= 0 else None for name, size in sizes.items()}


def create(client: Client, name: str, volume: Mapping[str, Any], *, with_options: bool = True) -> None:
    """Make a volume with the driver, the labels and the options of another one's description."""
    with engine_errors(client.address):
        client.api.create_volume(
            name,
            driver=volume.get("Driver") or "local",
            driver_opts=(volume.get("Options") or None) if with_options else None,
            labels=volume.get("Labels") or None,
        )


def remove(client: Client, name: str, *, force: bool = False) -> None:
    """Remove a volume.

    Raises:
        EngineRefused: It is in use (409), or gone (404).
    """
    with engine_errors(client.address):
        client.api.remove_volume(name, force=force)


def hashes_of(client: Client, name: str) -> Hashes:
    """Return every file of a volume with its SHA-256, by name; folders and links with their kind."""
    with holding(client, {name: ROOT}) as container:
        return hashes_in(client, container, ROOT)


def has_content(client: Client, name: str) -> bool:
    """Whether there is anything in a volume."""
    with _opened(client, name) as reader:
        return any(member.name for member in TarStream(reader))


def tee(reader: Reader, hashes: Hashes) -> Iterator[bytes]:
    """Pass a volume's stream on as it is, and learn its hashes on the way.

    Raises:
        Truncated: It ended too early.
    """
    seen = _Seen(reader)
    stream, buffer = TarStream(seen), memoryview(bytearray(PIECE_BYTES))
    for member in stream:
        digest = hashlib.sha256()
        while count := stream.read_into(buffer):
            digest.update(buffer[:count])
            yield seen.taken()
        if member.kind == "file":
            hashes[member.name] = digest.hexdigest()
        else:
            hashes[member.name] = hashes[member.link] if member.kind == "hard link" else f"{member.kind} {member.link}"
        yield seen.taken()
    while seen.readinto(buffer):  # padding after the end mark
        yield seen.taken()
    yield seen.taken()


@contextmanager
def content_parts(client: Client, name: str, hashes: Hashes) -> Iterator[Iterator[bytes]]:
    """Open a volume's stream as pieces of bytes; ``hashes`` is filled while they are taken."""
    with _opened(client, name) as reader:
        yield tee(reader, hashes)


def fill(client: Client, name: str, parts: Iterator[Part], size_bytes: int | None) -> None:
    """Extract the stream of a volume into another one.

    Raises:
        EngineRefused: The engine said no.
    """
    with holding(client, {name: ROOT}) as container:
        upload(client, container, "/", parts, size_bytes)


def fill_from(client: Client, name: str, file: BinaryIO) -> None:
    """Extract a kept stream into a volume, and hold the volume against it file by file.

    Raises:
        CopyDiffers: What is in the volume now is not what was kept.
    """
    expected: Hashes = {}
    with one_image(client):
        fill(client, name, tee(file, expected), None)  # type: ignore[arg-type]  # files in binary read into buffers
        require_same(name, expected, hashes_of(client, name))


def copy_content(client: Client, source: str, target: str, watch: Callable[[int], None]) -> Hashes:
    """Copy everything of a volume into another one, hold the two against each other, and return the hashes.

    Args:
        client: The engine.
        source: A volume.
        target: An empty volume.
        watch: Called with the count of bytes so far; what it raises ends the copy.

    Raises:
        CopyDiffers: The two do not hold the same afterwards.
    """
    expected: Hashes = {}
    with one_image(client):
        with content_parts(client, source, expected) as parts:
            fill(client, target, _watched(parts, watch), None)
        require_same(target, expected, hashes_of(client, target))
    return expected


def require_same(name: str, expected: Hashes, found: Hashes) -> None:
    """Compare what was sent into a volume with what is in it.

    Raises:
        CopyDiffers: They differ.
    """
    differing = sorted(each for each in expected.keys() | found.keys() if expected.get(each) != found.get(each))
    if differing:
        raise CopyDiffers(name=name, n=len(differing), first=differing[0] or "/")


def _watched(parts: Iterator[bytes], watch: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for part in parts:
        watch(done)
        if part:
            yield part
        done += len(part)
    watch(done)


@contextmanager
def _opened(client: Client, name: str) -> Iterator[Reader]:
    with holding(client, {name: ROOT}) as container, download(client, container, ROOT) as (_, reader):
        yield reader


class _Seen:
    """A reader that remembers what was read of it since it was last asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._pieces = reader, bytearray()

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._reader.readinto(buffer)
        self._pieces += buffer[:count]
        return count

    def taken(self) -> bytes:
        taken, self._pieces = bytes(self._pieces), bytearray()
        return taken
