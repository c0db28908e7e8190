"""Whether two trees hold the same, file by file: the evidence of a copy."""

import hashlib
from contextlib import suppress
from pathlib import Path

from dockyard.connection import Client
from dockyard.connection.archive import download, stat_path
from dockyard.errors import CopyError
from dockyard.locale import N_, translate
from dockyard.tarstream import TarStream
from dockyard.tasks.base import Evidence
from dockyard.tasks.copy_rules import Source, place
from dockyard.tasks.landing import target_in
from dockyard.tasks.pack import scan

__all__ = ["Hashes", "compare", "hashes_here", "hashes_in", "hashes_in_any"]

BUFFER_BYTES = 1 << 20

Hashes = dict[str, str]


def hashes_here(root: str) -> Hashes:
    """Return every file below ``root`` with its SHA-256, by name; folders and links with their kind."""
    found: Hashes = {}
    for entry in scan(root):
        if entry.kind in ("file", "hard link"):
            with Path(entry.path).open("rb") as file:
                found[entry.name] = hashlib.file_digest(file, "sha256").hexdigest()
        else:
            found[entry.name] = f"{entry.kind} {entry.link}"
    return found


def hashes_in(client: Client, container: str, path: str) -> Hashes:
    """Return the same for ``path`` in a container, from its stream."""
    found: Hashes = {}
    buffer = memoryview(bytearray(BUFFER_BYTES))
    with download(client, container, path) as (_, reader):
        stream = TarStream(reader)
        for member in stream:
            if member.kind == "file":
                digest = hashlib.sha256()
                while count := stream.read_into(buffer):
                    digest.update(buffer[:count])
                found[member.name] = digest.hexdigest()
            elif member.kind == "hard link":
                found[member.name] = found[member.link]
            else:
                found[member.name] = f"{member.kind} {member.link}"
    return found


def hashes_in_any(client: Client, container: str, source: Source, path: str) -> list[Hashes]:
    """Return the hashes at each place where ``source`` may have landed: a folder copied to a new name looks, afterwards, as if copied into it."""
    target = target_in(client, container, path)
    candidates = [target.path, f"/{path.lstrip('/')}"]
    with suppress(CopyError):
        candidates.insert(0, place(source, target).path)
    return [
        hashes_in(client, container, each) for each in dict.fromkeys(candidates) if stat_path(client, container, each)
    ]


def compare(ours: Hashes, candidates: list[Hashes], shown: str) -> Evidence:
    """Return whether everything in ``ours`` is the same in one of the candidates, and what differs from the nearest."""
    best = min(
        ([name for name in ours if there.get(name) != ours[name]] for there in candidates), key=len, default=list(ours)
    )
    files = {name: digest for name, digest in ours.items() if len(digest) == 64}
    if best:
        return Evidence(
            False,
            translate(N_("{path}: {n} of {total} differ, the first {first!r}")).format(
                path=shown, n=len(best), total=len(ours), first=best[0] or shown
            ),
            {"differ": tuple(best)},
        )
    digest = next(iter(files.values()), "")
    says = (
        translate(N_("{path}: the same bytes on both sides (sha256 {digest}…)")).format(path=shown, digest=digest[:12])
        if len(files) == 1
        else translate(N_("{path}: {n} files, each the same on both sides")).format(path=shown, n=len(files))
    )
    return Evidence(True, says, {"sha256": files})
