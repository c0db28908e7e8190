"""The journal's panel."""

import subprocess
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
import yaml

import dockyard
from clicks import click
from dockyard import panels
from dockyard.tasks import Change, Run, Task
from dockyard.tasks.record import Entry, _store
from embedded import until
from grids import heard, looked_at

pytestmark = pytest.mark.engine

SLEEPS = "docker run -d --name journal-panel busybox sleep 100"


@pytest.fixture
def own(client, tmp_path):
    """The engine, with a journal of this test's own."""
    own = replace(client, data_dir=tmp_path / "data")
    yield own
    if client.find_json("/containers/{}/json", "journal-panel"):
        client.api.remove_container("journal-panel", force=True)


@pytest.fixture
def panel(own, shown, tmp_path):
    (tmp_path / "notebook").mkdir()
    return lambda: shown(panels.journal(tmp_path / "notebook", client=own))


def record(own, command, **more):
    known = {"engine_id": own.engine_id, "at": datetime.now(UTC), "outcome": "done", "error": "", "changes": ()}
    rest = {"engine": own.address, "folder": "/work", "code": f"print({command!r})", "duration_s": 1.25}
    _store(own.data_dir, Entry(command=command, **{**known, **rest, **more}))


def rows(made):
    """What is shown of each run, the newest first."""
    return [row for _, row in sorted(made.list.grid.rows.items(), key=lambda pair: -int(pair[0]))]


def choose(made, step):
    made.list.grid.chosen = [str(step)] if step else []


def test_a_run_shows_at_once_newest_first_and_is_taken_back(own, panel):
    made = panel()
    assert made.list.grid.columns[0]["sort"] == "desc"
    assert "Choose a run" in made.details.value
    looked_at(made.list.grid)
    dockyard.do(SLEEPS, own)
    until(lambda: rows(made), 5)
    dockyard.do("docker stop -t 0 journal-panel", own)
    until(lambda: len(rows(made)) == 2, 5)
    stop, run = rows(made)
    assert (stop["step"], stop["ended"], stop["command"]) == ("2", "✔ done", "docker stop -t 0 journal-panel")
    assert stop["changed"] == "It changed container journal-panel (running → exited)."
    assert run["changed"] == "It made container journal-panel (running)."
    assert made.undo_button.disabled
    choose(made, 2)
    assert not made.undo_button.disabled
    assert "<code>docker stop -t 0 journal-panel</code>" in made.details.value
    assert "running → exited" in made.details.value
    click(made.undo_button, made)
    assert "Step 2 was taken back." in made.outcome.value
    assert "<code>journal-panel</code>" in made.outcome.value
    assert own.get_json("/containers/journal-panel/json")["State"]["Running"]
    until(lambda: rows(made)[0]["ended"] == "↶ taken back", 5)
    until(lambda: "taken back already" in made.details.value, 5)
    assert made.undo_button.disabled


def test_why_a_step_cant_be_taken_back_is_told(own, panel):
    dockyard.do(SLEEPS, own)
    dockyard.do("docker exec journal-panel true", own)
    record(own, "docker stop other", engine_id="another", engine="ssh://elsewhere")
    record(own, "docker rm nothing", outcome="failed", error="There is no <such> container.")
    for _ in range(2):
        record(own, "docker start twice")
    made = panel()
    made.list.here.value = False
    choose(made, 3)
    assert "done on another engine (ssh://elsewhere)" in made.details.value
    assert made.undo_button.disabled
    choose(made, 4)
    assert "✘ failed: There is no &lt;such&gt; container." in made.details.value
    assert made.undo_button.disabled
    choose(made, 5)
    assert "take step 6 back first" in made.details.value
    choose(made, 2)
    click(made.undo_button, made)
    assert "what a command did inside can&#x27;t be known in full" in made.outcome.value
    assert "alert" in made.outcome.value
    assert not made.undo_button.disabled


def test_runs_of_other_engines_are_shown_on_demand(own, panel):
    record(own, "docker run one", changes=(Change("create", "volume", "vol-of-one"),))
    record(own, "docker run three", engine_id="another")
    made = panel()
    assert [row["command"] for row in rows(made)] == ["docker run one"]
    made.list.here.value = False
    assert [row["command"] for row in rows(made)] == ["docker run three", "docker run one"]
    assert "No container, image, volume or network came" in rows(made)[0]["changed"]
    choose(made, 2)
    made.list.here.value = True
    assert "Choose a run" in made.details.value


def test_what_is_shown_is_written_beside_what_is_there(own, panel, tmp_path):
    record(own, "docker run -d --name web httpd", folder=str(tmp_path))
    record(own, "docker volume rm gone", outcome="failed")
    record(own, "docker stop web", folder=str(tmp_path))
    made = panel()
    folder = tmp_path / "notebook"
    (folder / "journal.sh").write_text("mine")
    click(made.write_button, made)
    assert f"Runs written into {folder}/journal-2.sh: 2." in made.outcome.value
    text = (folder / "journal-2.sh").read_text()
    assert text.splitlines()[2:] == [f"cd {tmp_path}", "docker run -d --name web httpd", "docker stop web"]
    subprocess.run(["sh", "-n", folder / "journal-2.sh"], check=True)
    assert (folder / "journal.sh").read_text() == "mine"
    made.form.value = "notebook"
    click(made.write_button, made)
    assert len(nbformat.read(folder / "journal.ipynb", 4).cells) == 4
    made.form.value = "compose"
    click(made.write_button, made)
    assert list(yaml.safe_load((folder / "compose.yaml").read_text())["services"]) == ["web"]
    made.list.grid.search = "stop"
    made.form.value = "script"
    click(made.show_button, made)
    assert "docker stop web" in made.text.value
    assert "docker run" not in made.text.value
    assert made.copy_text.text.startswith("#!/bin/sh\n")
    made.list.grid.search = "gone"
    click(made.write_button, made)
    assert "None of these runs ended well" in made.outcome.value
    assert made.text.value == ""
    made.list.grid.search = "stop"
    made.form.value = "compose"
    click(made.show_button, made)
    assert "No container was started in the background" in made.outcome.value
    assert len(list(folder.iterdir())) == 4


def test_text_from_outside_is_escaped(own, panel):
    record(own, "docker run '<b>'", folder="/<i>", changes=(Change("create", "volume", "<u>"),))
    made = panel()
    choose(made, 1)
    click(made.show_button, made)
    assert not [tag for tag in ("<b>", "<i>", "<u>") if tag in made.details.value + made.text.value]


def test_a_long_journal_is_shown_filtered_and_written_out(own, panel, tmp_path):
    now = datetime.now(UTC)
    for number in range(500):
        record(own, f"docker run number-{number}", at=now + timedelta(seconds=number))
    began = time.monotonic()
    made = panel()
    assert time.monotonic() - began < 5
    assert len(rows(made)) == 500
    assert rows(made)[0]["command"] == "docker run number-499"
    looked_at(made.list.grid)
    told = heard(made.list.grid)
    record(own, "docker run one-more")
    until(lambda: told, 5)
    assert [row[0] for row in told[0]["put"]] == ["501"]
    made.list.grid.search = "VOLUME number-49"
    click(made.show_button, made)
    assert made.copy_text.text.count("docker run") == 11


def test_the_kernel_is_free_while_a_step_is_taken_back_and_no_thread_is_left(own, tmp_path, monkeypatch):
    dockyard.do(SLEEPS, own)

    def threads():
        return [each.name for each in threading.enumerate() if each.name in ("dockyard-panel", "dockyard-journal")]

    go, under_way = threading.Event(), threading.Event()
    undo = Run.undo

    def slowly(task: Task, client):
        under_way.set()
        go.wait(30)
        return undo(task, client)

    monkeypatch.setattr(Run, "undo", slowly)
    made = panels.journal(tmp_path, client=own)
    assert not threads()
    looked_at(made.list.grid)
    assert threads() == ["dockyard-journal"]
    choose(made, 1)
    made.undo_button.click()
    assert under_way.wait(10)
    assert "Taking back step 1" in made.outcome.value
    assert made.undo_button.disabled
    choose(made, None)
    choose(made, 1)
    assert made.undo_button.disabled
    go.set()
    made.close()
    assert "Step 1 was taken back." in made.outcome.value
    assert not threads()


def test_a_journal_that_cant_be_read_is_told(own, panel):
    own.data_dir.mkdir()
    (own.data_dir / "journal.sqlite").write_text("this is no database at all, by its length alone" * 10)
    assert "Move the file away" in panel().list.grid.says
