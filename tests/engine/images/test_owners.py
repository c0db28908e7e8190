"""Whose files are whose: on the disk as root, in a table as anyone else."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from conftest import spelled
from dockyard.engine.images.owners import Owner, Owners, open_up, settle

ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.mark.parametrize(
    "owner", [Owner(0, 0, 0o644), Owner(33, 33, 0o640), Owner(0, 0, 0o000), Owner(0, 42, 0o2755)], ids=spelled
)
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_file_has_what_it_was_given_and_stays_usable(owner, kind, tmp_path):
    path = tmp_path / "x"
    path.mkdir() if kind == "folder" else path.touch()
    owners = Owners()
    settle(path, "a/x", owner, owners)
    assert owners.true("a/x", path.lstat()) == owner
    assert bool(len(owners)) != ROOT or owner in (Owner(0, 0, 0o644),)
    if not ROOT:
        assert path.stat().st_mode & 0o600 == 0o600
        assert not path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)


def test_a_link_is_never_followed(tmp_path):
    target = tmp_path / "target"
    target.touch(0o600)
    (tmp_path / "link").symlink_to("target")
    owners = Owners()
    settle(tmp_path / "link", "link", Owner(33, 33, 0o777), owners)
    assert target.stat().st_uid == os.geteuid()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    true = owners.true("link", (tmp_path / "link").lstat())
    assert (true.uid, true.gid) == (33, 33)


@pytest.mark.skipif(ROOT, reason="as root, modes are on the disk alone")
def test_a_later_chmod_counts_more_than_what_is_kept(tmp_path):
    path = tmp_path / "x"
    path.touch()
    owners = Owners()
    settle(path, "x", Owner(33, 33, 0o444), owners)
    path.chmod(0o755)
    assert owners.true("x", path.lstat()) == Owner(33, 33, 0o755)


def test_tables_are_saved_with_names_that_are_no_utf8(tmp_path):
    odd = os.fsdecode(b"d/\xff\xfe")
    owners = Owners({"": Owner(0, 0, 0o1777), odd: Owner(1, 2, 0o4755), "한글": Owner(3, 4, 0)})
    owners.save(tmp_path / "owners.json")
    loaded = Owners.load(tmp_path / "owners.json")
    assert {path: loaded.get(path) for path in loaded} == {path: owners.get(path) for path in owners}
    assert not list(Owners.load(tmp_path / "missing.json"))


def test_what_is_renamed_or_removed_takes_what_is_below_with_it():
    owners = Owners({name: Owner(1, 1, 0o600) for name in ("a", "a/b", "ab", "c/d")})
    copy = owners.copy()
    owners.rename("a", "c")
    assert sorted(owners) == ["ab", "c", "c/b"]
    owners.forget("c")
    assert sorted(owners) == ["ab"]
    assert sorted(copy) == ["a", "a/b", "ab", "c/d"]


def test_what_programs_closed_is_opened_to_whoever_stands_in_for_root():
    with tempfile.TemporaryDirectory() as folder:  # those of pytest are closed to others
        if not ROOT:
            _open_up_closed_files(Path(folder))
            return
        os.chown(folder, NOBODY, NOBODY)
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
                _open_up_closed_files(Path(folder))
            except BaseException:  # noqa: BLE001 - the parent sees the exit code
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _open_up_closed_files(root):
    (root / "closed/below").mkdir(parents=True)
    (root / "closed/below/file").write_text("1")
    (root / "open").write_text("2")
    (root / "link").symlink_to("closed")
    for name, mode in (("open", 0o444), ("closed/below/file", 0o4000), ("closed/below", 0), ("closed", 0o111)):
        (root / name).chmod(mode)
    owners = Owners()
    open_up(root, owners)
    assert (root / "closed/below/file").read_text() == "1"
    modes = {name: owners.true(name, (root / name).lstat()).mode for name in ("closed", "closed/below", "open")}
    assert modes == {"closed": 0o111, "closed/below": 0, "open": 0o444}
    assert owners.get("closed/below/file") == Owner(0, 0, 0o4000)
    assert set(owners) == {"closed", "closed/below", "closed/below/file"}
