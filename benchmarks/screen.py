"""From an event on the engine to the changed row on screen, in a real browser; what that costs while nothing happens; and ten thousand rows.

Prints percentiles, shares and ratios with what each should be at most. Needs Chromium, and root and `dockerd`, or a running Docker that DOCKER_HOST
names and that may be filled.
"""

import sys

sys.path[:] = [folder for folder in sys.path if not folder.endswith("benchmarks")]

import argparse
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

import dockyard
from dockyard import kit, tables
from dockyard.connection import Client
from dockyard.connection.own import OwnEngine

PREFIX = "screen-"
TOKEN = "screen"
MANY = 10_000
TRIES = 6
CELLS = (
    "import os, dockyard",
    "print('kernel', os.getpid())",
    "dockyard.panels.dashboard()",
    """from dockyard.panels.grid import Column, Grid, size
from dockyard.tables import Table
def rows(count):
    return Table({"name": [f"row {n}" for n in range(count)], "size": [n * 7919 % 1_000_003 for n in range(count)]})
few, many = (Grid("Rows", (Column("name", "Name"), Column("size", "Size", size)), ("name",)) for _ in range(2))
few.show(rows(100))
few""",
    f"many.show(rows({MANY}))\nmany",
)
# Notes when each new name is first on screen, in milliseconds since 1970.
WATCH = """(box) => {
  window.seen = {};
  const note = () => {
    for (const cell of box.querySelectorAll('[col-id=name] .dockyard-grid-cell')) window.seen[cell.textContent] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver(note).observe(box, { subtree: true, childList: true, characterData: true });
  note();
}"""
# Scrolls there and back by so many pixels a picture, or by a sixtieth of the whole, and notes how long each picture took, in milliseconds.
SCROLL = """async (box, pixels) => {
  const view = box.querySelector('.ag-grid-viewport');
  const end = view.scrollHeight - view.clientHeight;
  const frames = [];
  let step = pixels ?? end / 60;
  let last = await new Promise(requestAnimationFrame);
  for (let count = 0; count < 120; count += 1) {
    if (view.scrollTop + step > end || view.scrollTop + step < 0) {
      step = -step;
    }
    view.scrollTop += step;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return frames;
}"""
WHEEL_PX = 120
SORT = """async (box) => {
  const began = performance.now();
  box.querySelector('.ag-header-cell[col-id=size]').querySelector('.ag-header-cell-label').click();
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--containers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=80)
    parser.add_argument("--idle-s", type=int, default=30)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dys-")))
        address = os.environ.get("DOCKER_HOST") or stack.enter_context(OwnEngine(folder / "d")).address
        client = dockyard.connect(address)
        kit.prepare(client, may_pull=False)
        stack.enter_context(filled(client, chosen.containers))
        page = stack.enter_context(opened(stack.enter_context(lab(address, folder))))
        run(page, 0)
        kernel = int(run(page, 1).inner_text().split()[-1])
        before = spent(kernel, chosen.idle_s)
        board = run(page, 2)
        board.locator(".ag-row").first.wait_for()
        time.sleep(2)
        show("kernel, nothing happens, no panel", f"{100 * before:.2f} % of a core", "")
        show(
            "kernel, nothing happens, dashboard open", f"{100 * spent(kernel, chosen.idle_s):.2f} % of a core", "< 1 %"
        )
        delays = renamed(page, board, client, chosen.rounds)
        cuts = statistics.quantiles(delays, n=100)
        show(f"event to row, {chosen.containers} containers, median", f"{cuts[49]:.0f} ms", "")
        show(f"event to row, {chosen.containers} containers, 95 of 100 within", f"{cuts[94]:.0f} ms", "< 300 ms")
        few, many = (run(page, place).locator(".dockyard-grid-box").last for place in (3, 4))
        for box in (few, many):
            box.locator(".ag-row").first.wait_for()
            box.evaluate(SCROLL, WHEEL_PX)  # once to warm up
        slow, fast = (statistics.quantiles(box.evaluate(SCROLL, WHEEL_PX), n=20)[18] for box in (many, few))
        show(f"a picture while a wheel turns, {MANY} rows beside 100", f"{slow / fast:.2f}", "< 1.5")
        jump = statistics.quantiles(many.evaluate(SCROLL, None), n=20)[18]
        show(f"a picture while the bar is dragged through {MANY} rows", f"{jump:.0f} ms", "< 100 ms")
        show(f"sorting {MANY} rows", f"{many.evaluate(SORT):.0f} ms", "< 300 ms")


@contextmanager
def filled(client: Client, count: int) -> Iterator[None]:
    """So many containers that do not run; removed afterwards."""
    with ThreadPoolExecutor(4) as pool:
        made = list(
            pool.map(
                lambda n: client.api.create_container("busybox", ["true"], name=f"{PREFIX}{n}")["Id"], range(count)
            )
        )
        try:
            yield
        finally:
            list(pool.map(client.api.remove_container, made))


@contextmanager
def lab(address: str, folder: Path) -> Iterator[str]:
    """JupyterLab with a notebook of :data:`CELLS`; its address."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_code_cell(each) for each in CELLS]
    books = folder / "notebooks"
    books.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), books / "screen.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--engine", address, "lab", "--folder", str(books), "--no-browser", f"--port={port}"]
    environment = {
        **os.environ,
        "JUPYTER_TOKEN": TOKEN,
        "DOCKER_HOST": address,
        "JUPYTER_CONFIG_DIR": str(folder / "j"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "dockyard", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            seen = []
            for line in process.stdout or ():
                seen.append(line)
                if re.search(rf"http://\S+:{port}/lab", line):
                    break
            else:
                raise RuntimeError("JupyterLab ended:\n" + "".join(seen))
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield f"http://localhost:{port}/lab/tree/screen.ipynb?token={TOKEN}&reset"
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def opened(address: str) -> Iterator[Page]:
    """The notebook in Chromium, with a kernel that is ready."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        sys.exit("Chromium is needed (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1600})
        page.set_default_timeout(120_000)
        page.goto(address)
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
        yield page
        browser.close()


def run(page: Page, place: int) -> Locator:
    """Run a cell of :data:`CELLS`, and return what it shows."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(place)
    for _ in range(TRIES):  # a notebook that is still waking up loses a key now and then
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputArea-editor").click()
        page.keyboard.press("Control+Enter")
        with suppress(PlaywrightTimeout):
            cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[[\d*]+\]")).wait_for(timeout=5_000)
            break
    cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for()
    return cell.locator(".jp-OutputArea")


def spent(process: int, seconds: int) -> float:
    """Which share of a core a process used over some seconds."""

    def ticks() -> int:
        return sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]))

    before = ticks()
    time.sleep(seconds)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds


def renamed(page: Page, board: Locator, client: Client, rounds: int) -> list[float]:
    """Milliseconds from each rename on the engine to its row on screen, at moments that no one foresees."""
    board.locator(".dockyard-grid-box").first.evaluate(WATCH)
    chance = random.Random(6)
    top = [str(row) for row in tables.containers(client)["id"][:8]]  # those that are in view
    names = []
    for number in range(rounds):
        names.append(f"{PREFIX}renamed-{number}")
        client.api.rename(top[number % len(top)], names[-1])
        page.wait_for_timeout(200 + chance.random() * 700)
    page.wait_for_timeout(2000)
    seen = page.evaluate("window.seen")
    told = tables.events(client, filters={"event": "rename"})
    at = {name: moment.timestamp() * 1000 for name, moment in zip(told["name"], told["at"], strict=True)}
    return [seen[name] - at[name] for name in names]


def show(what: str, value: str, most: str) -> None:
    print(f"{what:<64} {value:>18}  {most}", flush=True)


if __name__ == "__main__":
    main()
