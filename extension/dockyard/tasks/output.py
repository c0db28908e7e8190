"""What a container prints, as a stream that cancel can end."""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress

import requests

from dockyard.tasks.base import Cancel, check_cancel

__all__ = ["checked", "pieces", "until_cancelled"]

FRAME_BYTES = 1 << 16


def checked(answer: requests.Response) -> requests.Response:
    """Return a streamed answer if it is no refusal; a refusal's words are read before the connection is closed.

    Raises:
        requests.HTTPError: It is one; :func:`dockyard.errors.engine_errors` takes its words from it.
    """
    if not answer.ok:
        answer.content  # noqa: B018  # reads it
        answer.raise_for_status()
    return answer


def pieces(answer: requests.Response, tty: bool) -> Iterator[bytes]:
    """Return what a container prints, as it prints it (Docker Engine API, "Attach to a container", stream format)."""
    while tty and (piece := answer.raw.read1(FRAME_BYTES)):
        yield piece
    while not tty and len(header := answer.raw.read(8)) == 8:
        yield answer.raw.read(int.from_bytes(header[4:], "big"))


def until_cancelled(output: Iterator[bytes], cancel: Cancel) -> Iterator[bytes]:
    """Return the pieces of a stream that blocks, read in a thread of its own so that cancel is heard between them."""
    waiting: queue.Queue[bytes | Exception | None] = queue.Queue(maxsize=64)
    left = threading.Event()

    def put(piece: bytes | Exception | None) -> None:
        while not left.is_set():
            with suppress(queue.Full):
                waiting.put(piece, timeout=0.1)
                return

    def read() -> None:
        try:
            for piece in output:
                put(piece)
            put(None)
        except Exception as error:  # noqa: BLE001  # raised again by the reader's caller
            put(error)

    threading.Thread(target=read, name="dockyard-output", daemon=True).start()
    try:
        while True:
            check_cancel(cancel)
            try:
                piece = waiting.get(timeout=0.1)
            except queue.Empty:
                continue
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        left.set()
