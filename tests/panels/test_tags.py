"""The panels over tag and rmi, and a name taken apart."""

import re

import pytest

import dockyard
from clicks import click, fault_of
from dockyard import panels
from dockyard.tasks import Tag, Untag
from dockyard.wording import short_id

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def english_afterwards():
    yield
    dockyard.language("en")


@pytest.fixture
def own_image(client, container, new_name):
    """An image that no other name has, called ``new_name``."""
    source = container(start=False)
    client.api.commit(source, *new_name.split(":"))
    client.api.remove_container(source)
    container.made.remove(source)
    return client.get_json("/images/{}/json", new_name)["Id"]


def test_two_names_point_at_one_image_id(shown, client, own_image, new_name):
    other = new_name.replace(":latest", ":13")
    panel = shown(panels.tag(new_name, other, client=client))
    assert panel.task == Tag(new_name, other)
    click(panel.run_button, panel)
    drawn = panel.more.children[0].value
    assert f"<code>{new_name}</code>" in drawn
    assert f"<code>{other}</code>" in drawn
    assert drawn.count(short_id(own_image)) == 1
    assert 'rowspan="2"' in drawn
    click(panel.undo_button, panel)
    assert panel.more.children == ()
    assert client.find_json("/images/{}/json", other) is None


def test_untagged_is_told_from_deleted(shown, client, own_image, new_name):
    other = new_name.replace(":latest", ":13")
    client.api.tag(own_image, *other.split(":"))
    panel = shown(panels.untag(other, client=client))
    click(panel.preview_button, panel)
    assert "still called" in panel.plan_view.value
    click(panel.run_button, panel)
    drawn = panel.more.children[0].value
    assert f"Untagged: {other}" in drawn
    assert "Deleted" not in drawn
    assert f"<s><code>{other}</code></s>" in drawn
    assert f"<td><code>{new_name}</code></td>" in drawn

    panel.form.fields["names"].value = new_name
    assert panel.task == Untag((new_name,))
    click(panel.run_button, panel)
    drawn = panel.more.children[0].value
    assert f"Untagged: {new_name}" in drawn
    assert f"Deleted: {own_image}" in drawn
    assert re.search(r"<s><code>\w{12}</code></s> deleted", drawn)
    click(panel.undo_button, panel)
    assert client.get_json("/images/{}/json", new_name)["Id"] == own_image


def test_what_is_wrong_stands_beside_its_field(shown, client, container):
    tag = shown(panels.tag("no-such-image", "localhost:5000/Upper:1", client=client))
    assert "lower case" in fault_of(tag, "name")
    tag.form.fields["name"].value = "localhost:5000/lower:1"
    click(tag.run_button, tag)
    assert "no-such-image" in fault_of(tag, "image")
    user = container()
    untag = shown(panels.untag("busybox", client=client))
    click(untag.run_button, untag)
    assert user in fault_of(untag, "names")


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (panels.tag, "docker tag ex22_original2 localhost:5000/nyappacchi:13"),
        (panels.untag, "docker rmi -f localhost:5000/nyappacchi:13 ex22_original2"),
    ],
)
def test_a_pasted_line_fills_the_form(make, line, shown, client):
    panel = shown(make(client=client))
    panel.paste.value = line
    assert panel.task == dockyard.parse(line)
    panel.paste.value = "docker rmi --no-prune busybox"
    assert "show all of that" in panel.outcome.value
    assert panel.task == dockyard.parse(line)


def test_images_are_suggested(shown, client):
    assert "busybox:latest" in shown(panels.tag(client=client)).form.fields["image"].options


def test_a_name_is_taken_apart_as_it_is_typed(shown):
    panel = shown(panels.name("zoozoousagi/nyappacchi:13"))
    assert "Docker Hub ID" in panel.parts.value
    panel.field.value = "localhost:5000/nyappacchi"
    assert "<code>localhost:5000</code>" in panel.parts.value
    assert "<i>latest</i>" in panel.parts.value
    assert "localhost:5000/nyappacchi:latest" in panel.parts.value
    panel.field.value = "<b>"
    assert 'role="alert"' in panel.parts.value
    assert "<b>" not in panel.parts.value
    panel.field.value = ""
    assert panel.parts.value == ""


def test_a_name_is_explained_in_korean(shown):
    dockyard.language("ko")
    assert "레지스트리" in shown(panels.name("localhost:5000/nyappacchi")).parts.value
