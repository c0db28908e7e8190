"""JupyterLab as `dockyard lab` starts it, and a notebook in it, driven as a person would."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import requests
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from dockyard.waiting import eventually

__all__ = ["LABEXTENSION", "WORDS", "Lab", "Notebook", "classroom", "desk", "laboratory", "press", "serves", "shows"]

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LABEXTENSION = Path(__file__).parents[1] / "extension" / "labextension" / "built"
TRIES = 6
OPENS_S = 45
# What stands on panels, and what they and the lessons say, that a walk through a lesson clicks and waits for.
WORDS = {
    "en": {
        "run": "Run",
        "plan": "Show what it will change",
        "undo": "Undo",
        "new": "new",
        "undone": "Taken back.",
        "done": "is done.",
        "reset": "Remove these and begin anew",
        "anew": "The lesson begins anew.",
        "mounts": "Mounts",
        "volume": "Volume",
    },
    "ko": {
        "run": "실행",
        "plan": "무엇이 바뀌는지 보기",
        "undo": "되돌리기",
        "new": "새로 생김",
        "undone": "되돌렸습니다.",
        "done": "과를 마쳤습니다.",
        "reset": "이것들을 지우고 처음부터 다시 하기",
        "anew": "수업을 처음부터 다시 합니다.",
        "mounts": "마운트",
        "volume": "볼륨",
    },
}


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab, and a folder in it.

    Attributes:
        url: Its address, without the last slash.
        token: What lets one in.
        folder: Where notebooks are.
        settings: Where it keeps what a user has chosen.
        below: The folder's path in JupyterLab; empty for the one that it was started on, else it ends in a slash.
    """

    url: str
    token: str
    folder: Path
    settings: Path
    below: str = ""

    def address(self, notebook: str) -> str:
        return f"{self.url}/lab/tree/{self.below}{notebook}?token={self.token}&reset"


@contextmanager
def laboratory(engine_address: str, folder: Path, language: str = "en", **environment: str) -> Iterator[Lab]:
    """JupyterLab on a folder, as `dockyard lab` starts it; ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = "test-token"
    kept = tempfile.TemporaryDirectory(prefix="dockyard-lab-")  # a theme that one test chose is no other's
    own = {name: f"{kept.name}/{name.lower()}" for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    words = [
        "-m",
        "dockyard",
        "--lang",
        language,
        "--engine",
        engine_address,
        "lab",
        "--folder",
        str(folder),
        "--no-browser",
        f"--port={port}",
        "--ServerApp.allow_remote_access=True",
        "--LabApp.expose_app_in_browser=True",  # so that a test can tell when all of it is open
    ]
    with (
        kept,
        subprocess.Popen(
            [sys.executable, *words],
            env={**os.environ, **own, "DOCKER_HOST": engine_address, "JUPYTER_TOKEN": token, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        seen = []
        drain = threading.Thread(target=lambda: seen.extend(process.stdout))
        try:
            for line in process.stdout:
                seen.append(line)
                if re.search(rf"http://\S+:{port}/lab", line):
                    break
            else:
                raise RuntimeError("JupyterLab ended")
            drain.start()
            eventually(lambda: requests.get(f"http://localhost:{port}/api", timeout=10), OSError, timeout_s=30)
            yield Lab(f"http://localhost:{port}", token, folder, Path(own["JUPYTERLAB_SETTINGS_DIR"]))
        except Exception as error:
            error.add_note(f"JupyterLab said ({process.poll()}):\n" + "".join(seen))
            raise
        finally:
            process.terminate()
            process.wait(60)
    if drain.ident:
        drain.join()


@contextmanager
def classroom(engine_address: str, place: Path, language: str = "en") -> Iterator[Lab]:
    """JupyterLab on an empty folder in ``place``, with this checkout's sidebar, where that has been built."""
    (place / "classroom").mkdir()
    extensions = place / "jupyter" / "labextensions" / "@dockyard"
    extensions.mkdir(parents=True)
    (extensions / "labextension").symlink_to(LABEXTENSION)
    more = {"LANGUAGE": language, "JUPYTER_PATH": str(place / "jupyter")}
    with laboratory(engine_address, place / "classroom", language, **more) as started:
        yield started


@contextmanager
def desk(room: Lab) -> Iterator[Lab]:
    """A folder with the lessons' notebooks in a JupyterLab that others use too; afterwards its kernels are ended, and no setting is chosen."""
    folder = Path(tempfile.mkdtemp(dir=room.folder, prefix="desk-"))
    shutil.copytree(NOTEBOOKS, folder, dirs_exist_ok=True)
    yield replace(room, folder=folder, below=f"{folder.name}/")
    session = requests.Session()
    session.headers["Authorization"] = f"token {room.token}"
    for kernel in session.get(f"{room.url}/api/kernels", timeout=60).json():
        session.delete(f"{room.url}/api/kernels/{kernel['id']}", timeout=60).raise_for_status()
    shutil.rmtree(room.settings, ignore_errors=True)  # there is none where nothing was chosen


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
        # JupyterLab waits for its theme's style sheet for a second and a half only; a person who sees no style asks for the page again.
        bare = page.locator(".jp-Dialog", has_text="Error Loading Theme")
        page.add_locator_handler(bare, lambda _: page.reload())
        eventually(lambda: self._open(lab.address(name)), PlaywrightTimeout, timeout_s=2 * OPENS_S)
        # A slow machine's notebook may stay without its toolbar, and the kernel's sign in it; the status bar has that too.
        expect(page.locator("#jp-main-statusbar").get_by_text("| Idle")).to_be_visible()

    def _open(self, address: str) -> None:
        """Where the server did not answer in time JupyterLab shows the folder alone; a person asks for the page again."""
        self.page.goto(address)
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=OPENS_S * 1000)

    def cell(self, text: str, nth: int = 0) -> Locator:
        """The code cell whose source contains ``text``."""
        return self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea-editor", has_text=text)).nth(nth)

    def run(self, text: str, nth: int = 0) -> Locator:
        """Run that cell and return its output area, once it has ended."""
        cell = self.cell(text, nth)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        for _ in range(TRIES):  # a notebook that is still waking up loses a key now and then; a person presses it again
            cell.scroll_into_view_if_needed()
            cell.locator(".jp-InputArea-editor").click()
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).not_to_have_text(before, timeout=5_000)
                break
            except AssertionError:
                continue
        cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for()
        return cell.locator(".jp-OutputArea")

    def check(self, step: str) -> Locator:
        """Run the cell that checks a lesson's step, which must be passed; return what it shows."""
        shown = self.run(f'lesson.check("{step}")')
        expect(shown.get_by_role("status")).to_contain_text("✔")
        return shown


def press(panel: Locator, name: str) -> None:
    """Click a button of a panel."""
    panel.get_by_role("button", name=name, exact=True).click()


def shows(panel: Locator, text: str | re.Pattern[str]) -> None:
    """Wait until a panel shows a text."""
    expect(panel.get_by_text(text).first).to_be_visible()


def serves(panel: Locator, text: str, nth: int = 0) -> None:
    """Wait until a page that a panel shows has a text."""
    expect(panel.locator("iframe").nth(nth).content_frame.get_by_text(text).first).to_be_visible()
