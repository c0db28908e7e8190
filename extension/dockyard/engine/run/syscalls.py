"""The numbers of the system calls that matter here, by name and machine.

From Linux's ``arch/x86/entry/syscalls/syscall_64.tbl`` and ``include/uapi/asm-generic/unistd.h``.
"""

import os
from typing import NamedTuple

__all__ = ["Machine", "machine"]

_X86_64 = {
    "open": 2,
    "socket": 41,
    "connect": 42,
    "sendto": 44,
    "bind": 49,
    "listen": 50,
    "setsockopt": 54,
    "execve": 59,
    "uname": 63,
    "truncate": 76,
    "rename": 82,
    "mkdir": 83,
    "rmdir": 84,
    "creat": 85,
    "link": 86,
    "unlink": 87,
    "symlink": 88,
    "chmod": 90,
    "fchmod": 91,
    "chown": 92,
    "fchown": 93,
    "lchown": 94,
    "setuid": 105,
    "setgid": 106,
    "setreuid": 113,
    "setregid": 114,
    "setgroups": 116,
    "setresuid": 117,
    "setresgid": 119,
    "setfsuid": 122,
    "setfsgid": 123,
    "utime": 132,
    "mknod": 133,
    "pivot_root": 155,
    "setxattr": 188,
    "lsetxattr": 189,
    "removexattr": 197,
    "lremovexattr": 198,
    "utimes": 235,
    "openat": 257,
    "mkdirat": 258,
    "mknodat": 259,
    "fchownat": 260,
    "futimesat": 261,
    "unlinkat": 263,
    "renameat": 264,
    "linkat": 265,
    "symlinkat": 266,
    "fchmodat": 268,
    "utimensat": 280,
    "renameat2": 316,
    "seccomp": 317,
    "execveat": 322,
    "statx": 332,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "clone3": 435,
    "openat2": 437,
    "faccessat2": 439,
    "fchmodat2": 452,
}

_AARCH64 = {
    "setxattr": 5,
    "lsetxattr": 6,
    "removexattr": 14,
    "lremovexattr": 15,
    "mknodat": 33,
    "mkdirat": 34,
    "unlinkat": 35,
    "symlinkat": 36,
    "linkat": 37,
    "renameat": 38,
    "pivot_root": 41,
    "truncate": 45,
    "fchmod": 52,
    "fchmodat": 53,
    "fchownat": 54,
    "fchown": 55,
    "openat": 56,
    "utimensat": 88,
    "setregid": 143,
    "setgid": 144,
    "setreuid": 145,
    "setuid": 146,
    "setresuid": 147,
    "setresgid": 149,
    "setfsuid": 151,
    "setfsgid": 152,
    "setgroups": 159,
    "uname": 160,
    "socket": 198,
    "bind": 200,
    "listen": 201,
    "connect": 203,
    "sendto": 206,
    "setsockopt": 208,
    "execve": 221,
    "renameat2": 276,
    "seccomp": 277,
    "execveat": 281,
    "statx": 291,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "clone3": 435,
    "openat2": 437,
    "faccessat2": 439,
    "fchmodat2": 452,
}


class Machine(NamedTuple):
    """What a processor's system calls look like.

    Attributes:
        audit: Its number as filters see it (``AUDIT_ARCH_...``).
        numbers: The calls that it has.
        strange: The first number of another way to call (x32); None where there is none.
    """

    audit: int
    numbers: dict[str, int]
    strange: int | None


_MACHINES = {
    "x86_64": Machine(0xC000003E, _X86_64, 0x40000000),
    "aarch64": Machine(0xC00000B7, _AARCH64, None),
}


def machine() -> Machine | None:
    """Return this machine, or None if it is of another kind."""
    return _MACHINES.get(os.uname().machine)
