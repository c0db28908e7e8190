"""An embedded engine of one's own for each module of faults, which may be killed at any moment."""

import shutil
from collections.abc import Iterator

import docker
import pytest

from conftest import missing
from dockyard import kit
from dockyard.connection.address import reach
from dockyard.connection.places import Place
from embedded import RUNNERS, Embedded, short_folder, why_not_embedded


@pytest.fixture(scope="module")
def engine() -> Iterator[Embedded]:
    """An embedded engine that runs, with the lab's smallest image in it."""
    runner = next((each for each in reversed(RUNNERS) if not why_not_embedded(each)), "")
    if not runner:
        missing("; ".join(f"{each}: {why_not_embedded(each)}" for each in RUNNERS))
    home = short_folder()
    found = Embedded(home, runner).start()
    try:
        kit.prepare(reach(Place(found.address, "test"), home / "lab"), ["busybox"], may_pull=False)
        yield found
    finally:
        found.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def api(engine: Embedded) -> Iterator[docker.APIClient]:
    client = docker.APIClient(base_url=engine.address, version="1.41", timeout=60)
    yield client
    client.close()
