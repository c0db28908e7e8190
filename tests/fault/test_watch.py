"""Who watches an engine hears that it went, and everything that changed while it was away."""

import shutil
import tempfile
from pathlib import Path

import pytest

import dockyard
from conftest import missing
from dockyard.live import KINDS, Watch
from embedded import RUNNERS, Embedded, until, why_not_embedded


@pytest.fixture
def engine():
    runner = next((each for each in RUNNERS if not why_not_embedded(each)), None)
    if runner is None:
        missing("no embedded engine can run here")
    home = Path(tempfile.mkdtemp(prefix="dye-"))
    made = Embedded(home, runner).start()
    yield made
    made.stop()
    shutil.rmtree(home)


def test_the_engine_may_go_and_come_back(engine):
    news = []
    stop = Watch(dockyard.connect(engine.address)).listen(news.append)
    until(lambda: news and news[-1].is_connected)
    engine.stop()
    until(lambda: not news[-1].is_connected)
    engine.start()
    client = dockyard.connect(engine.address)
    client.api.create_volume("made-meanwhile")
    until(lambda: news[-1].is_connected)
    told = [each.kinds for each in news if each.is_connected]
    assert KINDS in told[1:]
    news.clear()
    client.api.create_volume("made-later")
    until(lambda: any("volume" in each.kinds for each in news))
    stop()
