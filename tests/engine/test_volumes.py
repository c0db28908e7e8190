import os
import threading

import pytest

from dockyard.engine.errors import BadParameter, Conflict, NotFound, NotSupported
from dockyard.engine.events import Events
from dockyard.engine.filters import Filters
from dockyard.engine.folders import Folders
from dockyard.engine.volumes import ANONYMOUS_LABEL, Volumes

OLD, NEW = (1, 41), (1, 42)


@pytest.fixture
def folders(tmp_path):
    folders = Folders(tmp_path / "data", tmp_path / "run")
    folders.make()
    return folders


@pytest.fixture
def volumes(folders):
    return Volumes(folders, Events())


def names(volumes, filters=None, version=OLD):
    return [volume["Name"] for volume in volumes.list(Filters.parse(filters), version)["Volumes"]]


def test_a_volume_has_the_shape_of_dockers(volumes, folders):
    volumes.create("data", labels={"tier": "db"}, options={})
    shown = volumes.inspect("data", OLD)
    assert shown.pop("CreatedAt").endswith("Z")
    assert shown == {
        "Driver": "local",
        "Labels": {"tier": "db"},
        "Mountpoint": str(folders.volumes / "data/_data"),
        "Name": "data",
        "Options": {},
        "Scope": "local",
    }
    assert os.stat(shown["Mountpoint"]).st_mode & 0o777 == 0o755


def test_volumes_outlive_the_engine(volumes, folders):
    made = volumes.create("data", labels={"a": "b"})
    nameless = volumes.create()
    (made.source / "file").write_text("kept")
    again = Volumes(folders, Events())
    assert again.get("data") == made
    assert again.get(nameless.name).anonymous
    assert (again.path("data") / "file").read_text() == "kept"


def test_creating_one_that_is_there_returns_it(volumes):
    made = volumes.create("data", labels={"a": "b"})
    assert volumes.create("data", labels={"c": "d"}) == made
    assert len(volumes.all()) == 1


def test_a_volume_without_a_name_gets_one_and_is_marked_for_new_clients(volumes):
    made = volumes.create(labels={"a": "b"})
    assert len(made.name) == 64
    assert made.describe(OLD)["Labels"] == {"a": "b"}
    assert made.describe(NEW)["Labels"] == {ANONYMOUS_LABEL: "", "a": "b"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a", "create a: volume name is too short, names should be at least two alphanumeric characters"),
        (
            "a/b",
            'create a/b: "a/b" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed.'
            " If you intended to pass a host directory, use absolute path",
        ),
        ("..", 'create ..: ".." includes invalid characters'),
        ("데이터", "includes invalid characters"),
        ("a" * 256, "is too long"),
    ],
)
def test_a_name_that_is_none_is_refused_in_dockers_words(volumes, name, sentence):
    with pytest.raises(BadParameter) as refused:
        volumes.create(name)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        ({"foo": "bar"}, BadParameter, 'create data: invalid option: "foo"'),
        ({"type": "none"}, BadParameter, 'create data: missing required option: "device"'),
        ({"type": "tmpfs", "device": "tmpfs"}, NotSupported, "can't mount"),
        ({"type": "nfs", "o": "addr=1.2.3.4", "device": ":/x"}, NotSupported, "can't mount"),
        ({"type": "none", "o": "bind,ro", "device": "/x"}, NotSupported, "can't mount"),
    ],
)
def test_options_that_cannot_be_honoured_are_refused(volumes, options, kind, sentence):
    with pytest.raises(kind, match=sentence):
        volumes.create("data", options=options)
    assert volumes.all() == []


def test_a_volume_can_be_a_folder_of_this_machine(volumes, tmp_path):
    made = volumes.create("data", options={"type": "none", "o": "bind", "device": str(tmp_path)})
    assert made.source == tmp_path
    assert made.describe(OLD)["Mountpoint"] != str(tmp_path)
    (tmp_path / "file").write_text("x")
    volumes.remove("data")
    assert (tmp_path / "file").exists()


def test_another_driver_is_not_there(volumes):
    with pytest.raises(NotFound, match='create data: error looking up volume plugin nfs: plugin "nfs" not found'):
        volumes.create("data", "nfs")


def test_one_that_is_not_there_is_named(volumes):
    for ask in (volumes.get, volumes.path, volumes.remove, lambda name: volumes.reserve(name, "c")):
        with pytest.raises(NotFound, match=r"^get data: no such volume$"):
            ask("data")
    volumes.remove("data", force=True)


def test_removing_takes_the_content(volumes, folders):
    made = volumes.create("data")
    (made.source / "folder").mkdir(mode=0o500)
    volumes.remove("data")
    assert os.listdir(folders.volumes) == os.listdir(folders.trash) == []
    assert volumes.all() == []


def test_one_that_containers_have_stays(volumes):
    volumes.create("data")
    volumes.in_use = lambda name: ["c1", "c2"] if name == "data" else []
    for force in (False, True):
        with pytest.raises(Conflict, match=r"^remove data: volume is in use - \[c1, c2\]$"):
            volumes.remove("data", force=force)


def test_one_that_a_container_is_being_made_with_stays(volumes):
    volumes.create("data", reserve="c1")
    volumes.reserve("data", "c2")
    volumes.release("c1")
    with pytest.raises(Conflict, match=r"\[c2\]"):
        volumes.remove("data")
    assert volumes.prune(Filters(), OLD)["VolumesDeleted"] == []
    volumes.release("c2")
    volumes.remove("data")


def test_a_container_that_comes_on_record_while_a_removal_asks_keeps_its_volume(volumes):
    volumes.create("data")
    recorded: list[str] = []

    def in_use(name):
        users = list(recorded)
        if not recorded:  # the container is made just after it was asked about
            volumes.reserve("data", "c1")
            recorded.append("c1")
            volumes.release("c1")
        return users

    volumes.in_use = in_use
    with pytest.raises(Conflict, match=r"\[c1\]"):
        volumes.remove("data")


def test_many_threads_make_one_volume(volumes):
    made = []
    threads = [threading.Thread(target=lambda: made.append(volumes.create("data"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, made))) == 1


def test_lists_are_filtered(volumes):
    volumes.create("web-data", labels={"tier": "web"})
    volumes.create("db-data", labels={"tier": "db"})
    nameless = volumes.create().name
    volumes.in_use = lambda name: ["c"] if name == "db-data" else []
    assert names(volumes, '{"name": ["data"]}') == ["db-data", "web-data"]
    assert names(volumes, '{"label": ["tier=db"]}') == ["db-data"]
    assert names(volumes, '{"dangling": ["true"]}') == sorted([nameless, "web-data"])
    assert names(volumes, '{"dangling": ["false"]}') == ["db-data"]
    assert names(volumes, '{"driver": ["nfs"]}') == []
    assert names(volumes, f'{{"label": ["{ANONYMOUS_LABEL}"]}}', NEW) == [nameless]


def test_a_prune_takes_what_its_version_takes_and_tells_how_much(volumes):
    volumes.create("named", labels={"tier": "db"})
    nameless = volumes.create()
    (nameless.source / "file").write_bytes(b"x" * 1000)
    os.link(nameless.source / "file", nameless.source / "same")
    (volumes.path("named") / "file").write_bytes(b"y" * 500)
    assert volumes.prune(Filters(), NEW) == {"VolumesDeleted": [nameless.name], "SpaceReclaimed": 1000}
    assert volumes.prune(Filters.parse('{"label!": ["tier"]}'), OLD)["VolumesDeleted"] == []
    assert volumes.prune(Filters.parse('{"all": ["true"]}'), NEW) == {
        "VolumesDeleted": ["named"],
        "SpaceReclaimed": 500,
    }
    assert volumes.prune(Filters(), OLD) == {"VolumesDeleted": [], "SpaceReclaimed": 0}


def test_usage_counts_bytes_and_containers(volumes):
    (volumes.create("data").source / "file").write_bytes(b"x" * 10)
    volumes.in_use = lambda _: ["c1", "c2"]
    assert volumes.usage(OLD)[0]["UsageData"] == {"RefCount": 2, "Size": 10}


def test_events_tell_what_happened(folders):
    events = Events()
    volumes = Volumes(folders, events)
    volumes.create("data")
    volumes.create("data")
    volumes.prune(Filters(), OLD)
    told = list(events.stream("1", "0s", Filters(), lambda: False))
    assert [(event["Action"], event["Actor"]) for event in told] == [
        ("create", {"ID": "data", "Attributes": {"driver": "local"}}),
        ("destroy", {"ID": "data", "Attributes": {"driver": "local"}}),
        ("prune", {"ID": "", "Attributes": {"reclaimed": "0"}}),
    ]


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"name": "data"}', None])
def test_a_volume_with_a_damaged_record_keeps_its_content(volumes, folders, damage):
    volumes.create("good")
    (volumes.path(volumes.create("data").name) / "file").write_text("kept")
    record = folders.volumes / "data" / "volume.json"
    record.unlink() if damage is None else record.write_bytes(damage)
    (folders.volumes / "stray").write_text("no volume at all")
    again = Volumes(folders, Events())
    assert names(again) == ["data", "good"]
    assert (again.path("data") / "file").read_text() == "kept"
    again.remove("data")
    assert names(again) == ["good"]
