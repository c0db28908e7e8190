import os
import threading

import pytest

from conftest import missing
from dockyard.engine.engine import Engine
from dockyard.engine.errors import BadParameter
from dockyard.engine.filters import Filters
from dockyard.engine.folders import Folders
from dockyard.engine.run.probe import choose


@pytest.fixture
def folders(tmp_path):
    if choose().runner is None:
        missing("no runner works here")
    found = Folders(tmp_path / "data", tmp_path / "run")
    found.make()
    return found


def listed(engine):
    return engine.containers.list(Filters(), (1, 47), everything=True, limit=0, size=False)


def test_what_an_earlier_engine_left_half_made_is_cleared(folders):
    for folder in (folders.staging, folders.trash):
        (folder / "half" / "made").mkdir(parents=True)
    Engine.open(folders).close()
    assert not os.listdir(folders.staging)
    assert not os.listdir(folders.trash)


def test_a_record_that_can_not_be_read_keeps_no_engine_from_starting(folders):
    for name, content in (("a" * 64, "{"), ("b" * 64, "{}"), ("c" * 64, None)):
        (folders.containers / name).mkdir()
        if content is not None:
            (folders.containers / name / "container.json").write_text(content)
    engine = Engine.open(folders)
    assert listed(engine) == []
    assert len(os.listdir(folders.containers)) == 3
    engine.close()


def test_what_ran_for_nobody_is_forgotten(folders):
    (folders.runtime / "0123456789abcdef").mkdir()
    Engine.open(folders).close()
    assert not (folders.runtime / "0123456789abcdef").exists()


def test_an_engine_keeps_its_own_id(folders):
    first, second = Engine.open(folders).info()["ID"], Engine.open(folders).info()["ID"]
    assert first == second
    assert len(first) == 32


def test_it_says_that_it_isolates_nothing(folders):
    shown = Engine.open(folders).info()
    assert ["Isolation", "none"] in shown["DriverStatus"]
    assert "no isolation" in shown["Warnings"][0]


def test_disk_use_can_be_asked_for_in_parts(folders):
    engine = Engine.open(folders)
    assert set(engine.disk_usage((1, 47), [])) >= {"LayersSize", "Images", "Containers", "Volumes", "BuildCache"}
    assert engine.disk_usage((1, 47), ["volume"])["Images"] is None
    with pytest.raises(BadParameter, match="unknown object type: planet"):
        engine.disk_usage((1, 47), ["planet"])


def test_an_engine_that_closes_leaves_no_thread(folders):
    before = set(threading.enumerate())
    Engine.open(folders).close()
    assert set(threading.enumerate()) <= before
