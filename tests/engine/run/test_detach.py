"""The keys that take a client off a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.engine.run.detach import DetachKeys


def typed(keys: bytes, *pieces: bytes) -> tuple[bytes, bool]:
    detach = DetachKeys(keys)
    passed = b""
    for piece in pieces:
        more, leaves = detach.feed(piece)
        passed += more
        if leaves:
            return passed, True
    return passed, False


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((b"\x10\x11",), (b"", True)),
        ((b"ab\x10", b"\x11cd"), (b"ab", True)),
        ((b"\x10", b"x"), (b"\x10x", False)),
        ((b"\x10\x10\x11",), (b"\x10", True)),
        ((b"\x11\x10",), (b"\x11", False)),
    ],
)
def test_the_sequence_is_found_however_it_is_cut(pieces: tuple[bytes, ...], expected: tuple[bytes, bool]) -> None:
    assert typed(b"\x10\x11", *pieces) == expected


def test_without_keys_everything_passes() -> None:
    assert typed(b"", b"\x10\x11") == (b"\x10\x11", False)


@given(st.lists(st.binary(max_size=5)))
def test_nothing_else_is_lost(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    passed, leaves = typed(b"\x10\x11", *pieces, b"!")
    assert (passed, leaves) == (
        (content.partition(b"\x10\x11")[0], True) if b"\x10\x11" in content else (content + b"!", False)
    )
