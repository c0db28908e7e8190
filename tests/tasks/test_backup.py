"""Backups as lines, and what their archives are checked for; no engine needed."""

import io
import json
import os
import resource
import tarfile
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockyard.errors import BackupBroken, BadValue, Cancelled, EngineRefused, HostileArchive
from dockyard.tarstream import TarStream
from dockyard.tasks import Backup, Restore, Run, parse
from dockyard.tasks.base import NEVER
from dockyard.tasks.proved_file import ProvedFile
from dockyard.tasks.volume_archive import check_archive, opened, write_archive
from dockyard.tasks.volume_fill import send
from dockyard.tasks.volume_manifest import digest_of, line_of, lines_in, manifest_of

LETTERS = st.characters(codec="utf-8", exclude_characters="/:\0", exclude_categories=("Cs", "Cc"))
VOLUMES = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,20}", fullmatch=True)
PATHS = st.lists(st.text(LETTERS, min_size=1, max_size=8).filter(lambda part: part not in (".", "..")), min_size=1).map(
    lambda parts: "/" + "/".join(parts)
)


@given(PATHS, VOLUMES)
def test_a_line_gives_its_task_back(path, volume):
    for task in (Backup(volume, path), Restore(path, volume)):
        assert parse(task.command) == task


def test_the_chapter_s_lines_are_taken():
    front = "docker run --rm -v apa000vol1:/source -v /home/me:/target busybox tar"
    backup = Backup("apa000vol1", "/home/me/backup_apa.tar.gz")
    assert backup.command == f"{front} czvf /target/backup_apa.tar.gz -C /source ."
    assert parse(f"{front} czf /target/backup_apa.tar.gz -C /source .") == backup
    assert parse(backup.command.replace(":/source", ":/source:ro")) == backup
    assert parse(f"{front} xzf /target/b.tar.gz -C /source") == Restore("/home/me/b.tar.gz", "apa000vol1")


@pytest.mark.parametrize(
    "line",
    [
        "docker run --rm -v vol:/source -v /me:/target busybox tar cvf /target/b.tar -C /source .",
        "docker run --rm -v vol:/source -v /me:/target busybox tar czf /elsewhere/b.tar.gz -C /source .",
        "docker run --rm -v vol:/source -v /me:/target:ro busybox tar czf /target/b.tar.gz -C /source .",
        "docker run --rm -v /vol:/source -v /me:/target busybox tar czf /target/b.tar.gz -C /source .",
        "docker run --rm -v vol:/source -v /me:/target httpd tar czf /target/b.tar.gz -C /source .",
        "docker run -v vol:/source -v /me:/target busybox tar czf /target/b.tar.gz -C /source .",
        "docker run --rm -v vol:/source -v /me:/target busybox tar czf /target/b.tar.gz -C /source ./sub",
    ],
)
def test_any_other_line_stays_a_run(line):
    assert isinstance(parse(line), Run)


def test_a_folder_that_the_line_could_not_name_is_refused():
    with pytest.raises(BadValue, match="no colon"):
        Backup("vol", "/a:b/c.tar.gz")


# ---------------------------------------------------------------- archives


def tar(*members, end=True, mode="w"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=tarfile.GNU_FORMAT) as archive:
        for name, kind, what in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(what)
                archive.addfile(info, io.BytesIO(what))
            else:
                info.linkname = what
                archive.addfile(info)
        if not end:
            return made.getvalue()[: archive.offset]
    return made.getvalue()


FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
TREE = (
    ("./", FOLDER, ""),
    ("./sub/", FOLDER, ""),
    ("./sub/가.txt", FILE, b"x" * 700_000),
    ("./h", HARD, "./sub/가.txt"),
)


@pytest.fixture
def written(tmp_path):
    archive = tmp_path / "b.tar.gz"
    write_archive(io.BytesIO(tar(*TREE)), "vol", archive, manifest_of(archive), cancel=NEVER)
    return archive


def test_what_is_written_opens_with_any_tar_and_lists_each_member(written):
    with tarfile.open(written) as archive:
        assert archive.getnames() == [".", "./sub", "./sub/가.txt", "./h"]
    listed = json.loads(manifest_of(written).read_text())
    assert [each["name"] for each in listed["members"]] == ["", "sub", "sub/가.txt", "h"]
    assert len(listed["members"][2]["sha256"]) == 64
    found = check_archive(written)
    assert found["h"] == found["sub/가.txt"] == listed["members"][2]["sha256"]


NAMES = st.lists(
    st.text(LETTERS, min_size=1, max_size=40).filter(lambda part: part not in (".", "..")), min_size=1, max_size=3
).map("/".join)
XATTRS = st.dictionaries(st.sampled_from(["user.a", "security.capability"]), st.binary(max_size=30), max_size=2)


@st.composite
def trees(draw):
    """A tar stream as an engine sends a volume: its root, and members of every kind below it."""
    made, files = io.BytesIO(), []
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in ["", *draw(st.lists(NAMES, unique=True, max_size=6))]:
            info = tarfile.TarInfo(f"v/{name}" if name else "v")
            info.type = (
                FOLDER if not name else draw(st.sampled_from([FILE, FILE, FOLDER, LINK, HARD, tarfile.FIFOTYPE]))
            )
            info.mode, info.uid, info.gid = draw(st.integers(0, 0o7777)), draw(st.integers(0, 1 << 31)), 7
            info.mtime = draw(st.integers(0, 1 << 33) | st.integers(1, 1 << 40).map(lambda halves: halves / 2))
            for key, value in draw(XATTRS).items():
                info.pax_headers[f"SCHILY.xattr.{key}"] = value.decode("utf-8", "surrogateescape")
            content = draw(st.binary(max_size=2000)) * draw(st.sampled_from([1, 1, 1000])) if info.type == FILE else b""
            info.size = len(content)
            if info.type == HARD and not files:
                continue
            info.linkname = (
                draw(st.sampled_from(files)) if info.type == HARD else draw(NAMES) if info.type == LINK else ""
            )
            files += [info.name] if info.type == FILE else []
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def lines(stream):
    return [line_of(member, digest_of(stream)) for member in stream]


class Engine:
    """Takes a tar stream as an engine does."""

    def __init__(self):
        self.lines = []

    def upload(self, pieces):
        self.lines += lines(TarStream(io.BytesIO(b"".join(bytes(each) for each in pieces))))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=20)
@given(trees())
def test_any_tree_is_restored_as_it_was_backed_up(tree):
    with TemporaryDirectory() as folder:
        archive = Path(folder, "b.tar.gz")
        write_archive(io.BytesIO(tree), "vol", archive, manifest_of(archive), cancel=NEVER)
        sent = lines(TarStream(io.BytesIO(tree)))
        assert list(lines_in(manifest_of(archive))) == sent
        with opened(archive) as stream:
            engine = Engine()
            send(stream, engine.upload, NEVER)
        assert engine.lines == sent
        assert check_archive(archive) == check_archive(archive, thorough=False)
        with tarfile.open(archive) as plain:
            assert len(plain.getnames()) == len(sent)


@pytest.mark.parametrize("thorough", [True, False])
def test_every_cut_and_every_byte_flipped_is_noticed(thorough, written):
    whole, sound = written.read_bytes(), check_archive(written, thorough=thorough)
    noticed = 0
    for position in range(0, len(whole), 7):
        written.write_bytes(whole[:position])
        with pytest.raises(BackupBroken):
            check_archive(written, thorough=thorough)
        written.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            assert (
                check_archive(written, thorough=thorough) == sound
            )  # another way to write the same, such as the head's time
        except (BackupBroken, HostileArchive):
            noticed += 1
    assert noticed > len(whole) / 7 * 0.8


def test_a_manifest_that_can_t_be_read_is_told(written):
    manifest = manifest_of(written)
    whole = manifest.read_text()
    for text in (whole.replace('"kind"', '"kynd"'), whole.replace('"size_bytes": ', '"size_bytes" '), "no manifest"):
        manifest.write_text(text)
        for thorough in (True, False):
            with pytest.raises(BackupBroken, match="manifest"):
                check_archive(written, thorough=thorough)


def test_an_archive_that_is_not_what_its_manifest_says_is_refused(written):
    manifest = manifest_of(written)
    manifest.write_text(manifest.read_text().replace('"mode": 420', '"mode": 511'))
    with pytest.raises(BackupBroken, match="manifest"):
        check_archive(written)


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100, tar(*TREE, end=False), tar()])
def test_what_is_no_whole_tar_is_refused(content, tmp_path):
    (tmp_path / "b.tar").write_bytes(content)
    with pytest.raises(BackupBroken):
        check_archive(tmp_path / "b.tar")


@pytest.mark.parametrize(
    "members",
    [
        [("../out", FILE, b"x")],
        [("./a/../../out", FILE, b"x")],
        [("./out", LINK, "/etc"), ("./out/passwd", FILE, b"x")],
        [("./out", LINK, "/etc"), ("./h", HARD, "./out/passwd")],
        [("./h", HARD, "/etc/passwd")],
        [("./h", HARD, "../../etc/passwd")],
        [("./", LINK, "/etc")],
    ],
)
def test_what_could_reach_outside_is_refused(members, tmp_path):
    (tmp_path / "b.tar").write_bytes(tar(*members))
    with pytest.raises(HostileArchive):
        check_archive(tmp_path / "b.tar")
    with pytest.raises(HostileArchive):
        send(TarStream(io.BytesIO(tar(*members)), rooted=False), Engine().upload, NEVER)


def test_what_does_not_read_back_is_told(tmp_path, monkeypatch):
    archive = tmp_path / "b.tar.gz"
    real = ProvedFile._put

    def spoilt(self, data):
        real(self, data)
        os.pwrite(self._file.fileno(), b"?", 60)

    monkeypatch.setattr(ProvedFile, "_put", spoilt)
    with pytest.raises(BackupBroken):
        write_archive(io.BytesIO(tar(*TREE)), "vol", archive, manifest_of(archive), cancel=NEVER)


def test_a_file_that_takes_no_more_is_told_and_all_threads_end(tmp_path):
    before = threading.active_count()
    archive = tmp_path / "b.tar.gz"
    big = tar(("./", FOLDER, ""), ("./big", FILE, os.urandom(20 << 20)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_archive(io.BytesIO(big), "vol", archive, manifest_of(archive), cancel=NEVER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert threading.active_count() == before


def test_a_cancel_ends_all_threads(tmp_path):
    before = threading.active_count()
    stop = threading.Event()
    archive = tmp_path / "b.tar.gz"
    big = tar(("./", FOLDER, ""), ("./big", FILE, bytes(20 << 20)))
    with pytest.raises(Cancelled):
        write_archive(io.BytesIO(big), "vol", archive, manifest_of(archive), watch=lambda _: stop.set(), cancel=stop)
    assert threading.active_count() == before
    archive.write_bytes(big)
    with pytest.raises(Cancelled):
        check_archive(archive, cancel=stop)
    assert threading.active_count() == before


BIG = [(f"./{number}", FILE, bytes(2 << 20)) for number in range(40)]


def test_an_upload_that_fails_is_told_and_its_thread_ends():
    before = threading.active_count()

    def upload(pieces):
        next(pieces)
        raise EngineRefused(message="no space left on device", status=500)

    with pytest.raises(EngineRefused, match="no space left"):
        send(TarStream(io.BytesIO(tar(*BIG)), rooted=False), upload, NEVER)
    assert threading.active_count() == before


def test_a_cancel_breaks_an_upload_off():
    before, stop, ended = threading.active_count(), threading.Event(), []

    def upload(pieces):
        stop.set()
        try:
            for _ in pieces:
                continue
        except Cancelled:
            ended.append(True)
            raise

    with pytest.raises(Cancelled):
        send(TarStream(io.BytesIO(tar(*BIG)), rooted=False), upload, stop)
    assert ended
    assert threading.active_count() == before
