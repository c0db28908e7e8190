"""The panels that start a registry, look into it, delete a tag and free its bytes."""

import uuid

import pytest

from clicks import click, fault_of
from dockyard import panels
from dockyard.connection.registry import Registry
from dockyard.tasks import ImageName, Login, Push, Secret
from registries import free_port, make_certificate

pytestmark = pytest.mark.engine

CARROT = "carrot-and-radish"


@pytest.fixture(autouse=True)
def own_config(config):
    return config


@pytest.fixture
def starting(shown, client):
    """A panel that starts a registry; its container is removed afterwards."""
    name = f"registry-{uuid.uuid4().hex[:8]}"
    yield shown(panels.start_registry(name, port=free_port(), client=client))
    if client.find_json("/containers/{}/json", name):
        client.api.remove_container(name, force=True, v=True)


def address_of(panel):
    return f"localhost:{panel.form.values['port']}"


def test_an_open_registry_is_started_pushed_to_and_removed(shown, client, starting, image):
    name = starting.form.values["name"]
    assert f"docker run -d --name {name} -p 127.0.0.1:" in starting.line.value
    assert starting.remove_button.disabled
    click(starting.start_button, starting)
    assert f"{address_of(starting)}/nyappacchi:13" in starting.outcome.value
    Push(image(address_of(starting))).run(client)
    click(starting.remove_button, starting)
    assert client.find_json("/containers/{}/json", name) is None
    assert starting.remove_button.disabled


def test_one_with_a_password_and_tls_lets_only_its_user_in(shown, client, starting, image, tmp_path):
    certificate = make_certificate(tmp_path)
    fields = starting.form.fields
    fields["user"].value = "usagi"
    fields["certificate"].value = str(certificate.cert)
    assert "Fill in" in fault_of(starting, "key")
    fields["key"].value = str(certificate.key)
    assert "htpasswd" in starting.line.value
    assert "/certs" in starting.line.value
    click(starting.start_button, starting)
    assert "72" in fault_of(starting, "password")
    fields["password"].give(Secret(CARROT))
    click(starting.start_button, starting)
    assert "answers" in starting.outcome.value

    address = address_of(starting)
    browser = shown(panels.registry(address, ca=str(certificate.cert), client=client))
    click(browser.look_button, browser)
    assert "docker login" in fault_of(browser, "address")
    Login("usagi", address).run(client, secret=Secret(CARROT))
    Push(image(address, "nyappacchi")).run(client)
    click(browser.look_button, browser)
    assert browser.repositories.options == ("nyappacchi",)
    browser.form.fields["ca"].value = ""
    click(browser.look_button, browser)
    assert "certificate" in fault_of(browser, "address")


def test_what_is_wrong_with_a_start_stands_beside_its_field(client, starting, start):
    start()
    fields = starting.form.fields
    good = fields["port"].value
    fields["port"].value = "70000"
    assert "65535" in fault_of(starting, "port")
    fields["port"].value = str(client.api.port(start.made[-1], 5000)[0]["HostPort"])
    click(starting.start_button, starting)
    assert "is in use" in fault_of(starting, "port")
    fields["port"].value = good
    fields["password"].give(Secret(CARROT))
    click(starting.start_button, starting)
    assert "Fill in" in fault_of(starting, "user")
    fields["certificate"].value = fields["key"].value = "/no/such.pem"
    click(starting.start_button, starting)
    assert "/no/such.pem" in fault_of(starting, "certificate")
    fields["certificate"].value = fields["key"].value = ""
    fields["name"].value = start.made[-1]
    click(starting.start_button, starting)
    assert "already in use" in fault_of(starting, "name")
    assert starting.remove_button.disabled


def test_a_registry_is_looked_into_a_tag_deleted_and_its_bytes_freed(shown, client, start, image):
    address = start()
    goes, stays = image(address, "goes"), image(address, "stays")
    for each in (goes, stays):
        Push(each).run(client)
    client.api.tag(goes, f"{address}/goes", "14")
    Push(f"{address}/goes:14").run(client)
    client.api.remove_image(f"{address}/goes:14")

    panel = shown(panels.registry(address, container=start.made[-1], client=client))
    assert panel.delete_button.disabled
    click(panel.look_button, panel)
    assert f"2 repositories in {address}" in panel.outcome.value
    assert panel.repositories.options == ("goes", "stays")
    assert panel.tags.options == ("13", "14")
    with Registry(address) as registry:
        manifest = registry.manifest("goes", "13")
    for digest in (manifest.digest, manifest.config_digest, *(layer.digest for layer in manifest.layers)):
        assert digest in panel.details.value

    panel.repositories.value = "stays"
    panel.wait()
    assert panel.tags.options == ("13",)
    assert manifest.digest not in panel.details.value
    panel.repositories.value = "goes"
    panel.wait()
    assert panel.confirm_button.layout.display == "none"
    click(panel.delete_button, panel)
    assert "13, 14" in panel.outcome.value
    panel.tags.value = "14"  # who chooses something else has not agreed to its end
    panel.wait()
    assert panel.confirm_button.layout.display == "none"
    click(panel.delete_button, panel)
    assert panel.confirm_button.layout.display is None
    click(panel.confirm_button, panel)
    assert "Deleted: goes@sha256:" in panel.outcome.value
    assert panel.tags.options == ()
    assert panel.details.value == ""

    click(panel.collect_button, panel)
    freed = float(panel.outcome.value.partition("kB freed")[0].rpartition(">")[2])
    assert 600 < freed < 1000
    with Registry(address) as registry:
        assert registry.tags(ImageName.parse(stays).path) == ["13"]


def test_what_a_push_of_the_same_tag_left_is_freed_too_if_wanted(shown, client, start, image):
    address = start()
    old, new = image(address, "old"), image(address, "new")
    for each in (old, new):
        client.api.tag(each, f"{address}/same", "13")
        Push(f"{address}/same:13").run(client)
    client.api.remove_image(f"{address}/same:13")
    panel = shown(panels.registry(address, container=start.made[-1], client=client))
    click(panel.collect_button, panel)
    assert ">0B freed" in panel.outcome.value
    panel.cleaning.fields["untagged"].value = True
    click(panel.collect_button, panel)
    assert "kB freed" in panel.outcome.value


def test_what_is_wrong_with_a_look_stands_beside_its_field(shown, client, container):
    panel = shown(panels.registry("localhost:1", container="no-such", client=client))
    click(panel.look_button, panel)
    assert "could not be reached" in fault_of(panel, "address")
    click(panel.collect_button, panel)
    place = panel.cleaning.children[0].children[1]
    assert "no-such" in place.value
    panel.cleaning.fields["container"].value = container()
    assert place.value == ""
    click(panel.collect_button, panel)
    assert "config.yml" in place.value
