"""Bytes go from one thread to another whole, in order, through only so much memory."""

import random
import threading

import pytest

from dockyard.tasks.pieces import PIECE_BYTES, Pieces

CONTENT = random.Random(2).randbytes(5 * PIECE_BYTES + 7)


def test_bytes_come_whole_and_in_order_through_as_few_pieces_as_there_are():
    pieces, came, memory = Pieces(2), bytearray(), set()

    def take():
        for piece in pieces.taken():
            memory.add(id(piece.obj))
            came.extend(piece)

    taker = threading.Thread(target=take)
    taker.start()
    for start in range(0, len(CONTENT), 300_001):
        pieces.write(CONTENT[start : start + 300_001])
    pieces.end()
    taker.join()
    assert bytes(came) == CONTENT
    assert len(memory) <= 2


def test_only_as_many_pieces_are_made_as_are_needed_at_once():
    pieces = Pieces(9)
    pieces.write(CONTENT[: PIECE_BYTES + 1])
    pieces.end()
    assert len({id(piece.obj) for piece in pieces.taken()}) == 2


def test_what_goes_wrong_on_the_other_side_is_told_at_the_next_step():
    pieces = Pieces(2)
    with pieces.telling():
        raise OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        pieces.write(b"more")
    pieces.end()
    pieces.drain()
