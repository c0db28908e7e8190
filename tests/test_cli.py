"""The `dockyard` command."""

import os
import subprocess
import sys

import pytest

from dockyard import cli

pytestmark = pytest.mark.engine


def test_doctor_names_the_engine_and_every_place(engine_address, monkeypatch, capsys):
    monkeypatch.setenv("DOCKER_HOST", engine_address)
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert f"✔ DOCKER_HOST: {engine_address}" in said
    assert "Docker Desktop" in said
    assert "Podman" in said


def test_doctor_without_an_engine_brings_the_ways_out(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("dockyard.connection.usual_places", lambda *_: [])
    assert cli.main(["doctor"]) == 1
    assert "Three ways out" in capsys.readouterr().out


def test_an_error_is_one_sentence_and_exit_1(capsys):
    assert cli.main(["--engine", "tcp://127.0.0.1:1", "images", "prepare"]) == 1
    assert (
        capsys.readouterr().err
        == "Nothing answers at tcp://127.0.0.1:1: the engine has stopped. Start it (`sudo systemctl start docker`) and try again.\n"
    )


def test_an_unknown_argument_is_exit_2():
    with pytest.raises(SystemExit) as caught:
        cli.main(["doctor", "--nonsense"])
    assert caught.value.code == 2


def test_the_tour_speaks_korean(book_ports, client, engine_address):
    answer = subprocess.run(
        [sys.executable, "-m", "dockyard", "--lang", "ko", "--engine", engine_address, "tour"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "모든 단계를 통과했습니다." in answer.stdout
    assert "httpd: 이미 있음" in answer.stdout


def test_a_jupyterlab_that_does_not_end_is_ended(engine_address, client, tmp_path):
    (tmp_path / "jupyterlab.py").write_text(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('stays', flush=True)\ntime.sleep(1000)\n"
    )
    begin = "from dockyard import cli\ncli.ENDS_S = 0.5\nraise SystemExit(cli.main())"
    words = ["--engine", engine_address, "lab", "--folder", str(tmp_path / "lessons")]
    with subprocess.Popen(
        [sys.executable, "-c", begin, *words],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert "stays\n" in iter(process.stdout.readline, "")
        process.terminate()
        process.wait(20)


def test_lessons_are_copied_once_and_what_was_written_stays(tmp_path):
    folder = cli._notebooks(tmp_path / "mine")
    (folder / "en/02_copy.ipynb").write_text("my own notes")
    assert cli._notebooks(tmp_path / "mine") == folder
    assert (folder / "en/02_copy.ipynb").read_text() == "my own notes"
    assert (folder / "ko/01_map.ipynb").exists()
