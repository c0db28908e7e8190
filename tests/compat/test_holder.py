"""Volumes reached without a running container."""

import pytest

from dockyard.connection.archive import download, upload
from dockyard.errors import EngineRefused, NoSuchVolume
from dockyard.tarstream import TarStream
from dockyard.tasks.holder import holding, one_image
from registries import tar_of
from volumes import everything

pytestmark = pytest.mark.engine


def test_files_go_in_and_come_out_and_nothing_is_left(client):
    before = everything(client)
    client.api.create_volume("held")
    try:
        sent = tar_of({"a.txt": b"kept"})
        with holding(client, {"held": "/v"}) as container:
            upload(client, container, "/v", [sent], len(sent))
        with holding(client, {"held": "/v"}) as container, download(client, container, "/v/.") as (_, stream):
            assert [member.name for member in TarStream(stream)] == ["", "a.txt"]
    finally:
        client.api.remove_volume("held")
    assert everything(client) == before


def test_a_volume_that_is_not_there_is_told_and_not_made(client):
    before = everything(client)
    with pytest.raises(NoSuchVolume, match="'nothing-here'"), holding(client, {"nothing-here": "/v"}):
        pass
    assert client.find_json("/volumes/{}", "nothing-here") is None
    assert everything(client) == before


def holder_images(client):
    return [tag for each in client.api.images() for tag in each["RepoTags"] or () if tag.startswith("dockyard-holder:")]


def test_all_that_is_held_in_a_block_has_one_image_which_is_gone_afterwards(client):
    before = everything(client)
    with one_image(client):
        assert holder_images(client) == []  # nothing is held yet
        with holding(client, {}) as first, holding(client, {}) as second:
            assert first != second
            made = holder_images(client)
        with holding(client, {}):
            assert holder_images(client) == made
    assert len(made) == 1
    assert everything(client) == before


def test_an_image_that_someone_prunes_meanwhile_is_made_anew(client):
    before = everything(client)
    with one_image(client):
        with holding(client, {}):
            (first,) = holder_images(client)
        client.api.remove_image(first)
        with holding(client, {}):
            (second,) = holder_images(client)
    assert first != second
    assert everything(client) == before


def test_where_a_container_cannot_be_made_no_image_stays(client):
    before = everything(client)
    client.api.create_volume("held")
    try:
        with pytest.raises(EngineRefused), one_image(client), holding(client, {"held": "no/absolute/path"}):
            pass
        with pytest.raises(EngineRefused), holding(client, {"held": "no/absolute/path"}):
            pass
    finally:
        client.api.remove_volume("held")
    assert everything(client) == before
