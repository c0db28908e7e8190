"""JupyterLab as a learner has it, in a real Chromium."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from conftest import missing
from laboratory import Lab, Notebook, laboratory

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LABEXTENSION = Path(__file__).parents[2] / "extension" / "labextension" / "built"
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
def spoken() -> str:
    """The language that JupyterLab is started in."""
    return "en"


@pytest.fixture
def lab(engine_address: str, client, tmp_path: Path, spoken: str) -> Iterator[Lab]:
    """JupyterLab on a copy of the notebooks; the lesson's names are free again afterwards.

    Its sidebar is this checkout's, where it has been built.
    """
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    place = tmp_path / "jupyter" / "labextensions" / "@dockyard"
    place.mkdir(parents=True)
    (place / "labextension").symlink_to(LABEXTENSION)
    more = {"LANGUAGE": spoken, "JUPYTER_PATH": str(tmp_path / "jupyter")}
    try:
        with laboratory(engine_address, tmp_path / "notebooks", spoken, **more) as started:
            yield started
    finally:
        for found in client.api.containers(all=True, filters={"name": "apa000ex19"}):
            client.api.remove_container(found["Id"], force=True, v=True)


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
