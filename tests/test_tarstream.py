"""Tar streams as engines write them and as layers are: names, ends and times."""

import io
import os
import subprocess
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.errors import HostileArchive, Truncated
from dockyard.tarstream import BUFFER_BYTES, TarStream, changed_ns, renamed_header, write_all, write_with_holes


def archive(*members, end=1024):
    made = io.BytesIO()
    for name, content, more in members:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        for key, value in more.items():
            setattr(info, key, value)
        made.write(info.tobuf(tarfile.PAX_FORMAT) + content + b"\0" * (-len(content) % 512))
    return io.BytesIO(made.getvalue() + b"\0" * end)


@pytest.mark.parametrize("name", ["a/b", "./a/b", "/a/b", "//a/./b"])
def test_names_in_a_layer_begin_at_its_top(name):
    hard = ("h", b"", {"type": tarfile.LNKTYPE, "linkname": name})
    soft = ("s", b"", {"type": tarfile.SYMTYPE, "linkname": name})
    members = list(TarStream(archive((name, b"x", {}), hard, soft), rooted=False))
    assert [(each.name, each.link) for each in members] == [("a/b", ""), ("h", "a/b"), ("s", name)]


def test_names_of_a_tree_are_relative_to_its_root():
    folder = ("root", b"", {"type": tarfile.DIRTYPE})
    assert [each.name for each in TarStream(archive(folder, ("root/a", b"", {})))] == ["", "a"]
    with pytest.raises(HostileArchive):
        list(TarStream(archive(folder, ("/root/a", b"", {}))))


@pytest.mark.parametrize("rooted", [False, True])
def test_only_a_tree_needs_its_end_mark(rooted):
    stream = TarStream(archive(("root", b"x", {}), end=0), rooted=rooted)
    if rooted:
        with pytest.raises(Truncated):
            list(stream)
    else:
        assert len(list(stream)) == 1
        assert list(TarStream(io.BytesIO(), rooted=False)) == []


@pytest.mark.parametrize("kept", [1, 511, 600, 1023])
def test_a_layer_cut_within_a_member_is_noticed(kept):
    data = archive(("a", b"x" * 100, {})).getvalue()
    with pytest.raises(Truncated):
        list(TarStream(io.BytesIO(data[:kept]), rooted=False))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1500000000.123456789", 1_500_000_000_123_456_789),
        ("1500000000.5", 1_500_000_000_500_000_000),
        ("7", 7_000_000_000),
        ("-1.5", -1_500_000_000),
    ],
)
def test_times_keep_their_nanoseconds(written, expected):
    (member,) = TarStream(archive(("a", b"", {"pax_headers": {"mtime": written}})), rooted=False)
    assert changed_ns(member.info) == expected


def test_bytes_are_read_or_skipped_in_any_mixture():
    stream = TarStream(archive(("a", b"a" * 1000, {}), ("b", b"b" * 1000, {}), ("c", b"c", {})), rooted=False)
    buffer = memoryview(bytearray(300))
    read = {member.name: stream.read_into(buffer) for member in stream}
    assert read == {"a": 300, "b": 300, "c": 1}


def test_a_header_is_written_anew_under_another_name():
    (member,) = TarStream(archive(("x" * 150, b"abc", {"mode": 0o600, "mtime": 5})), rooted=False)
    renamed = io.BytesIO(renamed_header(member, "short") + b"abc" + b"\0" * 509 + b"\0" * 1024)
    (again,) = TarStream(renamed, rooted=False)
    assert (again.name, again.size_bytes, again.info.mode, again.info.mtime) == ("short", 3, 0o600, 5)


def test_zeros_become_holes_and_the_rest_is_as_it_was(tmp_path):
    content = b"a" * 100 + bytes(4 * BUFFER_BYTES) + b"b" * 100 + bytes(BUFFER_BYTES)
    source = io.BytesIO(content)
    with (tmp_path / "f").open("wb", buffering=0) as file:
        assert sum(write_with_holes(file, source.readinto, bytearray(BUFFER_BYTES))) == len(content)
    assert (tmp_path / "f").read_bytes() == content
    assert os.stat(tmp_path / "f").st_blocks * 512 < len(content) // 2


def test_a_write_that_takes_a_part_alone_is_gone_on_with():
    taken = []

    def write(data):
        taken.append(bytes(data[:3]))
        return len(taken[-1])

    write_all(write, b"all of it")
    assert taken == [b"all", b" of", b" it"]


def contents(stream):
    """Each member's name and bytes, in small pieces."""
    found, buffer = {}, memoryview(bytearray(1000))
    for member in stream:
        found[member.name] = b"".join(iter(lambda: bytes(buffer[: stream.read_into(buffer)]), b""))
        assert len(found[member.name]) == member.size_bytes
        assert not member.info.issparse()
    return found


@pytest.mark.parametrize(
    "form",
    [["--format=gnu"], *(["--format=posix", f"--sparse-version={version}"] for version in ("0.0", "0.1", "1.0"))],
)
def test_files_that_gnu_tar_stored_sparse_have_their_zeros(form, tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    for name, runs in {
        "begins": [0, 700_000],
        "holes": range(100_000, 4_000_000, 200_000),
        "가" * 40: [300_000],
    }.items():
        with (folder / name).open("wb") as file:
            for start in runs:
                file.seek(start)
                file.write(b"data" * 2000)
            file.truncate(5_000_001)
    (folder / "only").touch()
    os.truncate(folder / "only", 1 << 20)
    (folder / "plain").write_bytes(b"plain")
    subprocess.run(["tar", "cSf", tmp_path / "t.tar", *form, "-C", folder, "."], check=True)
    data = (tmp_path / "t.tar").read_bytes()
    assert len(data) < 1_000_000
    found = contents(TarStream(io.BytesIO(data), rooted=False, sparse=True))
    assert found == {"": b"", **{each.name: each.read_bytes() for each in folder.iterdir()}}
    assert len(list(TarStream(io.BytesIO(data), rooted=False, sparse=True))) == len(found)
    with pytest.raises(HostileArchive, match="sparse"):
        list(TarStream(io.BytesIO(data), rooted=False))


@given(st.lists(st.integers(-(1 << 70), 1 << 70) | st.integers(0, 3000), min_size=2, max_size=6))
def test_a_map_of_holes_is_taken_as_it_is_or_refused(numbers):
    more = {"GNU.sparse.map": ",".join(map(str, numbers)), "GNU.sparse.size": "3000"}
    data = archive(("a", b"x" * 1500, {"pax_headers": more}))
    segments = list(zip(numbers[::2], numbers[1::2], strict=False))
    try:
        found = contents(TarStream(data, rooted=False, sparse=True))["a"]
    except (HostileArchive, Truncated):
        return
    assert len(found) == 3000
    assert found.count(b"x") == sum(size for _, size in segments)
    assert all(found[start : start + size] == b"x" * size for start, size in segments)
