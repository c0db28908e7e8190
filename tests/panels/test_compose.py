"""The Compose panel."""

import uuid

import pytest

import dockyard
from clicks import click, fault_of
from dockyard import panels
from dockyard.tasks import ComposeDown, ComposeUp

pytestmark = pytest.mark.engine

TEXT = """name: {name}
services:
  one: {{image: busybox, command: sleep 1000, stop_signal: SIGKILL, volumes: ['data:/data']}}
  two: {{image: busybox, command: sleep 1000, stop_signal: SIGKILL, depends_on: [one]}}
volumes: {{data: }}
"""


@pytest.fixture
def name(client):
    made = f"lab{uuid.uuid4().hex[:8]}"
    yield made
    for row in client.api.containers(all=True, filters={"label": f"com.docker.compose.project={made}"}):
        client.api.remove_container(row["Id"], force=True, v=True)
    for row in client.api.networks(names=[made]):
        client.api.remove_network(row["Id"])
    for row in client.api.volumes(filters={"name": made})["Volumes"] or ():
        client.api.remove_volume(row["Name"])


@pytest.fixture
def folder(tmp_path, name):
    (tmp_path / "compose.yaml").write_text(TEXT.format(name=name))
    return tmp_path


@pytest.fixture
def panel(client, shown):
    return lambda *words, **more: shown(panels.compose(*words, client=client, **more))


def test_fields_become_up_and_down(panel, folder):
    made = panel(str(folder))
    file = str(folder / "compose.yaml")
    assert made.task == ComposeUp(file)
    made.form.fields["build"].value = made.form.fields["force_recreate"].value = True
    made.form.fields["project"].value = "other"
    assert made.task == ComposeUp(file, "other", build=True, force_recreate=True)
    made.form.fields["text"].value += "# more\n"
    assert made.task.text.endswith("# more\n")
    assert f"docker compose -f {file} -p other up -d" in made.line.value
    made.command.value = "down"
    made.form.fields["volumes"].value = True
    assert made.task == ComposeDown(file, "other", volumes=True)
    assert made.run_button.description == "Take down"
    assert panel(str(folder), "down", volumes=True).task == ComposeDown(file, volumes=True)


def test_a_pasted_line_fills_the_form(panel, folder):
    made = panel()
    file = str(folder / "compose.yaml")
    made.paste.value = f"docker-compose -f {file} up -d --build"
    assert made.task == ComposeUp(file, build=True)
    assert made.form.fields["text"].value.startswith("name: ")
    made.paste.value = f"docker compose -f {file} down -v"
    assert made.task == ComposeDown(file, volumes=True)
    assert made.command.value == "down"
    made.paste.value = f"docker compose -f {file} up -d one"
    assert "can&#x27;t show all" in made.outcome.value


def test_findings_follow_every_letter(panel, folder):
    made = panel(str(folder))
    assert made.findings_view.value == ""
    made.form.fields["text"].value += "<b>: 1\n"
    assert "Line 6: " in made.findings_view.value
    assert "&lt;b&gt;" in made.findings_view.value
    made.form.fields["text"].value = "services: {web: {imag: httpd}}"
    assert (
        "There is no key &#x27;imag&#x27; in services.web; did you mean &#x27;image&#x27;?" in made.findings_view.value
    )
    click(made.preview_button, made)
    assert "did you mean" in made.outcome.value


def test_a_fault_stands_beside_its_field(panel, tmp_path, folder):
    made = panel(str(tmp_path / "none"))
    assert "compose.yaml" in fault_of(made, "text") or "none" in made.form.fields["file"].value
    made.form.fields["text"].value = TEXT.format(name="x")
    made.form.fields["file"].value = ""
    assert "Fill in" in fault_of(made, "file")
    other = panel(str(folder), "down", project="Upper")
    click(other.preview_button, other)
    assert "can&#x27;t name a project" in fault_of(other, "project")


def test_a_file_goes_up_and_down_and_back(panel, folder, name, client):
    made = panel(str(folder))
    assert made.services_view.value.count("not there") == 2
    click(made.preview_button, made)
    assert f"{name}-two-1" in made.plan_view.value
    assert "after one" in made.plan_view.value
    click(made.run_button, made)
    assert "✔ one: running; two: running" in made.outcome.value
    assert made.services_view.value.count("Up ") == 2
    before, after = made.resources_view.value.split("</tr><tr>")[1].split("</td><td")
    assert "nothing" in before
    assert after.count(f"<code>{name}") == 4
    made.command.value = "down"
    made.form.fields["volumes"].value = True
    click(made.preview_button, made)
    assert f"{name}_data" in made.plan_view.value
    click(made.run_button, made)
    assert f"Nothing of {name} is left." in made.outcome.value
    assert made.services_view.value.count("not there") == 2
    click(made.undo_button, made)
    assert "Taken back." in made.outcome.value
    assert made.services_view.value.count("Up ") == 2
    assert client.find_json("/volumes/{}", f"{name}_data")


def test_the_text_is_written_and_given_back(panel, folder, name):
    made = panel(str(folder))
    former = made.form.fields["text"].value
    made.form.fields["text"].value = former.replace("two:", "three:")
    click(made.run_button, made)
    assert "three: running" in made.outcome.value
    assert "three:" in (folder / "compose.yaml").read_text()
    click(made.undo_button, made)
    assert (folder / "compose.yaml").read_text() == former


def test_an_image_s_build_is_shown(panel, tmp_path, name, client):
    (tmp_path / "Dockerfile").write_text('FROM busybox\nRUN echo "<i>"\nCMD ["sleep", "1000"]\nSTOPSIGNAL SIGKILL\n')
    made = panel(str(tmp_path), text=f"name: {name}\nservices: {{made: {{build: .}}}}")
    try:
        click(made.run_button, made)
        assert "made: running" in made.outcome.value
        assert "&lt;i&gt;" in made.log_view.value
    finally:
        for row in client.api.containers(filters={"label": f"com.docker.compose.project={name}"}):
            client.api.remove_container(row["Id"], force=True)
        client.api.remove_image(f"{name}-made", force=True)


def test_the_same_as_manifests(panel, folder):
    made = panel(str(folder))
    made.manifests_button.click()
    assert "kind: PersistentVolumeClaim" in made.manifests_view.value
    made.form.fields["text"].value = "services: 1"
    assert made.manifests_view.value == ""
    made.manifests_button.click()
    assert "must be a mapping" in made.manifests_view.value


def test_it_speaks_korean(panel, folder):
    dockyard.language("ko")
    try:
        made = panel(str(folder), text="services: {web: {imag: httpd}}")
        assert "1번째 줄" in made.findings_view.value
        assert made.run_button.description == "띄우기"
    finally:
        dockyard.language("en")
