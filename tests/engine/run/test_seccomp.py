"""What a filter answers, by running its instructions as the kernel does."""

import errno
import os
import struct

import pytest

from dockyard.engine.run.seccomp import ALLOW, ASK, FAIL, Rules, build
from dockyard.engine.run.syscalls import Machine, machine

MACHINE = machine()
if MACHINE is None:
    pytest.skip("the system calls of this machine are not known", allow_module_level=True)
RULES = Rules(
    missing=("statx", "nosuchcall"), pretended=("setuid",), asked=("bind", "sendto", "setsockopt", "socket", "openat")
)
UNKNOWN = 5000


def answer(name: str | int, *arguments: int, audit: int | None = None, about: Machine = MACHINE) -> int:
    number = about.numbers[name] if isinstance(name, str) else name
    data = struct.pack(
        "=IIQ6Q", number, about.audit if audit is None else audit, 0, *arguments, *[0] * (6 - len(arguments))
    )
    program = list(struct.iter_unpack("=HBBI", build(RULES, about)))
    accumulator = place = 0
    while True:
        code, then, otherwise, value = program[place]
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            place += then if holds else otherwise


def test_what_is_not_named_passes() -> None:
    assert answer(UNKNOWN) == ALLOW
    assert answer("connect", 3, 1, 16) == ALLOW


def test_what_is_missing_fails_as_on_an_older_kernel() -> None:
    assert answer("statx") == FAIL | errno.ENOSYS


def test_what_is_pretended_succeeds() -> None:
    assert answer("setuid", 33) == FAIL | 0


def test_what_is_asked_about_waits() -> None:
    assert answer("bind", 3, 1, 16) == ASK


@pytest.mark.parametrize(("pointer", "expected"), [(0, ALLOW), (1, ASK), (0x7FFF00000000, ASK), (0x100000000, ASK)])
def test_sending_is_asked_about_only_with_an_address(pointer: int, expected: int) -> None:
    assert answer("sendto", 3, 1, 5, 0, pointer, 16) == expected


@pytest.mark.parametrize(("level", "option", "expected"), [(41, 26, ASK), (41, 1, ALLOW), (1, 26, ALLOW)])
def test_options_are_asked_about_only_for_ipv6_alone(level: int, option: int, expected: int) -> None:
    assert answer("setsockopt", 3, level, option) == expected


@pytest.mark.parametrize(
    ("family", "kind", "expected"),
    [
        (2, 2, ASK),
        (10, 2 | 0o2000000, ASK),
        (2, 1, ALLOW),
        (10, 1 | 0o4000, ALLOW),
        (1, 2, ALLOW),
        (16, 3, ALLOW),
    ],
)
def test_of_sockets_only_those_for_udp_are_asked_about(family: int, kind: int, expected: int) -> None:
    assert answer("socket", family, kind, 0) == expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (os.O_RDONLY, ALLOW),
        (os.O_RDONLY | os.O_CLOEXEC, ALLOW),
        (os.O_WRONLY, ASK),
        (os.O_RDWR, ASK),
        (os.O_CREAT, ASK),
        (os.O_TRUNC, ASK),
    ],
)
def test_opening_is_asked_about_only_for_writing(flags: int, expected: int) -> None:
    assert answer("openat", 3, 1, flags) == expected


def test_another_architecture_passes() -> None:
    assert answer("bind", audit=0x40000003) == ALLOW


@pytest.mark.skipif(MACHINE.strange is None, reason="this machine has one way to call alone")
def test_the_other_way_to_call_does_not_exist() -> None:
    assert answer(0x40000000 | MACHINE.numbers["bind"]) == FAIL | errno.ENOSYS
