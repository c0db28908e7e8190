"""Tables and pictures of very many things. Quick by itself; DOCKYARD_TEST_SCALE=1 makes as many as a busy machine has, which takes minutes."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import dockyard
from dockyard import charts

pytestmark = pytest.mark.engine

TAGS, CONTAINERS, VOLUMES = (5000, 2000, 2000) if os.environ.get("DOCKYARD_TEST_SCALE") == "1" else (500, 40, 100)


@pytest.fixture(scope="module")
def crowd(client):
    """So many names of one image, containers that were never started, and volumes."""

    def each(action, count):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(action, range(count)))

    each(lambda number: client.api.tag("busybox", f"scale/image-{number}", "1"), TAGS)
    each(lambda number: client.api.create_volume(f"scale-{number}"), VOLUMES)
    each(lambda number: client.api.create_container("busybox", ["true"], name=f"scale-{number}"), CONTAINERS)
    yield
    each(lambda number: client.api.remove_container(f"scale-{number}"), CONTAINERS)
    each(lambda number: client.api.remove_volume(f"scale-{number}"), VOLUMES)
    each(lambda number: client.api.remove_image(f"scale/image-{number}:1"), TAGS)


def test_tables_list_every_one_and_show_a_few(client, crowd):
    for table, column, prefix, count in (
        (dockyard.images(client), "repository", "scale/image-", TAGS),
        (dockyard.containers(client), "name", "scale-", CONTAINERS),
        (dockyard.volumes(client), "name", "scale-", VOLUMES),
    ):
        assert table[column].str.startswith(prefix).sum() == count
        assert table._repr_html_().count("<tr>") < 70


def test_pictures_have_all_bytes_in_few_tiles(client, crowd):
    disk = dockyard.disk(client)
    assert (disk["kind"] == "volume").sum() >= VOLUMES
    for chart in (charts.disk_treemap, charts.disk_sunburst):
        (trace,) = chart(disk).data
        assert len(trace.ids) < 180
        assert max(map(len, trace.labels)) < 80  # an image with thousands of names has one label
        others = disk[disk["kind"] != "image"]["unique_bytes"].sum()
        assert trace.values[0] == disk.attrs["layers_bytes"] + others


def test_layers_of_an_image_with_many_names_are_listed_once(client, crowd):
    layers = dockyard.shared_layers(client=client)
    assert layers["id"].is_unique
    assert len(layers) < 100
