"""``dockyard lessons``: where one stands, and lessons begun anew after a yes."""

import pytest

from dockyard.cli import main


def test_the_map_is_printed(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # where no step has been passed yet
    assert main(["lessons"]) == 0
    told = capsys.readouterr().out
    assert "Begin here: lesson 2" in told
    assert "02 Copy files between this machine and a container: 0 / 6" in told


@pytest.mark.engine
def test_a_reset_asks_first(engine_address, client, docker_cli, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("dockyard.connection._current", None)
    words = ["--engine", engine_address, "lessons", "reset", "copy", "--folder", str(tmp_path)]
    docker_cli("create", "--name", "apa000ex19", "httpd")
    try:
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
        assert main(words) == 1
        told = capsys.readouterr().out
        assert "would be removed: container apa000ex19" in told
        assert "Say --yes to do it." in told
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda _: "no")
        assert main(words) == 1
        assert docker_cli("inspect", "-f", "{{.Name}}", "apa000ex19")
        monkeypatch.setattr("builtins.input", lambda _: "yes")
        assert main(words) == 0
        assert "refused" in docker_cli("inspect", "apa000ex19", check=False)
    finally:
        docker_cli("rm", "-f", "apa000ex19", check=False)
