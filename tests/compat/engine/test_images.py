"""Images listed, described, named, removed, pruned, and moved as archives."""

import gzip
import io
import json
import tarfile
from contextlib import suppress
from urllib.parse import quote

import docker
import pytest

from conftest import spelled

pytestmark = [pytest.mark.engine, pytest.mark.any_runner]


@pytest.fixture
def small(api, packed, image):
    """Makes images of one file, with a name."""

    def make(content: str = "content", tag: str = "1", **options) -> str:
        name = image(tag)
        repository, tag = name.split(":")
        api.import_image_from_data(packed({"file": content + repository}), repository=repository, tag=tag, **options)
        return name

    return make


def names(api, **options):
    return {name for each in api.images(**options) for name in each["RepoTags"] or ()}


class TestList:
    def test_a_row_has_what_a_table_shows(self, api):
        row = next(each for each in api.images() if "busybox:latest" in (each["RepoTags"] or ()))
        about = api.inspect_image("busybox")
        assert row["Id"] == about["Id"]
        assert row["Size"] == about["Size"]
        assert row["Size"] > 1_000_000
        assert isinstance(row["Created"], int)
        assert "io.dockyard.built-from" in row["Labels"]
        assert row["ParentId"] == ""

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"reference": "busybox"}, {"busybox:latest"}),
            ({"reference": "busy*"}, {"busybox:latest"}),
            ({"reference": "*:latest", "label": "io.dockyard.built-from"}, {"busybox:latest", "httpd:latest", "registry:latest"}),
            ({"reference": "busybox:1.0"}, set()),
            ({"reference": ["busybox", "httpd"]}, {"busybox:latest", "httpd:latest"}),
            ({"label": "no-such-label"}, set()),
        ],
        ids=spelled,
    )  # fmt: skip
    def test_filters(self, api, filters, expected):
        assert names(api, filters=filters) == expected

    def test_before_and_since_go_by_age(self, api, small):
        old, new = small(), small()
        assert old in names(api, filters={"before": new})
        assert new not in names(api, filters={"before": new})
        assert new in names(api, filters={"since": old})

    def test_those_without_a_name_are_dangling(self, api, small):
        name = small()
        full = api.inspect_image(name)["Id"]
        other = small()
        repository, tag = name.split(":")
        api.tag(other, repository, tag)
        try:
            assert full in {each["Id"] for each in api.images(filters={"dangling": True})}
            assert full not in {each["Id"] for each in api.images(filters={"dangling": False})}
        finally:
            api.remove_image(full)

    def test_an_unknown_filter_is_refused(self, ask):
        status, message = ask("GET", "/images/json?filters=" + quote('{"nonsense":["1"]}')).refusal
        assert (status, message.lower()) == (400, "invalid filter 'nonsense'")


class TestInspect:
    def test_what_it_is_made_of(self, api):
        found = api.inspect_image("httpd")
        assert found["RepoTags"] == ["httpd:latest"]
        assert (found["Os"], found["RootFS"]["Type"]) == ("linux", "layers")
        assert all(each.startswith("sha256:") for each in found["RootFS"]["Layers"])
        assert found["Config"]["Cmd"] == ["httpd-foreground"]
        assert found["Config"]["StopSignal"] == "SIGWINCH"
        assert found["Architecture"] in ("amd64", "arm64")
        assert found["Size"] > 50_000_000
        assert found["Created"]

    def test_by_id_and_its_beginning(self, api):
        full = api.inspect_image("busybox")["Id"]
        for name in (full, full[7:], full[7:19], "busybox:latest", "docker.io/library/busybox"):
            assert api.inspect_image(name)["Id"] == full

    @pytest.mark.parametrize("name", ["nothing", "nothing:1", "some/thing", "localhost:5000/thing:2"])
    def test_what_is_not_there_is_named(self, ask, name):
        shown = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        assert ask("GET", f"/images/{name}/json").refusal == (404, f"No such image: {shown}") or ask(
            "GET", f"/images/{name}/json"
        ).refusal == (404, f"no such image: {name}: No such image: {shown}")

    def test_the_history_tells_each_step(self, api):
        found = api.history("busybox")
        assert found[0]["Id"] == api.inspect_image("busybox")["Id"]
        assert found[0]["Tags"] == ["busybox:latest"]
        assert found[0]["CreatedBy"] == "dockyard images prepare"
        assert found[0]["Size"] > 1_000_000


class TestTag:
    def test_two_names_have_one_image(self, api, image):
        name = image("13")
        assert api.tag("busybox", *name.split(":"))
        assert api.inspect_image(name)["Id"] == api.inspect_image("busybox")["Id"]
        assert {name, "busybox:latest"} <= set(api.inspect_image(name)["RepoTags"])

    @pytest.mark.parametrize(
        ("repo", "tag", "sentence"),
        [
            ("UPPER", "1", "repository name must be lowercase"),
            ("name", "bad tag", "invalid tag format"),
            ("bad//name", "1", "invalid reference format"),
        ],
    )
    def test_a_name_that_is_none_is_refused(self, ask, repo, tag, sentence):
        status, message = ask("POST", f"/images/busybox/tag?repo={quote(repo)}&tag={quote(tag)}").refusal
        assert status in (400, 500)
        assert sentence in message or "invalid reference format" in message

    def test_an_image_that_is_not_there_is_named(self, ask):
        status, message = ask("POST", "/images/nothing/tag?repo=x&tag=1").refusal
        assert status == 404
        assert "No such image: nothing:latest" in message


class TestRemove:
    def test_a_second_name_is_only_untagged(self, api, image):
        name = image()
        api.tag("busybox", *name.split(":"))
        assert api.remove_image(name) == [{"Untagged": name}]
        assert api.inspect_image("busybox")

    def test_the_last_name_takes_the_image_along(self, api, small):
        name = small()
        about = api.inspect_image(name)
        answer = api.remove_image(name)
        assert answer[0] == {"Untagged": name}
        assert {"Deleted": about["Id"]} in answer
        with pytest.raises(docker.errors.ImageNotFound):
            api.inspect_image(about["Id"])

    def test_an_id_with_two_names_is_refused_unless_forced(self, ask, api, small, image):
        one, other = small(), image()
        api.tag(one, *other.split(":"))
        full = api.inspect_image(one)["Id"]
        status, message = ask("DELETE", f"/images/{full[7:19]}").refusal
        assert status == 409
        assert message == (
            f"conflict: unable to delete {full[7:19]} (must be forced) - image is referenced in multiple repositories"
        )
        answer = ask("DELETE", f"/images/{full[7:19]}?force=1").body
        assert {"Untagged": one} in answer
        assert {"Untagged": other} in answer
        assert {"Deleted": full} in answer

    def test_one_that_a_running_container_uses_is_refused_even_by_force(self, ask, api, box, image):
        made = image()
        api.commit(box(start=False), *made.split(":"))
        user, full = api.inspect_container(box(image=made))["Id"], api.inspect_image(made)["Id"]
        status, message = ask("DELETE", f"/images/{made}").refusal
        assert (status, message) == (
            409,
            f'conflict: unable to remove repository reference "{made}" (must force) - container {user[:12]} '
            f"is using its referenced image {full[7:19]}",
        )
        status, message = ask("DELETE", f"/images/{full[7:19]}?force=1").refusal
        assert (status, message) == (
            409,
            f"conflict: unable to delete {full[7:19]} (cannot be forced) - image is being used by running container {user[:12]}",
        )

    def test_one_that_a_stopped_container_uses_wants_force(self, ask, api, box, small, image):
        made = image()
        api.tag("busybox", *made.split(":"))
        base = small()
        name = box("true", image=base, start=False)
        container = api.inspect_container(name)["Id"]
        status, message = ask("DELETE", f"/images/{base}").refusal
        assert (status, message) == (
            409,
            f'conflict: unable to remove repository reference "{base}" (must force) - container {container[:12]} '
            f"is using its referenced image {api.inspect_image(base)['Id'][7:19]}",
        )

    def test_one_with_children_is_refused(self, ask, api, box, small, image):
        base, child = small(), image()
        api.commit(box("x", image=base, start=False), *child.split(":"))
        full = api.inspect_image(base)["Id"]
        api.remove_container(api.containers(all=True, filters={"ancestor": base})[0]["Id"])
        status, message = ask("DELETE", f"/images/{full}").refusal
        assert status == 409
        assert (
            message == f"conflict: unable to delete {full[7:19]} (cannot be forced) - image has dependent child images"
        )

    def test_what_is_not_there_is_named(self, ask):
        status, message = ask("DELETE", "/images/nothing").refusal
        assert status == 404
        assert message.lower() == "no such image: nothing:latest" or message == "No such image: nothing"


class TestPrune:
    def test_only_dangling_ones_go_unless_all_are_asked_for(self, api, small):
        name = small("a", changes='LABEL prune="here"')
        full = api.inspect_image(name)["Id"]
        assert not api.prune_images({"label": ["prune=here"]})["ImagesDeleted"]
        answer = api.prune_images({"label": ["prune=here"], "dangling": False})
        assert {"Untagged": name} in answer["ImagesDeleted"]
        assert {"Deleted": full} in answer["ImagesDeleted"]
        assert answer["SpaceReclaimed"] > 0

    def test_what_a_container_uses_stays(self, api, small, box):
        name = small("b", changes='LABEL prune="used"')
        box("x", image=name, start=False)
        assert not api.prune_images({"label": ["prune=used"], "dangling": False})["ImagesDeleted"]
        assert api.inspect_image(name)


class TestImport:
    def test_an_archive_becomes_an_image_of_one_layer(self, api, packed, image):
        name = image()
        repository, tag = name.split(":")
        answer = api.import_image_from_data(packed({"f": "x"}), repository=repository, tag=tag, changes='CMD ["/f"]')
        found = api.inspect_image(name)
        assert json.loads(answer)["status"] == found["Id"]
        assert len(found["RootFS"]["Layers"]) == 1
        assert found["Config"]["Cmd"] == ["/f"]
        assert found["Comment"].startswith("Imported from")

    def test_a_compressed_archive_is_opened(self, api, packed, image):
        name = image()
        repository, tag = name.split(":")
        plain = packed({"f": "x" + repository})
        api.import_image_from_data(gzip.compress(plain), repository=repository, tag=tag)
        one = api.inspect_image(name)["RootFS"]["Layers"]
        api.import_image_from_data(plain, repository=repository, tag=tag)
        assert api.inspect_image(name)["RootFS"]["Layers"] == one

    def test_no_archive_is_no_image(self, ask):
        answer = ask("POST", "/images/create?fromSrc=-&repo=broken&tag=1", b"no archive " * 1000)
        assert "error" in str(answer.body).lower() or answer.status >= 400


def saved(api, *references):
    """What a save of several images gives: one archive."""
    answer = api.get(f"{api.base_url}/v1.41/images/get", params={"names": list(references)}, timeout=60)
    assert answer.status_code == 200
    return answer.content


class TestSaveAndLoad:
    def test_an_archive_has_a_manifest_a_configuration_and_layers(self, api):
        with tarfile.open(fileobj=io.BytesIO(saved(api, "busybox"))) as archive:
            manifest = json.load(archive.extractfile("manifest.json"))
            assert manifest[0]["RepoTags"] == ["busybox:latest"]
            config = json.load(archive.extractfile(manifest[0]["Config"]))
            assert config["config"]["Cmd"] == ["sh"]
            layers = [archive.extractfile(each) for each in manifest[0]["Layers"]]
            assert len(layers) == len(config["rootfs"]["diff_ids"]) == 1
            with tarfile.open(fileobj=layers[0]) as layer:
                assert "bin/busybox" in layer.getnames()

    def test_the_same_id_comes_back(self, api, small):
        name = small()
        about = api.inspect_image(name)
        data = saved(api, name)
        api.remove_image(name)
        said = "".join(each.get("stream", "") for each in api.load_image(data))
        assert said == f"Loaded image: {name}\n"
        again = api.inspect_image(name)
        assert (again["Id"], again["RootFS"], again["Config"]) == (about["Id"], about["RootFS"], about["Config"])

    def test_one_saved_by_its_id_has_no_name(self, api, small):
        name = small()
        full = api.inspect_image(name)["Id"]
        data = saved(api, full)
        api.remove_image(name)
        said = "".join(each.get("stream", "") for each in api.load_image(data))
        assert said == f"Loaded image ID: {full}\n"
        assert not api.inspect_image(full)["RepoTags"]
        api.remove_image(full)

    def test_several_in_one_archive(self, api, small):
        one, other = small("1"), small("2")
        data = saved(api, one, other)
        api.remove_image(one)
        api.remove_image(other)
        list(api.load_image(data))
        assert {one, other} <= names(api)

    def test_a_compressed_archive_is_loaded(self, api, small):
        name = small()
        data = gzip.compress(saved(api, name))
        api.remove_image(name)
        list(api.load_image(data))
        assert name in names(api)

    def test_a_quiet_load_reports_no_progress(self, api, small):
        assert all("progress" not in each for each in api.load_image(saved(api, small()), quiet=True))

    def test_what_is_not_there_is_named(self, ask):
        status, message = ask("GET", "/images/nothing/get").refusal
        assert status in (404, 500)
        assert "No such image: nothing" in message

    def test_an_archive_that_is_none_is_told(self, ask):
        answer = ask("POST", "/images/load", b"no archive " * 1000)
        assert answer.status >= 400 or "error" in str(answer.body)

    def test_what_one_engine_saved_the_other_loads(self, api, real_docker, small):
        """Both ways: an image that real Docker wrote, and one that it reads."""
        name = small()
        about = api.inspect_image(name)
        list(real_docker.api.load_image(saved(api, name)))
        try:
            theirs = real_docker.api.inspect_image(name)
            assert (theirs["Id"], theirs["RootFS"]) == (about["Id"], about["RootFS"])
            data = saved(real_docker.api, name)
        finally:
            real_docker.api.remove_image(name, force=True)
        with suppress(docker.errors.ImageNotFound):  # the engine of this round is real Docker
            api.remove_image(name, force=True)
        list(api.load_image(data))
        assert api.inspect_image(name)["Id"] == about["Id"]
