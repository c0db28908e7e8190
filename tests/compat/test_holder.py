"""Volumes reached without a running container."""

import pytest

from dockyard.connection.archive import download, upload
from dockyard.errors import NoSuchVolume
from dockyard.tarstream import TarStream
from dockyard.tasks.holder import holding
from registries import tar_of

pytestmark = pytest.mark.engine


def everything(client):
    return {each["Id"] for each in client.api.containers(all=True)} | {
        each["Id"] for each in client.api.images(all=True)
    }


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
