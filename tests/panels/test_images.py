"""The panels over commit, save and load."""

import pytest

import dockyard
from clicks import click, fault_of
from dockyard import panels
from dockyard.tasks import Commit, Load, Save

pytestmark = pytest.mark.engine


def test_a_commit_is_planned_made_and_taken_back(shown, client, container, shell, new_name):
    source = container()
    shell(source, "echo page > /page.html")
    panel = shown(panels.commit(source, new_name, message="own page", changes='ENV A=b\n\nCMD ["ls"]', client=client))
    assert panel.task == Commit(source, new_name, "own page", changes=("ENV A=b", 'CMD ["ls"]'))
    click(panel.preview_button, panel)
    assert "stands still" in panel.plan_view.value
    click(panel.run_button, panel)
    assert f"{new_name} is the image" in panel.outcome.value
    assert client.get_json("/images/{}/json", new_name)["Config"]["Cmd"] == ["ls"]
    click(panel.undo_button, panel)
    assert client.find_json("/images/{}/json", new_name) is None


def test_containers_are_suggested_for_a_commit(shown, client, container):
    assert container() in shown(panels.commit(client=client)).form.fields["container"].options


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("container", "", "Fill in"),
        ("name", "case/Upper", "lower case"),
        ("container", "no-such-container", "There is no container"),
    ],
)
def test_what_is_wrong_with_a_commit_stands_beside_its_field(field, value, sentence, shown, client):
    panel = shown(panels.commit("web", "ex22", client=client))
    panel.form.fields[field].value = value
    if not panel.run_button.disabled:
        click(panel.preview_button, panel)
    assert sentence in fault_of(panel, field)
    assert panel.outcome.value == ""


def test_images_are_saved_and_loaded_again(shown, client, new_name, tmp_path):
    client.api.tag("busybox", *new_name.split(":"))
    file = tmp_path / "ex22.tar"
    save = shown(panels.save(str(file), [new_name], client=client))
    click(save.run_button, save)
    assert "with the same image ID" in save.outcome.value
    assert file.stat().st_size > 100_000
    client.api.remove_image(new_name)

    load = shown(panels.load(str(file), client=client))
    click(load.preview_button, load)
    assert new_name in load.plan_view.value
    click(load.run_button, load)
    assert "with the same image IDs" in load.outcome.value
    assert client.find_json("/images/{}/json", new_name)
    click(load.undo_button, load)
    assert client.find_json("/images/{}/json", new_name) is None
    click(save.undo_button, save)
    assert not file.exists()


def test_what_is_wrong_with_files_and_images_stands_beside_its_field(shown, client, tmp_path):
    save = shown(panels.save(str(tmp_path / "none" / "a.tar"), "busybox", client=client))
    click(save.run_button, save)
    assert "written" in fault_of(save, "target")
    save.form.fields["names"].value = "no-such-image"
    click(save.run_button, save)
    assert "no-such-image" in fault_of(save, "names")

    load = shown(panels.load(str(tmp_path / "missing.tar"), client=client))
    click(load.run_button, load)
    assert "read" in fault_of(load, "source")
    (tmp_path / "text.tar").write_text("no archive")
    load.form.fields["source"].value = str(tmp_path / "text.tar")
    click(load.run_button, load)
    assert "not an archive" in fault_of(load, "source")


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (panels.commit, "docker commit --pause=false -a usagi -m 'own page' -c 'CMD [\"ls\"]' web ex22:1"),
        (panels.save, "docker save -o 'my images.tar' busybox httpd"),
        (panels.load, "docker load -i ex22.tar"),
    ],
)
def test_a_pasted_line_fills_the_form(make, line, shown, client):
    panel = shown(make(client=client))
    panel.paste.value = line
    assert panel.task == dockyard.parse(line)


def test_a_flag_without_a_field_is_not_dropped(shown, client):
    panel = shown(panels.load("a.tar", client=client))
    panel.paste.value = "docker load -q -i ex22.tar"
    assert "show all of that" in panel.outcome.value
    assert panel.task == Load("a.tar")


def test_images_are_given_one_a_line(shown, client):
    assert shown(panels.save("a.tar", ["busybox", "httpd"], client=client)).task == Save("a.tar", ("busybox", "httpd"))
