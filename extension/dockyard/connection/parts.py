"""The body of an upload as parts in order: bytes, and files that the kernel sends by itself."""

import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dockyard.errors import SourceChanged

__all__ = ["FileBytes", "Part", "Watch", "as_bytes", "chunked", "send"]

PIECE_BYTES = 4 << 20


@dataclass(frozen=True)
class FileBytes:
    """The first ``size_bytes`` of an open file, as a part of an upload."""

    path: str
    file: BinaryIO
    size_bytes: int


Part = bytes | memoryview | FileBytes
Watch = Callable[[int], None]
"""Called with the count of bytes sent so far, at least every 4 MiB; what it raises ends the upload."""


def send(sock: socket.socket, parts: Iterable[Part], watch: Watch) -> int:
    """Send the parts over a socket, and return how many bytes they were; files go by ``sendfile``.

    Raises:
        SourceChanged: A file became shorter meanwhile.
        OSError: The other side stopped listening.
    """
    sent = 0
    for part in parts:
        watch(sent)
        if not isinstance(part, FileBytes):
            sock.sendall(part)
            sent += len(part)
            continue
        end = sent + part.size_bytes
        while sent < end:
            offset = part.size_bytes - (end - sent)
            moved = sock.sendfile(part.file, offset, min(PIECE_BYTES, end - sent))
            if moved == 0:
                raise SourceChanged(path=part.path)
            sent += moved
            watch(sent)
    watch(sent)
    return sent


def chunked(parts: Iterable[Part]) -> Iterator[Part]:
    """Frame the parts as HTTP/1.1 chunks (RFC 9112, section 7.1)."""
    for part in parts:
        if size := part.size_bytes if isinstance(part, FileBytes) else len(part):
            yield b"%x\r\n" % size
            yield part
            yield b"\r\n"
    yield b"0\r\n\r\n"


def as_bytes(parts: Iterable[Part], watch: Watch) -> Iterator[bytes]:
    """Return the parts as bytes, for transports that take those alone.

    Raises:
        SourceChanged: A file became shorter meanwhile.
    """
    sent = 0
    for part in parts:
        if not isinstance(part, FileBytes):
            sent += len(part)
            yield bytes(part)
            continue
        end = sent + part.size_bytes
        while sent < end:
            watch(sent)
            piece = part.file.read(min(1 << 16, end - sent))
            if not piece:
                raise SourceChanged(path=part.path)
            sent += len(piece)
            yield piece
    watch(sent)
