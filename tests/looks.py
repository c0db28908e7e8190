"""How panels look in a browser: whether all of it fits, and whether it is there for those who don't see or don't click."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

__all__ = ["NARROW_PX", "WIDE_PX", "choose_theme", "cut", "hindrances", "make_cells"]

WIDE_PX, NARROW_PX = 968, 400
PANELS = ".dockyard-panel, .dockyard-preview"
# What stands out of its panel, or can't be read to its end, though it is on no scroll bar. A grid's cells end in "…", and tell the whole under the pointer.
CUT = """(panels) => {
    const found = new Set();
    const say = (what, each) => found.add(`${what}: <${each.tagName.toLowerCase()} class="${each.className}"> ${each.textContent.trim().slice(0, 60)}`);
    const scrolls = (each, end) => {
        for (let at = each.parentElement; at && at !== end; at = at.parentElement)
            if (/auto|scroll/.test(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth) return true;
        return false;
    };
    for (const panel of document.querySelectorAll(panels)) {
        const edge = panel.getBoundingClientRect().right;
        for (const each of panel.querySelectorAll("*")) {
            const box = each.getBoundingClientRect();
            if (!box.width || !box.height || each.closest(".xterm, iframe, option, .ag-cell") || scrolls(each, panel)) continue;
            if (box.right > edge + 1) say("stands out", each);
            if (each.matches("label, button, .lm-TabBar-tabLabel, th, td, summary") && each.scrollWidth > each.clientWidth + 1) say("is cut", each);
        }
    }
    return [...found];
}"""


def choose_theme(page: Page, theme: str) -> None:
    """Turn JupyterLab light or dark, by its menu."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    for text in ("Theme", f"JupyterLab {theme}"):
        page.locator(".lm-Menu-item").get_by_text(text, exact=True).click()
    expect(page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]')).to_have_count(1)


def make_cells(page: Page, width_px: int) -> None:
    """Make the window as wide as cells need to have this width."""
    panel = page.locator(".jp-OutputArea-output > .dockyard-panel").first
    wide = panel.evaluate("each => each.parentElement.getBoundingClientRect().width")
    size = page.viewport_size
    page.set_viewport_size({**size, "width": round(size["width"] - wide + width_px)})


def cut(page: Page) -> list[str]:
    """What stands out of its panel or can't be read to its end."""
    return sorted(page.evaluate(CUT, PANELS))


def hindrances(page: Page) -> list[str]:
    """What axe finds serious or critical in the panels."""
    # JupyterLab's body has no height and hides what flows over, so that axe would take all of it for hidden.
    page.evaluate("document.body.style.height = '100vh'")
    found = Axe().run(page, {"include": PANELS.split(", ")}, {"iframes": False}).response
    page.evaluate("document.body.style.height = ''")
    measured = [
        node["any"][0]["data"] for each in found["passes"] if each["id"] == "color-contrast" for node in each["nodes"]
    ]
    assert any("contrastRatio" in each for each in measured), "axe saw no text"
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
