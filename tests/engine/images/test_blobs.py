"""Content by its digest: nothing half-written is visible, nothing in use is swept."""

import os

import pytest

from dockyard.engine.errors import BadParameter, NotFound, ServerError
from dockyard.engine.images.blobs import sha256


def test_what_is_put_is_found_by_its_digest(bench):
    digest = bench.blobs.put(b"content")
    assert digest == sha256(b"content")
    assert bench.blobs.read(digest) == b"content"
    assert bench.blobs.size(digest) == 7


def test_nothing_is_visible_before_the_commit_and_nothing_stays_without_one(bench):
    with bench.blobs.writer() as writer:
        writer.write(b"some")
        assert not bench.blobs.has(sha256(b"some"))
    assert not bench.blobs.has(sha256(b"some"))
    assert not os.listdir(bench.folders.staging)


def test_content_other_than_what_was_expected_is_not_kept(bench):
    with bench.blobs.writer(sha256(b"this")) as writer:
        writer.write(b"that")
        with pytest.raises(ServerError, match="filesystem layer verification failed for digest sha256:"):
            writer.commit()
    assert not bench.blobs.has(sha256(b"that"))


@pytest.mark.parametrize(
    "digest", ["", "sha256:../../etc/passwd", "sha256:" + "AB" * 32, "md5:" + "a" * 64, "sha256:ab\n"]
)
def test_what_is_no_digest_names_no_path(digest, bench):
    with pytest.raises(BadParameter, match="invalid digest"):
        bench.blobs.path(digest)


def test_what_is_missing_is_said_to_be(bench):
    for ask in (bench.blobs.read, bench.blobs.size):
        with pytest.raises(NotFound, match="no such blob"):
            ask(sha256(b"missing"))
    assert not bench.blobs.claim(sha256(b"missing"))


def test_a_sweep_takes_what_is_neither_used_nor_claimed(bench):
    with bench.blobs.making():
        used, claimed, loose = (bench.blobs.put(name) for name in (b"used", b"claimed", b"loose"))
    with bench.blobs.making():
        assert bench.blobs.claim(claimed)
        assert bench.blobs.sweep({used}) == len(b"loose")
        assert [bench.blobs.has(each) for each in (used, claimed, loose)] == [True, True, False]
    assert not bench.blobs.has(claimed)  # what a sweep had to spare goes as soon as it may


def test_what_one_relies_on_is_not_swept_when_another_is_done(bench, make):
    with bench.blobs.making():
        layer = bench.layer(make.member("a", b"shared"))
        bench.image("other", layers=[layer])  # someone else's, made and removed meanwhile
        bench.images.remove("other")
        mine = bench.image("mine", layers=[layer])
    bench.open()
    assert bench.images.resolve("mine").id == mine.id
    assert bench.blobs.has(layer.blob)


def test_what_was_written_for_nothing_goes_with_the_next_sweep(bench, make):
    with bench.blobs.making():
        layer = bench.layer(make.member("a"))
    assert bench.blobs.has(layer.blob)  # another try finds it there
    bench.images.sweep()
    assert not bench.blobs.has(layer.blob)


def test_a_finished_download_becomes_a_blob(bench):
    digest = sha256(b"downloaded")
    bench.blobs.partial(digest).write_bytes(b"downloaded")
    bench.blobs.adopt(bench.blobs.partial(digest), digest)
    assert bench.blobs.read(digest) == b"downloaded"
    assert not bench.blobs.partial(digest).exists()
