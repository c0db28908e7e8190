"""Messages between the engine and the process that watches over a container, with open files where they are needed.

A message is a JSON document behind its length in 4 bytes. Requests carry a number, ``n``, which the answer repeats::

    engine      {"n": 7, "do": "signal", "number": 15}
    supervisor  {"n": 7, "result": null}  or  {"n": 7, "failed": "...", "code": 127}
    supervisor  {"event": "exec-exit", "id": "...", "code": 0}

Open files (SCM_RIGHTS) come with the message that says how many in ``files``.
"""

import array
import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

__all__ = ["Channel", "Message"]

Message = dict[str, Any]

PIECE_BYTES = 256 * 1024
MOST_FILES = 253  # in one piece, says the kernel


class Channel:
    """One end of the conversation."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._received = bytearray()
        self._files: list[int] = []
        self._unsent = bytearray()

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._sock.fileno()

    def send(self, message: Message, files: Sequence[int] = ()) -> None:
        """Send a message, waiting where the socket waits.

        Args:
            message: The document.
            files: Descriptors, of which the other side gets copies.

        Raises:
            OSError: The other side is gone.
        """
        content = _framed({**message, "files": len(files)} if files else message)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        sent = self._sock.sendmsg([content], rights)
        if sent < len(content):  # to send nothing fails too where the other side has answered and gone
            self._sock.sendall(content[sent:])

    def post(self, message: Message) -> bool:
        """Send what a socket that does not wait takes now; return whether something is left for :meth:`flush`.

        Raises:
            OSError: The other side is gone.
        """
        self._unsent += _framed(message)
        return self.flush()

    def flush(self) -> bool:
        """Send more of what was posted; return whether something is left.

        Raises:
            OSError: The other side is gone.
        """
        while self._unsent:
            try:
                del self._unsent[: self._sock.send(self._unsent)]
            except BlockingIOError:
                break
        return bool(self._unsent)

    def receive(self) -> list[tuple[Message, list[int]]] | None:
        """Return the messages that have arrived whole, each with its open files, or None at the end.

        Raises:
            BlockingIOError: Nothing is there, and the socket does not wait.
            OSError: The other side is gone.
        """
        space = socket.CMSG_SPACE(MOST_FILES * array.array("i").itemsize)
        content, ancillary, _, _ = self._sock.recvmsg(PIECE_BYTES, space, socket.MSG_CMSG_CLOEXEC)
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files = array.array("i")
                files.frombytes(data[: len(data) - len(data) % files.itemsize])
                self._files += files
        if not content:
            return None
        self._received += content
        messages = []
        while (message := self._take()) is not None:
            count = int(message.pop("files", 0))
            messages.append((message, self._files[:count]))
            del self._files[:count]
        return messages

    def shutdown(self) -> None:
        """Make both sides find the end."""
        self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the conversation."""
        for file in self._files:
            os.close(file)
        self._files.clear()
        self._sock.close()

    def _take(self) -> Message | None:
        """The first whole message of what was received."""
        if len(self._received) < 4:
            return None
        (length,) = struct.unpack_from(">I", self._received)
        if len(self._received) < 4 + length:
            return None
        message: Message = json.loads(self._received[4 : 4 + length])
        del self._received[: 4 + length]
        return message


def _framed(message: Message) -> bytes:
    content = json.dumps(message).encode()
    return struct.pack(">I", len(content)) + content
