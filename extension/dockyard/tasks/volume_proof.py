"""Whether a volume outlives its containers: the same content through a second container, and in a new one after the first was removed."""

import hashlib
from collections.abc import Callable

from dockyard.connection import Client
from dockyard.connection.archive import download
from dockyard.errors import VolumeNotMounted
from dockyard.locale import N_, translate
from dockyard.tarstream import TarStream
from dockyard.tasks.base import NEVER, Cancel, Evidence, Progress, Report, check_cancel, ignore
from dockyard.tasks.container import require_container
from dockyard.tasks.holder import holding, one_image
from dockyard.tasks.volume_content import ROOT
from dockyard.tasks.volume_manifest import digest_of, line_of
from dockyard.wording import short_id

__all__ = ["content_sha256", "verify_volume"]


def content_sha256(client: Client, volume: str) -> str:
    """Return one SHA-256 over all that a volume holds: names, bytes, modes, owners, times and links.

    Raises:
        NoSuchVolume: There is no such volume.
    """
    with holding(client, {volume: ROOT}) as container:
        return _content(client, container, ROOT, lambda _: None)[0]


def verify_volume(
    client: Client,
    volume: str,
    *,
    container: str = "",
    expected: str = "",
    report: Report = ignore,
    cancel: Cancel = NEVER,
) -> Evidence:
    """Prove a volume, in the two ways of the chapter.

    Its content is read through a container, through a second one beside it, and, when both were removed, through a new one. They are made for this, never
    started, and removed again; nothing in the volume is changed.

    Args:
        client: The engine.
        volume: Its name.
        container: One that has the volume, to be read through first instead; it stays as it is.
        expected: The ``sha256`` of an earlier proof, to be held against as well: as after ``docker rm`` of your own container.
        report: Called with the bytes of files so far.
        cancel: Looked at at each file.

    Returns:
        The evidence; its facts are ``sha256`` (the content's, where all agree), ``seen`` (each container's short ID and what was read through it),
        ``files`` (how many members) and ``removed`` (the short ID of the first container, which is gone; empty where it is yours).

    Raises:
        NoSuchVolume: There is no such volume.
        NoSuchContainer: There is no such container.
        VolumeNotMounted: The container does not have the volume.
    """
    watch = _watch(translate(N_("reading {name}")).format(name=volume), report, cancel)
    path = _mounted_at(client, container, volume) if container else ""
    with one_image(client):
        with holding(client, {volume: ROOT}) as first:
            if container:
                seen = {container: _content(client, container, path, watch)}
            else:
                seen = {short_id(first): _content(client, first, ROOT, watch)}
            with holding(client, {volume: ROOT}) as second:
                seen[short_id(second)] = _content(client, second, ROOT, watch)
        is_gone = client.find_json("/containers/{}/json", first) is None
        with holding(client, {volume: ROOT}) as third:
            seen[short_id(third)] = _content(client, third, ROOT, watch)
    digests = {name: digest for name, (digest, _) in seen.items()}
    files = next(iter(seen.values()))[1]
    found = sorted({*digests.values(), *([expected] if expected else [])})
    ok = is_gone and len(found) == 1
    facts: dict[str, object] = {"sha256": found[0] if ok else "", "seen": digests, "files": files}
    return Evidence(ok, _says(volume, found, files, ok), {**facts, "removed": "" if container else short_id(first)})


def _says(volume: str, found: list[str], files: int, ok: bool) -> str:
    if ok:
        says = translate(
            N_(
                "{name}: the same content through a second container, and in a new one after that was removed ({n} files and folders, sha256 {digest}…)"
            )
        )
        return says.format(name=volume, n=files, digest=found[0][:12])
    says = translate(N_("{name}: not the same content each time ({digests}); something has written to it"))
    return says.format(name=volume, digests=", ".join(f"{digest[:12]}…" for digest in found))


def _content(client: Client, container: str, path: str, watch: Callable[[int], None]) -> tuple[str, int]:
    """One SHA-256 over what is at a path, and how many members it has below that path."""
    lines = []
    with download(client, container, path) as (_, reader):
        stream = TarStream(reader)
        for member in stream:
            watch(0)
            lines.append(line_of(member, digest_of(stream)))
            watch(member.size_bytes)
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest(), len(lines) - 1


def _mounted_at(client: Client, container: str, volume: str) -> str:
    found = require_container(client, container)
    for mount in found["Mounts"]:
        if mount.get("Type") == "volume" and mount.get("Name") == volume:
            return str(mount["Destination"])
    raise VolumeNotMounted(name=volume, container=container)


def _watch(doing: str, report: Report, cancel: Cancel) -> Callable[[int], None]:
    done = 0

    def watch(more: int) -> None:
        nonlocal done
        check_cancel(cancel)
        done += more
        report(Progress(done, None, "bytes", doing))

    return watch
