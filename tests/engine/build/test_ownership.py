"""Builds by a user who can't give files away: the image has the true owners all the same."""

import os
import shutil
import tarfile
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from builds import Yard, header, tar
from conftest import missing

SOMEONE = 4242

DOCKERFILE = """FROM busybox
COPY --chown=5:6 --chmod=4750 a /a
COPY d /d
COPY --chown=5:6 twins /twins
ADD t.tar /t
WORKDIR /w
FROM busybox
COPY --from=0 /a /copied
COPY --from=0 /t /t
COPY --from=0 /twins /twins
"""


@pytest.fixture
def place() -> Iterator[Path]:
    if os.geteuid() != 0:
        missing("only root can become someone else")
    folder = Path(tempfile.mkdtemp(prefix="dyo-"))
    os.chown(folder, SOMEONE, SOMEONE)
    yield folder
    shutil.rmtree(folder)


def test_owners_reach_the_layers_of_a_build_without_root(place):
    files = {
        "Dockerfile": DOCKERFILE,
        "a": "1",
        "d/locked": header(tarfile.DIRTYPE, mode=0o500),
        "d/locked/f": "2",
        "twins/one": "3",
        "twins/two": header(tarfile.LNKTYPE, link="twins/one"),
        "t.tar": tar(
            {"x": header(tarfile.DIRTYPE, mode=0o711, uid=7, gid=8), "x/y": header(tarfile.REGTYPE, mode=0o4755, uid=9)}
        ),
    }
    child = os.fork()
    if child == 0:
        os._exit(_build(place, files))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, (place / "error").read_text()
    found = {}
    for layer in sorted((place / "result").iterdir()):
        with tarfile.open(layer) as members:
            found |= {each.name: (each.uid, each.gid, f"{each.mode:o}") for each in members}
    assert found["copied"] == (5, 6, "4750")
    assert found["t/x"] == (7, 8, "711")
    assert found["t/x/y"] == (9, 0, "4755")
    assert found["twins/one"][:2] == found["twins/two"][:2] == (5, 6)
    assert {uid for uid, _, _ in found.values()} == {0, 5, 7, 9}


def _build(place: Path, files: dict) -> int:
    """Build as someone else, in a process of its own; leave the layers in ``result``."""
    try:
        os.setgroups([])
        os.setresgid(SOMEONE, SOMEONE, SOMEONE)
        os.setresuid(SOMEONE, SOMEONE, SOMEONE)
        yard = Yard.make(place / "data", place / "run")
        built = yard.build(files)
        (place / "result").mkdir()
        for number, layer in enumerate(built.image.layers):
            shutil.copy(yard.images.blobs.path(layer.blob), place / "result" / f"{number:02}")
    except BaseException:  # noqa: BLE001 - the parent shows it
        (place / "error").write_text(traceback.format_exc())
        return 1
    return 0
