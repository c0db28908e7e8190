"""Hostile archives: nothing of them is written outside the folder they are given, and none fills the disk."""

import io
import os
import stat
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockyard.errors import Cancelled, DiskWouldFill, DockyardError, HostileArchive, KindClash, Truncated
from dockyard.tarstream import TarStream
from dockyard.tasks.pack import packed_size_bytes, parts, scan
from dockyard.tasks.unpack import stamp, unpack


class Bytes(io.BytesIO):
    """A stream that can only be read on, like a socket."""

    def seek(self, *_):
        raise AssertionError("a stream can't seek")


def member(name, kind=tarfile.REGTYPE, content=b"", link="", mode=0o644, **more):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, len(content), link, mode
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


FOLDER = member("d", tarfile.DIRTYPE, mode=0o755)


def archive(*members, end=True):
    made = io.BytesIO()
    for info, content in members:
        made.write(info.tobuf(tarfile.PAX_FORMAT))
        made.write(content + b"\0" * (-len(content) % 512))
    return made.getvalue() + (b"\0" * 1024 if end else b"")


def unpacked(data, stage, **more):
    stage.mkdir(exist_ok=True)
    result = unpack(TarStream(Bytes(data)), stage, **more)
    for each in reversed(result.members):
        if each.kind == "folder":  # as is done once a copy is in its place
            stamp(stage / "root" / each.name, each, keep_owner=False)
    return result


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ([FOLDER, member("/etc/passwd")], "absolute"),
        ([FOLDER, member("d/../../outside")], r"\.\."),
        ([FOLDER, member("../outside")], r"\.\."),
        ([FOLDER, member("other/file")], "outside the folder"),
        ([FOLDER, member("d/missing/file")], "did not make"),
        ([FOLDER, member("d/link", tarfile.SYMTYPE, link="/tmp"), member("d/link/file")], "did not make"),
        ([FOLDER, member("d/link", tarfile.SYMTYPE, link=".."), member("d/link/d2", tarfile.DIRTYPE)], "did not make"),
        ([FOLDER, member("d/hard", tarfile.LNKTYPE, link="/etc/passwd")], "absolute"),
        ([FOLDER, member("d/hard", tarfile.LNKTYPE, link="d/../../etc/passwd")], r"\.\."),
        ([FOLDER, member("d/hard", tarfile.LNKTYPE, link="d/nothing")], "hard link to something outside"),
        (
            [FOLDER, member("d/s", tarfile.SYMTYPE, link="/etc/passwd"), member("d/hard", tarfile.LNKTYPE, link="d/s")],
            "hard link to something outside",
        ),
        (
            [FOLDER, member("d/s", tarfile.SYMTYPE, link="/etc"), member("d/hard", tarfile.LNKTYPE, link="d/s/passwd")],
            "hard link to something outside",
        ),
        ([FOLDER, member("d/odd", b"Z")], "not known"),
        ([FOLDER, member("d/when", pax_headers={"mtime": "nan"})], "NaN"),
        ([FOLDER, member("d/when", pax_headers={"mtime": "1e300"})], "out of range|large"),
        (
            [
                FOLDER,
                member(
                    "d/sparse",
                    pax_headers={
                        "GNU.sparse.major": "1",
                        "GNU.sparse.minor": "0",
                        "GNU.sparse.realsize": "1000000000000",
                    },
                    content=b"0\n" + b"\0" * 510,
                ),
            ],
            "sparse",
        ),
        ([FOLDER, member("d/huge", pax_headers={"comment": "x" * (2 << 20)})], "header larger"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_member_is_refused_and_nothing_is_written_outside(hostile, reason, tmp_path):
    (tmp_path / "outside").mkdir()
    with pytest.raises(HostileArchive, match=reason):
        unpacked(archive(*hostile), tmp_path / "stage")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "stage"]
    assert not list((tmp_path / "outside").iterdir())


NAMES = st.lists(st.sampled_from(["a", "b", "..", ".", "", "c"]), min_size=1, max_size=4).map("/".join)
KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(NAMES, KINDS, st.sampled_from(["..", "/", "../..", "a", "b/../..", "d/a", "/tmp"])), max_size=8)
)
def test_no_order_of_members_writes_outside(tmp_path_factory, entries):
    root = tmp_path_factory.mktemp("r")
    (root / "canary").write_text("unchanged")
    members = [
        FOLDER,
        *(
            member(f"d/{name}", kind, b"x" if kind == tarfile.REGTYPE else b"", link if kind != tarfile.REGTYPE else "")
            for name, kind, link in entries
        ),
    ]
    with suppress(DockyardError):
        unpacked(archive(*members), root / "stage")
    assert sorted(os.listdir(root)) == ["canary", "stage"]
    assert set(os.listdir(root / "stage")) <= {"root"}
    assert (root / "canary").read_text() == "unchanged"


def test_links_that_lead_out_are_kept_as_links_and_told(tmp_path):
    result = unpacked(
        archive(FOLDER, member("d/out", tarfile.SYMTYPE, link="../../etc"), member("d/in", tarfile.SYMTYPE, link="x")),
        tmp_path / "stage",
    )
    assert os.readlink(tmp_path / "stage/root/out") == "../../etc"
    assert result.warnings == ("'out' is a link that leads out of the copy, to '../../etc'",)


def test_devices_are_left_out_and_setuid_is_taken_off(tmp_path):
    result = unpacked(
        archive(
            FOLDER, member("d/null", tarfile.CHRTYPE, devmajor=1, devminor=3), member("d/su", content=b"x", mode=0o4755)
        ),
        tmp_path / "stage",
    )
    assert os.listdir(tmp_path / "stage/root") == ["su"]
    assert stat.S_IMODE((tmp_path / "stage/root/su").stat().st_mode) == 0o755
    assert len(result.warnings) == 2


def test_modes_times_and_hard_links_are_kept(tmp_path):
    data = archive(
        member("d", tarfile.DIRTYPE, mode=0o750, mtime=1_600_000_000),
        member("d/f", content=b"abc", mode=0o640, mtime=1_500_000_000, pax_headers={"mtime": "1500000000.123456789"}),
        member("d/hard", tarfile.LNKTYPE, link="d/f"),
    )
    unpacked(data, tmp_path / "stage")
    root = tmp_path / "stage/root"
    assert (root / "f").stat().st_mtime_ns == 1_500_000_000_123_456_789
    assert root.stat().st_mtime == 1_600_000_000
    assert [stat.S_IMODE(path.stat().st_mode) for path in (root, root / "f")] == [0o750, 0o640]
    assert (root / "f").samefile(root / "hard")


def test_runs_of_zeros_take_no_room_on_disk(tmp_path):
    size = 64 << 20
    unpacked(archive(FOLDER, member("d/zeros", content=b"\0" * size)), tmp_path / "stage")
    status = (tmp_path / "stage/root/zeros").stat()
    assert status.st_size == size
    assert status.st_blocks * 512 < 1 << 20


def test_a_file_larger_than_the_room_is_refused_before_it_is_written(tmp_path):
    info, _ = member("d/bomb")
    info.size = 1 << 60
    data = archive(FOLDER)[:-1024] + info.tobuf(tarfile.PAX_FORMAT)
    with pytest.raises(DiskWouldFill, match="would need"):
        unpacked(data, tmp_path / "stage")
    assert not list((tmp_path / "stage/root").iterdir())


@pytest.mark.parametrize("kept", [0, 100, 512, 700, 1024, 1500, 2047, 2048])
def test_a_stream_cut_anywhere_is_noticed(kept, tmp_path):
    data = archive(FOLDER, member("d/f", content=b"x" * 1000))
    assert len(data) == 512 + 512 + 1024 + 1024
    with pytest.raises(Truncated):
        unpacked(data[:kept], tmp_path / "stage")


def test_garbage_is_no_archive(tmp_path):
    with pytest.raises(Truncated):
        unpacked(b"not a tar at all" * 100, tmp_path / "stage")


def test_only_what_the_plan_lists_is_written_and_nothing_larger(tmp_path):
    data = archive(FOLDER, member("d/planned", content=b"abc"), member("d/new", content=b"x"))
    unpacked(data, tmp_path / "one", expected={"": 0, "planned": 3})
    assert os.listdir(tmp_path / "one/root") == ["planned"]
    with pytest.raises(HostileArchive, match="larger than it was"):
        unpacked(data, tmp_path / "two", expected={"": 0, "planned": 2})


def test_a_folder_and_a_file_of_one_name_clash(tmp_path):
    with pytest.raises(KindClash):
        unpacked(archive(FOLDER, member("d/x", tarfile.DIRTYPE), member("d/x", content=b"f")), tmp_path / "stage")


def test_cancel_stops_between_pieces(tmp_path):
    class Now:
        def is_set(self):
            return True

    with pytest.raises(Cancelled):
        unpacked(archive(FOLDER, member("d/f", content=b"x")), tmp_path / "stage", cancel=Now())


def test_names_that_are_no_utf8_survive(tmp_path):
    info = tarfile.TarInfo("d/" + b"\xff\xfe".decode("utf-8", "surrogateescape"))
    info.size = 1
    data = (
        archive(FOLDER)[:-1024]
        + info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        + b"x"
        + b"\0" * 511
        + b"\0" * 1024
    )
    unpacked(data, tmp_path / "stage")
    assert os.listdir(os.fsencode(tmp_path / "stage/root")) == [b"\xff\xfe"]


def test_a_single_file_becomes_the_root(tmp_path):
    result = unpacked(archive(member("index.html", content=b"hello")), tmp_path / "stage")
    assert (tmp_path / "stage/root").read_bytes() == b"hello"
    assert [each.name for each in result.members] == [""]


def test_what_is_not_read_is_skipped():
    stream = TarStream(Bytes(archive(FOLDER, member("d/a", content=b"x" * 5000), member("d/b", content=b"y"))))
    assert [each.name for each in stream] == ["", "a", "b"]


def test_pack_and_unpack_are_each_others_reverse(tmp_path):
    source = tmp_path / "source"
    (source / "한글 폴더").mkdir(parents=True)
    (source / "한글 폴더" / ("long" * 60)).write_bytes(b"z" * 3000)
    (source / "f").write_bytes(b"abc")
    os.link(source / "f", source / "g")
    (source / "l").symlink_to("f")
    os.mkfifo(source / "p")
    entries = scan(str(source))
    data = b"".join(
        part if isinstance(part, bytes) else part.file.read(part.size_bytes) for part in parts(entries, "root-name")
    )
    assert len(data) == packed_size_bytes(entries, "root-name")
    unpacked(data, tmp_path / "stage")

    def facts(root: Path):
        return {
            str(path.relative_to(root)): (
                path.lstat().st_mode,
                path.lstat().st_mtime_ns,
                path.read_bytes() if path.is_file() else None,
            )
            for path in [root, *root.rglob("*")]
        }

    assert facts(tmp_path / "stage/root") == facts(source)
