"""What the kinds of mounts really do on each engine."""

import threading

import pytest

from dockyard.errors import BadValue, Cancelled
from dockyard.tasks.mount_trial import TRIAL_LABEL, try_mounts
from dockyard.tasks.tmpfs_speed import measure_tmpfs

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def nothing_stays(client):
    """No container, volume or folder of a trial is there afterwards."""

    def there():
        label = {"label": [TRIAL_LABEL]}
        volumes = client.api.volumes()["Volumes"] or ()
        return client.api.containers(all=True, filters=label), {each["Name"] for each in volumes}

    before = there()
    yield
    assert there() == before


def test_each_kind_does_what_the_chapter_says(client):
    steps = []
    bind, volume, tmpfs = try_mounts(client, report=steps.append)
    assert (bind.kind, bind.after_restart, bind.after_removal, bind.from_host) == ("bind", True, True, True)
    assert "dockyard-trial-" in bind.lives_at
    assert (volume.kind, volume.after_restart, volume.after_removal) == ("volume", True, True)
    assert volume.lives_at.endswith("/_data")
    assert (tmpfs.kind, tmpfs.lives_at) == ("tmpfs", "")
    assert (tmpfs.after_restart, tmpfs.after_removal, tmpfs.from_host) == (False, False, False)
    assert not any(each.note for each in (bind, volume, tmpfs))
    assert steps[-1].done == steps[-1].total


def test_a_tmpfs_is_measured_beside_the_disk_and_empty_after_a_restart(client):
    found = measure_tmpfs(client, size_mib=4, rounds=2)
    assert found.size_bytes == 4 << 20
    for place in ("tmpfs", "disk"):
        for way in ("write", "read"):
            assert found.mib_per_s(place, way) > 0
    assert found.times_as_fast("write") > 0
    assert isinstance(found.read_past_cache, bool)
    assert found.after_restart.ok
    assert found.after_restart.facts["after"] == {"tmpfs": "", "disk": "file"}
    assert "After it: tmpfs nothing, disk file" in found.after_restart.says


@pytest.mark.any_runner
def test_both_can_be_stopped(client):
    stop = threading.Event()

    def report(progress):
        if progress.done == 1:
            stop.set()

    for work in (try_mounts, measure_tmpfs):
        stop.clear()
        with pytest.raises(Cancelled):
            work(client, report=report, cancel=stop)


@pytest.mark.any_runner
@pytest.mark.parametrize("more", [{"size_mib": 0}, {"size_mib": 5000}, {"rounds": 0}])
def test_amounts_that_make_no_sense_are_refused(client, more):
    with pytest.raises(BadValue, match=next(iter(more))):
        measure_tmpfs(client, **more)
