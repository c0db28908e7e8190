"""An engine's stores and its builder, with a small image to build on."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from builds import Yard
from conftest import missing


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    if os.geteuid() != 0:
        missing("commands are run by chroot here, which takes root")
    return Yard.make(tmp_path / "data", tmp_path / "run")


@pytest.fixture(scope="module")
def shared_yard() -> Iterator[Yard]:
    """One for many builds, whose caches they share."""
    if os.geteuid() != 0:
        missing("commands are run by chroot here, which takes root")
    with tempfile.TemporaryDirectory(prefix="dyb-") as folder:
        yield Yard.make(Path(folder) / "data", Path(folder) / "run")
