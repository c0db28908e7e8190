"""Dockyard's sidebar in JupyterLab, used as a person does."""

from playwright.sync_api import Locator, Page, expect

from laboratory import Lab

__all__ = ["Sidebar"]

WIDE = {"width": 1300, "height": 900}


class Sidebar:
    """The open sidebar of a page."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        page.set_viewport_size(WIDE)
        page.goto(lab.address(""))
        # JupyterLab opens its launcher late, and gives it the focus: no person has pressed a key by then.
        page.wait_for_function(
            "() => globalThis.jupyterapp?.restored.then(() => jupyterapp.shell.currentWidget !== null)"
        )
        page.locator('[data-id="dockyard-sidebar"]').click()

    def row(self, name: str, kind: str = "container") -> Locator:
        return self.page.locator(f'.dockyard-row[data-kind="{kind}"][data-name="{name}"]')

    def is_in_state(self, name: str, state: str) -> None:
        expect(self.row(name)).to_have_attribute("data-state", state)

    def press(self, name: str, *keys: str, kind: str = "container") -> None:
        self.row(name, kind).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def choose(self, name: str, label: str, kind: str = "container") -> None:
        """Choose from the row's menu."""
        self.row(name, kind).click(button="right")
        self.page.locator(".lm-Menu-itemLabel").get_by_text(label, exact=True).click()

    def dialog(self) -> Locator:
        return self.page.locator(".jp-Dialog")

    def accept(self) -> None:
        self.dialog().locator(".jp-mod-accept, .jp-mod-warn").last.click()

    def says(self, text: str) -> None:
        expect(self.page.locator(".Toastify__toast--success", has_text=text).first).to_be_visible()
