"""Panels at work: the kernel stays free, and one that is closed leaves nothing behind."""

import inspect
import statistics
import threading
import time

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances
from jupyter_client.manager import start_new_kernel

from dockyard import panels
from embedded import until
from registries import tar_of
from volumes import ROOT, fill

pytestmark = pytest.mark.engine

ROUNDS = 7
ANSWERS_WITHIN_S = 0.2
BIG_BYTES = 300 * 1024 * 1024
# What a panel needs, where it does not open without.
GIVEN = {"attach": ("no-such",), "preview": ("no-such",), "shell": ("no-such",)}


@pytest.fixture
def kernel(engine_address, monkeypatch, tmp_path):
    """A kernel as a notebook has it: runs code, and returns the value of its last line as text."""
    monkeypatch.setenv("DOCKER_HOST", engine_address)
    monkeypatch.chdir(tmp_path)
    manager, kernel_client = start_new_kernel(kernel_name="python3")
    shown = []

    def hear(message):
        content = message["content"]
        if message["msg_type"] == "execute_result":
            shown.append(content["data"]["text/plain"])

    def run(code):
        reply = kernel_client.execute_interactive(code, timeout=120, output_hook=hear)
        assert reply["content"]["status"] == "ok", reply["content"]
        return shown.pop() if shown else None

    run("import dockyard")
    yield run
    kernel_client.stop_channels()
    manager.shutdown_kernel()


@pytest.fixture
def big(client):
    """A volume that takes a while to back up."""
    fill(client, "panel-big", tar_of({f"{ROOT}/zeros": bytes(BIG_BYTES)}))
    yield "panel-big"
    client.api.remove_volume("panel-big", force=True)


@pytest.fixture
def long_build():
    return "dockyard.panels.build(text='FROM busybox\\nRUN sleep 60\\n', no_cache=True)"


def seconds_to_answer(kernel, question):
    begins = time.monotonic()
    answer = kernel(question)
    return time.monotonic() - begins, answer


@pytest.mark.parametrize("work", ["a backup", "a build"])
def test_another_cell_answers_at_once_while_a_panel_works(work, kernel, request):
    if work == "a backup":
        kernel(f"panel = dockyard.panels.backup({request.getfixturevalue('big')!r}, 'big.tar.gz')")
    else:
        kernel(f"panel = {request.getfixturevalue('long_build')}")
    kernel("panel.run_button.click()")
    answers = [seconds_to_answer(kernel, "panel.is_busy") for _ in range(ROUNDS)]
    assert [answer for _, answer in answers] == ["True"] * ROUNDS
    kernel("panel.close()")
    assert kernel("panel.is_busy") == "False"
    assert statistics.median(seconds for seconds, _ in answers) < ANSWERS_WITHIN_S


def test_a_panel_that_is_closed_at_work_leaves_no_thread(client, long_build):
    before = set(threading.enumerate())
    panel = panels.build(text="FROM busybox\nRUN sleep 60\n", no_cache=True, client=client)
    panel.run_button.click()
    until(lambda: "sleep 60" in panel.log_view.value or panel.outcome.value, seconds=60)
    assert "sleep 60" in panel.log_view.value, panel.outcome.value
    panel.close()
    until(lambda: not ours(before))


@pytest.mark.parametrize("name", [name for name in panels.__all__ if inspect.isfunction(getattr(panels, name))])
def test_a_panel_that_is_closed_leaves_no_thread_and_no_widget(name, client, engine_in_use):
    before, known = set(threading.enumerate()), set(_instances)
    panel = getattr(panels, name)(*GIVEN.get(name, ()))
    panel.close()
    until(lambda: not ours(before))
    left = [each for key, each in _instances.items() if key not in known and isinstance(each, ipywidgets.DOMWidget)]
    assert left == []


def ours(before):
    """Dockyard's threads that were not there before."""
    return [each.name for each in threading.enumerate() if each not in before and each.name.startswith("dockyard")]
