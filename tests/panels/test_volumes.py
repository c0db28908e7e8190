"""The panel of all volumes."""

from datetime import UTC, datetime

import pytest

import dockyard
from dockyard import panels
from dockyard.tasks import VolumeCreate, VolumePut, VolumeRemove
from embedded import until
from grids import looked_at
from registries import tar_of
from volumes import fill, listing, tree

pytestmark = pytest.mark.engine

OLD = datetime(2001, 2, 3, tzinfo=UTC)
NAMES = ("shelf-1", "shelf-2", "shelf-3", "shelf-new", "shelf-<b>")


@pytest.fixture(scope="module")
def shelf(client):
    """Volumes: one with a tree in it, and one with a folder of many files."""
    fill(client, "shelf-1", tree(), labels={"course": "<b>docker"})
    fill(client, "shelf-2", tar_of({f"v/pages/{n:02}.html": b"x" * n for n in range(60)}))
    yield
    for name in NAMES:
        if client.find_json("/volumes/{}", name):
            client.api.remove_volume(name)


@pytest.fixture
def panel(client, shelf):
    made = panels.volumes(client)
    yield made
    made.close()


def names_of(panel):
    return [name for name in panel.list.rows if name.startswith("shelf")]


def choose(panel, volume):
    panel.list.chosen = [volume]


def click(panel, button):
    getattr(panel, f"{button}_button").click()
    panel.wait()


def files(panel, volume):
    choose(panel, volume)
    panel.files.look_button.click()
    panel.files.work.wait()
    return panel.files


def test_a_chosen_volume_is_described_with_who_uses_it(panel, container):
    assert names_of(panel) == ["shelf-1", "shelf-2"]
    used = container(start=False, HostConfig={"Binds": ["shelf-1:/v"]})
    panel.refresh()
    assert panel.list.read("shelf-1")["used_by"] == used
    assert panel.list.read("shelf-2")["used_by"] == "unused"
    choose(panel, "shelf-1")
    assert f"{used} (created)" in panel.details.value
    assert "course=&lt;b&gt;docker" in panel.details.value
    assert "not measured" in panel.details.value
    panel.remove.run_button.click()
    panel.remove.wait()
    place = list(panel.remove.form.fields).index("names")
    assert f"in use by {used}" in panel.remove.form.children[place].children[1].value


def test_sizes_are_measured_when_asked_and_kept(panel):
    choose(panel, "shelf-2")
    panel.sizes_button.click()
    panel.work.wait()
    assert "volumes, " in panel.work.outcome.value
    assert panel.list.read("shelf-2")["measured_bytes"] == "1.77kB"
    panel.refresh()
    assert panel.chosen == "shelf-2"
    assert "1.77kB" in panel.details.value
    assert panel.list.as_of > OLD.timestamp()


def test_the_list_follows_the_engine(panel, client):
    looked_at(panel.list)
    client.api.create_volume("shelf-3")
    until(lambda: "shelf-3" in names_of(panel))
    choose(panel, "shelf-3")
    assert "shelf-3" in panel.details.value
    client.api.remove_volume("shelf-3")
    until(lambda: "shelf-3" not in names_of(panel))
    until(lambda: panel.details.value == "")
    assert "shelf-1" in panel.clone.form.fields["source"].options
    assert "shelf-3" not in panel.clone.form.fields["source"].options


def test_a_volume_is_proved(panel):
    assert panel.prove_button.disabled
    choose(panel, "shelf-1")
    panel.prove_button.click()
    panel.work.wait()
    assert "✔" in panel.work.outcome.value
    assert "through a second container" in panel.work.outcome.value


def test_folders_are_walked_and_files_come_out(panel, tmp_path):
    shown = files(panel, "shelf-2")
    assert next(label for label, _ in shown.entries.options).startswith("pages/   1.77kB   07")
    shown.entries.value = "pages"
    shown.open_button.click()
    shown.work.wait()
    assert len(shown.entries.options) == 60
    assert "60 entries" in shown.work.outcome.value
    assert "shelf-2:/pages" in shown.where.value
    shown.filter.value = "42"
    assert [name for _, name in shown.entries.options] == ["42.html"]
    shown.entries.value = "42.html"
    assert shown.get.form.fields["path"].value == "/pages/42.html"
    shown.get.form.fields["target"].value = str(tmp_path / "out.html")
    click(shown.get, "run")
    assert "✔" in shown.get.outcome.value
    assert (tmp_path / "out.html").read_text() == "x" * 42
    click(shown.get, "undo")
    assert not (tmp_path / "out.html").exists()
    shown.up_button.click()
    shown.work.wait()
    assert [name for _, name in shown.entries.options] == ["pages"]


def test_files_are_uploaded_into_the_folder_that_is_open(panel, client):
    client.api.create_volume("shelf-3")
    panel.refresh()
    shown = files(panel, "shelf-3")
    assert "0 entries" in shown.work.outcome.value
    sent = {"name": "../<i>.html", "type": "text/html", "size": 3, "content": memoryview(b"<i>"), "last_modified": OLD}
    shown.upload.value = (sent,)
    assert isinstance(shown.put.task, VolumePut)
    click(shown.put, "preview")
    assert "/&lt;i&gt;.html" in shown.put.plan_view.value
    click(shown.put, "run")
    assert "✔" in shown.put.outcome.value
    assert [name for _, name in shown.entries.options] == ["<i>.html"]
    click(shown.put, "run")
    place = list(shown.put.form.fields).index("path")
    assert "exists already" in shown.put.form.children[place].children[1].value
    client.api.remove_volume("shelf-3")


def test_a_volume_is_made_copied_renamed_removed_and_brought_back(panel, client):
    panel.create.form.fields["name"].value = "shelf-3"
    panel.create.form.fields["labels"].value = "a=b"
    assert panel.create.task == VolumeCreate("shelf-3", labels=("a=b",))
    click(panel.create, "run")
    assert "shelf-3" in names_of(panel)
    click(panel.create, "undo")
    assert "shelf-3" not in names_of(panel)
    choose(panel, "shelf-1")
    panel.clone.form.fields["target"].value = "shelf-3"
    click(panel.clone, "run")
    assert "✔" in panel.clone.outcome.value
    choose(panel, "shelf-3")
    panel.rename.form.fields["new_name"].value = "shelf-new"
    click(panel.rename, "run")
    assert "✔" in panel.rename.outcome.value
    assert names_of(panel) == ["shelf-1", "shelf-2", "shelf-new"]
    assert panel.chosen == ""
    assert panel.details.value == ""
    choose(panel, "shelf-new")
    assert panel.remove.task == VolumeRemove(("shelf-new",))
    click(panel.remove, "preview")
    assert "shelf-new" in panel.remove.plan_view.value
    assert "shelf-new" in names_of(panel)
    click(panel.remove, "run")
    assert "✔" in panel.remove.outcome.value
    assert names_of(panel) == ["shelf-1", "shelf-2"]
    click(panel.remove, "undo")
    assert names_of(panel) == ["shelf-1", "shelf-2", "shelf-new"]
    assert listing(client, "shelf-new") == listing(client, "shelf-1")
    choose(panel, "shelf-new")
    panel.remove.form.fields["keep"].value = False
    click(panel.remove, "run")
    assert "Nothing was done yet" in panel.remove.outcome.value
    assert "gone for good" in panel.remove.plan_view.value
    click(panel.remove, "run")
    assert names_of(panel) == ["shelf-1", "shelf-2"]


def test_a_fault_stands_beside_its_field_and_a_pasted_line_fills_the_form(panel):
    panel.create.form.fields["name"].value = "a/b"
    click(panel.create, "run")
    place = list(panel.create.form.fields).index("name")
    assert "can&#x27;t name a volume" in panel.create.form.children[place].children[1].value
    panel.create.paste.value = "docker volume create --label c=d --opt type=tmpfs shelf-3"
    assert panel.create.task == VolumeCreate("shelf-3", labels=("c=d",), options=("type=tmpfs",))
    panel.files.put.paste.value = "docker run --rm -v /tmp:/here -v shelf-1:/volume busybox cp -r /here/x /volume/"
    assert panel.files.put.task == VolumePut("/tmp/x", "shelf-1")


def test_the_panel_speaks_korean(client, shelf):
    dockyard.language("ko")
    try:
        made = panels.volumes(client)
        assert "볼륨" in made.children[0].children[0].value
        assert made.tabs.titles == ("파일", "만들기", "복사", "이름 바꾸기", "지우기")
        assert made.remove.run_button.description == "실행"
        made.close()
    finally:
        dockyard.language("en")
