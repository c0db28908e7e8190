"""What is packed piece by piece opens with any gzip."""

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.tasks.gzip_packer import GzipPacker

NOISE = random.Random(4).randbytes(300_000)
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.integers(0, 300_000).map(lambda size: NOISE[:size]),
        st.tuples(st.binary(min_size=1, max_size=9), st.integers(0, 30_000)).map(lambda pair: pair[0] * pair[1]),
    ),
    max_size=6,
)


def packed(pieces):
    packer = GzipPacker()
    parts = [bytes(part) for piece in pieces for part in packer.pack(memoryview(piece))]
    return b"".join([*parts, *packer.end()])


@given(PIECES)
def test_pieces_of_every_kind_come_back(pieces):
    assert gzip.decompress(packed(pieces)) == b"".join(pieces)


@pytest.mark.parametrize(("piece", "least", "most"), [(NOISE, 1, 1.001), (b"words and words " * 20_000, 0, 0.02)])
def test_what_does_not_compress_is_stored_as_it_is(piece, least, most):
    made = packed([piece])
    assert least <= len(made) / len(piece) <= most
    assert (piece[:1000] in made) == (piece is NOISE)
