"""Grids in a real browser: they follow the engine, are filtered and chosen from, and what is chosen feeds a form."""

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.engine, pytest.mark.browser]


@pytest.fixture
def shows(lab, notebook):
    """Runs code in a cell of a notebook of its own and returns what it shows."""

    def run(code):
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        cells = [nbformat.v4.new_code_cell(each) for each in ("import dockyard", code)]
        made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(made, lab.folder / "grid.ipynb")
        book = notebook("grid.ipynb")
        book.run("import dockyard")
        return book.run(code.splitlines()[0])

    return run


def row(shown, text):
    return shown.locator(".ag-row", has_text=text)


def test_the_dashboard_follows_the_engine(shows, container, client, screen, picture):
    one, other = container(), container(start=False)
    shown = shows("dockyard.panels.dashboard()")
    expect(row(shown, one)).to_contain_text("running")
    expect(row(shown, other)).to_contain_text("created")
    picture(screen, "dashboard-containers")
    client.api.rename(other, f"{other}-new")
    expect(row(shown, f"{other}-new")).to_be_visible()
    client.api.kill(one)
    expect(row(shown, one)).to_contain_text("exited (137)")
    client.api.remove_container(one)
    container.made.remove(one)
    expect(row(shown, one)).to_have_count(0)
    client.api.rename(f"{other}-new", other)
    for tab in ("Images", "Volumes", "Networks", "Ports"):
        shown.get_by_role("tab", name=tab).click()
        screen.wait_for_timeout(500)
        picture(screen, f"dashboard-{tab.lower()}")
