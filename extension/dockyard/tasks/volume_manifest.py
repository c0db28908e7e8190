"""The manifest beside a volume's archive: what every member is, one line each.

It is JSON::

    {"volume": "apa000vol1", "members": [
    {"name": "index.html", "kind": "file", "size_bytes": 12, "sha256": "…", "mode": 420, "uid": 0, "gid": 0, "mtime_ns": 17…, "link": ""},
    …
    ], "archive_bytes": 123, "archive_crc32": "89abcdef"}

The last two are of the archive's own bytes, as they were read back from the disk.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from dockyard.tarstream import BUFFER_BYTES, Member, TarStream, changed_ns
from dockyard.tasks.base import NEVER, Cancel, check_cancel

__all__ = ["digest_of", "end_line", "end_line_in", "line_of", "lines_in", "manifest_of"]


def manifest_of(archive: Path) -> Path:
    """The manifest's place beside an archive."""
    return archive.with_name(f"{archive.name}.manifest.json")


def line_of(member: Member, digest: str) -> str:
    """A member as its line in the manifest."""
    info = member.info
    listed: dict[str, object] = {"name": member.name, "kind": member.kind, "size_bytes": member.size_bytes}
    if member.kind == "file":
        listed["sha256"] = digest
    if member.kind == "device":
        listed["device"] = [info.devmajor, info.devminor]
    listed |= {"mode": info.mode & 0o7777, "uid": info.uid, "gid": info.gid, "mtime_ns": changed_ns(info)}
    xattrs = {key: value for key, value in sorted(info.pax_headers.items()) if key.startswith("SCHILY.xattr.")}
    return json.dumps({**listed, "link": member.link, **({"xattrs": xattrs} if xattrs else {})})


def digest_of(stream: TarStream, cancel: Cancel = NEVER) -> str:
    """The SHA-256 of the current member's bytes.

    Raises:
        Cancelled: ``cancel`` was set; a file may have holes without end.
    """
    digest, buffer = hashlib.sha256(), memoryview(bytearray(BUFFER_BYTES))
    while count := stream.read_into(buffer):
        check_cancel(cancel)
        digest.update(buffer[:count])
    return digest.hexdigest()


def lines_in(manifest: Path) -> Iterator[str]:
    """The lines of a manifest that stand for members."""
    with manifest.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith('{"name"'):
                yield line.rstrip().removesuffix(",")


def end_line(size_bytes: int, crc: int) -> str:
    """A manifest's last line: the length and the CRC-32 of the archive's own bytes."""
    return f'], "archive_bytes": {size_bytes}, "archive_crc32": "{crc:08x}"}}'


def end_line_in(manifest: Path) -> str:
    """The last line of a manifest."""
    with manifest.open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - 200, 0))
        return file.read().decode(errors="replace").rstrip("\n").rpartition("\n")[2]
