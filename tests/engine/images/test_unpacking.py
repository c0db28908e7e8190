"""Layers applied: whiteouts, links and owners as OCI has them, and nothing written outside, whatever the archive says."""

import io
import os
import stat
import subprocess
import tarfile
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.images.conftest import archive, folder, member

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.owners import Owner, Owners
from dockyard.engine.images.unpacking import unpack_layer

LINK, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE


def link(name, target, kind=LINK):
    return member(name, kind=kind, link=target)


def apply(root, *layers, owners=None):
    root.mkdir(exist_ok=True)
    owners = owners or Owners()
    for layer in layers:
        unpack_layer(io.BytesIO(archive(*layer)), root, owners)
    return owners


def names(root):
    return sorted(
        os.path.relpath(os.path.join(at, name), root)
        for at, folders, files in os.walk(root)
        for name in folders + files
    )


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ([member("../outside/x")], "climbs out"),
        ([member("a/../../outside/x")], "climbs out"),
        ([link("a", "../outside"), member("a/x")], "which is a link"),
        ([link("a", "/tmp"), folder("a/b")], "which is a link"),
        ([folder("d"), link("d/l", "../../outside"), member("d/l/x")], "which is a link"),
        ([link("hard", "../outside/secret", HARD)], "climbs out"),
        ([link("l", "../outside"), link("hard", "l/secret", HARD)], "which is a link"),
        ([link("hard", "missing", HARD)], "no file of the image"),
        ([folder("d"), link("hard", "d", HARD)], "no file of the image"),
        ([member(".wh...")], "hides what is no file"),
        ([member("d/.wh..")], "hides what is no file"),
        ([member(".wh.")], "hides what is no file"),
        ([member("odd", kind=b"Z")], "not known"),
        ([member("when", pax_headers={"mtime": "1e300"})], "range|large|convert"),
        ([member("when", pax_headers={"mtime": "nan"})], "NaN"),
        ([member("zero\0name", pax_headers={"path": "zero\0name"})], "null"),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(info.name for info, _ in value),
)
def test_a_hostile_layer_is_refused_and_touches_nothing_outside(hostile, reason, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("unchanged")
    with pytest.raises(BadParameter, match=reason):
        apply(tmp_path / "root", hostile)
    assert names(tmp_path / "outside") == ["secret"]
    assert (tmp_path / "outside/secret").read_text() == "unchanged"
    assert sorted(os.listdir(tmp_path)) == ["outside", "root"]


PARTS = st.lists(
    st.sampled_from(["a", "b", "..", ".wh.a", ".wh..", ".wh...", ".wh..wh..opq", ""]), min_size=1, max_size=3
)
KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, LINK, HARD])
TARGETS = st.sampled_from(["..", "/", "../..", "a", "b/../..", "a/b", "/tmp", "../outside"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(st.tuples(PARTS.map("/".join), KINDS, TARGETS), max_size=5), max_size=3))
def test_no_layers_in_any_order_write_outside(tmp_path_factory, layers):
    home = tmp_path_factory.mktemp("h")
    (home / "outside").mkdir()
    (home / "outside/canary").write_text("unchanged")
    made = [[member(name, kind=kind, link=target) for name, kind, target in layer] for layer in layers]
    with suppress(BadParameter):
        apply(home / "root", *made)
    assert sorted(os.listdir(home)) == ["outside", "root"]
    assert names(home / "outside") == ["canary"]
    assert (home / "outside/canary").read_text() == "unchanged"


def test_garbage_and_streams_cut_short_are_refused(tmp_path):
    data = archive(member("a", b"x" * 2000))
    for broken in (b"garbage" * 200, data[:100], data[:1000], data[:2559]):
        with pytest.raises(BadParameter, match="invalid tar header or unexpected EOF"):
            unpack_layer(io.BytesIO(broken), tmp_path, Owners())
    for whole in (b"", data[:-1024], data[:-512]):  # as Go reads them: the end mark may be missing
        unpack_layer(io.BytesIO(whole), tmp_path, Owners())


def test_whiteouts_hide_what_is_below_and_only_that(tmp_path):
    lower = [
        folder("d"),
        member("d/old", b"1"),
        member("d/kept", b"2"),
        folder("e"),
        member("e/x"),
        folder("e/f"),
        member("g"),
    ]
    upper = [member("d/.wh.old"), member("e/.wh..wh..opq"), member("e/new", b"3"), member(".wh.g"), member("g", b"4")]
    apply(tmp_path / "root", lower, upper)
    assert names(tmp_path / "root") == ["d", "d/kept", "e", "e/new", "g"]
    assert (tmp_path / "root/g").read_bytes() == b"4"


def test_a_whiteout_that_comes_late_spares_what_its_own_layer_brought(tmp_path):
    lower = [folder("d"), member("d/old"), folder("e"), member("e/old")]
    upper = [folder("d"), member("d/new"), member("d/.wh..wh..opq"), folder("e"), member("e/new"), member(".wh.e")]
    apply(tmp_path / "root", lower, upper)
    assert names(tmp_path / "root") == ["d", "d/new", "e", "e/new"]


def test_files_and_folders_replace_each_other(tmp_path):
    lower = [folder("d"), member("d/x"), member("f", b"1"), link("l", "d")]
    upper = [member("d", b"file"), folder("f"), member("f/y"), member("l/z")]
    apply(tmp_path / "root", lower, upper)
    assert names(tmp_path / "root") == ["d", "f", "f/y", "l", "l/z"]
    assert not (tmp_path / "root/l").is_symlink()  # as where layers are stacked


def test_a_file_that_is_shared_with_another_tree_is_replaced_and_not_written(tmp_path):
    apply(tmp_path / "root", [member("f", b"old")])
    os.link(tmp_path / "root/f", tmp_path / "shared")
    apply(tmp_path / "root", [member("f", b"new", mode=0o600)])
    assert (tmp_path / "shared").read_bytes() == b"old"
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o644


def test_times_owners_and_attributes_are_kept(tmp_path):
    headers = {"mtime": "1500000000.123456789", "SCHILY.xattr.user.note": "hi", "SCHILY.xattr.trusted.x": "no"}
    layer = [
        folder("d", mode=0o1777, mtime=1_600_000_000),
        member("d/f", b"abc", mode=0o4750, uid=33, gid=34, pax_headers=headers),
        member("d/l", kind=LINK, link="nowhere", uid=5, gid=6, mtime=1_400_000_000),
        link("h", "d/f", HARD),
    ]
    owners = apply(tmp_path / "root", layer)
    root = tmp_path / "root"

    def true(name):
        return owners.true(name, (root / name).lstat())

    assert (root / "d/f").stat().st_mtime_ns == 1_500_000_000_123_456_789
    assert (root / "d/l").lstat().st_mtime == 1_400_000_000
    assert (root / "d").stat().st_mtime == 1_600_000_000
    assert true("d") == Owner(0, 0, 0o1777)
    assert true("d/f") == true("h") == Owner(33, 34, 0o4750)
    assert (true("d/l").uid, true("d/l").gid) == (5, 6)
    assert (root / "h").samefile(root / "d/f")
    assert os.listxattr(root / "d/f") == ["user.note"]


def test_parents_that_no_layer_names_are_made(tmp_path):
    apply(tmp_path / "root", [member("./a/b/c"), member("/x/y")])
    assert names(tmp_path / "root") == ["a", "a/b", "a/b/c", "x", "x/y"]


def test_names_that_are_no_utf8_survive(tmp_path):
    odd = os.fsdecode(b"\xff\xfe")
    apply(tmp_path / "root", [member(odd, b"x")])
    assert os.listdir(os.fsencode(tmp_path / "root")) == [b"\xff\xfe"]


@pytest.fixture
def deep_root():
    root = Path(tempfile.mkdtemp(prefix="dyd-"))
    yield root
    subprocess.run(["rm", "-rf", root], check=True)  # Python's own would not get that deep


def test_folders_may_be_nested_as_deep_as_a_path_is_long(deep_root):
    apply(deep_root, [member("a/" * 1500 + "file", b"1")])
    assert (deep_root / ("a/" * 1500) / "file").read_bytes() == b"1"


@pytest.mark.parametrize("depth", [3000, 100_000])
def test_a_name_that_is_longer_than_any_path_is_refused(tmp_path, depth):
    with pytest.raises(BadParameter, match="too long"):
        apply(tmp_path / "root", [member("a/" * depth + "file", b"1")])


@pytest.mark.parametrize("owner", [{"uid": -1}, {"gid": 2**32}, {"uid": 2**40}])
def test_an_owner_that_nobody_can_be_is_refused(tmp_path, owner):
    with pytest.raises(BadParameter, match="belongs to"):
        apply(tmp_path / "root", [member("a", b"1", **owner)])


def test_many_whiteouts_beside_many_files_take_no_longer_than_both(tmp_path):
    count = 3000
    lower = [member(f"old{n}") for n in range(count)]
    upper = [member(f"new/{n}") for n in range(count)] + [member(f".wh.old{n}") for n in range(count)]
    began = time.process_time()
    apply(tmp_path / "root", lower)
    lower_s = time.process_time() - began
    began = time.process_time()
    apply(tmp_path / "root", upper)
    assert time.process_time() - began < 5 * lower_s
    assert names(tmp_path / "root") == ["new", *sorted(f"new/{n}" for n in range(count))]
