"""Memory begins where a page does."""

import ctypes
import mmap

from dockyard.buffers import page_aligned


def test_it_begins_with_a_page_is_as_long_as_asked_and_can_be_written():
    buffer = page_aligned(300_001)
    assert ctypes.addressof(ctypes.c_char.from_buffer(buffer)) % mmap.PAGESIZE == 0
    assert len(buffer) == 300_001
    assert not any(buffer)
    buffer[-1:] = b"x"
    assert buffer[-1] == ord("x")
