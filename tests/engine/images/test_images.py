"""Which images there are: found, named, shown, and still there after a restart."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import spelled
from dockyard.engine.durable import empty
from dockyard.engine.errors import BadParameter, NotFound, ServerError
from dockyard.engine.filters import Filters
from dockyard.engine.images.blobs import sha256
from dockyard.engine.images.image import LAYER_PLAIN, Layer
from dockyard.engine.images.reference import Reference

DIGEST = "sha256:" + "ab" * 32


def ids(shown):
    return [each["Id"] for each in shown]


def test_an_image_is_found_by_every_name_it_has(bench, make):
    image = bench.image("web:1", layers=[bench.layer(make.member("a"))], digests=[f"docker.io/library/web@{DIGEST}"])
    bare = image.id.removeprefix("sha256:")
    for name in (
        "web:1",
        "docker.io/library/web:1",
        f"web@{DIGEST}",
        f"web:1@{DIGEST}",
        image.id,
        bare,
        bare[:5],
        image.id[:15],
    ):
        assert bench.images.resolve(name) == image, name
    assert bench.images.names(image.id) == ["web:1"]
    assert bench.images.digests(image.id) == [f"web@{DIGEST}"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nosuch", "No such image: nosuch:latest"),
        ("nosuch:1", "No such image: nosuch:1"),
        ("web", "No such image: web:latest"),
        ("sha256:" + "0" * 64, "No such image: sha256:" + "0" * 64),
        ("0" * 64, "No such image: sha256:" + "0" * 64),
        ("sha256:abc", "No such image: sha256:abc"),
    ],
)
def test_an_image_that_is_missing_is_named_as_docker_names_it(name, sentence, bench):
    bench.image("web:1")
    with pytest.raises(NotFound) as caught:
        bench.images.resolve(name)
    assert str(caught.value) == sentence


def test_the_beginning_of_an_id_that_fits_two_images_means_neither(bench):
    made = [bench.image(created=f"2026-01-01T00:00:{second:02}Z") for second in range(40)]
    digits = [image.id.removeprefix("sha256:")[0] for image in made]
    twice = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(NotFound, match="No such image"):
        bench.images.resolve(twice)


def test_all_is_as_it_was_after_a_restart(bench, make):
    lower, upper = bench.layer(make.member("a", b"1")), bench.layer(make.member("b", b"2"))
    parent = bench.image("base:1", layers=[lower])
    image = bench.image("web:1", "web:2", layers=[lower, upper], parent=parent.id, digests=[f"quay.io/web@{DIGEST}"])
    shown = bench.images.list(), bench.images.inspect("web:1")
    bench.open()
    assert (bench.images.list(), bench.images.inspect("web:1")) == shown
    assert bench.images.resolve("web:2").layers == image.layers


def test_a_restart_sweeps_what_belongs_to_no_image(bench, make):
    kept, loose = bench.layer(make.member("a")), bench.layer(make.member("b"))
    bench.image("web", layers=[kept])
    bench.open()
    assert bench.blobs.has(kept.blob)
    assert not bench.blobs.has(loose.blob)


def test_an_image_whose_layer_was_lost_is_left_out_with_its_names(bench, make):
    layer = bench.layer(make.member("a"))
    image = bench.image("web", layers=[layer])
    bench.blobs.path(layer.blob).unlink()
    bench.open()
    assert bench.images.list(all=True) == []
    with pytest.raises(NotFound):
        bench.images.resolve("web")
    bench.image("web", layers=[bench.layer(make.member("a"))])
    assert bench.images.resolve("web").id == image.id


def test_an_engine_killed_between_an_image_and_its_name_has_a_whole_image_or_none(bench, make, monkeypatch):
    bench.image("web", layers=[bench.layer(make.member("a"))])

    class Killed(BaseException):
        pass

    for victim in ("write", "write_names"):

        def die(*_):
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(bench.images._records, victim, die)
            with pytest.raises(Killed):
                bench.image("other", layers=[bench.layer(make.member("b"))])
        bench.open()
        assert bench.images.names(bench.images.resolve("web").id) == ["web:latest"]
        for each in bench.images.all():
            assert all(bench.blobs.has(layer.blob) for layer in each.layers)
        with pytest.raises(NotFound):
            bench.images.resolve("other")


def test_an_image_of_a_missing_layer_is_refused(bench):
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [DIGEST]}}).encode()
    with pytest.raises(ServerError, match="layer does not exist"):
        bench.images.add(config, [Layer(DIGEST, DIGEST, LAYER_PLAIN, 1, 1)])
    with pytest.raises(BadParameter, match="its layers are not those"):
        bench.images.add(config, [])
    for broken in (b"not json", b"[]", b'{"rootfs": 3}'):
        with pytest.raises(BadParameter, match="invalid image configuration"):
            bench.images.add(broken, [])
    assert bench.images.all() == []


def test_a_name_moves_from_one_image_to_the_next(bench):
    old, new = bench.image("web"), bench.image("web", created="2026-02-02T00:00:00Z")
    assert bench.images.resolve("web").id == new.id
    assert bench.images.names(old.id) == []
    bench.images.tag(old, Reference.parse("web"))
    assert bench.images.resolve("web").id == old.id
    assert bench.heard == [("tag", old.id, "web:latest")]


def test_the_image_id_is_the_digest_of_its_configuration(bench):
    content = b'{"rootfs": {"type": "layers"},   "odd": "spacing"}'
    image = bench.images.add(content, [])
    assert image.id == sha256(content)
    assert bench.blobs.read(image.id) == content


def test_a_list_shows_the_newest_first_and_leaves_parents_out(bench, make):
    layer = bench.layer(make.member("a", b"12345"))
    parent = bench.image(layers=[layer], created="2026-01-01T00:00:00Z")
    child = bench.image("web", layers=[layer], parent=parent.id, created="2026-01-03T00:00:00Z", labels={"a": "b"})
    loose = bench.image(created="2026-01-02T00:00:00Z")
    assert ids(bench.images.list()) == [child.id, loose.id]
    assert ids(bench.images.list(all=True)) == [child.id, loose.id, parent.id]
    shown = bench.images.list()
    assert shown[0] == {
        "Containers": -1,
        "Created": 1767398400,
        "Id": child.id,
        "Labels": {"a": "b"},
        "ParentId": parent.id,
        "RepoDigests": None,
        "RepoTags": ["web:latest"],
        "SharedSize": -1,
        "Size": 5,
        "VirtualSize": 5,
    }
    assert (shown[1]["RepoTags"], shown[1]["RepoDigests"], shown[1]["Labels"]) == (
        ["<none>:<none>"],
        ["<none>@<none>"],
        None,
    )
    newer = bench.images.list(version=(1, 47))[1]
    assert (newer["RepoTags"], newer["RepoDigests"]) == ([], [])
    assert "VirtualSize" not in newer


def test_shared_sizes_are_counted_when_asked_for(bench, make):
    shared, own = bench.layer(make.member("a", b"12345")), bench.layer(make.member("b", b"123"))
    bench.image("one", layers=[shared])
    bench.image("two", layers=[shared, own])
    assert {each["RepoTags"][0]: each["SharedSize"] for each in bench.images.list(shared_size=True)} == {
        "one:latest": 5,
        "two:latest": 5,
    }
    assert bench.images.layers_size_bytes() == 8


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"dangling": ["true"]}, ["loose"]),
        ({"dangling": ["false"]}, ["new", "old"]),
        ({"label": ["tier=web"]}, ["new"]),
        ({"label": ["tier"]}, ["new", "old"]),
        ({"before": ["lab/new:2"]}, ["loose", "old"]),
        ({"since": ["old"]}, ["new", "loose"]),
        ({"until": ["2026-01-02T12:00:00Z"]}, ["loose", "old"]),
        ({"reference": ["lab/*"]}, ["new"]),
        ({"reference": ["*"]}, ["old"]),
        ({"reference": ["*/new:[12]"]}, ["new"]),
        ({"reference": ["*/new:[^2]"]}, []),
        ({"reference": ["old", "lab/new:2"]}, ["new", "old"]),
    ],
    ids=spelled,
)
def test_lists_are_narrowed_by_filters(filters, expected, bench):
    images = {
        "old": bench.image("old", created="2026-01-01T00:00:00Z", labels={"tier": "db"}),
        "loose": bench.image(created="2026-01-02T00:00:00Z"),
        "new": bench.image("lab/new:2", created="2026-01-03T00:00:00Z", labels={"tier": "web"}),
    }
    assert ids(bench.images.list(Filters.parse(json.dumps(filters)))) == [images[name].id for name in expected]


def test_a_filter_that_names_no_image_or_is_no_pattern_is_refused(bench):
    bench.image("web")
    with pytest.raises(NotFound, match="No such image: nosuch:latest"):
        bench.images.list(Filters.parse('{"since": ["nosuch"]}'))
    with pytest.raises(BadParameter, match="syntax error in pattern"):
        bench.images.list(Filters.parse('{"reference": ["[a"]}'))


def test_inspect_shows_every_field_that_docker_shows(bench, make):
    image = bench.image(
        "web", layers=[bench.layer(make.member("a", b"12345"))], Cmd=["sh"], ExposedPorts={"80/tcp": {}}
    )
    shown = bench.images.inspect("web")
    assert shown["Id"] == image.id
    assert shown["Config"]["Cmd"] == ["sh"]
    assert shown["Config"]["ExposedPorts"] == {"80/tcp": {}}
    assert (shown["Config"]["Env"], shown["Config"]["Tty"], shown["Config"]["User"]) == (None, False, "")
    assert shown["RootFS"] == {"Type": "layers", "Layers": list(image.diff_ids)}
    assert shown["Metadata"]["LastTagTime"].startswith("20")
    assert "ContainerConfig" in shown
    assert "ContainerConfig" not in bench.images.inspect("web", (1, 45))
    with pytest.raises(NotFound, match=r"^no such image: nosuch: No such image: nosuch:latest$"):
        bench.images.inspect("nosuch")


def test_history_names_the_images_a_build_left_here(bench, make):
    lower, upper = bench.layer(make.member("a", b"12345")), bench.layer(make.member("b", b"123"))
    parent = bench.image("base", layers=[lower])
    image = bench.image("web", "web:2", layers=[lower, upper], parent=parent.id)
    assert [(each["Id"], each["Size"], each["Tags"]) for each in bench.images.history("web")] == [
        (image.id, 3, ["web:2", "web:latest"]),
        (parent.id, 5, ["base:latest"]),
    ]
    bench.images.remove("web:2")
    copied = bench.image("copy", layers=[lower, upper], created="2026-03-03T00:00:00Z")
    assert [each["Id"] for each in bench.images.history("copy")] == [copied.id, "<missing>"]


BUSY = """
import sys
from pathlib import Path
from tests.engine.images.conftest import Bench, member

bench = Bench(Path(sys.argv[1]))
for number in range(10_000):
    layers = [bench.layer(member(f"f{number % 7}", b"x" * 100_000)), bench.layer(member(f"g{number}", b"y"))]
    image = bench.image(f"web:{number % 3}", layers=layers, created=f"2026-01-01T00:00:{number % 60:02}Z")
    bench.trees.base(image)
    print(image.id, flush=True)
    if number % 4 == 3:
        bench.images.remove(image.id, force=True)
        print("removed", image.id, flush=True)
        bench.trees.trim(lambda: [each.chain_id for each in bench.images.all()])
"""


@pytest.mark.parametrize("alive_s", [0.01, 0.05, 0.13, 0.29, 0.5])
def test_an_engine_killed_at_any_moment_leaves_whole_images_and_all_that_it_acknowledged(alive_s, bench):
    home = bench.folders.data.parent
    words = [sys.executable, "-c", BUSY, str(home)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as busy:
        said = [busy.stdout.readline().strip()]
        time.sleep(alive_s)
        busy.kill()
        said += busy.stdout.read().splitlines()
    empty(bench.folders.staging)
    bench.open()
    removed = {line.removeprefix("removed ") for line in said if line.startswith("removed")}
    acknowledged = [line for line in said if line and not line.startswith("removed")]
    for image in bench.images.all():
        assert image.id not in removed
        for layer in image.layers:
            assert sha256(bench.blobs.read(layer.blob)) == layer.blob
        assert len(os.listdir(bench.trees.base(image).path)) == 2
    # The last may have been on its way out when the engine was killed.
    assert all(bench.images.has(each) for each in acknowledged[:-1] if each not in removed)
    assert acknowledged


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"id": 1, "layers": 2}'])
def test_a_damaged_record_costs_one_image_alone(bench, make, damage):
    lost, kept = (bench.image(name, layers=[bench.layer(make.member(name))]) for name in ("lost", "kept"))
    (bench.folders.images / f"{lost.id[7:]}.json").write_bytes(damage)
    bench.open()
    assert ids(bench.images.list()) == [kept.id]
    with pytest.raises(NotFound):
        bench.images.resolve("lost")
    again = bench.image("lost", layers=[bench.layer(make.member("lost"))])
    assert again.id == lost.id
    bench.open()
    assert bench.images.names(lost.id) == ["lost:latest"]


@pytest.mark.parametrize("name", ["names.json", "compressed.json"])
@pytest.mark.parametrize("damage", [b"", b"[]", b'{"tags": {"NO NAME": 5}, "digests": {}}'])
def test_a_damaged_list_costs_its_entries_alone(bench, make, name, damage):
    image = bench.image("web", layers=[bench.layer(make.member("a"))])
    (bench.folders.images / name).write_bytes(damage)
    bench.open()
    assert bench.images.get(image.id).id == image.id
    bench.images.tag(image, Reference.parse("web"))
    bench.open()
    assert bench.images.resolve("web").id == image.id
