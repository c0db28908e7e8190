"""What the plan of a run says of its mounts."""

import pytest

from dockyard.errors import BindSourceMissing
from dockyard.tasks import Mount
from dockyard.tasks.mounting import APACHE_ROOT, look_at, mounted_in


class Engine:
    """An engine on this machine, whose volumes are these."""

    is_local = True

    def __init__(self, *volumes):
        self.volumes = volumes

    def find_json(self, path, name):
        assert path == "/volumes/{}"
        return {"Name": name} if name in self.volumes else None


def said(mount, *volumes):
    change, warning = look_at(Engine(*volumes), mount)
    return (change.action, change.kind, change.name, change.reason) if change else None, warning


def test_an_empty_folder_shows_index_of(tmp_path):
    change, warning = said(Mount(APACHE_ROOT, str(tmp_path), "bind"))
    assert change is None
    assert "is empty" in warning
    assert f'Apache will show "Index of /" instead of "It works!" until {tmp_path}/index.html is there.' in warning
    assert "Index of" not in said(Mount("/srv", str(tmp_path), "bind"))[1]


def test_so_does_a_folder_without_a_first_page(tmp_path):
    (tmp_path / "other.txt").touch()
    mount = Mount(f"{APACHE_ROOT}/", str(tmp_path), "bind")
    assert said(mount)[1].startswith('Apache will show "Index of /"')
    (tmp_path / "index.html").touch()
    assert said(mount) == (None, "")


def test_a_missing_folder_is_to_be_made_first(tmp_path):
    path = f"{tmp_path}/apa_folder"
    change, warning = said(Mount(APACHE_ROOT, path, "bind"))
    assert change == ("create", "folder", path, "")
    assert f"mkdir -p {path}" in warning
    assert "Index of /" in warning
    with pytest.raises(BindSourceMissing, match="mkdir -p"):
        said(Mount(APACHE_ROOT, path, "bind", form="--mount"))


def test_a_missing_volume_is_to_be_made_first():
    change, warning = said(Mount("/data", "apa000vol1"))
    assert change == ("create", "volume", "apa000vol1", "")
    assert "docker volume create apa000vol1" in warning
    assert said(Mount("/data", "apa000vol1"), "apa000vol1") == (None, "")


def test_a_volume_without_a_name_is_told_to_go_with_the_container():
    (action, kind, name, reason), warning = said(Mount("/data"))
    assert (action, kind, name, warning) == ("create", "volume", "/data", "")
    assert "without a name" in reason


def test_read_only_is_said(tmp_path):
    (tmp_path / "index.html").touch()
    for mount, kind in (
        (Mount("/v", "vol", read_only=True), "volume"),
        (Mount("/b", str(tmp_path), "bind", read_only=True), "folder"),
        (Mount("/f", str(tmp_path / "index.html"), "bind", read_only=True), "file"),
    ):
        (action, told, name, reason), _ = said(mount, "vol")
        assert (action, told, name) == ("keep", kind, mount.source)
        assert "read-only" in reason


@pytest.mark.parametrize(
    ("mount", "size"),
    [
        (Mount("/m", kind="tmpfs", options=("size=64m", "mode=1777"), form="--tmpfs"), "at most 67.1MB"),
        (Mount("/m", kind="tmpfs", options=("tmpfs-size=1000",), form="--mount"), "at most 1kB"),
        (Mount("/m", kind="tmpfs", options=("size=50%",), form="--tmpfs"), "at most 50%"),
        (Mount("/m", kind="tmpfs", form="--tmpfs"), "in memory;"),
    ],
)
def test_a_tmpfs_is_told_with_its_size(mount, size):
    (action, kind, name, reason), _ = said(mount)
    assert (action, kind, name) == ("create", "tmpfs", "/m")
    assert size in reason
    assert "empty again whenever the container stops" in reason


def test_what_a_container_has_mounted():
    mounts = [
        {"Type": "volume", "Name": "vol", "Source": "/var/lib/x", "Destination": "/v"},
        {"Type": "bind", "Source": "/home/me", "Destination": "/b"},
        {"Type": "tmpfs", "Source": "", "Destination": "/t"},
    ]
    found = {"Mounts": mounts, "HostConfig": {"Tmpfs": {"/more": "size=2m"}}}
    assert mounted_in(found) == {"/v": "vol", "/b": "/home/me", "/t": "tmpfs", "/more": "tmpfs"}
    assert mounted_in({"Mounts": None, "HostConfig": {}}) == {}
