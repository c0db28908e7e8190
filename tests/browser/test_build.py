"""A Dockerfile written in a real browser: in a panel's editor, and in a cell."""

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.engine, pytest.mark.browser]

CELLS = (
    "import dockyard",
    "%load_ext dockyard",
    "dockyard.panels.build(names='browser-build')",
    "%%dockerfile -t browser-build\nFROM busybox\nRUN echo from the cell > /page\nRUN false\n",
    "%%dockerfile\nENT",
)


@pytest.fixture
def book(client, lab, notebook):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_code_cell(each) for each in CELLS]
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, lab.folder / "build.ipynb")
    yield notebook("build.ipynb")
    if client.find_json("/images/{}/json", "browser-build"):
        client.api.remove_image("browser-build", force=True)


@pytest.mark.walks("build")
def test_a_dockerfile_is_written_checked_and_built(book, screen, picture):
    book.run("import dockyard")
    book.run("%load_ext")
    shown = book.run("dockyard.panels.build(")
    editor = shown.locator(".dockyard-code textarea")
    editor.click()
    screen.keyboard.type("FROM busybox:latest\nCOYP a b\n")
    expect(shown.get_by_text("did you mean COPY")).to_be_visible()
    editor.fill("FROM busybox:latest\nRUN echo from the panel\nCM")
    expect(shown.get_by_text("What a container runs when")).to_be_hidden()
    shown.get_by_role("button", name="CMD", exact=True).click()
    expect(editor).to_have_value("FROM busybox:latest\nRUN echo from the panel\nCMD")
    expect(shown.get_by_text("What a container runs when")).to_be_visible()
    editor.press("Control+End")
    screen.keyboard.type(' ["true"]')
    picture(screen, "build-written")
    shown.get_by_role("button", name="Build", exact=True).click()
    expect(shown.get_by_text("Layers, the newest first")).to_be_visible()
    expect(shown.get_by_text("from the panel").last).to_be_visible()
    picture(screen, "build-done")
    shown.get_by_role("button", name="Undo", exact=True).click()
    expect(shown.get_by_text("Taken back.")).to_be_visible()

    failed = book.run("RUN false")
    expect(failed.get_by_text("▶   3 RUN false")).to_be_visible()
    picture(screen, "build-failed")

    cell = book.cell("ENT")
    cell.locator(".jp-InputArea-editor").click()
    screen.keyboard.press("Control+End")
    screen.keyboard.press("Tab")
    screen.locator(".jp-Completer-item", has_text="ENTRYPOINT").click()
    expect(cell.locator(".cm-line").last).to_have_text("ENTRYPOINT")
