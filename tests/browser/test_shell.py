"""A terminal in a cell of JupyterLab, in a real Chromium: typed at, in Korean too, resized, left by keyboard, ended."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from dockyard.waiting import eventually

pytestmark = [pytest.mark.engine, pytest.mark.browser]

NAME = "apa000ex19"


@pytest.fixture
def book(client, lab, notebook):
    """A notebook with one cell, which opens a terminal in a container."""
    client.api.create_container_from_config({"Image": "httpd", "StopSignal": "SIGKILL"}, NAME)
    client.api.start(NAME)
    cell = {"cell_type": "code", "source": f'import dockyard\ndockyard.shell("{NAME}")', "metadata": {}, "outputs": []}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    whole = {"cells": [{**cell, "execution_count": None, "id": "one"}], "metadata": kernel}
    (lab.folder / "shell.ipynb").write_text(json.dumps({**whole, "nbformat": 4, "nbformat_minor": 5}))
    return notebook("shell.ipynb")


def shells(client):
    answer = client.get_json("/containers/{}/top", NAME)
    column = next(place for place, title in enumerate(answer["Titles"]) if title in ("CMD", "COMMAND"))
    return [row[column] for row in answer["Processes"] if "bash" in row[column] or row[column].startswith("/bin/sh")]


def compose(page: Page, *steps: str) -> None:
    """Write a word as a Korean input method does: the syllable under way changes until it is done."""
    session = page.context.new_cdp_session(page)
    for step in steps:
        session.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})
    session.send("Input.insertText", {"text": steps[-1]})


@pytest.mark.walks("shell")
def test_a_terminal_from_its_prompt_to_its_exit(book, client, screen, picture, lab):
    shown = book.run("dockyard.shell")
    rows = shown.locator(".xterm-rows")
    expect(rows).to_contain_text("#")
    expect(shown.locator(".xterm-helper-textarea")).to_have_attribute("aria-label", f"Terminal in {NAME}")
    expect(shown.get_by_text("There was a terminal here")).to_be_hidden()

    screen.keyboard.type("echo ")
    compose(screen, "ㅎ", "하", "한")
    expect(rows).to_contain_text("echo 한")
    compose(screen, "ㄱ", "그", "글")
    expect(rows).to_contain_text("echo 한글")
    screen.keyboard.press("Enter")
    expect(rows.locator("> div", has_text=re.compile(r"^\s*한글\s*$"))).to_be_visible()

    screen.evaluate("navigator.clipboard.writeText('echo pasted-1\\necho pasted-2')")
    screen.keyboard.press("Control+v")
    expect(rows).to_contain_text("echo pasted-2")
    expect(rows.locator("> div", has_text=re.compile(r"^\s*pasted-1\s*$"))).to_have_count(0)  # bracketed: not run yet
    screen.keyboard.press("Enter")
    expect(rows.locator("> div", has_text=re.compile(r"^\s*pasted-2\s*$"))).to_be_visible()

    screen.keyboard.type(
        "clear; printf '\\033[3%sm color-%s \\033[0m' 1 1 2 2 3 3 4 4 5 5 6 6; touch /root/mine; stty size\n"
    )
    expect(rows.locator("> div", has_text=re.compile(r"color-6 +\d+ \d+"))).to_be_visible()
    wide = int(re.search(r"color-6 +\d+ (\d+)", rows.inner_text())[1])
    picture(screen, "shell-light")
    screen.set_viewport_size({"width": 760, "height": 1600})
    narrower = f'[ "$(stty size | cut -d" " -f2)" -lt {wide} ]'
    screen.keyboard.type(f"clear; until {narrower}; do sleep 0.1; done; echo nar''rower\n")
    expect(rows.locator("> div", has_text=re.compile(r"^\s*narrower\s*$"))).to_be_visible()
    picture(screen, "shell-narrow")

    screen.keyboard.press("Shift+F6")
    expect(shown.locator(".xterm-helper-textarea")).not_to_be_focused()
    shown.locator(".xterm-screen").click()
    screen.keyboard.type("exit 7\n")
    expect(shown.get_by_text("ended with exit code 7")).to_be_visible()
    expect(shown.get_by_text("/root/mine")).to_be_visible()
    picture(screen, "shell-exit")
    assert shells(client) == []
    screen.keyboard.press("Control+s")
    saved = eventually(lambda: with_outputs(lab), AssertionError)
    assert "pasted-1" not in saved

    shown.get_by_role("button", name="Open again").click()
    expect(rows).to_contain_text("#")


def with_outputs(lab):
    saved = (lab.folder / "shell.ipynb").read_text()
    assert "There was a terminal here" in saved
    return saved
