"""Dockyard's copies beside the real ``docker cp``: the same arguments leave the same files, or both refuse."""

import os
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from conftest import command_line
from dockyard.errors import DockyardError
from dockyard.tasks import CopyIn, CopyOut
from shells import Shell

pytestmark = pytest.mark.engine

SOURCES = [
    "file",
    "folder",
    "folder/",
    "folder/.",
    "link-to-file",
    "link-to-folder",
    "link-to-folder/",
    "empty",
    "file/",
    "nothing",
    "한글 이름.txt",
]
TARGETS = [
    "new",
    "new/",
    "there-file",
    "there-folder",
    "there-folder/",
    "there-folder/new",
    "no-parent/new",
    "link-file",
    "link-folder",
    "there-file/",
]


def plant(root: Path) -> None:
    """A tree with one of everything that the rules tell apart."""
    (root / "folder/inner").mkdir(parents=True)
    (root / "folder/a.txt").write_text("a")
    (root / "folder/inner/b.txt").write_text("b")
    (root / "folder/c").symlink_to("a.txt")
    os.link(root / "folder/a.txt", root / "folder/hard")
    (root / "file").write_text("file")
    (root / "file").chmod(0o640)
    (root / "한글 이름.txt").write_text("안녕")
    (root / "empty").mkdir(mode=0o750)
    (root / "link-to-file").symlink_to("file")
    (root / "link-to-folder").symlink_to("folder")
    for path in ("file", "folder/a.txt", "folder/inner/b.txt", "한글 이름.txt"):
        os.utime(root / path, (1_600_000_000, 1_600_000_000))


def targets(root: Path) -> None:
    (root / "there-folder/folder").mkdir(parents=True)
    (root / "there-folder/folder/a.txt").write_text("old")
    (root / "there-folder/stays").write_text("stays")
    (root / "there-file").write_text("old")
    (root / "link-file").symlink_to("there-file")
    (root / "link-folder").symlink_to("there-folder")


# The target then leads to a link that leads nowhere; the engine tells only where a chain of links ends.
UNVERIFIABLE = {("link-to-file", "link-file"), ("link-to-folder", "link-file")}

LISTING = r"""cd %s && find . | sort | while read -r f; do
stat -c '%%n %%F %%a %%u:%%g' "$f"; if [ -L "$f" ]; then readlink "$f"; elif [ -f "$f" ]; then sha256sum < "$f"; stat -c %%Y "$f" | grep 1600000000; fi; done; true"""


def on_disk(root: Path) -> str:
    return subprocess.run(["sh", "-c", LISTING % root], check=True, capture_output=True, text=True).stdout


# What a copy into a container may meet at its target.
RENEWED = (
    "rm -rf /t && mkdir -p /t/there-folder/folder && cd /t && echo old | tee there-file there-folder/folder/a.txt there-folder/stays"
    " >/dev/null && ln -s there-file link-file && ln -s there-folder link-folder;"
)


@pytest.fixture(scope="module")
def docker_cp(docker_address):
    """The real command on real Docker, whatever the engine of this round."""
    cli = command_line(docker_address)
    return lambda *words: cli("cp", *words, check=False)


@pytest.fixture(scope="module")
def pair(client, engine_address, real_docker, docker_address):
    """Two containers alike, and a shell in each: one that Dockyard copies into, one that the real command copies into."""
    sides = (
        ("copied-by-us", client, engine_address),
        ("copied-by-docker", real_docker, docker_address),
    )
    with ExitStack() as stack:
        shells = []
        for name, engine, address in sides:
            stack.enter_context(running(engine, name))
            shells.append(stack.enter_context(Shell(address, name)))
        yield shells


@pytest.fixture(scope="module")
def planted(client, docker_cli, real_docker, docker_address, tmp_path_factory):
    """Two containers with the sources in them, on the engine of this round and on real Docker."""
    seed = tmp_path_factory.mktemp("seed")
    plant(seed)
    ours, theirs = "planted-for-us", "planted-for-docker"
    with running(client, ours), running(real_docker, theirs):
        docker_cli("cp", str(seed), f"{ours}:/s")
        command_line(docker_address)("cp", str(seed), f"{theirs}:/s")
        yield ours, theirs


@contextmanager
def running(client, name):
    client.api.start(client.api.create_container("busybox", ["sleep", "10000"], name=name))
    yield
    client.api.remove_container(name, force=True)


@pytest.mark.parametrize("follow", ["", "-L"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_copying_in_lands_where_docker_cp_lands(source, target, follow, client, pair, docker_cp, tmp_path, monkeypatch):
    plant(tmp_path)
    monkeypatch.chdir(tmp_path)
    ours, theirs = pair
    listing = LISTING % "/t"
    before = ours(RENEWED + listing)
    assert theirs(RENEWED + listing) == before
    expected = docker_cp(*([follow] if follow else []), source, f"{theirs.name}:/t/{target}")

    task = CopyIn(source, ours.name, f"/t/{target}", follow_link=bool(follow))
    if expected.startswith("refused"):
        with pytest.raises(DockyardError):
            task.run(client)
        assert ours(listing) == before
    else:
        task.run(client)
        assert ours(listing) == theirs(listing)
        if (source, target) not in UNVERIFIABLE:
            assert task.verify(client).ok
        task.undo(client)
        assert ours(listing) == before


@pytest.mark.parametrize("follow", ["", "-L"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_copying_out_lands_where_docker_cp_lands(source, target, follow, client, planted, docker_cp, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    targets(ours)
    targets(theirs)
    before = on_disk(ours)
    expected = docker_cp(*([follow] if follow else []), f"{planted[1]}:/s/{source}", f"{theirs}/{target}")

    task = CopyOut(planted[0], f"/s/{source}", f"{ours}/{target}", follow_link=bool(follow))
    if expected.startswith("refused"):
        with pytest.raises(DockyardError):
            task.run(client)
        assert on_disk(ours) == before
    else:
        task.run(client)
        assert on_disk(ours) == on_disk(theirs)
        if (source, target) not in UNVERIFIABLE:
            assert task.verify(client).ok
        task.undo(client)
        assert on_disk(ours) == before
    assert not list(ours.glob("**/.dockyard-*"))
