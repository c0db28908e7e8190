"""An archive's members put into a volume: one thread unpacks them, another hands them to the engine."""

import contextvars
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from dockyard.connection import Client
from dockyard.connection.archive import upload
from dockyard.tarstream import TarStream
from dockyard.tasks.base import Cancel, check_cancel
from dockyard.tasks.holder import holding
from dockyard.tasks.pack import TRAILER
from dockyard.tasks.pieces import Pieces
from dockyard.tasks.volume_archive import Checked, Watch, fill_room, header_of, opened
from dockyard.tasks.writeback import writing_back

__all__ = ["PATH", "fill", "send"]

Upload = Callable[[Iterator[memoryview]], None]

ROOT = "source"  # the folder that an upload names, so that the engine sets its mode and owner too
PATH = f"/{ROOT}"


def fill(client: Client, volume: str, archive: Path, watch: Watch, cancel: Cancel) -> None:
    """Put what an archive has into a volume. Where it raises, some of it may be in there.

    Args:
        client: The engine.
        volume: Its name; no container may be using it.
        archive: A ``.tar`` or ``.tar.gz``.
        watch: Called with the count of bytes of the archive read so far.
        cancel: Looked at between pieces.

    Raises:
        HostileArchive: A member could reach outside the volume.
        BackupBroken: The archive is cut or damaged.
        EngineRefused: The engine said no.
    """
    with (
        holding(client, {volume: PATH}) as held,
        opened(archive, watch, cancel) as stream,
        writing_back(client) as sent,
    ):
        send(stream, lambda pieces: upload(client, held, "/", pieces, None, watch=sent), cancel)


def send(stream: TarStream, upload: Upload, cancel: Cancel) -> None:
    """Send an archive's members as one tar stream, each under a header made anew: none of its own reaches the engine.

    Args:
        stream: The archive.
        upload: Called in a thread with the pieces of a stream that puts all members beside :data:`ROOT`; returns when they are written.
        cancel: Looked at between pieces.

    Raises:
        HostileArchive: A member could reach outside the volume.
        Exception: What the upload raised.
    """
    pieces = Pieces()

    def work() -> None:
        with pieces.telling():
            upload(pieces.taken())
        pieces.drain()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="dockyard-restore", daemon=True)
    thread.start()
    try:
        _put(stream, pieces, cancel)
    except BaseException as error:
        pieces.fault = pieces.fault or error  # breaks the upload off
        raise
    finally:
        pieces.end()
        thread.join()
    if pieces.fault:
        raise pieces.fault


def _put(stream: TarStream, pieces: Pieces, cancel: Cancel) -> None:
    checked = Checked()
    for member in stream:
        checked.add(member)
        link = f"{ROOT}/{member.link}" if member.kind == "hard link" else member.link
        pieces.write(header_of(member, f"{ROOT}/{member.name}" if member.name else ROOT, link))
        while count := fill_room(pieces.room, stream):
            check_cancel(cancel)
            pieces.took(count)
        pieces.write(b"\0" * (-member.size_bytes % tarfile.BLOCKSIZE))
    pieces.write(TRAILER)
