import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from dockyard.engine.durable import discard, empty, read_each, read_json, stage, write_bytes, write_json

NOBODY = 65534


@pytest.fixture
def trash(tmp_path):
    folder = tmp_path / "trash"
    folder.mkdir()
    return folder


def test_a_file_is_replaced_whole(tmp_path):
    file = tmp_path / "a.json"
    write_json(file, {"name": "열"})
    write_json(file, {"name": "new"}, sync=False)
    assert read_json(file) == {"name": "new"}
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_can_not_be_written_leaves_the_old_and_no_draft(tmp_path):
    file = tmp_path / "a"
    write_bytes(file, b"old")
    with pytest.raises(TypeError):
        write_bytes(file, "no bytes")
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_is_there_only_when_it_is_whole(tmp_path):
    staging, final = tmp_path / "staging", tmp_path / "final"
    staging.mkdir()
    with stage(staging, final) as draft:
        (draft / "x").write_text("1")
        assert not final.exists()
    assert (final / "x").read_text() == "1"


def test_a_folder_that_fails_leaves_nothing(tmp_path):
    staging, final = tmp_path / "staging", tmp_path / "final"
    staging.mkdir()

    def fail():
        with stage(staging, final) as draft:
            (draft / "x").write_text("1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not final.exists()
    assert not list(staging.iterdir())


def test_a_tree_deeper_than_any_path_is_removed(tmp_path, trash):
    doomed = tmp_path / "doomed"
    doomed.mkdir()
    at = os.open(doomed, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper", dir_fd=at)
        next_at = os.open("deeper", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = next_at
    os.close(at)
    discard(doomed, trash)
    assert not doomed.exists()
    assert not list(trash.iterdir())


@pytest.fixture
def nobodys():
    """A folder of a user who is not root, wherever the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="nobody-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def as_nobody(action):
    """Call ``action`` in a process of that user, and tell whether it succeeded."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            action()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_folder_that_its_owner_may_not_enter_is_removed(nobodys):
    def make_and_discard():
        (nobodys / "trash").mkdir()
        (nobodys / "doomed" / "closed").mkdir(parents=True)
        (nobodys / "doomed" / "closed" / "x").write_text("1")
        (nobodys / "doomed" / "closed").chmod(0)
        discard(nobodys / "doomed", nobodys / "trash")

    assert as_nobody(make_and_discard)
    assert os.listdir(nobodys) == ["trash"]
    assert not list((nobodys / "trash").iterdir())


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path, trash):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "x").write_text("1")
    (trash / "link").symlink_to(kept)
    (trash / "folder").mkdir()
    (trash / "folder" / "link").symlink_to(kept)
    mode = stat.S_IMODE(kept.stat().st_mode)
    empty(trash)
    assert not list(trash.iterdir())
    assert (kept / "x").read_text() == "1"
    assert stat.S_IMODE(kept.stat().st_mode) == mode


def test_what_is_missing_needs_no_removal(tmp_path, trash):
    discard(tmp_path / "missing", trash)


def test_a_damaged_record_is_left_aside_and_logged(tmp_path, caplog):
    good, bad, missing = tmp_path / "good", tmp_path / "bad", tmp_path / "missing"
    write_json(good, {"name": "web"})
    bad.write_bytes(b'{"na\xff')
    assert list(read_each([bad, missing, good], read_json)) == [{"name": "web"}]
    assert [record.getMessage() for record in caplog.records] == [f"{bad} can't be read and is left aside"]
    assert bad.exists()


def test_what_can_not_be_removed_from_the_trash_is_left_and_logged(trash, caplog, monkeypatch):
    (trash / "stuck").mkdir()
    (trash / "goes").write_text("")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "")  # as if rm failed
        empty(trash)
    assert os.listdir(trash) == ["stuck"]
    assert "can't be removed" in caplog.text
