"""What may go and what goes with it, in Docker's words."""

import json
import os
from dataclasses import replace

import pytest

from conftest import spelled
from dockyard.engine.errors import Conflict, NotFound
from dockyard.engine.filters import Filters
from dockyard.engine.images.archive import save
from dockyard.engine.images.image import chain_ids
from dockyard.engine.images.reference import Reference

DIGEST = "sha256:" + "ab" * 32
CONTAINER = "c" * 64


def prune(bench, **filters):
    return bench.images.prune(Filters.parse(json.dumps(filters)))


def test_the_last_name_takes_the_image_and_its_content_with_it(bench, make):
    layers = [bench.layer(make.member("a", b"1")), bench.layer(make.member("b", b"2"))]
    image = bench.image("web", layers=layers)
    chain = chain_ids(image.diff_ids)
    gone = []
    bench.images.on_delete = gone.append
    assert bench.images.remove("web") == [
        {"Untagged": "web:latest"},
        {"Deleted": image.id},
        {"Deleted": chain[1]},
        {"Deleted": chain[0]},
    ]
    assert not list((bench.folders.blobs / "sha256").iterdir())
    assert bench.heard == [("untag", image.id, image.id), ("delete", image.id, image.id)]
    assert [each.id for each in gone] == [image.id]
    with pytest.raises(NotFound, match="No such image: web:latest"):
        bench.images.remove("web")


def test_one_of_two_names_goes_alone(bench):
    bench.image("web:1", "web:2")
    assert bench.images.remove("web:1") == [{"Untagged": "web:1"}]
    assert bench.images.resolve("web:2")


def test_a_layer_that_another_image_has_stays(bench, make):
    shared, own = bench.layer(make.member("a", b"1")), bench.layer(make.member("b", b"2"))
    bench.image("base", layers=[shared])
    image = bench.image("web", layers=[shared, own])
    assert bench.images.remove("web")[1:] == [{"Deleted": image.id}, {"Deleted": image.chain_id}]
    assert bench.blobs.has(shared.blob)
    assert not bench.blobs.has(own.blob)


def test_a_tag_takes_the_digests_of_its_repository_with_it(bench):
    image = bench.image("web", digests=[f"docker.io/library/web@{DIGEST}"])
    assert bench.images.remove("web") == [
        {"Untagged": "web:latest"},
        {"Untagged": f"web@{DIGEST}"},
        {"Deleted": image.id},
    ]


def test_by_its_id_an_image_with_names_in_two_repositories_is_kept(bench):
    image = bench.image("one", "two")
    with pytest.raises(Conflict) as caught:
        bench.images.remove(image.id)
    assert str(caught.value) == (
        f"conflict: unable to delete {image.short_id} (must be forced) - image is referenced in multiple repositories"
    )
    assert bench.images.remove(image.short_id, force=True) == [
        {"Untagged": "one:latest"},
        {"Untagged": "two:latest"},
        {"Deleted": image.id},
    ]


def test_a_stopped_container_keeps_its_image_unless_forced(bench):
    image = bench.image("web")
    bench.images.in_use = lambda image_id: [(CONTAINER, False)] if image_id == image.id else []
    with pytest.raises(Conflict) as caught:
        bench.images.remove("web")
    assert str(caught.value) == (
        f'conflict: unable to remove repository reference "web" (must force) - container cccccccccccc is using its referenced image {image.short_id}'
    )
    with pytest.raises(Conflict) as caught:
        bench.images.remove(image.id)
    assert str(caught.value) == (
        f"conflict: unable to delete {image.short_id} (must be forced) - image is being used by stopped container cccccccccccc"
    )
    assert bench.images.remove("web", force=True) == [{"Untagged": "web:latest"}, {"Deleted": image.id}]


def test_a_stopped_container_keeps_the_content_of_an_image_that_was_forced_out(bench, make):
    layer = bench.layer(make.member("a", b"1"))
    image = bench.image("web", layers=[layer])
    users = [(CONTAINER, False)]
    bench.images.in_use = lambda image_id: users if image_id == image.id else []
    assert bench.images.remove("web", force=True) == [{"Untagged": "web:latest"}, {"Deleted": image.id}]
    bench.open()
    bench.images.in_use = lambda image_id: users if image_id == image.id else []
    assert bench.images.all() == []
    assert bench.images.get(image.id) == replace(image, tagged=bench.images.get(image.id).tagged)
    with pytest.raises(NotFound):
        bench.images.resolve(image.id)
    assert bench.blobs.has(layer.blob)
    users.clear()
    gone = []
    bench.images.on_delete = gone.append
    bench.images.release()
    assert [each.id for each in gone] == [image.id]
    assert not bench.blobs.has(layer.blob)
    with pytest.raises(NotFound):
        bench.images.get(image.id)


def test_a_running_container_keeps_its_image_even_if_forced(bench):
    image = bench.image("web")
    bench.images.in_use = lambda image_id: [(CONTAINER, True)] if image_id == image.id else []
    for force in (False, True):
        with pytest.raises(Conflict) as caught:
            bench.images.remove(image.id, force=force)
        assert str(caught.value) == (
            f"conflict: unable to delete {image.short_id} (cannot be forced) - image is being used by running container cccccccccccc"
        )
    assert bench.images.remove("web", force=True) == [{"Untagged": "web:latest"}]  # the image stays, nameless
    assert bench.images.get(image.id)


def test_an_image_that_others_were_made_from_stays_until_they_are_gone(bench):
    parent = bench.image(created="2026-01-01T00:00:00Z")
    child = bench.image("web", parent=parent.id)
    with pytest.raises(Conflict) as caught:
        bench.images.remove(parent.id, force=True)
    assert str(caught.value) == (
        f"conflict: unable to delete {parent.short_id} (cannot be forced) - image has dependent child images"
    )
    assert bench.images.remove("web") == [{"Untagged": "web:latest"}, {"Deleted": child.id}, {"Deleted": parent.id}]


def test_parents_with_a_name_or_without_prune_stay(bench):
    parent = bench.image("base", created="2026-01-01T00:00:00Z")
    bench.image("web", parent=parent.id)
    bench.images.remove("web")
    assert bench.images.resolve("base").id == parent.id
    nameless = bench.image(created="2026-01-04T00:00:00Z")
    bench.image("web", parent=nameless.id)
    bench.images.remove("web", prune=False)
    assert bench.images.get(nameless.id)


def test_prune_takes_nameless_images_and_says_what_that_freed(bench, make):
    bench.image("web")
    layer = bench.layer(make.member("a", b"12345"))
    loose = bench.image(layers=[layer])
    assert prune(bench) == {
        "ImagesDeleted": [{"Deleted": loose.id}, {"Deleted": loose.chain_id}],
        "SpaceReclaimed": 5,
    }
    assert bench.heard[-1] == ("prune", "", None)
    assert prune(bench) == {"ImagesDeleted": None, "SpaceReclaimed": 0}


def test_prune_of_all_takes_what_no_container_uses(bench):
    used, free = bench.image("used"), bench.image("free", created="2026-02-02T00:00:00Z")
    bench.images.in_use = lambda image_id: [(CONTAINER, False)] if image_id == used.id else []
    done = prune(bench, dangling=["false"])
    assert done["ImagesDeleted"] == [{"Untagged": "free:latest"}, {"Deleted": free.id}]
    assert [each.id for each in bench.images.all()] == [used.id]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"until": ["2026-01-02T00:00:00Z"]}, {"new", "kept"}),
        ({"label": ["stage"]}, {"old", "new"}),
        ({"label!": ["stage"]}, {"kept"}),
    ],
    ids=spelled,
)
def test_prune_is_narrowed_by_filters(filters, left, bench):
    images = {
        "old": bench.image(created="2026-01-01T00:00:00Z"),
        "new": bench.image(created="2026-01-03T00:00:00Z"),
        "kept": bench.image(created="2026-01-04T00:00:00Z", labels={"stage": "test"}),
    }
    prune(bench, **filters)
    assert {name for name, image in images.items() if bench.images.has(image.id)} == left


@pytest.mark.engine
def test_real_docker_refuses_and_removes_in_the_same_words(bench, make, docker_cli, tmp_path):
    image = bench.image("dockyard-rm:1", layers=[bench.layer(make.member("a", b"1"))], Cmd=["none"])
    sink = (tmp_path / "a.tar").open("wb", buffering=0)
    with sink:
        save(bench.images, ["dockyard-rm:1"], _Sink(sink))
    docker_cli("load", "-i", str(tmp_path / "a.tar"))
    container = docker_cli("create", "dockyard-rm:1").strip()
    bench.images.in_use = lambda image_id: [(container, False)] if image_id == image.id else []

    def same(*words):
        """Do the same with both engines and compare what they say."""
        name, force = words[-1], "--force" in words
        theirs = docker_cli("image", "rm", *words, check=False)
        try:
            done = bench.images.remove(name, force=force)
            ours = "".join(f"{what}: {which}\n" for each in done for what, which in each.items())
        except Conflict as error:
            ours = f"refused: Error response from daemon: {error}\n"
        assert ours == theirs

    try:
        same("dockyard-rm:1")
        same(image.short_id)
        docker_cli("tag", "dockyard-rm:1", "dockyard-other:2")
        bench.images.tag(image, Reference.parse("dockyard-other:2"))
        same(image.short_id)
        same("dockyard-rm:1")
        same("dockyard-other:2")
        same("--force", "dockyard-other:2")
    finally:
        docker_cli("rm", container)
        docker_cli("image", "rm", "--force", image.id, check=False)


class _Sink:
    """A sink into an open file."""

    def __init__(self, file):
        self.write = file.write
        self._file = file

    def send_file(self, file, offset, count):
        assert os.sendfile(self._file.fileno(), file.fileno(), offset, count) == count
