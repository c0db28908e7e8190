"""What changed between two moments."""

import os

import pytest

from dockyard.engine.build.snapshot import Snapshot
from dockyard.engine.build.tree import FileTree
from dockyard.engine.images.changes import Change, Kind


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/f").write_text("1")
    (root / "g").write_text("1")
    return FileTree(root)


def changes(tree, act, skip=()):
    before = Snapshot.take(tree)
    act(tree.root)
    return before.changes_to(Snapshot.take(tree), skip)


def test_nothing_changes_by_being_read(tree):
    assert changes(tree, lambda root: (root / "g").read_text()) == []


def test_a_change_that_hides_its_time_is_seen(tree):
    def act(root):
        before = (root / "g").stat()
        (root / "g").write_text("2")
        os.utime(root / "g", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert changes(tree, act) == [Change("g", Kind.MODIFIED)]


def test_what_is_gone_is_told_once(tree):
    def act(root):
        (root / "a/b/f").unlink()
        (root / "a/b").rmdir()
        (root / "a").rmdir()

    assert changes(tree, act) == [Change("a", Kind.DELETED)]


def test_a_folder_that_became_a_file_is_one_change(tree):
    def act(root):
        (root / "a/b").rename(root / "moved")
        (root / "a").rmdir()
        (root / "a").touch()

    assert changes(tree, act) == [
        Change("a", Kind.MODIFIED),
        Change("moved", Kind.ADDED),
        Change("moved/f", Kind.ADDED),
    ]


def test_another_folder_in_the_same_place_is_seen_in_all_its_parts(tree):
    def act(root):
        (root / "new").mkdir()
        (root / "new/x").write_text("x")
        (root / "a/b").rename(root / "old")
        (root / "new").rename(root / "a/b")

    assert changes(tree, act) == [
        Change("a", Kind.MODIFIED),
        Change("a/b", Kind.MODIFIED),
        Change("a/b/f", Kind.DELETED),
        Change("a/b/x", Kind.ADDED),
        Change("old", Kind.ADDED),
        Change("old/f", Kind.ADDED),
    ]


def test_what_is_left_out_does_not_count(tree):
    assert changes(tree, lambda root: (root / "a/b/f").write_text("2"), skip=["a/b"]) == []


def test_an_owner_that_is_kept_aside_counts(tree):
    assert changes(tree, lambda _: tree.owners.set("g", 5, 6, 0o644)) == [Change("g", Kind.MODIFIED)]
