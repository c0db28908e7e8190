import os
import resource

import pytest

from dockyard.engine.errors import BadParameter, Conflict, NotFound, NotSupported, ServerError
from dockyard.engine.events import Events
from dockyard.engine.folders import Folders
from dockyard.engine.images.owners import Owners
from dockyard.engine.mounts.copy_up import fill_volumes
from dockyard.engine.mounts.mounts import MountPoint, describe, make_sources, mount_points, runner_mounts
from dockyard.engine.run.spec import Mount
from dockyard.engine.volumes import Volumes

ID = "c" * 64


@pytest.fixture
def volumes(tmp_path):
    folders = Folders(tmp_path / "data", tmp_path / "run")
    folders.make()
    return Volumes(folders, Events())


def nobody(name):
    raise NotFound(f"No such container: {name}")


def made(volumes, host_config, image_volumes=(), mounts_of=nobody):
    return mount_points(host_config, image_volumes, ID, volumes, mounts_of)


def test_binds_are_shown_as_docker_shows_them(volumes):
    points = made(volumes, {"Binds": ["/srv/:/d/../e/", "data:/data:ro", "/anonymous", "/x:/y:rw,Z"]})
    first, second, third, fourth = describe(points)
    assert first == {
        "Type": "bind",
        "Source": "/srv",
        "Destination": "/e",
        "Mode": "",
        "RW": True,
        "Propagation": "rprivate",
    }
    assert second == {
        "Type": "volume",
        "Name": "data",
        "Source": str(volumes.path("data")),
        "Destination": "/data",
        "Driver": "local",
        "Mode": "ro",
        "RW": False,
        "Propagation": "",
    }
    assert (third["Mode"], len(third["Name"])) == ("z", 64)
    assert fourth["Mode"] == "rw,Z"
    assert [point.is_anonymous for point in points] == [False, False, True, False]


def test_mounts_are_shown_as_docker_shows_them(volumes, tmp_path):
    points = made(
        volumes,
        {
            "Mounts": [
                {"Type": "bind", "Source": str(tmp_path), "Target": "/b", "ReadOnly": True},
                {
                    "Type": "volume",
                    "Source": "data",
                    "Target": "/v",
                    "VolumeOptions": {"NoCopy": True, "Labels": {"a": "b"}},
                },
                {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1000, "Mode": 0o700}},
            ]
        },
    )
    bind, volume, tmpfs = describe(points)
    assert (bind["RW"], bind["Mode"], bind["Propagation"]) == (False, "", "rprivate")
    assert (volume["Mode"], volume["Name"]) == ("z", "data")
    assert tmpfs == {
        "Type": "tmpfs",
        "Source": "",
        "Destination": "/t",
        "Mode": "",
        "RW": True,
        "Propagation": "",
    }
    assert volumes.get("data").labels == {"a": "b"}
    assert not points[1].copies
    assert Mount("", "/t", kind="tmpfs", size_bytes=1000, mode=0o700) in runner_mounts(points)


def test_what_lies_in_another_comes_after_it(volumes):
    points = made(volumes, {"Binds": ["/x:/a/b/c", "/x:/a", "/x:/z"], "Tmpfs": {"/a/b": "size=1k,ro"}})
    assert [mount.target for mount in runner_mounts(points)] == ["/a", "/z", "/a/b", "/a/b/c"]
    assert runner_mounts(points)[2] == Mount("", "/a/b", read_only=True, kind="tmpfs", size_bytes=1024)
    assert "/a/b" not in [each["Destination"] for each in describe(points)]


def test_an_image_volume_is_anonymous_unless_something_is_mounted_there(volumes):
    points = made(volumes, {"Binds": ["data:/v"], "Tmpfs": {"/t": ""}}, ["/v", "/t/", "/w"])
    shown = {each["Destination"]: each for each in describe(points)}
    assert set(shown) == {"/v", "/w"}
    assert shown["/w"]["Mode"] == ""
    assert volumes.get(shown["/w"]["Name"]).anonymous


def test_volumes_come_from_another_container(volumes):
    volumes.create("data")
    theirs = describe(made(volumes, {"Binds": ["data:/data:ro", "/srv:/srv", "/opt:/opt"]}))
    points = made(volumes, {"VolumesFrom": ["web"], "Binds": ["/var:/opt"]}, mounts_of=lambda _: theirs)
    shown = {each["Destination"]: each for each in describe(points)}
    assert (shown["/data"]["Name"], shown["/data"]["RW"], shown["/data"]["Mode"]) == ("data", False, "")
    assert shown["/srv"]["RW"]
    assert shown["/opt"]["Source"] == "/var"
    assert not any(point.copies or point.is_anonymous for point in points)
    read_only = describe(made(volumes, {"VolumesFrom": ["web:ro"]}, mounts_of=lambda _: theirs))
    assert not any(each["RW"] for each in read_only)
    with pytest.raises(BadParameter, match=r"^No such container: nope$"):
        made(volumes, {"VolumesFrom": ["nope"]})


def test_volumes_are_reserved_until_the_container_is_on_record(volumes):
    points = made(volumes, {"Binds": ["data:/data", "/anonymous"]})
    for point in points:
        with pytest.raises(Conflict, match=ID):
            volumes.remove(point.volume)
    volumes.release(ID)
    for point in points:
        volumes.remove(point.volume)


@pytest.mark.parametrize(
    ("host_config", "sentence"),
    [
        (
            {"Binds": ["/x:/"]},
            "invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
        ),
        (
            {"Binds": ["/x:d"]},
            "invalid volume specification: '/x:d': invalid mount config for type \"bind\": invalid mount path: 'd' mount path must be absolute",
        ),
        ({"Binds": ["/x:/d:nocopy"]}, "field VolumeOptions must not be specified"),
        ({"Binds": ["data:/d:rprivate"]}, "field BindOptions must not be specified"),
        ({"Binds": ["./x:/d"]}, "If you intended to pass a host directory, use absolute path"),
        ({"Binds": ["/x:/d", "data:/d/"]}, "Duplicate mount point: /d"),
        ({"Binds": ["/x:/d"], "Tmpfs": {"/d": ""}}, "Duplicate mount point: /d"),
        ({"Tmpfs": {"d": ""}}, "invalid mount path: 'd' mount path must be absolute"),
        ({"Tmpfs": {"//": ""}}, "invalid specification: destination can't be '/'"),
        (
            {"Mounts": [{"Type": "bind", "Source": "/nope", "Target": "/d"}]},
            'invalid mount config for type "bind": bind source path does not exist: /nope',
        ),
        ({"Mounts": [{"Type": "bind", "Source": "tmp", "Target": "/d"}]}, "invalid mount path: 'tmp'"),
        ({"Mounts": [{"Type": "bind", "Target": "/d"}]}, "field Source must not be empty"),
        ({"Mounts": [{"Type": "bind", "Source": "/tmp"}]}, "field Target must not be empty"),
        (
            {"Mounts": [{"Type": "bind", "Source": "/tmp", "Target": "/d", "BindOptions": {"Propagation": "odd"}}]},
            "invalid propagation mode: odd",
        ),
        (
            {"Mounts": [{"Type": "volume", "Target": "/d", "BindOptions": {}}]},
            "field BindOptions must not be specified",
        ),
        (
            {"Mounts": [{"Type": "volume", "Target": "/d", "ReadOnly": True}]},
            "must not set ReadOnly mode when using anonymous volumes",
        ),
        ({"Mounts": [{"Type": "tmpfs", "Source": "x", "Target": "/d"}]}, "field Source must not be specified"),
        (
            {"Mounts": [{"Type": "npipe", "Source": "x", "Target": "/d"}]},
            'invalid mount config for type "npipe": mount type unknown',
        ),
        ({"Mounts": [{"Target": "/d"}]}, 'invalid mount config for type "": mount type unknown'),
    ],
)
def test_what_makes_no_sense_is_refused_in_dockers_words(volumes, host_config, sentence):
    with pytest.raises(BadParameter) as refused:
        made(volumes, host_config)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("host_config", "word"),
    [
        ({"Binds": ["/x:/d:rshared"]}, "rshared"),
        (
            {"Mounts": [{"Type": "bind", "Source": "/tmp", "Target": "/d", "BindOptions": {"Propagation": "slave"}}]},
            "slave",
        ),
        (
            {"Mounts": [{"Type": "bind", "Source": "/tmp", "Target": "/d", "BindOptions": {"NonRecursive": True}}]},
            "NonRecursive",
        ),
        (
            {"Mounts": [{"Type": "volume", "Source": "data", "Target": "/d", "VolumeOptions": {"Subpath": "x"}}]},
            "Subpath",
        ),
    ],
)
def test_what_this_engine_cannot_mount_is_refused(volumes, host_config, word):
    with pytest.raises(NotSupported, match=word):
        made(volumes, host_config)


def test_a_missing_folder_is_made_for_v_and_not_for_mount(tmp_path):
    make_sources({"Binds": [f"{tmp_path}/new/deep:/d", "volume:/v", "/anonymous"]})
    assert (tmp_path / "new/deep").is_dir()
    (tmp_path / "file").write_text("x")
    make_sources({"Binds": [f"{tmp_path}/file:/d"]})
    with pytest.raises(ServerError, match=r"error while creating mount source path .* not a directory"):
        make_sources({"Binds": [f"{tmp_path}/file/below:/d"]})
    mount = {"Type": "bind", "Source": f"{tmp_path}/other", "Target": "/d"}
    with pytest.raises(BadParameter, match="bind source path does not exist"):
        make_sources({"Mounts": [mount]})
    make_sources({"Mounts": [{**mount, "BindOptions": {"CreateMountpoint": True}}]})
    assert (tmp_path / "other").is_dir()


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "srv/www").mkdir(parents=True)
    (root / "srv/www").chmod(0o750)
    (root / "srv/www/page").write_text("hello")
    (root / "srv/www/page").chmod(0o640)
    os.utime(root / "srv/www/page", ns=(1_600_000_000_123_456_789,) * 2)
    (root / "srv/www/link").symlink_to("/etc/passwd")
    (root / "srv/www/dangling").symlink_to("nowhere")
    (root / "link").symlink_to("srv")
    return root


def point(volumes, name, target, copies=True):
    volume = volumes.create(name)
    return MountPoint("volume", target, str(volume.source), volume.name, copies=copies)


def test_an_empty_volume_gets_what_the_image_has_there(volumes, root):
    owners = Owners()
    owners.set("srv/www/page", 33, 34, 0o400)
    owners.set("srv", 1, 1, 0o700)
    if os.geteuid() == 0:
        os.chown(root / "srv/www/page", 33, 34)
    fill_volumes([point(volumes, "data", "/link/www")], root, owners, volumes)
    source = volumes.path("data")
    status = (source / "page").stat()
    assert (source / "page").read_text() == "hello"
    assert status.st_mode & 0o7777 == 0o640
    assert status.st_mtime_ns == 1_600_000_000_123_456_789
    assert source.stat().st_mode & 0o7777 == 0o750
    assert os.readlink(source / "link") == "/etc/passwd"
    assert os.readlink(source / "dangling") == "nowhere"
    if os.geteuid() == 0:
        assert (status.st_uid, status.st_gid) == (33, 34)
    kept = Owners.load(Volumes.owners_beside(source))
    assert list(kept) == ["page"]
    assert kept.get("page").uid == 33


def test_a_volume_with_content_or_without_copy_stays_as_it_is(volumes, root):
    full, plain = point(volumes, "full", "/srv/www"), point(volumes, "plain", "/srv/www", copies=False)
    missing, file = point(volumes, "missing", "/nothing"), point(volumes, "file", "/srv/www/page")
    (volumes.path("full") / "mine").write_text("x")
    fill_volumes([full, plain, missing, file], root, Owners(), volumes)
    assert os.listdir(volumes.path("full")) == ["mine"]
    for name in ("plain", "missing", "file"):
        assert os.listdir(volumes.path(name)) == []


def test_a_volume_that_could_not_be_filled_is_empty_and_filled_the_next_time(volumes, root):
    (root / "srv/www/big").write_bytes(os.urandom(100_000))
    data = point(volumes, "data", "/srv/www")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(ServerError, match="error while copying an image's content to a volume"):
            fill_volumes([data], root, Owners(), volumes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    source = volumes.path("data")
    assert os.listdir(source) == []
    (source.parent / "filling").mkdir()  # as an engine leaves it that is killed at this
    (source.parent / "filling/half").write_text("")
    fill_volumes([data], root, Owners(), volumes)
    assert sorted(os.listdir(source)) == ["big", "dangling", "link", "page"]
    assert sorted(os.listdir(source.parent)) == ["_data", "volume.json"]
