"""The lists of the sidebar, as the engine has them."""

import re
import uuid

import pytest

from dockyard.server.lists import LISTS
from dockyard.tasks import start_registry
from registries import free_port

pytestmark = pytest.mark.engine


def row(reader, kind, name):
    return next((each for each in reader.get(kind) if each["name"] == name), None)


def test_containers_with_state_image_and_ports(reader, container):
    bindings = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    name = container("httpd", ExposedPorts={"80/tcp": {}}, HostConfig={"PortBindings": bindings})
    resting = container(start=False)
    found = row(reader, "containers", name)
    assert (found["state"], found["shown_state"], found["detail"]) == ("running", "running", "httpd")
    assert len(found["ports"]) == 1
    assert row(reader, "containers", resting)["state"] == "created"
    names = [each["name"] for each in reader.get("containers")]
    assert names.index(name) < names.index(resting)


def test_words_are_in_the_language_that_is_asked_for(reader, container):
    name = container()
    korean = next(each for each in reader.get("containers?language=ko_KR") if each["name"] == name)
    assert korean["shown_state"] == "돌고 있음"
    assert reader.get("words?language=ko")["words"]["Containers"] == "컨테이너"
    assert reader.get("words?language=en")["words"]["Containers"] == "Containers"
    assert reader.get("words")["language"] == "en"  # the server's own
    refused = reader.ask("POST", "plans?language=ko", {"line": "docker start nothing-of-that-name"})
    assert "컨테이너" in refused.json()["message"]


@pytest.fixture
def volume(client):
    name = f"test-{uuid.uuid4().hex[:8]}"
    client.api.create_volume(name)
    yield name
    client.api.remove_volume(name)


def test_volumes_with_those_that_use_them(reader, volume, container):
    assert row(reader, "volumes", volume)["state"] == "unused"
    user = container(HostConfig={"Binds": [f"{volume}:/data"]})
    found = row(reader, "volumes", volume)
    assert (found["state"], found["detail"]) == ("used", user)


def test_images_and_networks(reader):
    assert row(reader, "images", "httpd:latest")["state"] == "named"
    assert re.search(r"bridge \d+\.\d+", row(reader, "networks", "bridge")["detail"])


@pytest.mark.parametrize("kind", LISTS)
def test_every_row_has_what_the_sidebar_shows(reader, kind, container):
    container()
    columns = {"id": str, "name": str, "state": str, "shown_state": str, "detail": str, "status": str, "ports": list}
    for each in reader.get(kind):
        assert {name: type(value) for name, value in each.items()} == columns


def test_which_engine_and_what_fills_its_disk(reader, client):
    engine = reader.get("engine")
    assert (engine["address"], engine["is_embedded"], engine["warning"]) == (client.address, False, "")
    disk = reader.get("disk")
    assert [each["name"] for each in disk["parts"]] == ["images", "containers", "volumes", "build cache"]
    assert disk["total"].endswith("B")


def test_the_repositories_of_a_registry(reader, client):
    address = start_registry(client, name=f"registry-{uuid.uuid4().hex[:8]}", port=free_port())
    try:
        client.api.tag("busybox", f"{address.address}/nyappacchi", "13")
        reader.run(line=f"docker push {address.address}/nyappacchi:13")
        assert address.address in reader.get("registries")
        (found,) = reader.get(f"registries/{address.address}")
        assert found["name"] == f"{address.address}/nyappacchi:13"
    finally:
        client.api.remove_image(f"{address.address}/nyappacchi:13")
        client.api.remove_container(address.container_id, force=True, v=True)
