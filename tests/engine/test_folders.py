"""The engine's folders belong to its user, and so does the way to its socket."""

import os
import stat

import pytest

from conftest import missing
from dockyard.engine.folders import Folders

NOBODY = 65534


def test_folders_are_made_for_this_user_alone(tmp_path):
    folders = Folders(tmp_path / "data", tmp_path / "above" / "run")
    folders.make()
    folders.make()
    for path in (folders.data, folders.runtime, folders.staging, folders.volumes):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("theirs", ["above", "above/run"])
def test_a_folder_that_someone_else_made_first_is_refused(tmp_path, theirs):
    if os.geteuid() != 0:
        missing("only root can give a folder away")
    (tmp_path / "above/run").mkdir(parents=True)
    os.chown(tmp_path / theirs, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match=f"{theirs} is not this user's folder"):
        Folders(tmp_path / "data", tmp_path / "above/run").make()


def test_a_link_is_no_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "above").symlink_to("elsewhere")
    with pytest.raises(PermissionError):
        Folders(tmp_path / "data", tmp_path / "above/run").make()
