"""A disk that is full: what can't be kept is refused in words, what is there stays, and room that is made is used."""

import os
import subprocess
import tarfile
import uuid

import docker
import pytest

from conftest import missing
from dockyard import kit
from dockyard.connection.address import reach
from dockyard.connection.places import Place
from embedded import RUNNERS, Embedded, short_folder, why_not_embedded

SIZE_MIB = 64


@pytest.fixture(scope="module")
def full():
    """An engine whose folder has room for the smallest image and little else."""
    runner = next((each for each in reversed(RUNNERS) if not why_not_embedded(each)), "")
    if not runner:
        missing("no runner works here")
    home = short_folder()
    (home / "data").mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "none", home / "data"], check=False
        ).returncode
    ):
        missing("a small disk can't be mounted here")
    engine = Embedded(home, runner)
    try:
        engine.start()
        kit.prepare(reach(Place(engine.address, "test"), home / "lab"), ["busybox"], may_pull=False)
        yield engine
    finally:
        engine.stop()
        subprocess.run(["umount", "--lazy", home / "data"], check=True)


@pytest.fixture
def api(full):
    client = docker.APIClient(base_url=full.address, version="1.41", timeout=60)
    yield client
    client.close()


def test_what_does_not_fit_is_refused_and_leaves_no_trace(full, api):
    kept = {each["Id"] for each in api.images()}
    name = f"fills-{uuid.uuid4().hex[:8]}"
    api.start(api.create_container("busybox", ["sleep", "1000"], name=name, stop_signal="SIGKILL"))
    # The container itself is told by its system, as on any full disk.
    made = api.exec_create(name, ["sh", "-c", "dd if=/dev/zero of=/big bs=1M count=200; rm /big"])["Id"]
    assert b"No space left on device" in api.exec_start(made)
    # Half of the disk, twice: the second time there is no room.
    made = api.exec_create(name, ["sh", "-c", f"head -c {SIZE_MIB * 400_000} /dev/urandom > /big"])["Id"]
    api.exec_start(made)

    def commit_all() -> None:
        for tag in range(5):
            api.put_archive(name, "/", _archive("other", 1 << 20))  # no two are alike
            api.commit(name, "too-big", str(tag))

    with pytest.raises(docker.errors.APIError, match="no space left on device"):
        commit_all()
    with pytest.raises(docker.errors.APIError, match="no space left on device"):
        api.put_archive(name, "/tmp", _archive("more", SIZE_MIB << 20))
    assert {each["Id"] for each in api.images()} >= kept
    for each in api.images():
        assert b"".join(api.get_image(each["Id"]))
    assert not list(full.home.glob("data/dockyard/embedded/staging/*"))
    # What is removed makes room, and the engine goes on.
    api.remove_container(name, force=True)
    for each in api.images("too-big"):
        api.remove_image(each["Id"], force=True)
    again = api.create_container("busybox", ["echo", "goes on"])
    api.start(again)
    assert api.wait(again)["StatusCode"] == 0
    assert api.logs(again) == b"goes on\n"
    api.remove_container(again)


def test_a_start_on_a_full_disk_keeps_what_is_there(full, api):
    api.create_volume("stays")
    place = full.home / "data/filler"
    subprocess.run(["dd", "if=/dev/zero", f"of={place}", "bs=64k"], check=False, capture_output=True)
    assert os.statvfs(place).f_bavail == 0
    full.kill()
    full.start()
    assert "stays" in {each["Name"] for each in api.volumes()["Volumes"]}
    place.unlink()
    api.remove_volume("stays")


def _archive(name: str, size: int):
    """A tar archive of one file by chance, in pieces."""
    info = tarfile.TarInfo(name)
    info.size = size
    yield info.tobuf()
    for _ in range(size >> 20):
        yield os.urandom(1 << 20)
    yield bytes(1024)
