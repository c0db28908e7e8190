"""System calls that Python does not have, through the C library."""

import ctypes
import os
from typing import Any

__all__ = [
    "CLONE_NEWIPC",
    "CLONE_NEWNS",
    "CLONE_NEWPID",
    "CLONE_NEWUSER",
    "CLONE_NEWUTS",
    "buffer",
    "call",
    "die_with_parent",
    "drop_bounding",
    "forbid_new_privileges",
    "mount",
    "pivot_root",
    "reap_orphans",
    "seccomp",
    "sethostname",
    "setns",
    "umount_lazily",
    "unshare",
]

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
)

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
MNT_DETACH = 2
SIGKILL = 9

_library = ctypes.CDLL(None, use_errno=True)
_library.syscall.restype = ctypes.c_long


class _Program(ctypes.Structure):
    """``struct sock_fprog``: a filter's instructions, 8 bytes each."""

    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def call(name: str, *arguments: Any) -> int:
    """Call a function of the C library.

    Raises:
        OSError: It returned -1.
    """
    result = int(getattr(_library, name)(*arguments))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def buffer(content: bytes) -> Any:
    """Return memory that holds ``content``, for the kernel to read."""
    return ctypes.create_string_buffer(content, len(content))


def seccomp(number: int, instructions: bytes, flags: int) -> int:
    """Put a filter on this process and its children to come; with a flag for it, return the descriptor that is asked.

    Args:
        number: Of the system call.
        instructions: The filter's.
        flags: ``SECCOMP_FILTER_FLAG_...``.
    """
    held = buffer(instructions)
    program = _Program(len(instructions) // 8, ctypes.addressof(held))
    return call("syscall", ctypes.c_long(number), ctypes.c_long(1), ctypes.c_long(flags), ctypes.byref(program))


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Put a file system, or a part of one, over a path."""
    words = [os.fsencode(word) if word else None for word in (source, target, kind)]
    call("mount", *words, ctypes.c_ulong(flags), os.fsencode(options) if options else None)


def umount_lazily(target: str) -> None:
    """Take a mount away; what is open in it stays open."""
    call("umount2", os.fsencode(target), MNT_DETACH)


def pivot_root(number: int) -> None:
    """Make the present folder the root, with the old root below the very same place.

    Args:
        number: Of the system call.
    """
    call("syscall", ctypes.c_long(number), b".", b".")


def unshare(flags: int) -> None:
    """Leave namespaces for new ones."""
    call("unshare", flags)


def setns(opened: int, flags: int) -> None:
    """Enter a namespace, or several of a process."""
    call("setns", opened, flags)


def sethostname(name: str) -> None:
    """Set the name of this UTS namespace."""
    content = os.fsencode(name)[:64]
    call("sethostname", content, ctypes.c_size_t(len(content)))


def reap_orphans() -> None:
    """Become the parent of all descendants whose own parent ends."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have this process killed when its parent ends, as long as its user does not change."""
    _prctl(PR_SET_PDEATHSIG, SIGKILL)


def forbid_new_privileges() -> None:
    """Make setuid programs run as who starts them, from now on; filters need it."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def drop_bounding(capability: int) -> None:
    """Take a capability away from all programs to come."""
    _prctl(PR_CAPBSET_DROP, capability)


def _prctl(option: int, value: int) -> None:
    call("prctl", *(ctypes.c_ulong(each) for each in (option, value, 0, 0, 0)))
