"""Compressed forms of layers, made once and kept as long as the layer."""

import gzip
import os


def test_a_compressed_form_is_made_once_and_goes_with_its_layer(bench, make):
    layer = bench.layer(make.member("a", os.urandom(1000) + b"\0" * 100_000))
    bench.image("web", layers=[layer])
    digest, size = bench.images.compression.compressed(layer)
    assert size < 10_000
    bench.open()
    assert bench.images.compression.compressed(layer) == (digest, size)
    bench.blobs.path(digest).unlink()
    assert bench.images.compression.compressed(layer) == (digest, size)
    bench.images.remove("web")
    bench.open()
    assert not bench.blobs.has(digest)


def test_the_same_layer_gives_the_same_bytes_and_gzip_reads_them(bench, make):
    data = make.archive(make.member("a", os.urandom(3000) + b"x" * 3_000_000))
    layer = bench.layer(make.member("a", data[512:3512] + b"x" * 3_000_000))
    first, _ = bench.images.compression.compressed(layer)
    assert gzip.decompress(bench.blobs.read(first)) == bench.blobs.read(layer.blob) == data
    bench.images.compression.keep([])
    bench.blobs.path(first).unlink()
    assert bench.images.compression.compressed(layer)[0] == first


def test_a_layer_that_came_compressed_is_its_own_form(bench, make):
    layer = bench.layer(blob=gzip.compress(make.archive(make.member("a"))))
    assert bench.images.compression.compressed(layer) == (layer.blob, layer.size_bytes)
