"""Small images of an engine's own, in folders that are gone afterwards."""

import gzip
import io
import json
import os
import tarfile

import pytest

from dockyard.engine.events import Events
from dockyard.engine.folders import Folders
from dockyard.engine.images.archive import save
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import LAYER_GZIP, LAYER_PLAIN, Layer
from dockyard.engine.images.images import Images
from dockyard.engine.images.loading import load
from dockyard.engine.images.reference import Reference
from dockyard.engine.images.staged import measure
from dockyard.engine.images.streams import Tee
from dockyard.engine.images.trees import Trees


def member(name, content=b"", kind=tarfile.REGTYPE, link="", mode=0o644, **more):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, len(content), link, mode
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def folder(name, mode=0o755, **more):
    return member(name, kind=tarfile.DIRTYPE, mode=mode, **more)


def archive(*members):
    made = io.BytesIO()
    for info, content in members:
        made.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        made.write(content + b"\0" * (-len(content) % 512))
    return made.getvalue() + b"\0" * 1024


class Bench:
    """An engine's images and what belongs to them; ``heard`` are the events so far, as (action, ID, name)."""

    def __init__(self, home):
        self.folders = Folders(home / "data", home / "run")
        self.folders.make()
        self.open()

    def open(self):
        self.events = Events()
        self.blobs = Blobs(self.folders.blobs, self.folders.staging)
        self.images = Images(self.folders, self.blobs, self.events)
        self.trees = Trees(self.folders, self.blobs)

    @property
    def heard(self):
        return [
            (each["Action"], each["Actor"]["ID"], each["Actor"]["Attributes"].get("name")) for each in self.events._past
        ]

    def layer(self, *members, blob=None):
        data = blob or archive(*members)
        diff_id, size = measure(Tee(io.BytesIO(data).readinto))
        return Layer(diff_id, self.blobs.put(data), LAYER_GZIP if blob else LAYER_PLAIN, len(data), size)

    def image(self, *names, layers=(), parent="", digests=(), created="2026-01-02T03:04:05Z", labels=None, **config):
        diff_ids = [layer.diff_id for layer in layers]
        document = {
            "architecture": "amd64",
            "os": "linux",
            "created": created,
            "config": {"Labels": labels, **config},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created": created, "created_by": "test"} for _ in diff_ids],
        }
        references = [Reference.parse(name) for name in names]
        return self.images.add(json.dumps(document).encode(), layers, parent=parent, names=references, digests=digests)


class FileSink:
    """A sink into a file."""

    def __init__(self, path):
        self.file = path.open("wb", buffering=0)

    def write(self, data):
        self.file.write(data)

    def send_file(self, file, offset, count):
        while count:
            sent = os.sendfile(self.file.fileno(), file.fileno(), offset, count)
            offset, count = offset + sent, count - sent


def saved(bench, path, *names):
    sink = FileSink(path)
    with sink.file:
        save(bench.images, names, sink)
    return path


def loaded(bench, data, **more):
    """Load and return what was said; ``data`` is a path or bytes."""
    said = []
    stream = io.BytesIO(data) if isinstance(data, bytes) else data.open("rb", buffering=0)
    with stream:
        load(bench.images, stream, said.append, **more)
    return said


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def make():
    """Members of archives, and archives of members: ``make.member``, ``make.folder``, ``make.archive``."""

    class Make:
        member = staticmethod(member)
        folder = staticmethod(folder)
        archive = staticmethod(archive)

    return Make


@pytest.fixture
def web(bench, make):
    """An image of two layers, the upper one compressed as registries give them."""
    lower = bench.layer(make.folder("bin"), make.member("bin/sh", os.urandom(100_000), mode=0o755))
    upper = bench.layer(blob=gzip.compress(make.archive(make.member("www", b"It works!"))))
    return bench.image("lab/web:1", "lab/web:2", layers=[lower, upper], Cmd=["sh"])
