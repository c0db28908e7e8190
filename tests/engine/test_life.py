"""The engine's life, with real processes."""

import os
import select
import shutil
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from dockyard.engine import life
from dockyard.errors import EmbeddedFailed


@pytest.fixture
def folders(embedded_home):
    return life.folders_of()


def answers(alive: life.Alive) -> bool:
    client = docker.APIClient(base_url=alive.address, version="1.41", timeout=10)
    try:
        return bool(client.ping())
    finally:
        client.close()


def kill(alive: life.Alive) -> None:
    """End it as a crash does, and wait until it has."""
    process = os.pidfd_open(alive.pid)
    signal.pidfd_send_signal(process, signal.SIGKILL)
    assert select.select([process], [], [], 10)[0]
    os.close(process)


def test_it_starts_once_and_answers(folders):
    assert life.find(folders) is None
    alive = life.start(folders)
    assert answers(alive)
    assert life.start(folders) == alive == life.find(folders)
    assert alive.address == f"unix://{folders.socket}"
    assert alive.runner in ("proot", "namespaces")


def test_only_its_user_gets_at_it(folders):
    life.start(folders)
    for folder in (folders.data, folders.runtime):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folders.socket.stat().st_mode) == 0o600


def test_many_starts_at_once_make_one_engine(folders):
    code = "from dockyard.engine import life; print(life.start(life.folders_of()).pid)"
    with ThreadPoolExecutor(4) as pool:
        pids = list(
            pool.map(lambda _: subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60), range(4))
        )
    assert len(set(pids)) == 1


def test_it_outlives_what_started_it_and_is_not_of_its_session(folders):
    code = "from dockyard.engine import life; life.start(life.folders_of())"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    alive = life.find(folders)
    assert answers(alive)
    assert os.getsid(alive.pid) != os.getsid(0)


def test_it_stops_and_leaves_no_socket(folders):
    alive = life.start(folders)
    assert life.stop(folders)
    assert life.find(folders) is None
    assert not folders.socket.exists()
    assert not Path(f"/proc/{alive.pid}").exists() or "Z" in Path(f"/proc/{alive.pid}/stat").read_text()
    assert not life.stop(folders)


def test_it_starts_again_after_it_was_killed(folders):
    first = life.start(folders)
    kill(first)
    assert life.find(folders) is None
    second = life.start(folders)
    assert second.pid != first.pid
    assert answers(second)


def test_one_whose_socket_was_removed_makes_way(folders):
    first = life.start(folders)
    folders.socket.unlink()
    second = life.start(folders)
    assert second.pid != first.pid
    assert answers(second)


def test_its_sockets_stay_where_they_were_whatever_the_environment_says_today(folders, monkeypatch, embedded_home):
    alive = life.start(folders)
    (embedded_home / "other").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(embedded_home / "other"))
    assert life.find(life.folders_of()) == alive
    life.stop(life.folders_of())
    assert life.start(life.folders_of()).address == alive.address


def test_what_keeps_it_from_starting_is_said(folders):
    life.start(folders)
    life.stop(folders)
    shutil.rmtree(folders.blobs / "sha256")
    (folders.blobs / "sha256").write_text("")
    with pytest.raises(EmbeddedFailed, match="FileExistsError"):
        life.start(folders)
    assert "Traceback" in (folders.data / "engine.log").read_text()
    assert life.find(folders) is None


def test_a_folder_that_can_not_be_made_is_said(folders):
    folders.data.parent.mkdir(parents=True, exist_ok=True)
    folders.data.write_text("")
    with pytest.raises(EmbeddedFailed, match="File exists"):
        life.start(folders)
    folders.data.unlink()


def test_a_reset_leaves_nothing(folders):
    life.start(folders)
    life.reset(folders)
    assert life.find(folders) is None
    assert not folders.data.exists()
    assert not folders.runtime.exists()
    assert answers(life.start(folders))


def test_a_module_in_the_current_folder_is_not_taken_for_one_of_pythons(folders, tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('wrong json')")
    monkeypatch.chdir(tmp_path)
    assert answers(life.start(folders))
