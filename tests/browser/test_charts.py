"""Charts and their panels in a real browser: drawn without a network, clicked, in light and dark, saved as PNG, and at rest once their cell is gone."""

import re

import nbformat
import pytest
from playwright.sync_api import expect

from dockyard.waiting import eventually
from looks import choose_theme

pytestmark = [pytest.mark.engine, pytest.mark.browser]

SLOW_MS = 60_000
CELLS = (
    "import dockyard",
    "panel = dockyard.panels.disk(); panel",
    "live = dockyard.panels.usage(); live",
    "print('reads' if live.is_reading else 'rests')",
    "dockyard.charts.disk_sunburst(dockyard.disk())",
    "dockyard.containers()",
)


@pytest.fixture
def book(client, lab, notebook, container):
    container("busybox", "sh", "-c", "head -c 40000000 /dev/urandom > /x; sleep 1000")
    ended = container("busybox", "sh", "-c", "head -c 30000000 /dev/urandom > /x; exit 3")
    client.api.wait(ended)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_code_cell(each) for each in CELLS]
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, lab.folder / "charts.ipynb")
    opened = notebook("charts.ipynb")
    opened.ended = ended
    return opened


@pytest.mark.walks("disk")
@pytest.mark.walks("usage")
def test_charts_are_drawn_clicked_and_saved(book, screen, lab, picture):
    outside = []
    screen.on("request", lambda request: outside.append(request.url))
    book.run("import dockyard")
    shown = book.run("dockyard.panels.disk")
    expect(shown.get_by_text("Not measured yet")).to_be_visible(timeout=SLOW_MS)
    shown.get_by_role("button", name="Measure", exact=True).click()
    tile = shown.locator("g.slice", has_text=book.ended)
    expect(shown.get_by_text("Measured at")).to_be_visible(timeout=SLOW_MS)
    eventually(lambda: choose(tile, shown), AssertionError, timeout_s=60)
    expect(shown.locator("table.dataframe", has_text=book.ended)).to_be_visible(timeout=SLOW_MS)
    picture(screen, "disk-light")

    shown.locator(".js-plotly-plot").hover()
    with screen.expect_download() as download:
        shown.locator("[data-title^='Download plot']").click()
    saved = download.value
    assert saved.suggested_filename == "disk.png"
    content = (saved.path()).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 10_000

    shown.get_by_role("button", name="Open the prune panel with this").click()
    expect(shown.get_by_text("Clean up (docker prune)")).to_be_visible(timeout=SLOW_MS)

    live = book.run("dockyard.panels.usage")
    expect(live.get_by_text("Running containers:")).to_be_visible(timeout=SLOW_MS)
    expect(live.locator(".scatterlayer .js-line").first).to_be_attached()
    book.run("disk_sunburst").locator(".sunburstlayer").wait_for()
    book.run("dockyard.containers")
    ink = shown.locator("text.gtitle").evaluate("element => getComputedStyle(element).fill")
    choose_theme(screen, "Dark")
    dark = shown.locator("text.gtitle").evaluate("element => getComputedStyle(element).fill")
    assert lightness(dark) > 0.6 > lightness(ink)
    for text, name in (
        ("dockyard.panels.disk", "disk-dark"),
        ("dockyard.panels.usage", "usage-dark"),
        ("dockyard.containers", "table-dark"),
    ):
        book.cell(text).scroll_into_view_if_needed()
        picture(screen, name)
    choose_theme(screen, "Light")
    book.cell("dockyard.containers").scroll_into_view_if_needed()
    picture(screen, "table-light")
    book.cell("dockyard.panels.usage").scroll_into_view_if_needed()
    picture(screen, "usage-light")
    assert not [url for url in outside if not url.startswith((lab.url, "data:", "blob:"))]

    cell = book.cell("dockyard.panels.usage")
    eventually(lambda: delete(cell, screen), AssertionError, timeout_s=60)
    eventually(lambda: rests(book), AssertionError, timeout_s=60)


def choose(tile, shown):
    """Click a tile; one that is drawn anew between the two halves of a click hears nothing of it."""
    tile.locator("path").first.click()
    expect(shown.get_by_text("docker container prune would take")).to_be_visible(timeout=10_000)


def delete(cell, screen):
    """Delete a cell by its two keys, which count as one only within a second."""
    cell.locator(".jp-InputArea-prompt").click()
    screen.keyboard.press("d")
    screen.keyboard.press("d")
    expect(cell).to_have_count(0, timeout=10_000)


def rests(book):
    expect(book.run("live.is_reading").get_by_text("rests")).to_be_visible(timeout=1_000)


def lightness(colour):
    """Of a colour as the browser says it, from 0 to 1."""
    parts = [float(each) for each in re.findall(r"[\d.]+", colour)[:3]]
    return sum(parts) / 3 / 255
