"""Pulling from a real registry that runs in a container."""

import pytest

from dockyard.errors import EngineRefused, NoSuchImage
from dockyard.tasks.base import NEVER
from dockyard.tasks.pull import has_image, pull
from dockyard.waiting import eventually

pytestmark = pytest.mark.engine


@pytest.fixture
def registry(client, container):
    """The address of a registry with one image in it."""
    name = container("registry", HostConfig={"PortBindings": {"5000/tcp": [{"HostPort": ""}]}})
    port = client.get_json("/containers/{}/json", name)["NetworkSettings"]["Ports"]["5000/tcp"][0]["HostPort"]
    address = f"localhost:{port}"
    client.api.tag("busybox", f"{address}/box", "1")

    def push():
        for event in client.api.push(f"{address}/box", tag="1", stream=True, decode=True):
            if "error" in event:
                raise EngineRefused(message=event["error"])

    eventually(push, EngineRefused)
    client.api.remove_image(f"{address}/box:1")
    yield address
    if has_image(client, f"{address}/box:1"):
        client.api.remove_image(f"{address}/box:1")


def test_an_image_is_pulled_and_is_the_same(client, registry):
    assert not has_image(client, f"{registry}/box:1")
    seen = []
    pull(client, f"{registry}/box:1", report=seen.append, cancel=NEVER)
    assert (
        client.get_json("/images/{}/json", f"{registry}/box:1")["Id"] == client.get_json("/images/busybox/json")["Id"]
    )
    assert seen


def test_what_the_stream_says_went_wrong_is_raised(client, registry):
    with pytest.raises(NoSuchImage, match="nothing:9"):
        pull(client, f"{registry}/nothing:9", report=lambda _: None, cancel=NEVER)
