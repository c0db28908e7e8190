"""Files in and out of containers: archives, changes, export, and commit."""

import base64
import contextlib
import io
import json
import tarfile
from urllib.parse import quote

import docker
import pytest

pytestmark = pytest.mark.engine

TREE = (
    "mkdir -p /t/folder/inner && cd /t && echo a > folder/a.txt && echo b > folder/inner/b && ln -s a.txt folder/link"
    " && ln -s folder shortcut && ln -s /t/folder/a.txt absolute && chmod 640 folder/a.txt && ln -s /../../../etc out && sleep 1000"
)


@pytest.fixture(scope="module")
def tree(kept, api):
    name = kept("sh", "-c", TREE)
    made = api.exec_create(name, ["sh", "-c", "until [ -L /t/out ]; do sleep 0.05; done"])
    api.exec_start(made["Id"])
    return name


def archive(api, name, path):
    stream, about = api.get_archive(name, path)
    return b"".join(stream), about


class TestOut:
    def test_a_file_comes_with_what_is_known_of_it(self, api, tree, unpacked):
        data, about = archive(api, tree, "/t/folder/a.txt")
        assert unpacked(data) == {"a.txt": b"a\n"}
        assert (about["name"], about["size"], about["linkTarget"]) == ("a.txt", 2, "")
        assert about["mode"] & 0o777 == 0o640

    def test_a_folder_comes_with_what_is_in_it(self, api, tree, unpacked):
        data, about = archive(api, tree, "/t/folder")
        assert unpacked(data) == {
            "folder/": b"",
            "folder/a.txt": b"a\n",
            "folder/inner/": b"",
            "folder/inner/b": b"b\n",
            "folder/link": b"-> a.txt",
        }
        assert about["mode"] & (1 << 31)

    def test_a_dot_gives_the_contents_alone(self, api, tree, unpacked):
        names = set(unpacked(archive(api, tree, "/t/folder/.")[0]))
        assert names == {"./", "./a.txt", "./inner/", "./inner/b", "./link"}

    def test_a_link_is_a_link_unless_a_slash_follows(self, api, tree, unpacked):
        assert unpacked(archive(api, tree, "/t/shortcut")[0]) == {"shortcut": b"-> folder"}
        assert "shortcut/a.txt" in unpacked(archive(api, tree, "/t/shortcut/")[0])

    def test_a_link_tells_where_it_leads(self, ask, tree):
        def about(path):
            answer = ask("HEAD", f"/containers/{tree}/archive?path={quote(path)}")
            assert answer.status == 200
            return json.loads(base64.b64decode(answer.headers["x-docker-container-path-stat"]))

        assert about("/t/shortcut")["linkTarget"] == "/t/folder"
        assert about("/t/absolute")["linkTarget"] == "/t/folder/a.txt"
        assert about("/t/out")["linkTarget"] == "/etc"
        assert about("/t/folder")["name"] == "folder"

    def test_links_never_lead_out_of_the_container(self, api, tree, unpacked):
        inside = unpacked(archive(api, tree, "/t/out/passwd")[0])
        assert inside["passwd"].startswith(b"root:x:0:0:root:/root:/bin/sh\nnobody")

    def test_dots_stay_inside(self, api, tree, unpacked):
        assert unpacked(archive(api, tree, "/../../../t/folder/inner/../a.txt")[0]) == {"a.txt": b"a\n"}

    def test_what_is_not_there_is_told(self, ask, tree):
        status, message = ask("GET", f"/containers/{tree}/archive?path=/t/nothing").refusal
        assert status == 404
        assert message.endswith(f"Could not find the file /t/nothing in container {tree}")

    def test_a_file_with_a_slash_after_it_is_refused(self, ask, tree):
        answer = ask("GET", f"/containers/{tree}/archive?path=/t/folder/a.txt/")
        assert answer.status in (400, 404, 500)

    def test_no_path_is_refused(self, ask, tree):
        status, message = ask("GET", f"/containers/{tree}/archive").refusal
        assert status == 400
        assert "path" in message

    def test_a_stopped_one_gives_its_files_too(self, api, box, unpacked):
        assert "passwd" in unpacked(archive(api, box(start=False), "/etc/passwd")[0])

    def test_owners_modes_and_times_are_kept(self, api, box):
        name = box("sh", "-c", "touch -d @1500000000 /f; chmod 4711 /f; chown 12:34 /f; chmod 4711 /f")
        api.wait(name)
        with tarfile.open(fileobj=io.BytesIO(archive(api, name, "/f")[0])) as found:
            info = found.getmember("f")
        assert (info.uid, info.gid, info.mode & 0o7777, info.mtime) == (12, 34, 0o4711, 1_500_000_000)

    def test_volumes_and_binds_are_seen_through(self, api, box, volume, folder, unpacked):
        (folder / "host.txt").write_text("from the host")
        name = box(
            "sh", "-c", "echo inside > /v/file; sleep 1000", HostConfig={"Binds": [f"{volume()}:/v", f"{folder}:/b"]}
        )
        assert unpacked(archive(api, name, "/b/host.txt")[0]) == {"host.txt": b"from the host"}
        api.put_archive(name, "/v", _one("put", b"there"))
        assert unpacked(archive(api, name, "/v/put")[0]) == {"put": b"there"}


def _one(name, content):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as packed:
        info = tarfile.TarInfo(name)
        info.size, info.uid, info.gid, info.mode, info.mtime = len(content), 12, 34, 0o640, 1_500_000_000
        packed.addfile(info, io.BytesIO(content))
    return target.getvalue()


class TestIn:
    def test_a_file_arrives_with_owner_mode_and_time(self, api, box, execute):
        name = box()
        assert api.put_archive(name, "/tmp", _one("file", b"hello"))
        assert execute(name, "cat /tmp/file; stat -c ' %u:%g %a %Y' /tmp/file") == "hello 12:34 640 1500000000\n"

    @pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
    def test_a_compressed_archive_is_opened(self, api, box, execute, compression, tmp_path):
        (tmp_path / "x").write_text("packed")
        with tarfile.open(tmp_path / "t", f"w:{compression}") as packed:
            packed.add(tmp_path / "x", "x")
        name = box()
        api.put_archive(name, "/tmp", (tmp_path / "t").read_bytes())
        assert execute(name, "cat /tmp/x") == "packed"

    def test_into_what_is_no_folder_is_refused(self, ask, box):
        status, message = ask("PUT", f"/containers/{box()}/archive?path=/etc/passwd", _one("f", b"")).refusal
        assert status in (400, 500)
        assert "not a directory" in message

    def test_into_what_is_not_there_is_refused(self, ask, box):
        name = box()
        status, message = ask("PUT", f"/containers/{name}/archive?path=/nowhere", _one("f", b"")).refusal
        assert status == 404
        assert message.endswith(f"Could not find the file /nowhere in container {name}")

    def test_a_folder_over_a_file_is_refused_if_asked_for(self, ask, box, packed):
        name = box()
        ask("PUT", f"/containers/{name}/archive?path=/tmp", packed({"x": "file"}))
        answer = ask("PUT", f"/containers/{name}/archive?path=/tmp&noOverwriteDirNonDir=1", packed({"x/": ""}))
        assert answer.status in (400, 500)
        assert "cannot overwrite non-directory" in answer.body["message"]

    def test_into_a_mount_that_may_only_be_read_is_refused(self, ask, box, volume):
        name = box(HostConfig={"Binds": [f"{volume()}:/v:ro"]})
        status, message = ask("PUT", f"/containers/{name}/archive?path=/v", _one("f", b"")).refusal
        assert (status in (403, 500), message) == (True, "mounted volume is marked read-only")

    def test_into_a_root_that_may_only_be_read_is_refused(self, ask, box):
        name = box(HostConfig={"ReadonlyRootfs": True})
        status, message = ask("PUT", f"/containers/{name}/archive?path=/tmp", _one("f", b"")).refusal
        assert (status in (403, 500), message) == (True, "container rootfs is marked read-only")

    def test_a_broken_archive_is_refused(self, ask, box):
        answer = ask("PUT", f"/containers/{box()}/archive?path=/tmp", b"this is no archive" * 100)
        assert answer.status in (400, 500)

    def test_members_that_climb_out_land_nowhere_else(self, api, box, packed, tmp_path):
        name = box()
        outside = tmp_path / "outside"
        with contextlib.suppress(docker.errors.APIError):
            api.put_archive(name, "/tmp", packed({f"../../../../..{outside}": "escaped"}))
        assert not outside.exists()

    def test_a_stopped_one_takes_files_too(self, api, box, packed):
        name = box("cat", "/tmp/given", start=False)
        api.put_archive(name, "/tmp", packed({"given": "before the start"}))
        api.start(name)
        api.wait(name)
        assert api.logs(name) == b"before the start"


class TestChanges:
    def test_what_was_added_changed_and_removed(self, api, box):
        name = box(
            "sh",
            "-c",
            "echo 1 > /new; mkdir /dir; echo 2 > /dir/f; echo x >> /etc/passwd; rm /etc/group; chmod 700 /var/www",
        )
        api.wait(name)
        assert {(each["Path"], each["Kind"]) for each in api.diff(name)} == {
            ("/new", 1), ("/dir", 1), ("/dir/f", 1), ("/etc", 0), ("/etc/passwd", 0), ("/etc/group", 2), ("/var", 0), ("/var/www", 0),
        }  # fmt: skip

    def test_nothing_changed_is_nothing(self, api, box):
        name = box("true")
        api.wait(name)
        assert not api.diff(name)

    def test_what_lies_in_volumes_is_no_change(self, api, box, volume):
        name = box("sh", "-c", "echo 1 > /v/file", HostConfig={"Binds": [f"{volume()}:/v"]})
        api.wait(name)
        assert {each["Path"] for each in api.diff(name)} <= {"/v"}


class TestExport:
    def test_the_whole_root_is_there_with_changes_and_without_volumes(self, api, box, volume, unpacked):
        name = box(
            "sh",
            "-c",
            "echo new > /file; rm /etc/group; echo secret > /v/inside",
            HostConfig={"Binds": [f"{volume()}:/v"]},
        )
        api.wait(name)
        files = unpacked(b"".join(api.export(name)))
        assert files["file"] == b"new\n"
        assert "etc/passwd" in files
        assert "etc/group" not in files
        assert "v/inside" not in files

    def test_an_import_of_it_runs(self, api, box, run, image):
        name = box("sh", "-c", "echo kept > /file")
        api.wait(name)
        made = image()
        repository, tag = made.split(":")
        api.import_image_from_data(b"".join(api.export(name)), repository=repository, tag=tag)
        assert run("cat", "/file", image=made).out == "kept\n"


class TestCommit:
    def test_an_image_with_the_change_is_made(self, api, box, run, image):
        made = image()
        name = box("sh", "-c", "echo changed > /change; rm /etc/group")
        api.wait(name)
        answer = api.commit(name, *made.split(":"), message="a change", author="usagi")
        found = api.inspect_image(made)
        assert answer["Id"] == found["Id"]
        assert (found["Comment"], found["Author"]) == ("a change", "usagi")
        assert found["Parent"] == api.inspect_image("busybox")["Id"]
        assert found["RootFS"]["Layers"][:-1] == api.inspect_image("busybox")["RootFS"]["Layers"]
        assert found["Config"]["Cmd"] == ["sh", "-c", "echo changed > /change; rm /etc/group"]
        assert (
            run("sh", "-c", "cat /change; ls /etc/passwd /etc/group 2>/dev/null", image=made).out
            == "changed\n/etc/passwd\n"
        )
        history = api.history(made)
        assert history[0]["Comment"] == "a change"
        assert history[0]["Tags"] == [made]

    def test_instructions_change_its_settings(self, api, box, image):
        made = image()
        changes = [
            "CMD [\"echo\", \"by change\"]", "ENV A=1 B=2", "EXPOSE 8080", "LABEL k=v", "USER nobody", "WORKDIR /tmp",
            "VOLUME /data", "ENTRYPOINT [\"sh\", \"-c\"]", "ONBUILD RUN true",
        ]  # fmt: skip
        name = box()
        api.commit(name, *made.split(":"), changes=changes)
        config = api.inspect_image(made)["Config"]
        assert {"A=1", "B=2"} <= set(config["Env"])
        assert config["ExposedPorts"] == {"8080/tcp": {}}
        assert config["Labels"]["k"] == "v"
        assert (config["User"], config["WorkingDir"]) == ("nobody", "/tmp")
        assert config["Volumes"] == {"/data": {}}
        assert config["Entrypoint"] == ["sh", "-c"]
        assert config["OnBuild"] == ["RUN true"]

    def test_an_instruction_that_cant_change_a_commit_is_refused(self, api, box):
        with pytest.raises(docker.errors.APIError, match=r"(?i)run is not a valid change command"):
            api.commit(box(start=False), changes="RUN true")

    def test_what_lies_in_volumes_stays_out(self, api, box, volume, image, run):
        made = image()
        name = box("sh", "-c", "echo secret > /v/inside", HostConfig={"Binds": [f"{volume()}:/v"]})
        api.wait(name)
        api.commit(name, *made.split(":"))
        assert run("ls", "/v", image=made).out == ""

    def test_without_a_name_it_has_none(self, api, box):
        made = api.commit(box(start=False))["Id"]
        assert not api.inspect_image(made)["RepoTags"]
        api.remove_image(made)

    def test_nobody_can_t_be_committed(self, ask):
        assert ask("POST", "/commit?container=nobody").refusal == (404, "No such container: nobody")

    def test_owners_and_modes_come_along(self, api, box, image, run):
        made = image()
        name = box("sh", "-c", "echo x > /f; chown 12:34 /f; chmod 2750 /f")
        api.wait(name)
        api.commit(name, *made.split(":"))
        assert run("stat", "-c", "%u:%g %a", "/f", image=made).out == "12:34 2750\n"
