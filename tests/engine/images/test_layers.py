"""What a container changed, and the layer that it makes."""

import os
import shutil
import socket
import tarfile

import pytest

from dockyard.engine.images.layers import Change, Kind, changes, everything, open_layer, unpack_layer, write_layer
from dockyard.engine.images.owners import Owner, Owners, settle

MODIFIED, ADDED, DELETED = Kind.MODIFIED, Kind.ADDED, Kind.DELETED


@pytest.fixture
def container(bench, make):
    """A container's root in a box, with its base and what else is compared."""
    members = [
        make.folder("etc"),
        make.member("etc/passwd", b"root"),
        make.member("etc/group", b"root", mode=0o600),
        make.folder("usr"),
        make.folder("usr/lib"),
        make.member("usr/lib/a.so", b"aaaa", mtime=1_500_000_000),
        make.member("usr/lib/b.so", b"bbbb", mtime=1_500_000_000),
        make.folder("var"),
        make.folder("var/one"),
        make.member("var/one/f", b"1111", mtime=1_500_000_000),
        make.folder("var/two"),
        make.member("var/two/f", b"2222", mtime=1_400_000_000),
        make.member("link", kind=tarfile.SYMTYPE, link="etc"),
    ]

    class Container:
        image = bench.image("base", layers=[bench.layer(*members)])
        base = bench.trees.base(image)
        root = bench.folders.containers / "root"

        def diff(self, *skip):
            return changes(self.root, self.base.path, self.owners, self.base.owners, self.since_ns, skip)

    box = Container()
    box.owners, box.since_ns = bench.trees.copy(box.image, box.root)
    return box


def test_an_untouched_copy_has_no_changes(container):
    assert container.diff() == []


def test_what_was_added_modified_and_deleted_is_told_with_the_folders_it_is_in(container):
    (container.root / "new").mkdir()
    (container.root / "new/file").write_text("x")
    (container.root / "etc/passwd").write_text("other")
    (container.root / "usr/lib/a.so").unlink()
    shutil.rmtree(container.root / "var/two")
    assert container.diff() == [
        Change("etc", MODIFIED),
        Change("etc/passwd", MODIFIED),
        Change("new", ADDED),
        Change("new/file", ADDED),
        Change("usr", MODIFIED),
        Change("usr/lib", MODIFIED),
        Change("usr/lib/a.so", DELETED),
        Change("var", MODIFIED),
        Change("var/two", DELETED),
    ]
    assert container.diff("new", "var", "usr/lib") == [Change("etc", MODIFIED), Change("etc/passwd", MODIFIED)]


def test_a_change_that_sets_the_time_back_is_found(container):
    path = container.root / "usr/lib/a.so"
    path.write_bytes(b"AAAA")
    os.utime(path, (1_500_000_000, 1_500_000_000))
    assert Change("usr/lib/a.so", MODIFIED) in container.diff()


def test_a_file_that_was_touched_and_is_the_same_is_no_change(container):
    path = container.root / "usr/lib/a.so"
    path.chmod(0o600)
    path.chmod(0o644)
    assert container.diff() == []


def test_modes_and_links_are_compared(container):
    (container.root / "etc/passwd").chmod(0o640)
    (container.root / "link").unlink()
    (container.root / "link").symlink_to("usr")
    assert container.diff() == [Change("etc", MODIFIED), Change("etc/passwd", MODIFIED), Change("link", MODIFIED)]


def test_owners_are_compared(container):
    settle(container.root / "etc/passwd", "etc/passwd", Owner(33, 33, 0o644), container.owners)
    assert Change("etc/passwd", MODIFIED) in container.diff()


def test_folders_that_changed_places_are_found_though_their_files_were_not_touched(container):
    var = container.root / "var"
    (var / "one").rename(var / "three")
    (var / "two").rename(var / "one")
    (var / "three").rename(var / "two")
    assert Change("var/one/f", MODIFIED) in container.diff()
    assert Change("var/two/f", MODIFIED) in container.diff()
    (var / "two").rename(container.root / "moved")
    assert {Change("moved", ADDED), Change("moved/f", ADDED), Change("var/two", DELETED)} <= set(container.diff())


def test_a_folder_in_the_place_of_a_file_and_the_reverse_are_found(container):
    (container.root / "etc/passwd").unlink()
    (container.root / "etc/passwd").mkdir()
    (container.root / "etc/passwd/x").touch()
    shutil.rmtree(container.root / "var/one")
    (container.root / "var/one").touch()
    found = container.diff()
    assert {Change("etc/passwd", MODIFIED), Change("etc/passwd/x", ADDED), Change("var/one", MODIFIED)} <= set(found)


def snapshot(root, owners):
    found = {}
    for path in sorted(root.rglob("*")):
        status, name = path.lstat(), str(path.relative_to(root))
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        times = None if path.is_dir() else status.st_mtime_ns
        found[name] = (owners.true(name, status), times, content)
    return found


def test_a_layer_of_the_changes_gives_the_same_files_again(container, bench, tmp_path):
    root = container.root
    (root / "etc/passwd").write_text("other")
    (root / "etc/group").unlink()
    (root / "new").mkdir(0o755)
    (root / "new/한글").write_bytes(os.urandom(300_000))
    os.link(root / "new/한글", root / "new/hard")
    os.symlink("../nowhere", root / "new/link")
    os.mkfifo(root / "new/pipe", 0o644)
    shutil.rmtree(root / "var/one")
    (root / "var/one").write_text("a file now")
    os.setxattr(root / "new/한글", "user.note", b"\xff\0x")
    settle(root / "usr/lib/b.so", "usr/lib/b.so", Owner(33, 44, 0o4755), container.owners)
    layer = write_layer(bench.blobs, root, container.diff(), container.owners)
    image = bench.image("child", layers=[*container.image.layers, layer])
    tree = bench.trees.base(image)
    assert snapshot(tree.path, tree.owners) == snapshot(root, container.owners)
    assert (tree.path / "new/hard").samefile(tree.path / "new/한글")
    assert os.getxattr(tree.path / "new/한글", "user.note") == b"\xff\0x"
    assert write_layer(bench.blobs, root, container.diff(), container.owners) == layer
    assert layer.unpacked_bytes == sum(len(text) for text in ("other", "a file now", "../nowhere", "bbbb")) + 300_000


def test_a_layer_leaves_sockets_out_and_names_that_would_hide_others(bench, tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
    (tmp_path / ".wh.etc").touch()
    (tmp_path / "f").touch()
    layer = write_layer(bench.blobs, tmp_path, [Change(name, ADDED) for name in (".wh.etc", "f", "s")], Owners())
    with tarfile.open(bench.blobs.path(layer.blob)) as made:
        assert made.getnames() == ["f"]


def test_no_link_is_followed_on_the_way_to_a_file(bench, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/d").symlink_to("../outside")
    changed = [Change("d", ADDED), Change("d/secret", ADDED)]  # as found before the folder became a link
    layer = write_layer(bench.blobs, tmp_path / "root", changed, Owners())
    with tarfile.open(bench.blobs.path(layer.blob)) as made:
        assert [(each.name, each.type) for each in made] == [("d", tarfile.SYMTYPE)]


def test_everything_below_a_folder_makes_a_layer(bench, tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_text("x")
    layer = write_layer(bench.blobs, tmp_path, everything(tmp_path), Owners())
    bench.image("made", layers=[layer])
    with open_layer(bench.blobs, layer) as reader:
        made = bench.folders.staging / "made"
        made.mkdir()
        unpack_layer(reader, made, Owners())
    assert (made / "a/b/c").read_text() == "x"
