"""Grids in a real browser: they follow the engine, are filtered and chosen from, and what is chosen feeds a form."""

import re
import uuid

import nbformat
import pytest
from playwright.sync_api import expect

from registries import tar_of

pytestmark = [pytest.mark.engine, pytest.mark.browser]

DASHBOARD, CONTAINERS, THINGS, MADE, MORE = (
    "dockyard.panels.dashboard()",
    "dockyard.panels.containers()",
    """from dockyard.panels.grid import Column, Grid
from dockyard.tables import Table
things = Grid("Things", (Column("name", "Name"),), ("name",))
things.show(Table({"name": ["<img src=x onerror=alert(1)>", "<b>bold</b>"]}))
things""",
    """from datetime import UTC, datetime, timedelta
from dockyard.panels.grid import Column, Grid, moment, size
from dockyard.tables import Table
columns = (Column("name", "Name"), Column("size", "Size", size), Column("at", "Made", moment), Column("state", "State", filter="choice"))
def table(*rows):
    names, sizes, hours, states = zip(*rows)
    at = [datetime.now(UTC) - timedelta(hours=each) for each in hours]
    return Table({"name": names, "size": sizes, "at": at, "state": states})
rows = [("apple", 5_000_000, 1, "running"), ("pear", 30_000_000, 30, "exited (0)"), ("plum", None, 300, "exited (137)")]
made = Grid("Made", columns, ("name",))
made.show(table(*rows))
made""",
    """made.show(table(*rows, ("apricot", 90_000_000, 2, "paused"), ("cherry", 1_000, 2, "running")))""",
)


@pytest.fixture
def book(lab, notebook):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_code_cell(each) for each in ("import dockyard", DASHBOARD, CONTAINERS, THINGS, MADE, MORE)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), lab.folder / "grid.ipynb")
    made = notebook("grid.ipynb")
    made.run("import dockyard")
    return made


def row(shown, text):
    return shown.locator(".ag-row", has_text=text)


@pytest.fixture
def unused(client):
    """An image that no container has, whatever else runs on the engine."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    client.api.import_image_from_data(tar_of({"nothing": b""}), repository=name, tag="1")
    yield f"{name}:1"
    client.api.remove_image(f"{name}:1")


def test_the_dashboard_follows_the_engine(book, container, client, unused, screen, picture):
    one, other = container(), container(start=False)
    shown = book.run(DASHBOARD)
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
    shown.get_by_role("tab", name="Images").click()
    expect(row(shown, unused).filter(visible=True)).to_contain_text("unused")
    picture(screen, "dashboard-images")
    client.api.tag("registry", "dashboard-tag")
    expect(row(shown, "dashboard-tag:latest")).to_be_visible()
    client.api.remove_image("dashboard-tag")
    expect(row(shown, "dashboard-tag:latest")).to_have_count(0)
    shown.get_by_role("button", name="Measure sizes").click()
    expect(shown.get_by_text("sizes measured").filter(visible=True)).to_be_visible()
    picture(screen, "dashboard-measured")


def test_what_is_chosen_feeds_the_form(book, container, client, screen, picture):
    one, other, third = (container(start=False) for _ in range(3))
    shown = book.run(CONTAINERS)
    chosen = shown.get_by_label("Chosen", exact=True)
    row(shown, one).locator(".ag-cell[col-id=image]").click()
    expect(chosen).to_have_value(one)
    row(shown, other).get_by_role("checkbox").click()
    expect(chosen).to_have_value(re.compile(f"({one} {other}|{other} {one})"))
    expect(shown.get_by_text("2 chosen")).to_be_visible()
    picture(screen, "grid-chosen")

    # A change elsewhere leaves the choice, the filter and the word that is being typed alone.
    search = shown.get_by_role("searchbox")
    search.press_sequentially(f"{one} crea")
    expect(row(shown, other)).to_have_count(0)
    expect(shown.get_by_text("1 of them hidden by the filter")).to_be_visible()
    client.api.rename(third, f"{third}-new")
    client.api.rename(f"{third}-new", third)
    screen.keyboard.type("ted")
    expect(search).to_have_value(f"{one} created")
    expect(row(shown, one)).to_have_attribute("aria-selected", "true")
    client.api.start(one)
    expect(row(shown, one)).to_have_count(0)  # it is created no more
    search.fill("")
    expect(row(shown, one)).to_contain_text("running")
    client.api.kill(one)
    client.api.remove_container(other)
    container.made.remove(other)
    expect(shown.get_by_text("1 chosen")).to_be_visible()

    # All of it works from the keyboard, and is called by its name; no key goes to JupyterLab.
    expect(shown.get_by_role("group", name="Containers")).to_be_visible()
    grid = shown.get_by_role("grid", name="Containers")
    heading = grid.get_by_role("columnheader", name="Name")
    heading.click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    screen.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    screen.keyboard.press("ArrowDown")
    for key in ("x", "d", "d"):  # what would cut and delete a notebook's cell
        screen.keyboard.press(key)
    expect(screen.locator(".jp-Notebook .jp-Cell")).to_have_count(6)
    row(shown, third).locator(".ag-cell[col-id=name]").click()
    expect(chosen).to_have_value(third)
    screen.keyboard.press(" ")
    expect(shown.get_by_text("1 chosen")).to_have_count(0)

    # What comes from outside is text.
    asked = []
    screen.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    shown = book.run("things = Grid")
    expect(row(shown, "<b>bold</b>")).to_be_visible()
    expect(row(shown, "<img src=x onerror=alert(1)>")).to_be_visible()
    assert shown.locator(".dockyard-grid img").count() == 0
    assert asked == []


def test_each_column_is_filtered_by_what_it_holds(book, screen, picture):
    shown = book.run("rows = [")
    names = shown.locator(".ag-row .ag-cell[col-id=name]")
    left = shown.get_by_role("status")
    clear = shown.get_by_role("button", name="Clear all filters")
    popup = screen.locator(".dockyard-grid-filter")
    typed = popup.get_by_role("textbox", name="Compared with").filter(visible=True)

    def opened(title):
        """The filter of a column, from the button in its heading."""
        shown.get_by_role("columnheader", name=title).locator(".ag-header-cell-filter-button").click()
        expect(popup).to_be_visible()

    def compared(how):
        popup.get_by_role("combobox").click()
        screen.get_by_role("option", name=how, exact=True).click()

    expect(names).to_have_text(["apple", "pear", "plum"])
    expect(clear).to_be_hidden()

    # By text; a chosen row that is left out stays chosen, as with the search, and what comes is filtered.
    names.get_by_text("pear").click()
    expect(shown.get_by_text("1 chosen")).to_be_visible()
    opened("Name")
    typed.fill("ap")
    expect(names).to_have_text(["apple"])
    expect(left).to_have_text("2 left out by filters")
    expect(shown.get_by_text("1 of them hidden by the filter")).to_be_visible()
    book.run(MORE)
    expect(names).to_have_text(["apple", "apricot"])
    expect(left).to_have_text("3 left out by filters")
    expect(shown.locator(".ag-header-cell[col-id=name] .ag-filter-active")).to_be_visible()
    clear.click()
    expect(names).to_have_count(5)
    expect(left).to_have_text("")
    expect(shown.get_by_role("searchbox")).to_be_focused()

    # By size, as people write sizes.
    opened("Size")
    typed.fill("20 apples")
    expect(typed).to_have_attribute("aria-invalid", "true")
    expect(names).to_have_count(5)
    typed.fill("0.02 GB")
    expect(names).to_have_text(["pear", "apricot"])
    expect(typed).to_have_value("0.02 GB")
    picture(screen, "grid-filter-size")
    popup.get_by_role("button", name="Clear this filter").click()
    expect(names).to_have_count(5)
    screen.keyboard.press("Escape")
    expect(popup).to_be_hidden()

    # By age.
    opened("Made")
    typed.fill("24h")
    expect(names).to_have_text(["apple", "apricot", "cherry"])
    compared("Older than")
    expect(names).to_have_text(["pear", "plum"])
    picture(screen, "grid-filter-age")
    screen.keyboard.press("Escape")

    # By a choice, with the keyboard alone; filters of several columns hold together.
    heading = shown.get_by_role("columnheader", name="State")
    heading.focus()
    screen.keyboard.press("Control+Enter")
    box = popup.get_by_role("checkbox", name="exited")
    expect(popup.get_by_role("checkbox")).to_have_count(3)
    expect(popup.get_by_role("checkbox").first).to_be_focused()
    screen.keyboard.press(" ")
    expect(box).to_be_checked()
    expect(names).to_have_text(["pear", "plum"])
    screen.keyboard.press("Tab")
    screen.keyboard.press(" ")
    expect(popup.get_by_role("checkbox", name="paused")).to_be_checked()
    picture(screen, "grid-filter-choice")
    screen.keyboard.press("Escape")
    expect(popup).to_be_hidden()
    expect(heading).to_be_focused()
    expect(left).to_have_text("3 left out by filters")
    expect(screen.locator(".jp-Notebook .jp-Cell")).to_have_count(6)
