"""Trees: unpacked once, shared, copied."""

import gzip
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

import pytest

from dockyard.engine.errors import BadParameter, NotFound
from dockyard.engine.images.owners import Owner

HERE = Path(__file__).parent


def test_layers_are_stacked_and_compressed_ones_unpacked(bench, make):
    lower = bench.layer(make.member("a", b"1"), make.member("b", b"1", uid=33, gid=33))
    upper = bench.layer(blob=gzip.compress(make.archive(make.member(".wh.a"), make.member("c", b"2"))))
    tree = bench.trees.base(bench.image("web", layers=[lower, upper]))
    assert sorted(os.listdir(tree.path)) == ["b", "c"]
    assert tree.owners.true("b", (tree.path / "b").lstat()) == Owner(33, 33, 0o644)


def test_related_trees_share_their_files(bench, make):
    lower = bench.layer(make.member("a", b"1"), make.member("b", b"1", uid=33, gid=33))
    below = bench.trees.base(bench.image("base", layers=[lower]))
    above = bench.trees.base(bench.image("web", layers=[lower, bench.layer(make.member("c", b"2"))]))
    assert (below.path / "a").samefile(above.path / "a")
    assert not (below.path / "c").exists()
    assert above.owners.true("b", (above.path / "b").lstat()) == Owner(33, 33, 0o644)
    bench.open()
    assert bench.trees.base(bench.images.resolve("web")).path == above.path


def test_a_copy_is_private_and_has_its_owners(bench, make):
    image = bench.image("web", layers=[bench.layer(make.member("a", b"1", uid=33, gid=33, mtime=1_500_000_000))])
    target = bench.folders.containers / "root"
    owners, _ = bench.trees.copy(image, target)
    assert (target / "a").stat().st_mtime == 1_500_000_000
    assert owners.true("a", (target / "a").lstat()) == Owner(33, 33, 0o644)
    (target / "a").write_bytes(b"changed")
    assert (bench.trees.base(image).path / "a").read_bytes() == b"1"


def test_a_spare_is_taken_once_and_outlives_a_restart(bench, make):
    image = bench.image("web", layers=[bench.layer(make.member("a", b"1"))])
    bench.trees.spare(image)
    bench.trees.spare(image)
    bench.trees.wait()
    bench.open()
    (spare,) = bench.trees._spares.iterdir()
    number = (spare / "root").stat().st_ino
    image = bench.images.resolve("web")
    first, second = bench.folders.containers / "1", bench.folders.containers / "2"
    bench.trees.copy(image, first)
    bench.trees.copy(image, second)
    assert first.stat().st_ino == number
    assert (first / "a").read_bytes() == (second / "a").read_bytes() == b"1"
    assert not list(bench.trees._spares.iterdir())


def test_no_more_spares_are_kept_than_a_few(bench, make):
    for number in range(5):
        bench.trees.spare(bench.image(f"web{number}", layers=[bench.layer(make.member(f"a{number}"))]))
    bench.trees.wait()
    assert len(list(bench.trees._spares.iterdir())) == 3


def test_trees_that_nobody_needs_are_dropped(bench, make):
    kept = bench.image("kept", layers=[bench.layer(make.member("a"))])
    gone = bench.image("gone", layers=[bench.layer(make.member("b"))])
    for image in (kept, gone):
        bench.trees.base(image)
        bench.trees.spare(image)
    bench.trees.wait()
    bench.images.remove("gone")
    bench.trees.trim(lambda: [kept.chain_id])
    assert len(list(bench.trees._spares.iterdir())) == 1
    assert bench.trees.known(kept.chain_id).path.is_dir()
    with pytest.raises(NotFound):
        bench.trees.known(gone.chain_id)
    bench.trees.evict()
    assert os.listdir(bench.folders.trees) == ["spares"]
    assert not os.listdir(bench.folders.trash)
    assert (bench.trees.base(kept).path / "a").exists()


def test_a_container_of_an_image_that_is_gone_still_has_its_base(bench, make):
    image = bench.image("web", layers=[bench.layer(make.member("a"))])
    bench.trees.base(image)
    bench.images.remove("web")
    assert (bench.trees.known(image.chain_id).path / "a").exists()


def test_an_image_without_layers_has_an_empty_root(bench):
    image = bench.image("scratch")
    target = bench.folders.containers / "root"
    bench.trees.copy(image, target)
    assert os.listdir(target) == []


def test_a_broken_layer_leaves_no_tree_behind(bench, make):
    layer = bench.layer(make.member("a", b"x" * 5000))
    image = bench.image("web", layers=[layer])
    bench.blobs.path(layer.blob).write_bytes(make.archive(make.member("a", b"x" * 5000))[:3000])
    with pytest.raises(BadParameter):
        bench.trees.base(image)
    assert os.listdir(bench.folders.trees) == ["spares"]
    assert not os.listdir(bench.folders.staging)


def test_sizes_count_shared_files_once(bench, make):
    lower = bench.layer(make.member("a", os.urandom(1 << 20)))
    bench.trees.base(bench.image("base", layers=[lower]))
    before = bench.trees.size_bytes()
    bench.trees.base(bench.image("web", layers=[lower, bench.layer(make.member("c", b"2"))]))
    assert before >= 1 << 20
    assert bench.trees.size_bytes() - before < 1 << 19


@pytest.mark.skipif(os.geteuid() != 0, reason="they run without privileges already")
def test_all_of_it_works_without_privileges_too():
    nobody = 65534
    drop = ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups"]
    # The interpreter may lie in root's home: it may be read, and nothing more.
    drop += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, nobody, nobody)
        files = [str(HERE / f"test_{name}.py") for name in ("owners", "unpacking", "layers", "trees")]
        done = subprocess.run(
            [*drop, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={home}/t", *files],
            env={**os.environ, "HOME": home, "TMPDIR": home, "HYPOTHESIS_STORAGE_DIRECTORY": f"{home}/h"},
            cwd=HERE.parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def test_a_layer_that_can_not_be_unpacked_does_not_end_the_making_of_spares(bench, make):
    hostile = bench.layer(make.member("hard", kind=tarfile.LNKTYPE, link="missing"))
    bench.trees.spare(bench.image("hostile", layers=[hostile]))
    bench.trees.wait()
    bench.trees.spare(bench.image("web", layers=[bench.layer(make.member("a"))]))
    bench.trees.wait()
    assert len(list(bench.trees._spares.iterdir())) == 1


@pytest.mark.parametrize("damage", ["", "x"])
def test_a_damaged_tree_or_spare_is_made_again(bench, make, damage):
    image = bench.image("web", layers=[bench.layer(make.member("a", b"1", uid=33, gid=33))])
    bench.trees.spare(image)
    bench.trees.wait()
    (spare,) = bench.trees._spares.iterdir()
    (spare / "since").write_text(damage)
    (bench.trees.base(image).path.parent / "owners.json").write_text(damage)
    bench.open()
    owners, _ = bench.trees.copy(image, target := bench.folders.containers / "root")
    assert owners.true("a", (target / "a").lstat()) == Owner(33, 33, 0o644)
    assert not list(bench.trees._spares.iterdir())


def test_a_tree_that_is_being_copied_is_dropped_only_afterwards(bench, make):
    image = bench.image("web", layers=[bench.layer(make.member("a", b"1"))])
    bench.trees.base(image)
    stop = threading.Event()

    def evict():
        while not stop.is_set():
            bench.trees.evict()

    evicting = threading.Thread(target=evict)
    evicting.start()
    try:
        for number in range(40):
            bench.trees.copy(image, target := bench.folders.containers / str(number))
            assert (target / "a").read_bytes() == b"1"
    finally:
        stop.set()
        evicting.join()
    bench.trees.evict()
    assert os.listdir(bench.folders.trees) == ["spares"]
    assert os.listdir(bench.folders.trash) == []
