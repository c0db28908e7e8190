"""JupyterLab as a learner has it, in a real Chromium."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from conftest import missing
from dockyard.lessons import LESSONS, Bench, Reset
from laboratory import LABEXTENSION, Lab, Notebook, classroom, desk
from sidebars import Sidebar

PATIENCE_MS = 60_000
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--host-resolver-rules=MAP lab.example 127.0.0.1",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        missing("no Chromium (Debian: apt-get install chromium)")
    # A click goes through a browser, a server, a kernel and an engine, on a machine that may be busy.
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def with_sidebar() -> None:
    """There is a sidebar to be looked at."""
    if not (LABEXTENSION / "static" / "style.js").exists():
        missing("the sidebar is not built (scripts/labextension, with Node.js)")


@pytest.fixture
def spoken() -> str:
    """The language that JupyterLab speaks."""
    return "en"


@pytest.fixture(scope="session")
def jupyterlab(engine_address: str, client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab in English, for all who need no other."""
    with classroom(engine_address, tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.fixture
def lab(request: pytest.FixtureRequest, engine_address: str, client, tmp_path: Path, spoken: str) -> Iterator[Lab]:
    """A folder of the test's own in JupyterLab, with a copy of the notebooks; the lesson's names are free again afterwards."""
    with ExitStack() as stack:
        if spoken == "en":
            room = request.getfixturevalue("jupyterlab")
        else:
            room = stack.enter_context(classroom(engine_address, tmp_path, spoken))
        yield stack.enter_context(desk(room))
        for found in client.api.containers(all=True, filters={"name": "apa000ex19"}):
            client.api.remove_container(found["Id"], force=True, v=True)


@pytest.fixture(params=["en", "ko"])
def language(request: pytest.FixtureRequest) -> str:
    """The language of a lesson's notebook."""
    return request.param


@pytest.fixture
def learner(book_ports: None, client, lab: Lab, language: str) -> Iterator[None]:
    """Somebody who has passed no step yet; afterwards what the lessons made is gone, and that they were passed is forgotten."""
    progress = client.data_dir / "progress.json"
    progress.unlink(missing_ok=True)
    yield
    Reset(Bench(client, lab.folder / language), LESSONS).agree()
    progress.unlink(missing_ok=True)


@pytest.fixture
def screen(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a fresh profile. DOCKYARD_SCREENSHOTS names a folder for a picture of how each test ended."""
    context = browser.new_context(viewport={"width": 1400, "height": 1600})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    if folder := os.environ.get("DOCKYARD_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{re.sub(r'[^a-zA-Z0-9_-]+', '-', request.node.name)}.png")
    context.close()


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keeps a picture of a moment, where DOCKYARD_SCREENSHOTS names a folder."""

    def keep(page: Page, name: str) -> None:
        if folder := os.environ.get("DOCKYARD_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{folder}/{name}.png")

    return keep


@pytest.fixture
def notebook(screen: Page, lab: Lab) -> Callable[..., Notebook]:
    """Opens a notebook by its name; in another page or at another address where those are given."""
    return lambda name, page=screen, address=lab: Notebook(page, address, name)


@pytest.fixture
def sidebar(with_sidebar: None, screen: Page, lab: Lab) -> Sidebar:
    """The sidebar, open in a page of its own."""
    return Sidebar(screen, lab)


@pytest.fixture
def at_the_right(sidebar: Sidebar, screen: Page) -> Iterator[None]:
    """The sidebar at the other side; JupyterLab keeps that for the next page too."""

    def switch() -> None:
        screen.locator('[data-id="dockyard-sidebar"]').click(button="right")
        screen.locator(".lm-Menu-item", has_text="Switch Sidebar Side").click()

    switch()
    expect(screen.locator('.jp-SideBar.jp-mod-right [data-id="dockyard-sidebar"]')).to_be_visible()
    yield
    switch()
    expect(screen.locator('.jp-SideBar.jp-mod-left [data-id="dockyard-sidebar"]')).to_be_visible()
