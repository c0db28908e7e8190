"""Trials of mounts where the engine is another machine's."""

from dataclasses import replace

import pytest

from dockyard.tasks.mount_trial import try_mounts

pytestmark = pytest.mark.engine


def test_folders_of_another_machine_are_not_tried(client):
    bind, volume, tmpfs = try_mounts(replace(client, address="tcp://elsewhere:2375"))
    assert bind.note == "the engine is another machine's, whose folders can't be reached from here"
    assert (bind.after_restart, bind.after_removal, bind.from_host, bind.lives_at) == (None, None, None, "")
    assert (volume.after_restart, volume.after_removal, volume.from_host) == (True, True, None)
    assert (tmpfs.after_restart, tmpfs.after_removal, tmpfs.from_host) == (False, False, None)
