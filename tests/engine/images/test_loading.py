"""Archives with anything wrong in them are refused whole."""

import gzip
import io
import json
import os
import resource
import tarfile

import pytest
from tests.engine.images.conftest import loaded, saved

from conftest import spelled
from dockyard.engine.errors import ApiError, BadParameter, NotFound, ServerError
from dockyard.engine.images.blobs import sha256


def docker_archive(make, *, layers=(), diff_ids=None, config=None, manifest=None, extra=()):
    """An archive as docker saves it, with any part of it spoilt."""
    blobs = [make.archive(*each) for each in layers]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": diff_ids or [sha256(each) for each in blobs]},
    }
    body = json.dumps(document).encode() if config is None else config
    entry = {"Config": "c.json", "RepoTags": ["hostile:1"], "Layers": [f"{n}/layer.tar" for n in range(len(blobs))]}
    return make.archive(
        make.member("c.json", body),
        *(make.member(f"{n}/layer.tar", each) for n, each in enumerate(blobs)),
        *extra,
        make.member("manifest.json", json.dumps([entry] if manifest is None else manifest).encode()),
    )


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"diff_ids": ["sha256:" + "0" * 64]}, 'invalid diffID for layer 0: expected "sha256:0000'),
        ({"diff_ids": ["sha256:" + "0" * 64] * 2}, "layers length mismatch: expected 2, got 1"),
        ({"config": b"not json"}, "configuration can't be read"),
        ({"config": b"{}"}, "configuration can't be read"),
        ({"manifest": {}}, "names an image"),
        ({"manifest": [{"Config": "c.json"}]}, "manifest.json"),
        ({"manifest": [{"Config": "missing.json", "Layers": []}]}, "missing.json: no such file"),
        ({"manifest": [{"Config": "../../../etc/passwd", "Layers": []}]}, "no such file"),
        ({"manifest": [{"Config": "/etc/passwd", "Layers": []}]}, "no such file"),
        ({"manifest": [{"Config": "c.json", "Layers": ["0/layer.tar"], "RepoTags": ["UPPER"]}]}, "must be lowercase"),
        ({"manifest": [{"Config": "c.json", "Layers": ["c.json"]}]}, "invalid archive"),
    ],
    ids=spelled,
)
def test_an_archive_with_anything_wrong_in_it_is_refused_whole(spoilt, reason, bench, make):
    data = docker_archive(make, layers=[[make.member("a", b"x")]], **spoilt)
    with pytest.raises((BadParameter, ServerError, NotFound), match=reason):
        loaded(bench, data)
    assert bench.images.all() == []
    assert not list((bench.folders.blobs / "sha256").iterdir())
    assert not os.listdir(bench.folders.staging)


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("../x", tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, "/etc/passwd"),
        ("link", tarfile.SYMTYPE, "../../../../etc/passwd"),
        ("link", tarfile.SYMTYPE, "link"),
        ("device", tarfile.CHRTYPE, ""),
        ("hard", tarfile.LNKTYPE, "../x"),
    ],
)
def test_no_member_of_an_archive_leads_outside_it(name, kind, link, bench, make):
    manifest = [{"Config": name, "Layers": [], "RepoTags": []}]
    data = docker_archive(make, manifest=manifest, extra=[make.member(name, kind=kind, link=link)])
    with pytest.raises(ApiError, match="invalid archive"):
        loaded(bench, data)
    assert not os.listdir(bench.folders.staging)


def test_a_layer_that_could_write_outside_is_refused_when_it_is_loaded(bench, make):
    data = docker_archive(make, layers=[[make.member("../../x", b"x")]])
    with pytest.raises(BadParameter, match="climbs out"):
        loaded(bench, data)
    assert bench.images.all() == []


def test_one_bad_image_keeps_the_good_ones_out(bench, make, tmp_path, web):
    good = saved(bench, tmp_path / "web.tar", "lab/web:1").read_bytes()
    bench.images.remove(web.id, force=True)
    with tarfile.open(fileobj=io.BytesIO(good)) as archive:
        (entry,) = json.load(archive.extractfile("manifest.json"))
        members = [make.member(each.name, archive.extractfile(each).read()) for each in archive if each.isreg()]
    both = json.dumps([entry, {**entry, "Layers": entry["Layers"][::-1]}]).encode()
    with pytest.raises(ServerError, match="invalid diffID"):
        loaded(bench, make.archive(*members, make.member("manifest.json", both)))
    assert bench.images.all() == []


def test_a_layout_whose_blob_is_not_what_its_name_says_is_refused(bench, make, tmp_path, web):
    good = saved(bench, tmp_path / "web.tar", "lab/web:1").read_bytes()
    bench.images.remove(web.id, force=True)
    with tarfile.open(fileobj=io.BytesIO(good)) as archive:
        members = [
            make.member(each.name, archive.extractfile(each).read() + (b"\0" * 512 if each.size > 50_000 else b""))
            for each in archive
            if each.isreg() and each.name != "manifest.json"
        ]
    with pytest.raises(ServerError, match="verification failed for digest"):
        loaded(bench, make.archive(*members))
    assert bench.images.all() == []


def test_what_is_no_archive_of_images_is_refused(bench, make, tmp_path):
    for data, reason in (
        (make.archive(make.member("readme", b"x")), "names an image"),
        (b"garbage" * 1000, "invalid archive"),
        (b"", "names an image"),
        (gzip.compress(os.urandom(5000))[:2000], "unexpected EOF|invalid archive"),
    ):
        with pytest.raises(ApiError, match=reason):
            loaded(bench, data)


def test_a_parent_counts_only_if_the_image_goes_on_where_it_ends(bench, make):
    parent = bench.image("base:1", layers=[bench.layer(make.member("a", b"x"))])
    layers = [[make.member("a", b"x")], [make.member("b", b"y")]]
    for history, expected in (
        (parent.config["history"], ""),
        ([*parent.config["history"], {"created_by": "b"}], parent.id),
    ):
        body = {
            "rootfs": {"diff_ids": [sha256(make.archive(*each)) for each in layers]},
            "history": history,
        }
        manifest = [
            {"Config": "c.json", "Layers": ["0/layer.tar", "1/layer.tar"], "RepoTags": ["child:1"], "Parent": parent.id}
        ]
        loaded(bench, docker_archive(make, layers=layers, config=json.dumps(body).encode(), manifest=manifest))
        assert bench.images.resolve("child:1").parent == expected


def test_a_file_that_is_cut_short_by_a_full_disk_is_no_layer(bench, make):
    data = docker_archive(make, layers=[[make.member("a", os.urandom(300_000))]])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (300_000, hard)
    )  # the kernel takes the front of what crosses it, as at a disk's end
    try:
        with pytest.raises(OSError, match="too large"):
            loaded(bench, data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert bench.images.all() == []
    assert not list((bench.folders.blobs / "sha256").iterdir())
