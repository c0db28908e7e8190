"""The embedded engine beside real Docker: what each needs for the same calls, run in turn.

Prints ratios of medians (below 1: the embedded engine is faster) with what each should be at most, and a few figures that stand alone. Needs root and
`dockerd`, or a running Docker that DOCKER_HOST names and that may be filled; about 6 GB of disk.
"""

import sys

sys.path[:] = [folder for folder in sys.path if not folder.endswith("benchmarks")]

import argparse
import io
import json
import os
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

import dockyard
from dockyard import kit
from dockyard.connection.own import OwnEngine
from dockyard.kit.layers import LayerWriter, write_images

PIECE = 1 << 20
BIG, MANY = "dockyard-bench-big", "dockyard-bench-many"
MANY_FILES, MANY_BYTES = 9000, 190 << 20


@dataclass
class Side:
    """One engine.

    Attributes:
        name: As it is printed.
        address: Where it answers.
        api: Its client.
        started_s: How long it took to answer first; 0 for Docker, which ran.
        data: Its data folder; None for Docker.
    """

    name: str
    address: str
    api: docker.APIClient
    started_s: float = 0
    data: Path | None = None

    def resident_mb(self) -> float:
        pid = json.loads((self.data / "engine.json").read_text())["pid"]
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--size-mib", type=int, default=500)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dyb-")))
        address = os.environ.get("DOCKER_HOST") or stack.enter_context(OwnEngine(folder / "d")).address
        real = Side("docker", address, client(address))
        ours = [stack.enter_context(embedded(folder / runner, runner)) for runner in ("namespaces", "proot")]
        for side in (real, *ours):
            kit.prepare(dockyard.connect(side.address), may_pull=False)
        archives = make_archives(folder, chosen.size_mib)
        compare(real, ours, archives, chosen.rounds)


def client(address: str) -> docker.APIClient:
    return docker.APIClient(address, version="1.41", timeout=600)


@contextmanager
def embedded(home: Path, runner: str) -> Iterator[Side]:
    """An embedded engine with folders of its own; all that it holds is removed afterwards."""
    for name in ("data", "run"):
        (home / name).mkdir(parents=True)
    environment = {
        **os.environ,
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "DOCKYARD_RUNNER": runner,
    }
    start = "import time; from dockyard.engine import life; began = time.perf_counter(); alive = life.start(life.folders_of()); print(time.perf_counter() - began, alive.address)"
    runs = []
    for _ in range(3):
        answer = subprocess.run(
            [sys.executable, "-c", start], env=environment, check=True, capture_output=True, text=True
        )
        seconds, address = answer.stdout.split()
        runs.append(float(seconds))
        if len(runs) < 3:
            subprocess.run(
                [sys.executable, "-m", "dockyard", "engine", "stop"], env=environment, check=True, capture_output=True
            )
    try:
        yield Side(runner, address, client(address), statistics.median(runs), home / "data/dockyard/embedded")
    finally:
        subprocess.run([sys.executable, "-m", "dockyard", "engine", "reset", "--yes"], env=environment, check=True)


def make_archives(folder: Path, size_mib: int) -> dict[str, Path]:
    """A big file as a tar for a container, and two images: one of a big file, one of many small ones."""
    put = folder / "put.tar"
    with tarfile.open(put, "w") as archive:
        info = tarfile.TarInfo("big")
        info.size = size_mib << 20
        archive.addfile(info, Noise(info.size))
    made = {"put": put}
    for name, count, size in ((BIG, 1, size_mib << 20), (MANY, MANY_FILES, MANY_BYTES // MANY_FILES)):
        layer = LayerWriter(folder / f"{name}.layer")
        for number in range(count):
            info = tarfile.TarInfo(f"files/{number % 90}/{number}")
            info.size = size
            layer.add(info, Noise(size))
        made[name] = folder / f"{name}.tar"
        write_images(made[name], {f"{name}:latest": ([layer.finish()], {"Cmd": ["none"]})})
    return made


class Noise(io.RawIOBase):
    """So many bytes that no compression makes smaller."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        count = min(self.left, size if size >= 0 else self.left)
        self.left -= count
        return os.urandom(count)


def compare(real: Side, ours: list[Side], archives: dict[str, Path], rounds: int) -> None:
    for side in ours:
        show(f"{side.name}: cold start to first answer", f"{side.started_s:.2f} s", "< 0.7 s")
    fast, slow = ours
    beside("create + start + wait + remove of true", fast, real, run_true, rounds * 2, 1.0)
    beside("create + start + wait + remove of true", slow, real, run_true, rounds * 2, 2.0)
    for side in ours:
        seconds = statistics.median(create_httpd(side.api) for _ in range(rounds))
        show(f"{side.name}: create of httpd, warm", f"{seconds:.2f} s", "< 0.5 s")

    for side in (real, fast):
        side.api.create_container("busybox", ["true"], name=BIG)
    beside("archive put", fast, real, lambda api: put_archive(api, archives["put"]), rounds, 1.0)
    beside("archive get", fast, real, get_archive, rounds, 1.0)
    beside(
        "image load",
        fast,
        real,
        lambda api: load(api, BIG, archives[BIG]),
        rounds,
        1.0,
        before=lambda api: forget(api, BIG),
    )
    beside("image save", fast, real, lambda api: drain(api.get_image(BIG)), rounds, 1.0)

    for side in (fast, real):
        load(side.api, MANY, archives[MANY])
    for side in ours[:1]:
        seconds = statistics.median(commit(side.api) for _ in range(rounds))
        show(f"{side.name}: commit of 10 MB on 190 MB", f"{seconds:.2f} s", "< 1 s")

    made = {
        side.name: [side.api.create_container("busybox", ["true"])["Id"] for _ in range(100)] for side in (fast, real)
    }
    time.sleep(2)
    show(f"{fast.name}: memory, idle with 100 containers known", f"{fast.resident_mb():.0f} MB", "< 80 MB")
    for side in (fast, real):
        made[side.name] += [side.api.create_container("busybox", ["true"])["Id"] for _ in range(400)]
    beside("list of 500 containers", fast, real, lambda api: api.containers(all=True), rounds * 2, 1.0)
    for container in (*made[real.name], BIG):
        real.api.remove_container(container)


def beside(
    what: str,
    side: Side,
    real: Side,
    action: Callable[[docker.APIClient], object],
    rounds: int,
    most: float,
    before: Callable[[docker.APIClient], object] = lambda _: None,
) -> None:
    """Time an action on both engines in turn, and print the ratio of the medians."""
    times: dict[str, list[float]] = {side.name: [], real.name: []}
    for _ in range(rounds):
        for each in (side, real):
            before(each.api)
            os.sync()
            times[each.name].append(timed(action, each.api))
    ratio = statistics.median(times[side.name]) / statistics.median(times[real.name])
    show(f"{side.name}: {what}", f"{ratio:.2f}x Docker's", f"<= {most:.1f}x")


def show(what: str, figure: str, target: str) -> None:
    print(f"{what}: {figure} ({target})", flush=True)


def timed(action: Callable[[docker.APIClient], object], api: docker.APIClient) -> float:
    began = time.perf_counter()
    action(api)
    return time.perf_counter() - began


def run_true(api: docker.APIClient) -> None:
    container = api.create_container("busybox", ["true"])["Id"]
    api.start(container)
    api.wait(container)
    api.remove_container(container)


def create_httpd(api: docker.APIClient) -> float:
    """Seconds for a container of an image that one was made of a while ago."""
    time.sleep(3)
    return timed(lambda each: each.create_container("httpd"), api)


def put_archive(api: docker.APIClient, archive: Path) -> None:
    with archive.open("rb") as file:
        assert api.put_archive(BIG, "/", iter(lambda: file.read(PIECE), b""))


def get_archive(api: docker.APIClient) -> None:
    stream, _ = api.get_archive(BIG, "/big", chunk_size=PIECE)
    drain(stream)


def load(api: docker.APIClient, name: str, archive: Path) -> None:
    with archive.open("rb") as file:
        list(api.load_image(iter(lambda: file.read(PIECE), b"")))
    assert api.inspect_image(name)


def forget(api: docker.APIClient, name: str) -> None:
    if api.images(name):
        api.remove_image(name, force=True)


def drain(stream: Iterator[bytes]) -> None:
    for _ in stream:
        continue


def commit(api: docker.APIClient) -> float:
    """Seconds for a commit of 10 MB that were put into a container."""
    container = api.create_container(MANY)["Id"]
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        info = tarfile.TarInfo("change")
        info.size = 10 << 20
        archive.addfile(info, Noise(info.size))
    api.put_archive(container, "/", content.getvalue())
    seconds = timed(lambda each: each.commit(container), api)
    api.remove_container(container)
    return seconds


if __name__ == "__main__":
    main()
