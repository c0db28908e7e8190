"""The pictures as a reader sees them: nothing is cut off, and JupyterLab shows them beside the lesson's text."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

REPOSITORY = Path(__file__).parents[2]
DRAWN = sorted((REPOSITORY / "notebooks").glob("*/pictures/*.svg"))
# Text that reaches out of the picture, or over the border of the smallest box that its middle is in.
CUT_OFF = """() => {
    const rects = [...document.querySelectorAll("rect")].map(each => each.getBBox());
    const inside = (box, x, y) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
    return [...document.querySelectorAll("text")].filter(each => {
        const box = each.getBBox();
        const holders = rects.filter(rect => inside(rect, box.x + box.width / 2, box.y + box.height / 2));
        const holder = holders.sort((a, b) => a.width * a.height - b.width * b.height)[0];
        return !holder || box.x < holder.x || box.x + box.width > holder.x + holder.width;
    }).map(each => each.textContent);
}"""

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("file", DRAWN, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_no_word_reaches_out_of_its_box(file, screen):
    screen.goto(file.as_uri())
    assert screen.evaluate(CUT_OFF) == []


@pytest.mark.engine
@pytest.mark.parametrize("language", ["en", "ko"])
def test_jupyterlab_shows_the_picture_beside_the_text(language, notebook, screen, picture):
    notebook(f"{language}/03_mounts.ipynb")
    image = screen.locator(".jp-RenderedMarkdown img").first
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") == 900
    assert len(image.get_attribute("alt")) > 80
    picture(screen, f"picture-{language}")
