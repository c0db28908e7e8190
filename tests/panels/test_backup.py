"""The panels that back a volume up and restore it."""

import io
import os
import tarfile

import pytest

import dockyard
from dockyard import panels
from dockyard.connection.archive import upload
from dockyard.tasks import Backup, Restore
from dockyard.tasks.holder import holding

pytestmark = pytest.mark.engine


@pytest.fixture
def shop(client):
    """A volume with one file; and no volume ``panel-new`` afterwards."""
    client.api.create_volume("panel-shop")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        info = tarfile.TarInfo("<b>.html")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
    with holding(client, {"panel-shop": "/v"}) as held:
        upload(client, held, "/v", [data.getvalue()], len(data.getvalue()))
    yield "panel-shop"
    for name in ("panel-shop", "panel-new"):
        if client.find_json("/volumes/{}", name):
            client.api.remove_volume(name, force=True)


@pytest.fixture
def panel(client):
    made = []

    def make(which, *words, **more):
        made.append(which(*words, client=client, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def click(panel, button):
    getattr(panel, f"{button}_button").click()
    panel.wait()


def test_a_volume_goes_into_an_archive_and_into_another_volume(panel, shop, client, tmp_path):
    archive = str(tmp_path / "b.tar.gz")
    out = panel(panels.backup, shop, archive)
    assert shop in out.form.fields["volume"].options
    assert "busybox tar czvf /target/b.tar.gz -C /source ." in out.line.value
    click(out, "preview")
    assert archive in out.plan_view.value
    assert os.listdir(tmp_path) == []
    click(out, "run")
    assert "✔" in out.outcome.value
    back = panel(panels.restore, archive, "panel-new")
    click(back, "run")
    assert "✔" in back.outcome.value
    again = panel(panels.restore, archive, shop)
    click(again, "run")
    assert "not empty" in again.outcome.value
    again.form.fields["replace"].value = True
    click(again, "run")
    assert "✔" in again.outcome.value
    click(again, "undo")
    assert "Taken back" in again.outcome.value
    click(back, "undo")
    assert client.find_json("/volumes/{}", "panel-new") is None
    click(out, "undo")
    assert os.listdir(tmp_path) == []


def test_fields_become_tasks_and_a_pasted_line_fills_them(panel, shop, tmp_path):
    made = panel(panels.backup, shop, str(tmp_path / "b.tar.gz"), stop=True)
    assert made.task == Backup(shop, str(tmp_path / "b.tar.gz"), stop=True)
    made.paste.value = Backup("other", str(tmp_path / "c.tar.gz")).command
    assert made.task == Backup("other", str(tmp_path / "c.tar.gz"))
    back = panel(panels.restore)
    assert back.run_button.disabled
    back.paste.value = Restore(str(tmp_path / "c.tar.gz"), "other").command
    assert back.task == Restore(str(tmp_path / "c.tar.gz"), "other")


def test_a_folder_with_a_colon_is_told_beside_its_field(panel, shop):
    made = panel(panels.backup, shop, "/a:b/c.tar.gz")
    place = list(made.form.fields).index("target")
    assert "no colon" in made.form.children[place].children[1].value
    assert made.run_button.disabled


def test_a_volume_that_only_names_a_folder_is_not_restored_into(panel, shop, client, tmp_path):
    (tmp_path / "b.tar").write_bytes(b"any")
    client.api.create_volume("panel-new", driver_opts={"type": "none", "o": "bind", "device": str(tmp_path)})
    back = panel(panels.restore, str(tmp_path / "b.tar"), "panel-new", replace=True)
    click(back, "run")
    assert "outside of Docker" in back.outcome.value


def test_the_panels_speak_korean(panel, shop):
    dockyard.language("ko")
    try:
        assert panel(panels.backup, shop).form.fields["volume"].description == "볼륨"
        assert "볼륨 복원" in panel(panels.restore).children[0].children[0].value
    finally:
        dockyard.language("en")
