"""Images made of a container's changes and of a root file system's archive."""

import gzip
import io
import os
import time

import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.making import child, commit, import_image
from dockyard.engine.images.reference import Reference


def test_a_commit_is_the_image_and_what_changed(bench, make):
    parent = bench.image("base", layers=[bench.layer(make.member("a", b"1"))])
    root = bench.folders.containers / "root"
    base = bench.trees.base(parent)
    owners, since_ns = bench.trees.copy(parent, root)
    (root / "b").write_text("22")
    image = commit(
        bench.images,
        parent,
        root,
        base,
        owners,
        since_ns,
        {"Cmd": ["cat", "/b"]},
        created_by="sh",
        comment="why",
        author="me",
        container="c" * 64,
        names=[Reference.parse("done:1")],
    )
    shown = bench.images.inspect("done:1")
    assert (shown["Parent"], shown["Comment"], shown["Author"], shown["Container"]) == (
        parent.id,
        "why",
        "me",
        "c" * 64,
    )
    assert shown["Config"]["Cmd"] == ["cat", "/b"]
    assert shown["Size"] == 3
    assert [(step["CreatedBy"], step["Size"], step["Comment"]) for step in bench.images.history("done:1")] == [
        ("sh", 2, "why"),
        ("test", 1, ""),
    ]
    assert (bench.trees.base(image).path / "b").read_text() == "22"


def test_a_commit_without_changes_has_no_layer_of_its_own(bench, make):
    parent = bench.image("base", layers=[bench.layer(make.member("a", b"1"))])
    root = bench.folders.containers / "root"
    owners, since_ns = bench.trees.copy(parent, root)
    image = commit(bench.images, parent, root, bench.trees.base(parent), owners, since_ns, {}, created_by="sh")
    assert image.layers == parent.layers
    assert image.config["history"][-1]["empty_layer"] is True
    assert bench.images.history(image.id)[0]["Size"] == 0


def test_a_change_of_10_mb_in_an_image_of_many_files_is_committed_within_a_second(bench, make):
    members = [make.member(f"f{number}", os.urandom(20_000)) for number in range(9000)]
    parent = bench.image("base", layers=[bench.layer(*members)])
    root = bench.folders.containers / "root"
    base = bench.trees.base(parent)
    owners, since_ns = bench.trees.copy(parent, root)
    (root / "new").write_bytes(os.urandom(10 << 20))
    began = time.process_time()
    image = commit(bench.images, parent, root, base, owners, since_ns, {}, created_by="sh")
    assert time.process_time() - began < 1
    assert image.layers[-1].unpacked_bytes == 10 << 20


def test_a_configuration_alone_makes_an_image_too(bench, make):
    first = child(bench.images, None, None, {"Env": ["A=1"]}, created_by="ENV A=1")
    second = child(bench.images, first, bench.layer(make.member("a", b"1")), {"Env": ["A=1"]}, created_by="COPY a /")
    assert second.parent == first.id
    assert [bool(step.get("empty_layer")) for step in second.config["history"]] == [True, False]
    assert [step["Id"] for step in bench.images.history(second.id)] == [second.id, first.id]


@pytest.mark.parametrize("press", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_archive_of_a_root_becomes_an_image(press, bench, make):
    data = make.archive(make.folder("bin"), make.member("bin/sh", b"#!"))
    image = import_image(
        bench.images, io.BytesIO(press(data)), {"Cmd": ["sh"]}, message="from test", names=[Reference.parse("root")]
    )
    assert bench.images.inspect("root")["Comment"] == "from test"
    assert bench.images.history("root")[0]["Comment"] == "from test"
    assert (bench.trees.base(image).path / "bin/sh").read_bytes() == b"#!"
    assert bench.blobs.read(image.layers[0].blob) == data
    assert bench.heard == [("import", image.id, image.id)]


def test_what_is_no_archive_makes_no_image(bench, make):
    for data in (b"garbage" * 200, make.archive(make.member("../x"))):
        with pytest.raises(BadParameter, match="invalid archive"):
            import_image(bench.images, io.BytesIO(data), {})
    assert bench.images.all() == []
    assert not os.listdir(bench.folders.staging)
