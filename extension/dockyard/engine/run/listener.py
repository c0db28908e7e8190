"""The descriptor on which the kernel asks about system calls (seccomp_unotify(2))."""

import errno
import fcntl
import os
import struct
from typing import NamedTuple

__all__ = ["Listener", "Question"]

RECEIVE, ANSWER, IS_ALIVE, ADD_DESCRIPTOR = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
GO_ON = 1
IN_PLACE_OF = 1


class Question(NamedTuple):
    """A system call that waits for an answer.

    Attributes:
        id: The kernel's name for it.
        pid: The thread that calls.
        number: Of the call.
        arguments: Six numbers.
    """

    id: int
    pid: int
    number: int
    arguments: tuple[int, ...]


class Listener:
    """Where the calls of one program and its children arrive. All methods take it in their stride if who asked has been killed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """Return the descriptor: readable when there is a question, hung up when no one is left who could ask."""
        return self._descriptor

    def receive(self) -> Question | None:
        """Return the next question, or None if there is none any more."""
        record = bytearray(80)  # struct seccomp_notif; must be zero
        try:
            fcntl.ioctl(self._descriptor, RECEIVE, record)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
                return None
            raise
        id_, pid, _, number, _, _, *arguments = struct.unpack("=QIIiIQ6Q", record)
        return Question(id_, pid, number, tuple(arguments))

    def alive(self, question: Question) -> bool:
        """Return whether it still waits: only then what was read of the caller's memory was the caller's."""
        return self._tell(IS_ALIVE, struct.pack("=Q", question.id))

    def go_on(self, question: Question) -> None:
        """Let the call happen."""
        self._tell(ANSWER, struct.pack("=QqiI", question.id, 0, 0, GO_ON))

    def succeed(self, question: Question) -> None:
        """Answer in the kernel's place that all is well."""
        self._tell(ANSWER, struct.pack("=QqiI", question.id, 0, 0, 0))

    def fail(self, question: Question, number: int) -> None:
        """Answer in the kernel's place with an error number."""
        self._tell(ANSWER, struct.pack("=QqiI", question.id, 0, -number, 0))

    def replace(self, question: Question, theirs: int, ours: int) -> None:
        """Make the caller's descriptor ``theirs`` a copy of ``ours``."""
        self._tell(ADD_DESCRIPTOR, struct.pack("=QIIII", question.id, IN_PLACE_OF, ours, theirs, 0))

    def give(self, question: Question, ours: int, flags: int) -> None:
        """Answer with a descriptor that is a copy of ``ours``.

        Args:
            question: A call that returns one.
            ours: A descriptor of this process.
            flags: ``O_CLOEXEC`` or 0.
        """
        record = bytearray(struct.pack("=QIIII", question.id, 0, ours, 0, flags))
        try:
            theirs = fcntl.ioctl(self._descriptor, ADD_DESCRIPTOR, record)
        except OSError as error:  # such as too many open files
            if error.errno != errno.ENOENT:
                self.fail(question, error.errno or errno.EMFILE)
            return
        self._tell(ANSWER, struct.pack("=QqiI", question.id, theirs, 0, 0))

    def close(self) -> None:
        """Stop to listen: calls that are asked about fail from now on."""
        os.close(self._descriptor)

    def _tell(self, request: int, record: bytes) -> bool:
        try:
            fcntl.ioctl(self._descriptor, request, record)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return False
            raise
        return True
