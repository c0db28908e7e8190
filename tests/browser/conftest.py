"""JupyterLab as a learner has it, in a real Chromium."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from conftest import missing

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LABEXTENSION = Path(__file__).parents[2] / "extension" / "labextension" / "built"
TRIES = 6
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--host-resolver-rules=MAP lab.example 127.0.0.1",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    url: str
    token: str
    folder: Path

    def address(self, notebook: str) -> str:
        return f"{self.url}/lab/tree/{notebook}?token={self.token}&reset"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        missing("no Chromium (Debian: apt-get install chromium)")
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
    """JupyterLab on a copy of the notebooks, as `dockyard lab` starts it; the lesson's names are free again afterwards.

    Its sidebar is this checkout's, where it has been built.
    """
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    place = tmp_path / "jupyter" / "labextensions" / "@dockyard"
    place.mkdir(parents=True)
    (place / "labextension").symlink_to(LABEXTENSION)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = "test-token"
    environment = {**os.environ, "DOCKER_HOST": engine_address, "JUPYTER_TOKEN": token, "LANGUAGE": spoken}
    environment["JUPYTER_PATH"] = str(tmp_path / "jupyter")
    words = [
        "-m",
        "dockyard",
        "--lang",
        spoken,
        "--engine",
        engine_address,
        "lab",
        "--folder",
        str(tmp_path / "notebooks"),
        "--no-browser",
        f"--port={port}",
        "--ServerApp.allow_remote_access=True",
    ]
    with subprocess.Popen(
        [sys.executable, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            seen = []
            for line in process.stdout:
                seen.append(line)
                if re.search(rf"http://\S+:{port}/lab", line):
                    break
            else:
                raise RuntimeError("JupyterLab ended:\n" + "".join(seen))
            drain = threading.Thread(target=process.stdout.read)
            drain.start()
            yield Lab(f"http://localhost:{port}", token, tmp_path / "notebooks")
        finally:
            process.terminate()
            process.wait(30)
            for found in client.api.containers(all=True, filters={"name": "apa000ex19"}):
                client.api.remove_container(found["Id"], force=True, v=True)
    drain.join()


@pytest.fixture
def screen(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a fresh profile. DOCKYARD_SCREENSHOTS names a folder for a picture of how each test ended."""
    context = browser.new_context(viewport={"width": 1400, "height": 1600})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(60_000)
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


class Notebook:
    """An open notebook, driven as a person would: cells are run, buttons clicked, outputs read."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        # On a slow machine JupyterLab asks for a kernel that it has not found yet; a person takes the one that is offered.
        asked = page.locator(".jp-Dialog", has_text="Select Kernel")
        page.add_locator_handler(asked, lambda dialog: dialog.locator("button.jp-mod-accept").click())
        # Nor does its server always answer in time; a person closes what it says about that.
        silent = page.locator(".jp-Dialog", has_text="Server Connection Error")
        page.add_locator_handler(silent, lambda dialog: dialog.get_by_role("button", name="Close").click())
        page.goto(lab.address(name))
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()

    def cell(self, text: str, nth: int = 0) -> Locator:
        """The code cell whose source contains ``text``."""
        return self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea-editor", has_text=text)).nth(nth)

    def run(self, text: str, nth: int = 0) -> Locator:
        """Run that cell and return its output area, once it has ended."""
        cell = self.cell(text, nth)
        prompt = cell.locator(".jp-InputPrompt")
        for _ in range(TRIES):  # a notebook that is still waking up loses a key now and then; a person presses it again
            cell.scroll_into_view_if_needed()
            cell.locator(".jp-InputArea-editor").click()
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).to_have_text(re.compile(r"\[(\d+|\*)\]"), timeout=5_000)
                break
            except AssertionError:
                continue
        cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for()
        return cell.locator(".jp-OutputArea")


@pytest.fixture
def notebook(screen: Page, lab: Lab) -> Callable[..., Notebook]:
    """Opens a notebook by its name; in another page or at another address where those are given."""
    return lambda name, page=screen, address=lab: Notebook(page, address, name)
