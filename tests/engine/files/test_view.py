import os
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from dockyard.engine.files.view import View


@dataclass(frozen=True)
class Bind:
    source: str
    target: str
    read_only: bool = False


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0")
    (root / "run").mkdir()
    (root / "var").mkdir()
    (root / "var/run").symlink_to("/run")
    (root / "up").symlink_to("../../../../etc")
    (root / "out").symlink_to("/../../etc/passwd")
    (root / "relative").symlink_to("var/../etc/passwd")
    (root / "round").symlink_to("round")
    return root


@pytest.mark.parametrize(
    ("path", "inner"),
    [
        ("/", "/"),
        ("", "/"),
        ("../../..", "/"),
        ("etc/passwd", "/etc/passwd"),
        ("/etc/./../etc//passwd", "/etc/passwd"),
        ("/var/run/lock", "/run/lock"),
        ("/up/passwd", "/etc/passwd"),
        ("/out", "/etc/passwd"),
        ("/relative", "/etc/passwd"),
        ("/new/../etc", "/etc"),
        ("/new/folder", "/new/folder"),
    ],
)
def test_a_path_leads_where_the_container_goes(root, path, inner):
    place = View(root).resolve(path)
    assert place.inner == inner
    assert place.host == root / inner.lstrip("/")
    assert not place.read_only
    assert place.mount is None


def test_the_last_link_can_be_left_alone(root):
    view = View(root)
    assert view.resolve("/out", follow_last=False).inner == "/out"
    assert view.resolve("/out/", follow_last=False).inner == "/out"
    assert view.resolve("/var/run/.", follow_last=False).inner == "/run"
    assert view.resolve("/var/run/x", follow_last=False).inner == "/run/x"


def test_circles_and_files_in_the_way_are_errors(root):
    view = View(root)
    with pytest.raises(OSError, match="Too many levels"):
        view.resolve("/round")
    with pytest.raises(NotADirectoryError):
        view.resolve("/etc/passwd/x")


def test_paths_go_through_mounts_and_out_of_them_again(root, tmp_path):
    data, inner, single = tmp_path / "data", tmp_path / "inner", tmp_path / "single"
    (data / "sub").mkdir(parents=True)
    (data / "back").symlink_to("../../etc")
    (data / "absolute").symlink_to("/etc/passwd")
    inner.mkdir()
    (inner / "file").write_text("x")
    single.write_text("y")
    view = View(
        root,
        [
            Bind(str(data), "/var/run/data"),
            Bind(str(inner), "/run/data/sub", read_only=True),
            Bind(str(single), "/etc/single"),
        ],
    )
    assert view.resolve("/run/data").host == data
    assert view.resolve("/run/data").key == ""
    assert view.resolve("/var/run/data/sub/file").host == inner / "file"
    assert view.resolve("/var/run/data/sub/file").read_only
    assert view.resolve("/var/run/data/sub/file").mount == "/run/data/sub"
    assert view.resolve("/var/run/data/sub/file").key == "file"
    assert view.resolve("/run/data/back/passwd").host == root / "etc/passwd"
    assert view.resolve("/run/data/absolute").inner == "/etc/passwd"
    assert view.resolve("/run/data/absolute", follow_last=False).mount == "/run/data"
    assert view.resolve("/run/data/../data/sub/..").host == data
    assert view.resolve("/etc/single").host == single


def test_a_read_only_root_is_read_only_and_its_mounts_are_not(root, tmp_path):
    view = View(root, [Bind(str(tmp_path), "/run")], read_only=True)
    assert view.resolve("/etc").read_only
    assert not view.resolve("/run/x").read_only


def test_what_is_held_stays_what_it_is(root):
    with View(root).hold("/etc/passwd") as held:
        (root / "etc").rename(root / "old")
        (root / "etc").symlink_to("/")
        assert held.name == "passwd"
        assert os.readlink(f"/proc/self/fd/{held.parent}") == str(root / "old")
        assert Path(f"/proc/self/fd/{held.opened}").read_text() == "root:x:0:0"


def test_no_descriptor_is_left_open(root):
    view = View(root)
    before = len(os.listdir("/proc/self/fd"))
    for path in ("/var/run/lock", "/out", "/new/x/../y"):
        view.resolve(path)
    for path in ("/round", "/etc/passwd/x"):
        with pytest.raises(OSError):  # noqa: PT011  # either kind
            view.resolve(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_that_turns_into_a_link_meanwhile_never_leads_out(root, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_text("secret")
    (root / "swap").mkdir()
    (root / "swap/file").write_text("inside")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            (root / "swap").rename(root / "aside")
            (root / "swap").symlink_to(secret)
            (root / "swap").unlink()
            (root / "aside").rename(root / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        view = View(root)
        for _ in range(2000):
            with view.hold("/swap/file") as held:
                if held.opened is not None:
                    assert Path(f"/proc/self/fd/{held.opened}").read_text() == "inside"
    finally:
        done.set()
        thread.join()
