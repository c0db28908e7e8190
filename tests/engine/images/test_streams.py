"""Compressed streams, whole and broken."""

import bz2
import gzip
import io
import lzma
import os

import pytest

from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.engine.images.blobs import sha256
from dockyard.engine.images.streams import Tee, plain

CONTENT = os.urandom(100_000) + bytes(2_000_000) + os.urandom(100_000)
FORMS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "two gzip streams": lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
    "padded gzip": lambda data: gzip.compress(data) + bytes(512),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


class Trickle(io.BytesIO):
    """A stream that gives little at a time, like a slow socket."""

    def readinto(self, buffer):
        return super().readinto(memoryview(buffer)[:997])


def everything(reader):
    read, buffer = bytearray(), memoryview(bytearray(70_000))
    while count := reader.readinto(buffer):
        read += buffer[:count]
    return bytes(read)


@pytest.mark.parametrize("stream", [io.BytesIO, Trickle])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_bytes(form, stream):
    assert everything(plain(stream(FORMS[form](CONTENT)))) == CONTENT


@pytest.mark.parametrize("content", [b"", b"x", b"\x1f"])
def test_short_streams_are_given_as_they_are(content):
    assert everything(plain(io.BytesIO(content))) == content


@pytest.mark.parametrize("form", ["gzip", "bzip2", "xz"])
def test_a_stream_cut_short_or_changed_is_noticed(form):
    data = FORMS[form](CONTENT)
    with pytest.raises(BadParameter, match="unexpected EOF"):
        everything(plain(io.BytesIO(data[:-9])))
    middle = len(data) // 2
    with pytest.raises(BadParameter, match=r"invalid compressed data|unexpected EOF"):
        everything(plain(io.BytesIO(data[:middle] + os.urandom(100) + data[middle + 100 :])))


def test_zstd_is_refused_by_name():
    with pytest.raises(NotSupported, match="zstd"):
        plain(io.BytesIO(b"\x28\xb5\x2f\xfd" + bytes(100)))


def test_a_tee_tells_all_that_passed_however_it_was_read():
    written = bytearray()
    tee = Tee(Trickle(CONTENT).readinto, written.extend)
    assert tee.peek(5000) == CONTENT[:5000]
    buffer = memoryview(bytearray(100))
    assert tee.readinto(buffer) == 100
    assert bytes(buffer) == CONTENT[:100]
    tee.drain()
    assert (bytes(written), tee.size_bytes, tee.digest) == (CONTENT, len(CONTENT), sha256(CONTENT))
