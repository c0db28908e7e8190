"""Memory into which the system copies a file's bytes as fast as it can."""

import mmap

__all__ = ["page_aligned"]


def page_aligned(size_bytes: int) -> memoryview:
    """Return writable memory that begins where a page of memory does.

    A ``bytearray`` of this size begins 16 bytes into a page, where the C library puts it. What the system has of a file in its memory begins with a
    page, and processors of AMD (with FSRM) copy it to such a place four to five times as slowly as to the beginning of a page.

    Args:
        size_bytes: Its length; whole pages are taken, so this is for buffers of many.
    """
    return memoryview(mmap.mmap(-1, size_bytes))
