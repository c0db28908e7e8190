"""Layers taken apart: what each adds, changes and hides, whatever the archive's form, and what strangers put into one."""

import gzip
import hashlib
import json
import tarfile

import pytest

from archives import Bytes, docker_archive, folder, member, oci_archive, tar
from dockyard.errors import HostileArchive, LayersUnreadable, NoSuchLayer
from dockyard.tasks.image_compare import Comparison, compare_files
from dockyard.tasks.layer_files import read_archive
from dockyard.tasks.layers import differing, empty_steps, layer_of, layers_of, step_text, tree_of

BASE = tar(
    folder("etc/"),
    member("etc/page", b"old page\n"),
    member("etc/same", b"12345"),
    member("etc/gone", b"x" * 100),
    folder("data/"),
    member("data/one", b"1" * 10),
    member("data/two", b"2" * 20),
    member("bin", kind=tarfile.SYMTYPE, link="usr/bin"),
)
TOP = tar(
    folder("etc/", mtime=1_700_000_001),
    member("etc/new", b"brand new"),
    member("etc/page", b"new page\n"),
    member("etc/same", b"12345", mode=0o600, uid=33),
    member("etc/.wh.gone"),
    folder("data/"),
    member("data/.wh..wh..opq"),
    member("data/two", b"2" * 20),
    member("bin", kind=tarfile.SYMTYPE, link="usr/sbin"),
)


def read(*layers, form=docker_archive, contents=True, **more):
    return read_archive(Bytes(form(*layers, **more)), "x", contents=contents)


def listed(changes):
    return [(each.path, each.what) for each in changes]


@pytest.mark.parametrize(
    ("form", "more"),
    [
        (docker_archive, {}),
        (oci_archive, {}),
        (oci_archive, {"nested": True}),
        (oci_archive, {"docker": True}),
    ],
)
def test_every_form_of_archive_says_the_same(form, more):
    image = read(BASE, TOP, form=form, steps=["FROM", "-CMD", "COPY . /"], **more)
    base, top = layers_of(image)
    assert (base.created_by, top.created_by) == ("FROM", "COPY . /")
    assert base.step.created.isoformat() == "2026-01-02T03:04:05.123456+00:00"
    assert top.diff_id == f"sha256:{hashlib.sha256(TOP).hexdigest()}"
    assert [each.path for each in base.added] == [
        "/bin",
        "/data",
        "/data/one",
        "/data/two",
        "/etc",
        "/etc/gone",
        "/etc/page",
        "/etc/same",
    ]
    assert not base.changed + base.removed
    assert base.size_bytes == 9 + 5 + 100 + 10 + 20
    assert listed(top.added) == [("/etc/new", ())]
    assert listed(top.changed) == [
        ("/bin", ("link",)),
        ("/data/two", ()),
        ("/etc/page", ("content",)),
        ("/etc/same", ("mode", "owner")),
    ]
    assert [(each.path, each.size_bytes) for each in top.removed] == [("/data/one", 10), ("/etc/gone", 100)]
    assert top.size_bytes == 9 + 9 + 5 + 20
    assert sorted(tree_of(image)) == [
        "/bin",
        "/data",
        "/data/two",
        "/etc",
        "/etc/new",
        "/etc/page",
        "/etc/same",
    ]


def test_without_contents_only_lengths_tell():
    _, top = layers_of(read(BASE, TOP, contents=False))
    assert dict(listed(top.changed))["/etc/page"] == ()
    assert not any(each.file.sha256 for each in top.changes)


def test_a_hidden_folder_hides_what_is_in_it_and_a_whiteout_hides_nothing_of_its_own_layer():
    lower = tar(folder("a/"), folder("a/b/"), member("a/b/c", b"123"), member("ab", b"stays"))
    upper = tar(folder("a/"), member("a/new", b"new"), member(".wh.a"))
    _, top = layers_of(read(lower, upper))
    assert [each.path for each in top.removed] == ["/a/b", "/a/b/c"]
    assert listed(top.added) == [("/a/new", ())]
    assert not top.changed


def test_an_opaque_root_hides_everything_below():
    upper = tar(member(".wh..wh..opq"), member("only", b"1"))
    image = read(BASE, upper)
    assert sorted(tree_of(image)) == ["/only"]
    assert len(layers_of(image)[1].removed) == 8


def test_a_file_in_a_folder_s_place_hides_what_was_in_it():
    image = read(BASE, tar(member("data", b"no folder")))
    top = layers_of(image)[1]
    assert listed(top.changed) == [("/data", ("kind",))]
    assert [each.path for each in top.removed] == ["/data/one", "/data/two"]
    assert "/data/one" not in tree_of(image)


def test_notes_of_aufs_are_no_files():
    (layer,) = layers_of(read(tar(folder(".wh..wh.plnk/"), member(".wh..wh.aufs"), member("a", b"1"))))
    assert listed(layer.added) == [("/a", ())]


def test_a_hard_link_costs_nothing_and_holds_what_it_shares():
    lower = tar(member("one", b"same"), member("two", kind=tarfile.LNKTYPE, link="one"), member("three", b"same"))
    upper = tar(member("three", kind=tarfile.LNKTYPE, link="one"), member("late", kind=tarfile.LNKTYPE, link="two"))
    base, top = layers_of(read(lower, upper))
    assert base.size_bytes == 8
    two = base.content.files["/two"]
    assert (two.kind, two.link, two.size_bytes, two.stored_bytes) == ("hard link", "/one", 4, 0)
    assert two.sha256 == base.content.files["/one"].sha256 == hashlib.sha256(b"same").hexdigest()
    assert listed(top.changed) == [("/three", ())]
    assert top.size_bytes == 0


def test_attributes_devices_and_times_are_told():
    lower = tar(
        member("a", b"1"),
        member("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("b", b"1"),
    )
    upper = tar(
        member("a", b"1", pax_headers={"SCHILY.xattr.user.note": "x"}),
        member("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=5),
        member("b", b"1", mtime=5),
    )
    base, top = layers_of(read(lower, upper))
    assert listed(top.changed) == [("/a", ("attributes",)), ("/b", ("time",)), ("/null", ("link",))]
    assert base.content.files["/null"].link == "1:3"
    assert differing(base.content.files["/a"], base.content.files["/null"]) == ("kind",)


def test_the_same_layer_twice_is_stored_once():
    image = read(BASE, tar(member("x", b"1")), BASE)
    assert image.layers[0] == image.layers[2]
    assert layers_of(image)[2].changed


@pytest.mark.parametrize("form", [docker_archive, oci_archive])
def test_layers_that_hold_nothing(form):
    nothing = tar()
    base, top = layers_of(read(nothing, nothing, form=form))
    assert (base.changes, base.size_bytes, base.created_by, top.step) == ((), 0, "", None)
    assert layers_of(read(form=form)) == ()


@pytest.mark.parametrize("name", ["../outside", "a/../../outside"])
@pytest.mark.parametrize("form", [docker_archive, oci_archive])
def test_names_that_climb_out_are_refused(name, form):
    with pytest.raises(HostileArchive, match=r"\.\."):
        read(BASE, tar(member(name, b"x")), form=form)


def test_a_link_that_climbs_out_is_refused():
    with pytest.raises(HostileArchive, match=r"\.\."):
        read(tar(member("shadow", kind=tarfile.LNKTYPE, link="../etc/shadow")))


def test_names_that_look_odd_are_only_names():
    names = ["/etc/passwd", "<script>alert(1)</script>", "new\nline", "\udcff\udcfe", "한글", "./a//b/."]
    (layer,) = layers_of(read(tar(*(member(name, b"1") for name in names))))
    assert {each.path for each in layer.added} == {
        "/etc/passwd",
        "/<script>alert(1)</script>",
        "/new\nline",
        "/\\xff\\xfe",
        "/한글",
        "/a/b",
    }


def test_documents_and_layers_are_told_apart_by_content_not_by_name():
    odd = tar(member('{"a": 1}', b"x"))
    (layer,) = layers_of(read(odd, form=oci_archive))
    assert listed(layer.added) == [('/{"a": 1}', ())]


def replaced(archive, old, new):
    assert old in archive
    assert len(old) == len(new)
    return archive.replace(old, new)


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (tar(), "manifest.json|index.json is missing"),
        (docker_archive(BASE)[:2000], "too early"),
        (docker_archive(BASE)[:-9000], "too early"),
        (tar(member("manifest.json", b"[]")), "no image"),
        (tar(member("manifest.json", b"{")), "no sense"),
        (tar(member("manifest.json", b"[1]")), "no sense"),
        (tar(member("manifest.json", b'[{"Config": "c"}]')), "c is missing"),
        (tar(member("manifest.json", b'[{"Config": "c"}]'), member("c", b"[]")), "no sense"),
        (replaced(docker_archive(BASE), b'"diff_ids"', b'"other_ids'[:9] + b'"'), "other layers"),
        (tar(member("index.json", b'{"manifests": []}')), "no image"),
        (docker_archive(b"\x28\xb5\x2f\xfd" + b"x" * 600), "zstd"),
        (docker_archive(gzip.compress(BASE)[:-20]), "damaged|too early"),
        (docker_archive(b"\x1f\x8b" + b"\xff" * 600), "damaged"),
        (docker_archive(b"neither this nor that " * 100), "layer.tar is missing"),
        (tar(member("manifest.json", b"[" * 100_000)), "no sense"),
    ],
)
def test_what_is_no_image_is_told(archive, reason):
    with pytest.raises(LayersUnreadable, match=reason) as caught:
        layers_of(read_archive(Bytes(archive), "web"))
    assert "docker history web" in str(caught.value)


def test_a_history_that_makes_no_sense_is_told():
    for history in ([1], [{"created": "yesterday"}], "steps"):
        config = json.dumps({"rootfs": {"diff_ids": []}, "history": history}).encode()
        data = tar(member("manifest.json", b'[{"Config": "c"}]'), member("c", config))
        with pytest.raises(LayersUnreadable, match="history makes no sense"):
            layers_of(read_archive(Bytes(data), "web"))


def test_of_several_images_the_one_that_is_meant():
    two = tar(
        member("one", json.dumps({"rootfs": {"diff_ids": []}, "history": [{"created_by": "one"}]}).encode()),
        member("two", json.dumps({"rootfs": {"diff_ids": []}, "history": [{"created_by": "two"}]}).encode()),
        member("manifest.json", b'[{"Config": "one"}, {"Config": "two"}]'),
    )
    assert read_archive(Bytes(two), "x", "sha256:two").config["history"][0]["created_by"] == "two"
    assert read_archive(Bytes(two), "x").config["history"][0]["created_by"] == "one"


def test_large_files_are_not_kept_in_memory():
    import tracemalloc

    archive = docker_archive(tar(member("big", bytes(32 << 20))))
    stream = Bytes(archive)
    tracemalloc.start()
    (layer,) = layers_of(read_archive(stream, "x"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert layer.size_bytes == 32 << 20
    assert peak < 4 << 20


def test_a_layer_is_asked_for_by_its_number():
    layers = layers_of(read(BASE))
    assert layer_of(layers, 0, "x") is layers[0]
    with pytest.raises(NoSuchLayer, match="'x' has no layer 3; its 1 layers"):
        layer_of(layers, 3, "x")
    with pytest.raises(NoSuchLayer):
        layer_of(layers, -1, "x")


@pytest.mark.parametrize(
    ("created_by", "text"),
    [
        ('/bin/sh -c #(nop)  CMD ["httpd-foreground"]', 'CMD ["httpd-foreground"]'),
        ("/bin/sh -c #(nop) COPY file:1234 in /etc/ ", "COPY file:1234 in /etc/"),
        ("/bin/bash -o pipefail -c #(nop) ENV A=1", "ENV A=1"),
        ("/bin/sh -c apt-get update \t&&   rm x", "RUN apt-get update && rm x"),
        ("|2 A=1 B=two words /bin/sh -c echo $A", "RUN echo $A"),
        ("RUN |1 A=1 /bin/sh -c echo $A # buildkit", "RUN echo $A"),
        ("RUN /bin/sh -c echo a\n echo b # buildkit", "RUN echo a echo b"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ('CMD ["sh"]', 'CMD ["sh"]'),
        ("sleep 1000", "sleep 1000"),
        ("", ""),
    ],
)
def test_a_step_reads_like_a_dockerfile(created_by, text):
    assert step_text(created_by) == text


def steps(*given):
    return [{"CreatedBy": text, "Size": size} for text, size in given]


@pytest.mark.parametrize(
    ("history", "layers", "empty"),
    [
        (steps(("ADD file in /", 5), ('CMD ["sh"]', 0), ("RUN a", 3)), 2, [False, True, False]),
        (steps(("ADD file in /", 5), ("RUN rm x", 0), ("/bin/sh -c #(nop)  ENV A=1", 0)), 2, [False, False, True]),
        (steps(("ADD file in /", 5), ("RUN true", 0)), 1, [False, True]),
        (steps(("ADD file in /", 5), ("RUN true", 0), ("RUN rm x", 0)), 2, None),
        ([], 0, []),
        ([], 1, None),
    ],
)
def test_which_steps_brought_no_layer(history, layers, empty):
    assert empty_steps(history, layers) == empty


def test_files_are_held_against_each_other():
    base, top = layers_of(read(BASE, TOP))
    found = {each.path: each for each in compare_files(base.content.files, top.content.files)}
    assert {path: each.difference for path, each in found.items()} == {
        "/bin": "content",
        "/data/one": "only in a",
        "/etc/gone": "only in a",
        "/etc/new": "only in b",
        "/etc/page": "content",
        "/etc/same": "metadata",
    }
    assert (found["/etc/gone"].a_bytes, found["/etc/gone"].b_bytes) == (100, 0)
    assert found["/etc/same"].what == ("mode", "owner")
    says = Comparison("a:1", "b:2", tuple(found.values()), 3).text
    assert says == (
        "a:1 and b:2: 2 paths only in the first (110B), 1 only in the second (9B), 2 with other content, "
        "1 with other metadata alone; 3 are the same."
    )
