"""`dockyard engine`."""

import pytest

from dockyard import cli
from dockyard.connection import embedded


@pytest.fixture
def say(embedded_home, capsys):
    """Runs the command; returns its exit code and what it printed."""

    def run(*words):
        code = cli.main(["engine", *words])
        return code, capsys.readouterr().out

    return run


def test_start_prints_what_a_shell_can_take(say):
    code, said = say("start")
    assert code == 0
    assert said == f"export DOCKER_HOST={embedded.status().address}\n"
    assert say("start") == (0, said)


def test_status_names_the_address_the_runner_and_what_is_there(say):
    assert say("status") == (
        1,
        "It is not running. It starts when it is needed, or with `dockyard engine start`.\n",
    )
    say("start")
    code, said = say("status")
    assert code == 0
    alive = embedded.status()
    assert f"address: DOCKER_HOST={alive.address}\n" in said
    assert f"runner: {alive.runner} (embedded engine, no isolation)\n" in said
    assert "containers: 0 running, 0 in all\n" in said
    assert "images: 0\n" in said
    assert f"in {embedded.data_folder()}\n" in said


def test_stop_says_what_came_of_the_containers(say):
    assert say("stop") == (0, "It is not running.\n")
    say("start")
    assert say("stop") == (0, "Stopped; no container runs.\n")
    assert embedded.status() is None


def test_logs_are_the_end_of_what_it_said(say):
    assert say("logs") == (0, "It has logged nothing.\n")
    say("start")
    say("stop")
    code, said = say("logs", "-n", "1")
    assert code == 0
    assert said.endswith("INFO dockyard.engine: stopping\n")
    assert len(say("logs", "-n", "0")[1]) > len(said)


def test_reset_asks_first(say):
    assert say("reset") == (0, "There is nothing to remove.\n")
    say("start")
    code, said = say("reset")
    assert code == 1
    assert f"removes all that is in {embedded.data_folder()}" in said
    assert embedded.status() is not None, say("logs")
    assert say("reset", "--yes") == (0, "Removed.\n")
    assert not embedded.data_folder().exists()


def test_where_it_is_switched_off_it_says_so(capsys):
    assert cli.main(["engine", "start"]) == 1
    assert capsys.readouterr().err == "The embedded engine can't run here: DOCKYARD_EMBEDDED=0 switches it off.\n"


def test_doctor_shows_it_last_with_its_runners(say, monkeypatch, capsys):
    monkeypatch.setattr("dockyard.connection.usual_places", lambda *_: [])
    assert cli.main(["doctor"]) == 0
    before = capsys.readouterr().out
    assert "▸ Dockyard's embedded engine" in before
    assert "starts when it is needed (embedded engine, no isolation)" in before
    assert "works here" in before
    say("start")
    assert cli.main(["doctor"]) == 0
    assert "✔ Dockyard's embedded engine" in capsys.readouterr().out
