"""Volumes: made, listed, described, removed, pruned, and first filled from the image."""

from pathlib import Path
from urllib.parse import quote

import pytest

from conftest import spelled

pytestmark = pytest.mark.engine


def names(api, **filters):
    return {each["Name"] for each in api.volumes(filters=filters)["Volumes"] or ()}


@pytest.mark.any_runner
def test_one_is_made_with_labels_and_described(api, volume):
    name = volume(labels={"a": "1"})
    found = api.inspect_volume(name)
    assert (found["Name"], found["Driver"], found["Scope"], found["Labels"]) == (name, "local", "local", {"a": "1"})
    assert found["Mountpoint"].endswith(f"/{name}/_data")
    assert Path(found["Mountpoint"]).is_dir()
    assert found["CreatedAt"]
    assert not found["Options"]


@pytest.mark.any_runner
def test_without_a_name_it_gets_one(api):
    made = api.create_volume()
    assert len(made["Name"]) == 64
    api.remove_volume(made["Name"])


@pytest.mark.any_runner
def test_making_it_twice_gives_the_same(ask, volume):
    name = volume(labels={"a": "1"})
    answer = ask("POST", "/volumes/create", {"Name": name})
    assert (answer.status, answer.body["Labels"]) == (201, {"a": "1"})


@pytest.mark.any_runner
@pytest.mark.parametrize("name", ["/absolute", "a/b", "..", "-x", "x"])
def test_a_name_that_is_none_is_refused(ask, name):
    status, message = ask("POST", "/volumes/create", {"Name": name}).refusal
    assert status == 400
    if name == "x":
        assert message == 'create x: volume name is too short, names should be at least two alphanumeric characters'  # fmt: skip
    else:
        assert message.startswith(f'create {name}: "{name}" includes invalid characters for a local volume name')


@pytest.mark.any_runner
@pytest.mark.parametrize(
    ("filters", "which"),
    [
        ({"label": "vl"}, {"one", "two"}),
        ({"label": "vl=2"}, {"two"}),
        ({"name": "volume-filter-on"}, {"one"}),
        ({"driver": "local", "label": "vl=1"}, {"one"}),
        ({"dangling": "true", "label": "vl"}, {"one"}),
        ({"dangling": "false", "label": "vl"}, {"two"}),
    ],
    ids=spelled,
)
def test_filters(api, volume, box, filters, which):
    made = {
        "one": volume("volume-filter-one", labels={"vl": "1"}),
        "two": volume("volume-filter-two", labels={"vl": "2"}),
    }
    box(start=False, HostConfig={"Binds": [f"{made['two']}:/v"]})
    assert names(api, **filters) == {made[each] for each in which}


@pytest.mark.any_runner
def test_an_unknown_filter_is_refused(ask):
    status, message = ask("GET", "/volumes?filters=" + quote('{"nonsense":["1"]}')).refusal
    assert (status, message.lower()) == (400, "invalid filter 'nonsense'")


@pytest.mark.any_runner
def test_what_is_not_there_is_told(ask):
    for method in ("GET", "DELETE"):
        status, message = ask(method, "/volumes/nothing").refusal
        assert (status, message.lower()) == (404, "get nothing: no such volume")


@pytest.mark.any_runner
def test_one_in_use_is_not_removed(ask, api, volume, box):
    name = volume()
    user = api.inspect_container(box(start=False, HostConfig={"Binds": [f"{name}:/v"]}))["Id"]
    status, message = ask("DELETE", f"/volumes/{name}").refusal
    assert (status, message) == (409, f"remove {name}: volume is in use - [{user}]")


@pytest.mark.any_runner
def test_prune_of_old_versions_takes_all_that_nobody_uses(ask, volume, box, api):
    idle, used = volume(labels={"pv": "1"}), volume(labels={"pv": "1"})
    box(start=False, HostConfig={"Binds": [f"{used}:/v"]})
    answer = ask("POST", "/volumes/prune?filters=" + quote('{"label":["pv"]}'))
    assert answer.body["VolumesDeleted"] == [idle]
    assert used in names(api)


@pytest.mark.any_runner
def test_prune_of_new_versions_takes_only_unnamed_ones(ask, volume, api):
    newest = tuple(map(int, ask("GET", "/version", version="").body["ApiVersion"].split(".")))
    if newest < (1, 42):
        pytest.skip(f"this engine speaks {newest}")
    named, unnamed = volume(labels={"pn": "1"}), api.create_volume(labels={"pn": "1"})["Name"]
    filters = quote('{"label":["pn"]}')
    answer = ask("POST", f"/volumes/prune?filters={filters}", version="v1.42")
    assert answer.body["VolumesDeleted"] == [unnamed]
    filters = quote('{"label":["pn"],"all":["true"]}')
    assert ask("POST", f"/volumes/prune?filters={filters}", version="v1.42").body["VolumesDeleted"] == [named]


def test_the_first_use_brings_the_image_s_files_with_owners_and_modes(api, run, volume):
    name = volume()
    binds = {"HostConfig": {"Binds": [f"{name}:/usr/local/apache2/htdocs"]}}
    out = run("sh", "-c", "cat /usr/local/apache2/htdocs/index.html", image="httpd", **binds).out
    assert "It works!" in out
    assert run("ls", "/v", HostConfig={"Binds": [f"{name}:/v"]}).out == "index.html\n"


def test_the_first_use_keeps_owner_and_mode_of_the_place_itself(run, volume):
    name = volume()
    assert run("stat", "-c", "%a", "/tmp", HostConfig={"Binds": [f"{name}:/tmp"]}).out == "1777\n"
    assert run("stat", "-c", "%a", "/v", HostConfig={"Binds": [f"{name}:/v"]}).out == "1777\n"


def test_a_volume_that_has_files_keeps_them(run, volume):
    name = volume()
    run("sh", "-c", "echo mine > /v/own", HostConfig={"Binds": [f"{name}:/v"]})
    seen = run(
        "ls", "/usr/local/apache2/htdocs", image="httpd", HostConfig={"Binds": [f"{name}:/usr/local/apache2/htdocs"]}
    )
    assert seen.out == "own\n"


@pytest.mark.parametrize("form", ["binds", "mounts"])
def test_without_a_copy_it_stays_empty(run, volume, form):
    name, place = volume(), "/usr/local/apache2/htdocs"
    host = (
        {"Binds": [f"{name}:{place}:nocopy"]}
        if form == "binds"
        else {"Mounts": [{"Type": "volume", "Source": name, "Target": place, "VolumeOptions": {"NoCopy": True}}]}
    )
    assert run("ls", place, image="httpd", HostConfig=host).out == ""


def test_two_containers_share_it_at_once(api, box, volume, execute):
    name = volume()
    one, other = (box(HostConfig={"Binds": [f"{name}:/v"]}) for _ in range(2))
    execute(one, "echo shared > /v/file")
    assert execute(other, "cat /v/file") == "shared\n"


def test_mounting_one_that_is_not_there_makes_it(api, box, volume):
    box(HostConfig={"Binds": ["made-by-mounting:/v"]}, start=False)
    assert api.inspect_volume("made-by-mounting")
    volume("made-by-mounting")  # so that it is removed


def test_the_files_of_a_user_are_the_user_s(run, volume):
    name = volume()
    run("sh", "-c", "chown 1234:1234 /v", HostConfig={"Binds": [f"{name}:/v"]})
    run("sh", "-c", "echo x > /v/f", User="1234:1234", HostConfig={"Binds": [f"{name}:/v"]})
    assert run("stat", "-c", "%u:%g", "/v/f", HostConfig={"Binds": [f"{name}:/v"]}).out == "1234:1234\n"


def test_the_chapter_s_backup_and_restore(run, volume, folder):
    one, two = volume(), volume()
    run("sh", "-c", "mkdir /v/d; echo a > /v/d/a; echo b > /v/b", HostConfig={"Binds": [f"{one}:/v"]})
    (folder / "out").mkdir()
    made = run(
        "tar",
        "czvf",
        "/target/b.tar.gz",
        "-C",
        "/source",
        ".",
        HostConfig={"Binds": [f"{one}:/source", f"{folder}/out:/target"]},
    )
    assert made.code == 0
    assert (folder / "out/b.tar.gz").stat().st_size > 50
    run(
        "tar",
        "xzvf",
        "/target/b.tar.gz",
        "-C",
        "/source",
        HostConfig={"Binds": [f"{two}:/source", f"{folder}/out:/target"]},
    )
    sums = [
        run("sh", "-c", "cd /v && find . -type f | sort | xargs sha256sum", HostConfig={"Binds": [f"{each}:/v"]}).out
        for each in (one, two)
    ]
    assert sums[0] == sums[1] != ""
