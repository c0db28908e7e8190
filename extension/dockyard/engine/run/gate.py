"""Answers to the system calls that a container asks about."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from dockyard.engine.run import memory
from dockyard.engine.run.addresses import Home, Purpose, here, is_anywhere, rewrite
from dockyard.engine.run.guard import WRITES, Guard
from dockyard.engine.run.listener import Listener, Question
from dockyard.engine.run.syscalls import Machine

__all__ = ["NETWORK", "Gate"]

NETWORK = ("bind", "connect", "listen", "sendto", "setsockopt", "socket")

MOST_BYTES = 128  # the largest sockaddr
MOST_SOCKETS = MOST_CALLERS = 4096
MOST_CHANGES = 64
NAME_BYTES = 65  # of each of the six parts of struct utsname


class _Change(NamedTuple):
    """What was written over a caller's address."""

    place: int
    before: bytes
    after: bytes


class Gate:
    """One container's gatekeeper.

    Each call is read from the caller's memory, changed there where something else is meant, and let go on; with the caller's next call the
    change is taken back. The kernel reads the memory again, so another thread of the caller could change it back: the rules are a service to the container, no wall around it.
    """

    def __init__(self, machine: Machine, home: Home, hostname: str, guard: Guard | None) -> None:
        self._home, self._hostname, self._guard = home, hostname, guard
        self._only_v6: dict[str, None] = {}
        self._udp: dict[str, None] = {}
        self._changes: dict[int, list[_Change]] = {}
        self._has_v6 = _has_v6()
        answers: dict[str, Callable[[Listener, Question], None]] = {
            "bind": self._bind,
            "connect": self._connect,
            "listen": lambda listener, question: listener.go_on(question),
            "sendto": self._send,
            "setsockopt": self._set_only_v6,
            "socket": self._open_udp,
            "uname": self._uname,
        }
        answers |= dict.fromkeys(WRITES, self._write)
        self._names = {machine.numbers[name]: name for name in answers if name in machine.numbers}
        self._answers = {number: answers[name] for number, name in self._names.items()}

    def answer(self, listener: Listener, question: Question) -> None:
        """Answer a call; one that can't be read is left to the kernel, which says what is wrong with it."""
        if question.pid in self._changes:
            self._restore(listener, question)
        try:
            self._answers[question.number](listener, question)
        except (OSError, KeyError):
            listener.go_on(question)

    def _bind(self, listener: Listener, question: Question) -> None:
        raw = self._address(question, 1, 2)
        if int.from_bytes(raw[:2], "little") == socket.AF_INET6 and self._socket(question) in self._only_v6:
            aside = here(raw)
            if aside is not None and not self._has_v6:
                listener.succeed(question)
                return
            if aside is not None:
                self._change(listener, question, _Change(question.arguments[1], raw, aside))
                return
        self._translate(listener, question, "bind", question.arguments[1], raw)

    def _connect(self, listener: Listener, question: Question) -> None:
        raw = self._address(question, 1, 2)
        if is_anywhere(raw) and self._socket(question) in self._udp:
            listener.go_on(
                question
            )  # the C library, about to sort the addresses that a server may bind; it is to find them as they were
            return
        self._translate(listener, question, "connect", question.arguments[1], raw)

    def _send(self, listener: Listener, question: Question) -> None:
        self._translate(listener, question, "connect", question.arguments[4], self._address(question, 4, 5))

    def _set_only_v6(self, listener: Listener, question: Question) -> None:
        inode = self._socket(question)
        value = memory.read(question.pid, question.arguments[3], 4)
        if any(value):
            _remember(self._only_v6, inode)
        else:
            self._only_v6.pop(inode, None)
        listener.go_on(question)

    def _open_udp(self, listener: Listener, question: Question) -> None:
        """Open a socket for UDP in the caller's place: how to know it later, since nothing tells what kind a socket is."""
        family, kind, protocol = (argument & 0xFFFFFFFF for argument in question.arguments[:3])
        try:
            opened = socket.socket(family, kind & ~socket.SOCK_CLOEXEC, protocol)
        except OSError as error:
            listener.fail(question, error.errno or errno.EINVAL)
            return
        with opened:
            opened.setblocking(not kind & socket.SOCK_NONBLOCK)
            _remember(self._udp, f"socket:[{os.fstat(opened.fileno()).st_ino}]")
            listener.give(question, opened.fileno(), os.O_CLOEXEC if kind & socket.SOCK_CLOEXEC else 0)

    def _uname(self, listener: Listener, question: Question) -> None:
        about = os.uname()
        names = (about.sysname, self._hostname or about.nodename, about.release, about.version, about.machine, "(none)")
        content = b"".join(os.fsencode(name)[: NAME_BYTES - 1].ljust(NAME_BYTES, b"\0") for name in names)
        memory.write(question.pid, question.arguments[0], content)
        listener.succeed(question)

    def _write(self, listener: Listener, question: Question) -> None:
        if self._guard is not None and self._guard.forbids(question, self._names[question.number]):
            listener.fail(question, errno.EROFS)
        else:
            listener.go_on(question)

    def _translate(self, listener: Listener, question: Question, purpose: Purpose, address: int, raw: bytes) -> None:
        meant = rewrite(purpose, raw, self._home)
        if isinstance(meant, int):
            listener.fail(question, meant)
        elif meant is None or meant == raw:
            listener.go_on(question)
        else:
            self._change(listener, question, _Change(address, raw, meant))

    def _change(self, listener: Listener, question: Question, change: _Change) -> None:
        if not listener.alive(question):  # the memory may be another process's by now
            return
        memory.write(question.pid, change.place, change.after)
        if question.pid not in self._changes and len(self._changes) >= MOST_CALLERS:
            del self._changes[next(iter(self._changes))]
        changes = self._changes.setdefault(question.pid, [])
        del changes[:-MOST_CHANGES]
        changes.append(change)
        listener.go_on(question)

    def _restore(self, listener: Listener, question: Question) -> None:
        """Put back what the caller said in its calls before this one, if it is still as it was changed.

        Servers look at an address that they have bound when they decide what else to bind, and the C library tries addresses by connecting to
        them before it returns them.
        """
        for place, before, after in self._changes.pop(question.pid, ()):
            with suppress(OSError):  # it may have given the memory back
                if memory.read(question.pid, place, len(after)) == after and listener.alive(question):
                    memory.write(question.pid, place, before)

    def _address(self, question: Question, pointer: int, length: int) -> bytes:
        return memory.read(
            question.pid, question.arguments[pointer], min(question.arguments[length] & 0xFFFFFFFF, MOST_BYTES)
        )

    def _socket(self, question: Question) -> str:
        """The kernel's name for the caller's socket, such as ``socket:[1234]``."""
        return os.readlink(f"/proc/{question.pid}/fd/{question.arguments[0] & 0xFFFFFFFF}")


def _remember(sockets: dict[str, None], inode: str) -> None:
    """Add a socket, and forget the oldest when there are too many."""
    if len(sockets) >= MOST_SOCKETS:
        del sockets[next(iter(sockets))]
    sockets.pop(inode, None)
    sockets[inode] = None


def _has_v6() -> bool:
    """Whether this machine has IPv6's loopback."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
