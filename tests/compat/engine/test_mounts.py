"""Binds, volumes and memory mounted into containers, in every form that the API has."""

import os

import pytest

pytestmark = pytest.mark.engine


def mounts(api, name):
    return {each["Destination"]: each for each in api.inspect_container(name)["Mounts"]}


def in_old_form(source, target, *options):
    return {"Binds": [":".join((str(source), target, *options))]}


def in_new_form(kind, source, target, **options):
    return {"Mounts": [{"Type": kind, "Source": str(source), "Target": target, **options}]}


class TestBind:
    @pytest.mark.parametrize("form", ["binds", "mounts"])
    def test_a_folder_is_shared_both_ways(self, api, box, execute, folder, form):
        host = in_old_form(folder, "/b") if form == "binds" else in_new_form("bind", folder, "/b")
        name = box(HostConfig=host)
        (folder / "from-host").write_text("host")
        assert execute(name, "cat /b/from-host; echo inside > /b/from-inside") == "host"
        assert (folder / "from-inside").read_text() == "inside\n"
        found = mounts(api, name)["/b"]
        assert (found["Type"], found["Source"], found["RW"]) == ("bind", str(folder), True)

    @pytest.mark.parametrize("form", ["binds", "mounts"])
    def test_one_for_reading_refuses_writing(self, api, box, execute, folder, form):
        host = in_old_form(folder, "/b", "ro") if form == "binds" else in_new_form("bind", folder, "/b", ReadOnly=True)
        name = box(HostConfig=host)
        assert "Read-only file system" in execute(name, "echo x > /b/file 2>&1; touch /b/other 2>&1; mkdir /b/dir 2>&1")
        assert list(folder.iterdir()) == []
        assert mounts(api, name)["/b"]["RW"] is False

    def test_a_file_is_mounted_over_a_file(self, box, execute, folder):
        (folder / "file").write_text("mine\n")
        assert execute(box(HostConfig=in_old_form(folder / "file", "/etc/passwd", "ro")), "cat /etc/passwd") == "mine\n"

    def test_the_place_is_made_where_the_image_has_none(self, box, execute, folder):
        (folder / "x").write_text("x")
        assert execute(box(HostConfig=in_old_form(folder, "/a/b/c")), "cat /a/b/c/x") == "x"

    def test_a_source_that_is_not_there_is_made_in_the_old_form(self, box, folder):
        box(HostConfig=in_old_form(folder / "new/one", "/b"))
        assert (folder / "new/one").is_dir()

    def test_a_source_that_is_not_there_is_refused_in_the_new_form(self, ask, folder):
        body = {"Image": "busybox", "HostConfig": in_new_form("bind", folder / "missing", "/b")}
        status, message = ask("POST", "/containers/create", body).refusal
        assert status == 400
        assert message == f'invalid mount config for type "bind": bind source path does not exist: {folder / "missing"}'

    def test_it_hides_what_the_image_has_there(self, box, execute, folder):
        assert execute(box(HostConfig=in_old_form(folder, "/etc/")), "ls /etc | grep -c passwd") == "0\n"

    def test_owners_and_modes_are_the_host_s(self, box, execute, folder):
        (folder / "f").write_text("x")
        os.chmod(folder / "f", 0o640)
        assert execute(box(HostConfig=in_old_form(folder, "/b")), "stat -c %a /b/f") == "640\n"

    def test_a_name_with_spaces_and_letters_of_the_world(self, box, execute, folder):
        source = folder / "한글 과 space"
        source.mkdir()
        (source / "f").write_text("found")
        name = box(HostConfig=in_new_form("bind", source, "/b b"))
        assert execute(name, "cat '/b b/f'") == "found"

    def test_one_inside_another(self, box, execute, folder):
        for each in ("outer/inner", "other"):
            (folder / each).mkdir(parents=True)
        (folder / "outer/o").write_text("o")
        (folder / "other/i").write_text("i")
        host = {"Binds": [f"{folder}/other:/m/inner", f"{folder}/outer:/m"]}
        assert execute(box(HostConfig=host), "cat /m/o /m/inner/i") == "oi"

    @pytest.mark.parametrize(
        ("bind", "sentence"),
        [
            ("/x:relative", "invalid mount path: 'relative' mount path must be absolute"),
            ("/x:/", "destination can't be '/'"),
            ("/x:/y:nonsense", "invalid mode: nonsense"),
            ("/x:/y:ro,rw", "invalid mode: ro,rw"),
            ("/a:/b:/c:/d", "invalid volume specification: '/a:/b:/c:/d'"),
            ("./relative:/y", "includes invalid characters for a local volume name"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told(self, ask, bind, sentence):
        answer = ask("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Binds": [bind]}})
        assert answer.status in (400, 500)
        assert sentence in answer.body["message"]

    def test_the_same_place_twice_is_refused(self, ask, folder):
        body = {"Image": "busybox", "HostConfig": {"Binds": [f"{folder}:/b", f"{folder}:/b"]}}
        status, message = ask("POST", "/containers/create", body).refusal
        assert (status, message) == (400, "Duplicate mount point: /b")

    @pytest.mark.parametrize(
        ("mount", "sentence"),
        [
            ({"Type": "bind", "Target": "/b"}, 'invalid mount config for type "bind": field Source must not be empty'),
            ({"Type": "bind", "Source": "/tmp"}, 'invalid mount config for type "bind": field Target must not be empty'),
            ({"Type": "bind", "Source": "relative", "Target": "/b"}, "invalid mount path: 'relative' mount path must be absolute"),
            ({"Type": "tmpfs", "Source": "/x", "Target": "/b"}, 'invalid mount config for type "tmpfs": field Source must not be specified'),
            ({"Type": "nonsense", "Target": "/b"}, "mount type unknown"),
            ({"Type": "bind", "Source": "/tmp", "Target": "/b", "VolumeOptions": {}}, "field VolumeOptions must not be specified"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_in_the_new_form_is_told(self, ask, mount, sentence):
        answer = ask("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Mounts": [mount]}})
        assert answer.status in (400, 500)
        assert sentence in answer.body["message"]


class TestVolume:
    @pytest.mark.parametrize("form", ["binds", "mounts"])
    def test_it_is_described(self, api, box, volume, form):
        name = volume()
        host = in_old_form(name, "/v") if form == "binds" else in_new_form("volume", name, "/v")
        found = mounts(api, box(HostConfig=host))["/v"]
        assert (found["Type"], found["Name"], found["Driver"], found["RW"]) == ("volume", name, "local", True)
        assert found["Source"] == api.inspect_volume(name)["Mountpoint"]

    @pytest.mark.parametrize("form", ["binds", "mounts"])
    def test_one_for_reading_refuses_writing(self, box, volume, execute, form):
        name = volume()
        host = in_old_form(name, "/v", "ro") if form == "binds" else in_new_form("volume", name, "/v", ReadOnly=True)
        assert "Read-only file system" in execute(box(HostConfig=host), "echo x > /v/f 2>&1")

    def test_it_outlives_its_container(self, run, volume):
        host = {"HostConfig": in_old_form(volume(), "/v")}
        run("sh", "-c", "echo kept > /v/f", **host)
        assert run("cat", "/v/f", **host).out == "kept\n"

    def test_without_a_name_it_is_the_container_s_own(self, api, box, execute):
        name = box(Volumes={"/own": {}})
        found = mounts(api, name)["/own"]
        assert (found["Type"], len(found["Name"])) == ("volume", 64)
        execute(name, "echo x > /own/f")
        api.restart(name, timeout=1)
        assert execute(name, "cat /own/f") == "x\n"

    def test_one_container_s_volumes_in_another(self, box, volume, execute):
        first = box(HostConfig=in_old_form(volume(), "/v"))
        execute(first, "echo shared > /v/f")
        second = box(HostConfig={"VolumesFrom": [first]})
        assert execute(second, "cat /v/f") == "shared\n"
        third = box(HostConfig={"VolumesFrom": [f"{first}:ro"]})
        assert "Read-only file system" in execute(third, "echo x > /v/g 2>&1")


class TestMemory:
    @pytest.mark.parametrize("form", ["tmpfs", "mounts"])
    def test_it_is_gone_after_a_stop(self, api, box, execute, form):
        host = {"Tmpfs": {"/mem": ""}} if form == "tmpfs" else {"Mounts": [{"Type": "tmpfs", "Target": "/mem"}]}
        name = box(HostConfig=host)
        execute(name, "echo x > /mem/f")
        assert execute(name, "ls /mem") == "f\n"
        api.restart(name, timeout=1)
        assert execute(name, "ls /mem") == ""

    def test_it_is_no_change_and_not_in_an_export(self, api, box, execute, unpacked):
        name = box(HostConfig={"Tmpfs": {"/mem": ""}})
        execute(name, "echo x > /mem/f")
        assert "/mem/f" not in {each["Path"] for each in api.diff(name) or ()}
        assert "mem/f" not in unpacked(b"".join(api.export(name)))

    def test_its_mode_is_set(self, box, execute):
        mount = {"Type": "tmpfs", "Target": "/mem", "TmpfsOptions": {"Mode": 0o1750, "SizeBytes": 1 << 20}}
        assert execute(box(HostConfig={"Mounts": [mount]}), "stat -c %a /mem") == "1750\n"

    def test_it_is_empty_whatever_the_image_has_there(self, box, execute):
        name = box(image="httpd", HostConfig={"Tmpfs": {"/usr/local/apache2/htdocs": ""}})
        assert execute(name, "ls /usr/local/apache2/htdocs") == ""


class TestRoot:
    def test_a_root_for_reading_refuses_writing(self, box, execute, volume):
        name = box(HostConfig={"ReadonlyRootfs": True, "Tmpfs": {"/tmp": ""}, **in_old_form(volume(), "/v")})
        assert "Read-only file system" in execute(name, "echo x > /file 2>&1")
        assert execute(name, "echo x > /tmp/f; echo y > /v/f; cat /tmp/f /v/f") == "x\ny\n"

    def test_each_container_has_a_root_of_its_own(self, box, execute):
        one, other = box(), box()
        execute(one, "echo x > /file")
        assert "No such file" in execute(other, "cat /file 2>&1")
