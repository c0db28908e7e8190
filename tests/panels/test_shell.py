"""The terminal panel, with messages as a browser sends them; a real one is in tests/browser."""

import hashlib
import threading
from pathlib import Path

import pytest

from dockyard import panels
from dockyard.panels.magic import docker_line
from dockyard.waiting import eventually

ROOT = Path(__file__).parents[2]
engine = pytest.mark.engine


class Browser:
    """What xterm.js would be sent, drawn at once."""

    def __init__(self, panel) -> None:
        self.terminal = panel.terminal
        self.seen = b""
        self.terminal.send = self.get

    def get(self, content, buffers=()) -> None:
        if content["do"] == "clear":
            self.seen = b""
        if content["do"] == "output":
            self.seen += b"".join(buffers)
            self.terminal.hear({"do": "drawn", "number": content["number"]}, [])

    def ready(self) -> "Browser":
        self.terminal.hear({"do": "views", "count": 1}, [])
        self.terminal.hear({"do": "ready", "rows": 24, "columns": 80}, [])
        return self

    def type(self, text: str) -> None:
        self.terminal.hear({"do": "input"}, [memoryview(text.encode())])

    def read(self, text: str) -> None:
        def look() -> None:
            assert text.encode() in self.seen, self.seen

        eventually(look, AssertionError, timeout_s=30)


@pytest.fixture
def opened(client, container):
    made = []

    def make(name, **more):
        made.append(panels.shell(name, client=client, **more))
        return made[-1], Browser(made[-1])

    yield make
    for each in made:
        each.close()


@engine
def test_a_terminal_shows_its_line_and_how_it_ended(opened, container):
    panel, browser = opened(container())
    assert "docker exec -it" in panel.line.value
    assert "/bin/sh" in panel.line.value  # the image has no bash
    assert "gone when the container is removed" in panel.warnings.value
    browser.ready().read("#")
    browser.type("echo 한글 > /tmp/mine; exit 3\n")
    panel.wait()
    assert "ended with exit code 3" in panel.outcome.value
    assert "/tmp/mine" in panel.outcome.value
    assert panel.end_button.disabled
    browser.seen = b""
    panel.again_button.click()
    browser.read("#")
    panel.end_button.click()
    panel.wait()
    assert "ended with exit code" in panel.outcome.value


@engine
def test_nothing_that_was_typed_or_printed_is_in_the_state(opened, container):
    panel, browser = opened(container())
    browser.ready().read("#")
    browser.type("echo car''rot\n")
    browser.read("\r\ncarrot")
    assert "carrot" not in str(panel.terminal.get_state())


@engine
def test_a_page_that_is_loaded_anew_shows_what_was_there(opened, container):
    panel, browser = opened(container())
    browser.ready().read("#")
    browser.type("echo once''more\n")
    browser.read("\r\noncemore\r\n")
    again = Browser(panel).ready()
    again.read("\r\noncemore\r\n")
    again.type("stty size\n")
    again.read("24 80")


@engine
def test_a_browser_that_draws_nothing_holds_the_program_and_not_the_end(opened, container):
    panel, browser = opened(container())
    browser.ready().read("#")
    panel.terminal.send = lambda *_: None
    browser.type("yes\n")
    threading.Event().wait(0.5)
    panel.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("dockyard-shell")]


@engine
def test_a_terminal_that_no_cell_shows_any_more_is_ended(opened, container, monkeypatch):
    monkeypatch.setattr("dockyard.remote_terminal.ABANDONED_S", 0.1)
    panel, browser = opened(container())
    browser.ready().read("#")
    panel.terminal.hear({"do": "views", "count": 0}, [])
    panel.wait()
    assert "ended" in panel.outcome.value


@engine
def test_no_terminal_is_a_sentence(opened, container):
    panel, browser = opened(container(start=False))
    assert "docker start" in panel.outcome.value
    browser.ready()
    assert not panel.terminal.is_open
    panel, _ = opened("no-such-container")
    assert "There is no container" in panel.outcome.value


@engine
def test_a_docker_line_that_needs_a_terminal_gets_one(engine_in_use, container):
    name = container()
    panel = docker_line(f"exec -it {name} /bin/sh")
    assert isinstance(panel, panels.ShellPanel)
    assert panel.copy_line.text == f"docker exec -it {name} /bin/sh"
    panel.close()


def test_the_terminal_that_is_shipped_was_built_from_its_sources():
    """As extension/terminal/build.mjs counts; scripts/terminal builds it anew."""
    folder = ROOT / "extension" / "terminal"
    sources = [folder / "build.mjs", folder / "package-lock.json", *(folder / "src").iterdir()]
    found = hashlib.sha256()
    for path in sorted(sources, key=lambda each: each.relative_to(folder).as_posix()):
        found.update(f"{path.relative_to(folder).as_posix()}\n".encode() + path.read_bytes())
    for name in ("terminal.js", "terminal.css"):
        shipped = (ROOT / "extension/dockyard/panels" / name).read_text("utf-8")
        assert f"sha256 {found.hexdigest()}" in shipped
        assert "Permission is hereby granted" in shipped


def test_the_terminal_fetches_nothing():
    shipped = (ROOT / "extension/dockyard/panels/terminal.js").read_text("utf-8")
    assert "import(" not in shipped
    assert "fetch(" not in shipped
