"""What JupyterLab has of Dockyard beside the sidebar's lists: the launcher, cells, the palette, settings, and files dragged out."""

import json
import re
import tempfile
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from conftest import missing
from dockyard.waiting import eventually
from embedded import RUNNERS, Embedded, why_not_embedded
from laboratory import Notebook, classroom, desk
from sidebars import Sidebar

pytestmark = [pytest.mark.engine, pytest.mark.browser, pytest.mark.usefixtures("with_sidebar")]


def test_the_cards_of_the_launcher_lead_somewhere(sidebar, container, lab, screen, picture):
    name = container()
    sidebar.is_in_state(name, "running")
    card = screen.locator(".jp-LauncherCard:visible")
    picture(screen, "launcher")
    card.filter(has_text="New Dockerfile").click()
    expect(screen.locator(".jp-FileEditor:visible .cm-line").first).to_have_text("FROM httpd")
    assert (lab.folder / "Dockerfile").read_text().startswith("FROM httpd\n")

    screen.get_by_role("button", name="New Launcher").click()
    card.filter(has_text="Shell in a container").click()
    sidebar.dialog().locator("select").select_option(name)
    sidebar.accept()
    rows = screen.locator(".dockyard-stream:visible .xterm-rows")
    expect(rows).to_contain_text("#")
    screen.keyboard.type("hostname\n")
    expect(rows).to_contain_text(re.compile(r"[0-9a-f]{12}"))

    screen.get_by_role("button", name="New Launcher").click()
    card.filter(has_text="Map of lessons").click()
    expect(screen.locator(".lm-TabBar-tab.jp-mod-current", has_text="01_map.ipynb")).to_be_visible()


@pytest.fixture
def book(lab):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")], metadata={"kernelspec": kernel})
    nbformat.write(made, lab.folder / "cells.ipynb")
    return "cells.ipynb"


def choose(lab, form):
    """A user's setting, as JupyterLab keeps it."""
    kept = lab.settings / "@dockyard" / "labextension"
    kept.mkdir(parents=True)
    (kept / "plugin.jupyterlab-settings").write_text(json.dumps({"cellForm": form}))


@pytest.mark.parametrize(("form", "text"), [("line", "%docker stop {}"), ("python", "Stop(containers=(")])
def test_what_a_row_offers_is_put_into_the_notebook_as_a_cell(form, text, book, lab, container, client, screen):
    choose(lab, form)
    name = container()
    opened = Notebook(screen, lab, book)
    screen.locator('[data-id="dockyard-sidebar"]').click()
    row = screen.locator(f'.dockyard-row[data-name="{name}"]')
    row.click(button="right")
    screen.locator(".lm-Menu-itemLabel").get_by_text("Stop, as a cell", exact=True).click()
    opened.run(text.format(name))
    expect(row).to_have_attribute("data-state", "exited")
    assert client.get_json("/containers/{}/json", name)["State"]["Status"] == "exited"


def test_a_task_of_the_palette_is_put_into_the_notebook_as_a_cell(book, lab, container, client, screen):
    opened, name = Notebook(screen, lab, book), container()
    opened.run("1 + 1")  # so that the notebook has the focus
    screen.keyboard.press("Control+Shift+C")
    screen.keyboard.type("Rename a container, as a cell")
    screen.keyboard.press("Enter")
    line = screen.locator(".jp-Dialog input")
    expect(line).to_have_value("docker rename ")
    line.fill(f"docker rename {name} {name}-new")
    screen.locator(".jp-Dialog .jp-mod-accept").click()
    try:
        opened.run(f"%docker rename {name} {name}-new")
        expect(opened.cell("%docker rename").locator(".jp-OutputArea")).to_contain_text(f"{name}-new")
    finally:
        if not client.find_json("/containers/{}/json", name):
            container.made[:] = [f"{name}-new"]


@pytest.mark.parametrize(("spoken", "title"), [("en", "Tasks as cells"), ("ko", "작업을 셀로")])
def test_the_settings_are_told_in_the_reader_s_language(sidebar, title, screen, picture):
    screen.keyboard.press("Control+,")
    names = screen.locator(".jp-PluginList-entry", has_text="Docker")
    names.first.click()
    expect(screen.locator(".jp-SettingsForm", has_text=title)).to_be_visible()
    picture(screen, f"settings-{title}")


@pytest.mark.parametrize("onto", ["", "inner"])
def test_a_container_dragged_into_the_file_browser_gives_a_file(
    onto, at_the_right, sidebar, container, lab, shell, screen, picture
):
    name = container()
    shell(name, "echo from the container > /mine.txt")
    (lab.folder / "inner").mkdir()
    sidebar.is_in_state(name, "running")
    screen.locator('.jp-SideBar [data-id="filebrowser"]').click()
    folder = screen.locator(".jp-DirListing-item", has_text="inner")
    expect(folder).to_be_visible()
    expect(sidebar.row(name)).to_be_visible()
    source = sidebar.row(name).bounding_box()
    around = (folder if onto else screen.locator(".jp-DirListing-content")).bounding_box()
    screen.mouse.move(source["x"] + 40, source["y"] + 10)
    screen.mouse.down()
    screen.mouse.move(source["x"] + 20, source["y"] + 30, steps=5)
    screen.mouse.move(around["x"] + 60, around["y"] + around["height"] - 8, steps=10)
    expect(screen.locator(".dockyard-drag")).to_have_text(name)
    expect(screen.locator(".jp-FileBrowser .dockyard-mod-over")).to_have_count(1)
    assert screen.evaluate("getSelection().toString()") == ""
    picture(screen, f"drag-out-{onto or 'here'}")
    screen.mouse.up()
    sidebar.dialog().locator("input").fill("/mine.txt")
    sidebar.accept()
    sidebar.says("docker cp")
    assert (lab.folder / onto / "mine.txt").read_text() == "from the container\n"


def test_of_the_embedded_engine_it_says_that_nothing_is_isolated(screen, tmp_path, picture):
    reasons = {runner: why_not_embedded(runner) for runner in RUNNERS}
    if all(reasons.values()):
        missing(f"no embedded engine: {reasons}")
    runner = next(each for each in RUNNERS if not reasons[each])
    with (
        tempfile.TemporaryDirectory(prefix="dye-") as home,  # a short path: sockets lie in it
        Embedded(Path(home), runner) as engine,
        classroom(engine.address, tmp_path) as room,
        desk(room) as lab,
    ):
        Sidebar(screen, lab)
        for place in (".dockyard-head", ".dockyard-status"):
            expect(screen.locator(f"{place} .dockyard-warning")).to_contain_text("no isolation")
        picture(screen, "sidebar-embedded")


def test_the_page_is_drawn_before_the_words_came(lab, screen, container):
    """The server tells the words late; menus that hang on the settings are there all the same."""
    name = container()
    screen.route(re.compile("dockyard/api/words"), lambda route: (screen.wait_for_timeout(3000), route.continue_()))
    opened = Sidebar(screen, lab)
    opened.is_in_state(name, "running")

    def has_menu():
        opened.row(name).click(button="right")
        expect(screen.locator(".lm-Menu-itemLabel").get_by_text("Stop", exact=True)).to_be_visible(timeout=1000)

    eventually(has_menu, AssertionError, timeout_s=20)
