"""Filters on system calls: which do not exist here, which only seem to succeed, and which are asked about first.

A filter is a small program for the kernel's packet filter machine (``Documentation/userspace-api/seccomp_filter.rst``).
It looks at the number of a call and at its arguments as numbers; memory that they point to is read by who is asked.
"""

import errno
import os
import struct
from typing import NamedTuple

from dockyard.engine.run import libc
from dockyard.engine.run.syscalls import Machine

__all__ = ["Rules", "build", "install"]

LOAD, AND, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, ANSWER = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
ALLOW, FAIL, ASK = 0x7FFF0000, 0x00050000, 0x7FC00000
NEW_LISTENER = 8

NUMBER, ARCHITECTURE, ARGUMENTS = (
    0,
    4,
    16,
)  # offsets in struct seccomp_data; on both machines the low half of an argument comes first
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
IPPROTO_IPV6, IPV6_V6ONLY = 41, 26
AF_INET, AF_INET6, SOCK_DGRAM, SOCK_TYPES = 2, 10, 2, 0xF


class Rules(NamedTuple):
    """What happens to system calls, by name; those that this machine lacks are passed over.

    Attributes:
        missing: Fail as if this kernel did not have them.
        pretended: Do nothing and seem to succeed.
        asked: Wait for an answer: all of them, or, for some, those that matter (:func:`build`).
    """

    missing: tuple[str, ...] = ()
    pretended: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def build(rules: Rules, machine: Machine) -> bytes:
    """Return a filter's instructions.

    Of ``sendto`` only calls with an address are asked about, of ``setsockopt`` only those about IPV6_V6ONLY, of ``socket`` only those
    that make one for UDP, of ``open`` and ``openat`` only those that may write.
    """
    program = [
        _step(LOAD, ARCHITECTURE),
        _step(IF_EQUAL, machine.audit, then=1),
        _step(ANSWER, ALLOW),
        _step(LOAD, NUMBER),
    ]
    if machine.strange is not None:
        program += [_step(IF_AT_LEAST, machine.strange, otherwise=1), _step(ANSWER, FAIL | errno.ENOSYS)]
    for names, answer in ((rules.missing, FAIL | errno.ENOSYS), (rules.pretended, FAIL), (rules.asked, ASK)):
        for name in names:
            if (number := machine.numbers.get(name)) is not None:
                body = _asked_when(name) if answer == ASK else []
                body = [*body, _step(ANSWER, answer)]
                program += [_step(IF_EQUAL, number, otherwise=len(body)), *body]
    return b"".join([*program, _step(ANSWER, ALLOW)])


def install(rules: Rules, machine: Machine) -> int | None:
    """Filter this process and its children to come; return the descriptor on which calls are asked about, if any are.

    Raises:
        OSError: The kernel does not do it here.
    """
    flags = NEW_LISTENER if rules.asked else 0
    instructions = build(rules, machine)
    try:
        listener = libc.seccomp(machine.numbers["seccomp"], instructions, flags)
    except PermissionError:  # without privileges of its own a process first gives up new ones
        libc.forbid_new_privileges()
        listener = libc.seccomp(machine.numbers["seccomp"], instructions, flags)
    return listener if rules.asked else None


def _asked_when(name: str) -> list[bytes]:
    """Instructions that let a call pass unless it matters. They end in the answer that follows."""
    if name == "sendto":  # a destination that is not NULL
        return [
            _step(LOAD, _argument(4)),
            _step(IF_EQUAL, 0, otherwise=3),
            _step(LOAD, _argument(4) + 4),
            _step(IF_EQUAL, 0, otherwise=1),
            _step(ANSWER, ALLOW),
        ]
    if name == "socket":
        return [
            _step(LOAD, _argument(0)),
            _step(IF_EQUAL, AF_INET, then=1),
            _step(IF_EQUAL, AF_INET6, otherwise=3),
            _step(LOAD, _argument(1)),
            _step(AND, SOCK_TYPES),
            _step(IF_EQUAL, SOCK_DGRAM, then=1),
            _step(ANSWER, ALLOW),
        ]
    if name == "setsockopt":
        return [
            _step(LOAD, _argument(1)),
            _step(IF_EQUAL, IPPROTO_IPV6, otherwise=2),
            _step(LOAD, _argument(2)),
            _step(IF_EQUAL, IPV6_V6ONLY, then=1),
            _step(ANSWER, ALLOW),
        ]
    if name in ("open", "openat"):
        return [
            _step(LOAD, _argument(1 if name == "open" else 2)),
            _step(IF_ANY_BIT, WRITING, then=1),
            _step(ANSWER, ALLOW),
        ]
    return []


def _argument(index: int) -> int:
    return ARGUMENTS + 8 * index


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One ``struct sock_filter``; ``then`` and ``otherwise`` say how many instructions are skipped."""
    return struct.pack("=HBBI", code, then, otherwise, value)
