"""What is sent of a container's files: names, kinds and order as Docker has them, and nothing from outside."""

import ctypes
import io
import os
import tarfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dockyard.engine.errors import ServerError
from dockyard.engine.files import archive
from dockyard.engine.files.tar_header import Header
from dockyard.engine.files.view import View
from dockyard.engine.images.owners import Owners
from dockyard.engine.run.spec import Mount

AT_FDCWD, RENAME_EXCHANGE = -100, 2


class Collected(io.BytesIO):
    """What a client would get."""

    def send_file(self, file: int, offset: int, count: int) -> None:
        content = os.pread(file, count, offset)
        assert len(content) == count
        self.write(content)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "t/dir/sub").mkdir(parents=True)
    (root / "t/file").write_text("hi\n")
    (root / "t/file").chmod(0o4755)
    os.link(root / "t/file", root / "t/dir/hard")
    (root / "t/link").symlink_to("dir")
    os.mkfifo(root / "t/pipe", 0o644)
    (root / "t/big").write_bytes(os.urandom(200_000))
    return root


def sent(root: Path, path: str, mounts: tuple[Mount, ...] = (), owners: Owners | None = None) -> tarfile.TarFile:
    target = Collected()
    archive.get(View(root, mounts), path, owners or Owners(), target, container="web")
    assert len(target.getvalue()) % 512 == 0
    target.seek(0)
    return tarfile.open(fileobj=target)  # it is in memory


def names(root: Path, path: str, mounts: tuple[Mount, ...] = ()) -> list[str]:
    return sent(root, path, mounts).getnames()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/t/dir", ["dir", "dir/hard", "dir/sub"]),
        ("t/dir/", ["dir", "dir/hard", "dir/sub"]),
        ("/t/dir/.", [".", "./hard", "./sub"]),
        ("/t/link", ["link"]),
        ("/t/link/", ["link", "link/hard", "link/sub"]),
        ("/t/link/.", [".", "./hard", "./sub"]),
        ("/t/link/hard", ["hard"]),
        ("/t/link/../file", ["file"]),
        ("/t/dir/../..", ["", "/t", "/t/big", "/t/dir", "/t/dir/hard", "/t/dir/sub", "/t/file", "/t/link", "/t/pipe"]),
    ],
)
def test_names_begin_with_what_was_asked_for(root, path, expected):
    assert names(root, path) == expected


def test_kinds_modes_and_content_are_kept(root):
    members = {member.name: member for member in sent(root, "/t")}
    assert members["t/dir/hard"].isreg()
    assert members["t/file"].islnk()
    assert members["t/file"].linkname == "t/dir/hard"
    assert members["t/file"].mode == 0o104755
    assert members["t/link"].linkname == "dir"
    assert members["t/pipe"].isfifo()
    packed = sent(root, "/t/big")
    assert packed.extractfile("big").read() == (root / "t/big").read_bytes()


def test_owners_that_are_kept_aside_are_sent(root):
    owners = Owners()
    owners.set("t/big", 33, 34, root.joinpath("t/big").stat().st_mode & 0o777)
    member = sent(root, "/t/big", owners=owners).getmember("big")
    assert (member.uid, member.gid) == (33, 34)


def test_mounts_are_sent_in_their_place_and_left_out_of_an_export(root, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/inside").write_text("x")
    mounts = (Mount(str(tmp_path / "data"), "/t/data"), Mount(str(tmp_path / "data/inside"), "/t/dir/sub/one"))
    assert {"t/data/inside", "t/dir/sub/one"} < set(names(root, "/t", mounts))
    assert names(root, "/t/data", mounts) == ["data", "data/inside"]
    assert names(root, "/t/dir/sub/one", mounts) == ["one"]
    target = Collected()
    archive.export(root, Owners(), target)
    target.seek(0)
    with tarfile.open(fileobj=target) as packed:
        assert packed.getnames() == ["t", "t/big", "t/dir", "t/dir/hard", "t/dir/sub", "t/file", "t/link", "t/pipe"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_the_container_made_unreadable_is_sent_all_the_same(root):
    (root / "t/file").chmod(0)
    (root / "t/dir").chmod(0)
    assert "t/dir/hard" in names(root, "/t")
    assert (root / "t/dir").stat().st_mode & 0o777 == 0


@pytest.mark.parametrize(
    "header",
    [
        Header("a/b", tarfile.REGTYPE, 0o100644, 1, 2, 5, 1_700_000_000),
        Header("한글", tarfile.REGTYPE, 0o100644, 0, 0, 5, 1),
        Header("n" * 300, tarfile.SYMTYPE, 0o120777, 0, 0, link="l" * 300),
        Header("no \udcff utf-8", tarfile.REGTYPE, 0o100644, 0, 0),
        Header("large", tarfile.REGTYPE, 0o100644, 3_000_000_000, 0, 1 << 40, 1),
        Header("old", tarfile.REGTYPE, 0o100644, 0, 0, 0, -5),
        Header("null", tarfile.CHRTYPE, 0o20666, 0, 0, device=(1, 3)),
    ],
)
def test_headers_are_read_as_they_were_meant(header):
    with tarfile.open(fileobj=io.BytesIO(bytes(header) + bytes(1024)), errors="surrogateescape") as packed:
        member = packed.next()
    assert member is not None
    assert (member.name, member.type, member.mode & 0o7777, member.linkname) == (
        header.name,
        header.type,
        header.mode & 0o7777,
        header.link,
    )
    assert (member.uid, member.gid, member.size, member.mtime) == (
        header.uid,
        header.gid,
        header.size_bytes,
        header.changed,
    )
    assert (member.devmajor, member.devminor) == header.device


def test_a_folder_that_turns_into_a_link_meanwhile_leads_nowhere(root, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "hard").write_text("secret")
    (secret / "new").write_text("secret")
    done = threading.Event()

    (root / "t/other").symlink_to(secret)
    libc = ctypes.CDLL(None, use_errno=True)
    both = os.fsencode(root / "t/dir"), os.fsencode(root / "t/other")

    def swap() -> None:
        while not done.is_set():
            libc.renameat2(AT_FDCWD, both[0], AT_FDCWD, both[1], RENAME_EXCHANGE)

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as packed:
        info = tarfile.TarInfo("dir/hard")
        info.size = 4
        packed.addfile(info, io.BytesIO(b"mine"))
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(200):
            assert not any(name.endswith("/new") for name in names(root, "/t"))
            with suppress(ServerError):  # where it was the link: what that names is not in the container
                archive.put(View(root), "/t", io.BytesIO(out.getvalue()), Owners(), container="web")
    finally:
        done.set()
        thread.join()
    assert (secret / "hard").read_text() == "secret"
    assert sorted(os.listdir(secret)) == ["hard", "new"]
