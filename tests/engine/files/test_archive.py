"""Archives that a client sends are hostile until they are unpacked."""

import io
import os
import stat
import tarfile

import pytest

from dockyard.engine.errors import ApiError, BadParameter, Forbidden, NotFound, NotSupported, ServerError
from dockyard.engine.files import archive
from dockyard.engine.files.view import View
from dockyard.engine.images.owners import Owner, Owners
from dockyard.engine.run.spec import Mount


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root" / "srv").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return tmp_path / "root"


def packed(*members):
    """An archive of (name, kind, content or link) each."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as out:
        for name, kind, given in members:
            info = tarfile.TarInfo(name)
            info.type, info.mtime = kind, 1_700_000_000
            if kind == tarfile.REGTYPE:
                info.size = len(given)
                out.addfile(info, io.BytesIO(given))
            else:
                info.linkname = given
                info.mode = 0o755
                out.addfile(info)
    target.seek(0)
    return target


def put(root, content, path="/srv", mounts=(), **more):
    archive.put(View(root, mounts), path, content, Owners(), container="web", **more)


FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def test_files_folders_and_links_are_unpacked(root):
    put(root, packed(("a", FOLDER, ""), ("a/한글", FILE, b"1"), ("a/link", LINK, "한글"), ("a/same", HARD, "a/한글")))
    assert (root / "srv/a/한글").read_bytes() == b"1"
    assert os.readlink(root / "srv/a/link") == "한글"
    assert (root / "srv/a/same").samefile(root / "srv/a/한글")
    assert (root / "srv/a/한글").stat().st_mtime == 1_700_000_000


@pytest.mark.parametrize(
    "members",
    [
        [("../escaped", FILE, b"x")],
        [("/../../escaped", FILE, b"x")],
        [("out", LINK, "../../outside"), ("out/escaped", FILE, b"x")],
        [("out", LINK, "/../../../../../../../../tmp"), ("out/escaped-from-dockyard", FILE, b"x")],
        [("secret", HARD, "../../outside/secret")],
        [("secret", HARD, "/outside/secret")],
        [("x/" * 3000 + "end", FILE, b"x")],
    ],
)
def test_nothing_is_written_or_shared_outside(root, members):
    secret = root.parent / "outside" / "secret"
    secret.write_text("mine")
    try:
        put(root, packed(*members))
    except ApiError:
        refused = True
    else:
        refused = False
    assert secret.stat().st_nlink == 1
    assert os.listdir(root.parent / "outside") == ["secret"]
    assert not (root.parent / "escaped").exists()
    assert not os.path.exists("/tmp/escaped-from-dockyard")
    inside = [name for _, _, names in os.walk(root) for name in names]
    assert refused or inside


def test_a_link_in_the_container_leads_no_further_than_its_root(root):
    (root / "out").symlink_to("/../../outside")
    with pytest.raises(NotFound, match="Could not find the file /out/ in container web"):
        put(root, packed(("x", FILE, b"x")), "/out/")
    assert not list((root.parent / "outside").iterdir())


def test_a_device_is_refused(root):
    with pytest.raises(NotSupported, match="makes no devices"):
        put(root, packed(("sda", tarfile.BLKTYPE, "")))


def test_what_is_no_archive_is_refused(root):
    with pytest.raises(BadParameter):
        put(root, io.BytesIO(b"this is no archive" * 100))


def test_a_file_is_no_place_to_unpack_into(root):
    (root / "srv/file").write_text("1")
    with pytest.raises(BadParameter, match="extraction point is not a directory"):
        put(root, packed(("x", FILE, b"x")), "/srv/file")


def test_a_read_only_mount_stays_as_it_is(root):
    mount = Mount(str(root.parent / "outside"), "/srv/data", read_only=True)
    (root / "srv/data").mkdir()
    with pytest.raises(Forbidden):
        put(root, packed(("x", FILE, b"x")), "/srv/data", [mount])
    assert not list((root.parent / "outside").iterdir())


def test_a_mount_is_written_to_through_its_path(root):
    (root / "srv/data").mkdir()
    put(root, packed(("x", FILE, b"x")), "/srv/data", [Mount(str(root.parent / "outside"), "/srv/data")])
    assert (root.parent / "outside/x").read_bytes() == b"x"
    assert not list((root / "srv/data").iterdir())


def test_kinds_are_kept_where_that_is_asked_for(root):
    (root / "srv/a").mkdir()
    with pytest.raises(BadParameter):
        put(root, packed(("a", FILE, b"x")), keeps_kinds=True)
    put(root, packed(("a", FILE, b"x")))
    assert (root / "srv/a").read_bytes() == b"x"


class Kept:
    """A sink that keeps what it gets."""

    gone = False

    def __init__(self):
        self.content = io.BytesIO()

    def write(self, data):
        self.content.write(data)

    def send_file(self, file, offset, count):
        fd = file if isinstance(file, int) else file.fileno()
        self.content.write(os.pread(fd, count, offset))

    def members(self):
        self.content.seek(0)
        with tarfile.open(fileobj=self.content) as found:
            return {each.name: each for each in found.getmembers()}


def test_what_goes_in_comes_out(root):
    put(root, packed(("a", FOLDER, ""), ("a/x", FILE, b"12345"), ("a/l", LINK, "x")))
    sink = Kept()
    archive.get(View(root), "/srv/a", Owners(), sink, container="web")
    members = sink.members()
    assert set(members) == {"a", "a/x", "a/l"}
    assert members["a/x"].size == 5
    assert members["a/l"].linkname == "x"


def test_a_path_is_described(root):
    (root / "srv").chmod(0o1775)
    shown = archive.stat(View(root), "/srv", Owners(), container="web")
    assert (shown["name"], shown["linkTarget"]) == ("srv", "")
    assert shown["mode"] == (1 << 31 | 1 << 20 | 0o775)
    assert stat.S_ISDIR(os.stat(root / "srv").st_mode)


def test_nothing_is_described_in_dockers_words(root):
    with pytest.raises(NotFound, match="Could not find the file /nope in container web"):
        archive.stat(View(root), "/nope", Owners(), container="web")


def test_another_name_of_a_file_has_the_same_owner(root):
    (root / "srv/first").write_text("1")
    owners = Owners()
    owners.set("srv/first", 5, 6, 0o640)
    archive.put(View(root), "/srv", packed(("second", HARD, "first")), owners, container="web")
    assert owners.get("srv/second") == owners.get("srv/first") == Owner(5, 6, 0o640)


def test_what_is_mounted_gets_no_name_outside_of_its_mount(root):
    (root / "srv/data").mkdir()
    (root.parent / "outside/secret").write_text("mine")
    mount = Mount(str(root.parent / "outside"), "/srv/data", read_only=True)
    with pytest.raises(ServerError, match="invalid cross-device link"):
        put(root, packed(("stolen", HARD, "data/secret")), mounts=[mount])
    assert not (root / "srv/stolen").exists()
