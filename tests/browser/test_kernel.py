"""A kernel that goes away under its panels: each says what to do, once, and nothing else is left of it."""

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.engine, pytest.mark.browser]

SAYS = "The kernel that made this panel is gone. Run its cell again."
CELLS = (
    "import dockyard",
    "dockyard.panels.copy()",
    "dockyard.panels.volumes()",
    "dockyard.panels.containers()",
)
# The signs before widgets that nothing stands behind any more: a broken link, or what a panel says.
SIGNS = """(cell) => [...cell.querySelectorAll(".jupyter-widgets-disconnected")]
    .map(each => getComputedStyle(each, "::before").content).filter(sign => sign != "none")"""


@pytest.fixture
def book(lab, notebook):
    cells = [nbformat.v4.new_code_cell(each) for each in CELLS]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), lab.folder / "kernel.ipynb")
    made = notebook("kernel.ipynb")
    for each in CELLS:
        made.run(each)
    return made


def test_panels_of_a_restarted_kernel_say_what_to_do(book, screen, picture):
    screen.locator('[data-command="notebook:restart-kernel"]').first.click()
    screen.locator(".jp-Dialog button.jp-mod-accept").click()
    for each in CELLS[1:]:
        cell = book.cell(each)
        expect(cell.locator(".jupyter-widgets-disconnected").first).to_be_attached()
        cell.scroll_into_view_if_needed()
        assert cell.evaluate(SIGNS) == [f'"{SAYS}"']
    picture(screen, "kernel-restarted")

    book.run(CELLS[0])
    shown = book.run(CELLS[1])
    expect(shown.locator(".jupyter-widgets-disconnected")).to_have_count(0)
    shown.get_by_label("From").fill("page.html")
    shown.get_by_label("From").press("Tab")
    expect(shown.get_by_label("From")).to_be_enabled()
