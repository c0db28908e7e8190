"""A Compose file brought up and taken down in a real browser."""

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.engine, pytest.mark.browser]

TEXT = """name: browsercom
services:
  front:
    image: busybox
    command: sleep 1000
    stop_signal: SIGKILL
    depends_on: [back]
  back:
    image: busybox
    command: sleep 1000
    stop_signal: SIGKILL
"""
CELLS = ("import dockyard", "dockyard.panels.compose('browser_folder')")


@pytest.fixture
def book(client, lab, notebook):
    (lab.folder / "browser_folder").mkdir()
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_code_cell(each) for each in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), lab.folder / "compose.ipynb")
    yield notebook("compose.ipynb")
    for row in client.api.containers(all=True, filters={"label": "com.docker.compose.project=browsercom"}):
        client.api.remove_container(row["Id"], force=True)
    for row in client.api.networks(names=["browsercom"]):
        client.api.remove_network(row["Id"])


@pytest.mark.walks("compose")
def test_a_file_is_written_brought_up_and_taken_down(book, lab, screen, picture):
    book.run("import dockyard")
    shown = book.run("dockyard.panels.compose(")
    editor = shown.locator(".dockyard-code textarea")
    editor.fill(TEXT.replace("image: busybox", "imag: busybox", 1))
    expect(shown.get_by_text("did you mean 'image'?")).to_be_visible()
    picture(screen, "compose-findings")
    editor.fill(TEXT)
    expect(shown.get_by_text("did you mean")).to_be_hidden()
    shown.get_by_role("button", name="Show what it will change").click()
    expect(shown.get_by_text("after back")).to_be_visible()
    picture(screen, "compose-plan")
    shown.get_by_role("button", name="Bring up", exact=True).last.click()
    expect(shown.get_by_text("back: running; front: running")).to_be_visible()
    assert (lab.folder / "browser_folder/compose.yaml").read_text() == TEXT
    picture(screen, "compose-up")
    down = shown.get_by_role("button", name="Take down", exact=True)
    down.click()
    expect(down).to_have_count(2)  # the choice, and the button that does it
    down.last.click()
    expect(shown.get_by_text("Nothing of browsercom is left.")).to_be_visible()
    shown.get_by_role("button", name="As Kubernetes manifests").click()
    expect(shown.get_by_text("kind: Deployment").first).to_be_visible()
    picture(screen, "compose-down")
