"""Images saved and loaded again, here, by a real Docker, and by skopeo."""

import gzip
import os
import shutil
import subprocess
import tarfile

import pytest
from tests.engine.images.conftest import FileSink, loaded, saved

from conftest import missing, spelled
from dockyard.engine.errors import NotFound
from dockyard.engine.images.archive import save
from dockyard.engine.images.reference import Reference


def skopeo(*words):
    program = shutil.which("skopeo")
    if not program:
        missing("no skopeo (Debian: apt-get install skopeo)")
    subprocess.run([program, "--insecure-policy", *words], check=True, capture_output=True)


@pytest.fixture
def docker_image(docker_cli):
    """The tag of an image that is only for this test, and is gone afterwards."""
    yield "dockyard-archive-test:1"
    docker_cli("image", "rm", "--force", "dockyard-archive-test:1", check=False)


# ---------------------------------------------------------------- round trips


def test_what_is_saved_is_loaded_as_it_was(web, bench, tmp_path):
    path = saved(bench, tmp_path / "web.tar", "lab/web")
    assert bench.heard[-1] == ("save", web.id, web.id)
    bench.images.remove("lab/web:1")
    bench.images.remove("lab/web:2")
    assert not list((bench.folders.blobs / "sha256").iterdir())
    said = loaded(bench, path)
    assert [each["stream"] for each in said if "stream" in each] == [
        "Loaded image: lab/web:1\n",
        "Loaded image: lab/web:2\n",
    ]
    assert [(each["status"], each["id"]) for each in said if "status" in each] == [
        ("Loading layer", diff_id[7:19]) for diff_id in web.diff_ids
    ]
    again = bench.images.get(web.id)
    assert again.layers == web.layers
    assert (bench.trees.base(again).path / "www").read_bytes() == b"It works!"
    assert bench.heard[-1] == ("load", web.id, web.id)
    assert not os.listdir(bench.folders.staging)
    assert [each for each in loaded(bench, path) if "status" in each] == []  # all layers are there


@pytest.mark.parametrize("press", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_the_archive_itself_may_be_compressed(press, web, bench, tmp_path):
    data = saved(bench, tmp_path / "web.tar", "lab/web:1").read_bytes()
    bench.images.remove("lab/web:1")
    assert loaded(bench, press(data), quiet=True) == [{"stream": "Loaded image: lab/web:1\n"}]


def test_an_image_saved_by_its_id_has_no_name_in_the_archive(web, bench, tmp_path):
    path = saved(bench, tmp_path / "web.tar", web.short_id)
    bench.images.remove(web.id, force=True)
    assert loaded(bench, path, quiet=True) == [{"stream": f"Loaded image ID: {web.id}\n"}]
    assert bench.images.names(web.id) == []


def test_a_name_that_moves_to_the_loaded_image_is_told(web, bench, tmp_path):
    path = saved(bench, tmp_path / "web.tar", "lab/web:1")
    other = bench.image("lab/web:1", created="2026-05-05T00:00:00Z")
    assert loaded(bench, path, quiet=True)[0] == {
        "stream": f"The image lab/web:1 already exists, renaming the old one with ID {other.id} to empty string\n"
    }
    assert bench.images.resolve("lab/web:1").id == web.id


def test_what_can_not_be_saved_is_said_before_anything_is_written(web, bench, tmp_path):
    for name, sentence in (("nosuch", "No such image: nosuch"), ("nosuch:1", "reference does not exist")):
        with pytest.raises(NotFound, match=sentence):
            saved(bench, tmp_path / "x.tar", "lab/web:1", name)
        assert (tmp_path / "x.tar").stat().st_size == 0


def test_an_image_that_is_removed_while_it_is_saved_is_saved_whole(web, bench, tmp_path):
    class Removing(FileSink):
        def send_file(self, file, offset, count):
            if bench.images.has(web.id):
                bench.images.remove(web.id, force=True)
            super().send_file(file, offset, count)

    sink = Removing(tmp_path / "web.tar")
    with sink.file:
        save(bench.images, ["lab/web:1"], sink)
    assert not bench.images.has(web.id)
    loaded(bench, tmp_path / "web.tar")
    assert bench.images.resolve("lab/web:1").id == web.id


# ---------------------------------------------------------------- with others


@pytest.mark.engine
def test_real_docker_loads_what_is_saved_here_and_calls_it_the_same(web, bench, tmp_path, docker_cli, docker_image):
    bench.images.tag(web, Reference.parse(docker_image))
    path = saved(bench, tmp_path / "web.tar", docker_image)
    assert docker_cli("load", "-i", str(path)) == f"Loaded image: {docker_image}\n"
    assert docker_cli("image", "inspect", "-f", "{{.Id}} {{.Size}}", docker_image) == f"{web.id} {web.size_bytes}\n"


@pytest.mark.engine
@pytest.mark.parametrize("names", [["busybox"], ["httpd", "registry", "busybox"]], ids=spelled)
def test_what_real_docker_saves_is_loaded_here_and_shown_alike(names, client, bench, tmp_path, docker_cli):
    docker_cli("save", "-o", str(tmp_path / "all.tar"), *(f"{name}:latest" for name in names))
    said = loaded(bench, tmp_path / "all.tar", quiet=True)
    # Docker saves the images in whichever order its own map gives them.
    assert sorted(each["stream"] for each in said) == sorted(f"Loaded image: {name}:latest\n" for name in names)
    assert all(each.keys() == {"stream"} for each in said)
    for name in names:
        here, there = bench.images.inspect(name), client.get_json("/images/{}/json", name)
        differing = {key for key in here | there if here.get(key) != there.get(key)}
        assert differing <= {"GraphDriver", "Metadata", "RepoTags", "RepoDigests", "Parent"}
        steps = [
            [{**step, "Tags": None} for step in each]
            for each in (bench.images.history(name), client.get_json("/images/{}/history", name))
        ]
        assert steps[0] == steps[1]


@pytest.mark.engine
def test_layers_that_real_docker_saves_twice_as_links_are_found(bench, tmp_path, docker_cli, client, docker_image):
    # An image whose layers come twice: docker saves the second as a symbolic link to the first.
    docker_cli("save", "-o", str(tmp_path / "one.tar"), "busybox:latest")
    loaded(bench, tmp_path / "one.tar")
    busybox = bench.images.resolve("busybox")
    twice = bench.image(docker_image, layers=[*busybox.layers, *busybox.layers])
    docker_cli("load", "-i", str(saved(bench, tmp_path / "twice.tar", docker_image)))
    docker_cli("save", "-o", str(tmp_path / "again.tar"), docker_image)
    with tarfile.open(tmp_path / "again.tar") as archive:
        assert any(member.issym() for member in archive)
    bench.images.remove(docker_image)
    loaded(bench, tmp_path / "again.tar")
    assert bench.images.resolve(docker_image).id == twice.id


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
def test_skopeo_reads_what_is_saved_and_what_it_writes_is_loaded(kind, web, bench, tmp_path):
    path = saved(bench, tmp_path / "web.tar", "lab/web:1")
    for source in (f"docker-archive:{path}:lab/web:1", f"oci-archive:{path}"):
        target = tmp_path / f"{kind}.tar"
        target.unlink(missing_ok=True)
        skopeo("copy", source, f"{kind}:{target}:lab/copied:3")
        assert loaded(bench, target, quiet=True)[-1] == {"stream": "Loaded image: lab/copied:3\n"}
        assert bench.images.resolve("lab/copied:3").diff_ids == web.diff_ids  # the rest it may word anew
