"""An archive's members put into a volume, by two uploads at once: an engine writes what comes by one of them on one core alone."""

import contextvars
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from dockyard.connection import Client
from dockyard.connection.archive import upload
from dockyard.connection.plain import has_plain_socket
from dockyard.errors import Truncated
from dockyard.tarstream import Member, TarStream
from dockyard.tasks.base import Cancel, check_cancel
from dockyard.tasks.holder import holding
from dockyard.tasks.pack import TRAILER
from dockyard.tasks.pieces import Pieces
from dockyard.tasks.volume_archive import Checked, Watch, fill_room, header_of, opened

__all__ = ["PATH", "fill", "send"]

Upload = Callable[[Iterator[memoryview]], None]

ROOT = "source"  # the folder that an upload names, so that the engine sets its mode and owner too
PATH = f"/{ROOT}"

LANES = 2
WORTH_BYTES = 8 << 20  # a second container costs more than it saves where an archive is smaller
PIECES_A_LANE = 12
SPOOL_BYTES = 4 << 20


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
    lanes = LANES if has_plain_socket(client) and archive.stat().st_size >= WORTH_BYTES else 1
    with ExitStack() as stack:
        containers = [stack.enter_context(holding(client, {volume: PATH})) for _ in range(lanes)]
        uploads = [partial(_upload, client, each) for each in containers]
        with opened(archive, watch, cancel) as stream:
            send(stream, uploads, cancel)


def send(stream: TarStream, uploads: Sequence[Upload], cancel: Cancel) -> None:
    """Send an archive's members as tar streams, each under a header made anew: none of its own reaches the engine.

    Args:
        stream: The archive.
        uploads: Each is called in a thread with the pieces of a stream, perhaps more than once, and returns when they are written; together they
            put all members beside :data:`ROOT`.
        cancel: Looked at between pieces.

    Raises:
        HostileArchive: A member could reach outside the volume.
        Exception: What an upload raised.
    """
    checked = Checked()
    with SpooledTemporaryFile(SPOOL_BYTES) as later:
        batch = _Batch(uploads, later)
        try:
            for member in stream:
                checked.add(member)
                if batch.repeats(member):
                    batch.finish()
                    batch = _Batch(uploads, later)
                batch.add(member, stream, cancel)
            batch.finish()
        except BaseException:
            batch.give_up()
            raise


def _upload(client: Client, container: str, pieces: Iterator[memoryview]) -> None:
    upload(client, container, "/", pieces, None)


class _Batch:
    """Members of different names: files, by whichever lane has less to do; then, in their order, what has to find them in place.

    Those are links, and folders, whose time a file put into them would change.
    """

    def __init__(self, uploads: Sequence[Upload], later: IO[bytes]) -> None:
        self._uploads, self._later = uploads, later
        self._lanes = [_Lane(each) for each in uploads]
        self._folders: set[str] = set()
        self._others: set[str] = set()

    def repeats(self, member: Member) -> bool:
        """Whether a member takes the place of an earlier one, so that it has to come after it."""
        return member.name in self._others or (member.name in self._folders and member.kind != "folder")

    def add(self, member: Member, stream: TarStream, cancel: Cancel) -> None:
        """Take one more member with its content."""
        (self._folders if member.kind == "folder" else self._others).add(member.name)
        link = f"{ROOT}/{member.link}" if member.kind == "hard link" else member.link
        header = header_of(member, f"{ROOT}/{member.name}" if member.name else ROOT, link)
        if member.kind != "file":
            self._later.write(header)
            return
        pieces = min((lane.pieces for lane in self._lanes), key=lambda each: each.waiting)
        pieces.write(header)
        while count := fill_room(pieces.room, stream):
            check_cancel(cancel)
            pieces.took(count)
        pieces.write(b"\0" * (-member.size_bytes % tarfile.BLOCKSIZE))

    def finish(self) -> None:
        """Wait until the engine has written all of it. Raises as :func:`fill`."""
        if len(self._lanes) > 1:
            self._end()
            self._lanes = [_Lane(self._uploads[0])]
        self._later.seek(0)
        shutil.copyfileobj(self._later, self._lanes[0].pieces)
        self._end()
        self._later.seek(0)
        self._later.truncate()

    def give_up(self) -> None:
        """Break off, and wait until nothing more is sent."""
        for lane in self._lanes:
            lane.give_up()

    def _end(self) -> None:
        for lane in self._lanes:
            lane.end()
        for lane in self._lanes:
            lane.wait()


class _Lane:
    """One upload, by a thread of its own."""

    def __init__(self, upload: Upload) -> None:
        self.pieces, self._upload = Pieces(PIECES_A_LANE), upload
        work = contextvars.copy_context()
        self._thread = threading.Thread(target=work.run, args=(self._send,), name="dockyard-restore", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Say that no more will come."""
        self.pieces.write(TRAILER)
        self.pieces.end()

    def wait(self) -> None:
        """Wait for the engine's answer. Raises as :func:`fill`."""
        self._thread.join()
        if self.pieces.fault:
            raise self.pieces.fault

    def give_up(self) -> None:
        """Break off, and wait until nothing more is sent; also after :meth:`end`."""
        self.pieces.fault = self.pieces.fault or Truncated()
        self.pieces.end()
        self._thread.join()

    def _send(self) -> None:
        try:
            self._upload(self.pieces.taken())
        except BaseException as error:  # noqa: BLE001  # raised again by whoever fills the pieces
            self.pieces.fault = self.pieces.fault or error
        self.pieces.drain()
