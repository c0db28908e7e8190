"""Tables beside the docker command line's listings of the same things, run in turn; pictures of them; what `import dockyard` costs.

Prints ratios of medians (below 1: the table is there sooner, as a DataFrame) with what each should be at most. Needs root, `dockerd` and the docker
command line, or a running Docker that DOCKER_HOST names and that may be filled. Containers are created, not started.
"""

import sys

sys.path[:] = [folder for folder in sys.path if not folder.endswith("benchmarks")]

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import dockyard
from dockyard import charts, kit
from dockyard.connection import Client
from dockyard.connection.own import OwnEngine

AT_ONCE = 4
PREFIX = "dockyard-bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=2000)
    parser.add_argument("--tags", type=int, default=5000)
    chosen = parser.parse_args()
    show_import(chosen.rounds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dyb-")))
        address = os.environ.get("DOCKER_HOST") or stack.enter_context(OwnEngine(folder / "d")).address
        client = dockyard.connect(address)
        kit.prepare(client, ["busybox"], may_pull=False)
        made = 0
        for count, tags, most in ((chosen.few, chosen.few, 0.8), (chosen.many, chosen.tags, 1.0)):
            fill(client, range(made, count), range(made, tags))
            made = count
            compare(client, chosen.rounds, most)
        draw(client, chosen.rounds)


def fill(client: Client, numbers: range, tags: range) -> None:
    """Containers that were never started, volumes, and names of one image, up to so many."""

    def make(number: int) -> None:
        client.api.create_container("busybox", ["true"], name=f"{PREFIX}-{number}", labels={"number": str(number)})
        client.api.create_volume(f"{PREFIX}-{number}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(make, numbers))
        list(pool.map(lambda number: client.api.tag("busybox", f"{PREFIX}/image-{number}", "1"), tags))


def compare(client: Client, rounds: int, most: float) -> None:
    listings: tuple[tuple[Callable[[Client], object], tuple[str, ...]], ...] = (
        (dockyard.containers, ("ps", "-a")),
        (dockyard.images, ("images",)),
        (dockyard.volumes, ("volume", "ls")),
        (dockyard.disk, ("system", "df", "-v")),
    )
    for table, words in listings:
        ours, theirs = [], []
        for _ in range(rounds):
            began = time.perf_counter()
            rows = table(client)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            subprocess.run(["docker", "-H", client.address, *words], check=True, capture_output=True)
            theirs.append(time.perf_counter() - began)
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"{table.__name__}, {len(rows)} rows: {ratio:.2f}x docker {' '.join(words)} (<= {most:.1f}x)", flush=True)


def draw(client: Client, rounds: int) -> None:
    """What a picture takes, beside the measurement that it is of."""
    disk = dockyard.disk(client)
    asked = statistics.median(timed(lambda: dockyard.disk(client)) for _ in range(3))
    for chart in (charts.disk_treemap, charts.disk_sunburst, charts.image_sizes):
        seconds = statistics.median(timed(lambda chart=chart: chart(disk)) for _ in range(rounds))
        print(f"{chart.__name__}, {len(disk)} rows: {seconds / asked:.2f}x dockyard.disk() (<= 1.0x)", flush=True)


def show_import(rounds: int) -> None:
    def run(code: str) -> float:
        return timed(lambda: subprocess.run([sys.executable, "-c", code], check=True))

    pairs = [(run("import dockyard"), run("pass")) for _ in range(rounds)]
    ratio = statistics.median(first for first, _ in pairs) / statistics.median(second for _, second in pairs)
    print(f"import dockyard: {ratio:.2f}x a bare Python (<= 1.5x)", flush=True)


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
