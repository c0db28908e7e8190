"""What an engine is sent comes onto its disk while more of it is sent.

Docker unmounts a container's files at the end of an upload. For overlayfs Linux then writes all that the file system below still has in memory
(``sync_fs``), and Docker answers when that is done; until then the disk may have had nothing to do. To ask what is in a container mounts and unmounts
its files, too: asked of another one while the upload goes on, the disk gets its work in parts. With other storage drivers it changes nothing.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from contextvars import copy_context

from dockyard.connection import Client
from dockyard.connection.archive import stat_path
from dockyard.errors import DockyardError
from dockyard.tasks.holder import holding

__all__ = ["writing_back"]

STRETCH_BYTES = 128 << 20


@contextmanager
def writing_back(client: Client) -> Iterator[Callable[[int], None]]:
    """Have an upload written to the engine's disk as it goes on.

    Yields:
        What is to be called with the count of bytes sent so far, for each stretch of :data:`STRETCH_BYTES`; it returns at once.
    """
    asked_at, asked, other = 0, Future[None](), ""
    asked.set_result(None)
    holders = ExitStack()

    def ask() -> None:
        nonlocal other
        # The upload does not depend on it, and says itself what is wrong with the engine.
        with suppress(DockyardError):
            other = other or holders.enter_context(holding(client, {}))
            stat_path(client, other, "/")

    def watch(sent: int) -> None:
        nonlocal asked_at, asked
        if sent >= asked_at + STRETCH_BYTES and asked.done():
            asked_at = sent
            asked = aside.submit(copy_context().run, ask)

    try:
        with ThreadPoolExecutor(1, "dockyard-writeback") as aside:
            yield watch
    finally:
        with suppress(DockyardError):  # someone has removed it meanwhile
            holders.close()
