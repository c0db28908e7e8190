"""The memory of a process that waits for an answer."""

import os

__all__ = ["read", "read_text", "write"]

PAGE_BYTES = 4096


def read(pid: int, address: int, count: int) -> bytes:
    """Return ``count`` bytes, or fewer where its memory ends before.

    Raises:
        OSError: Nothing is there, or the process is gone.
    """
    opened = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(opened, count, address)
    finally:
        os.close(opened)


def read_text(pid: int, address: int) -> bytes:
    """Return the bytes before the next NUL, at most two pages of them."""
    first = PAGE_BYTES - address % PAGE_BYTES
    content = read(pid, address, first)
    if b"\0" not in content:
        content += read(pid, address + first, PAGE_BYTES)
    return content.partition(b"\0")[0]


def write(pid: int, address: int, content: bytes) -> None:
    """Change its memory, also where the process itself may only read: addresses are often constants.

    Raises:
        OSError: Nothing is there, or the process is gone.
    """
    opened = os.open(f"/proc/{pid}/mem", os.O_RDWR | os.O_CLOEXEC)
    try:
        os.pwrite(opened, content, address)
    finally:
        os.close(opened)
