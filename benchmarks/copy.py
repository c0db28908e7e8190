"""Copy a 2 GiB file into and out of a container: Dockyard beside `docker cp`, run in turn, and Dockyard's peak memory.

Prints the ratio of medians (below 1: Dockyard is faster) and how far its memory rose. Needs a running engine (DOCKER_HOST or the usual sockets),
the docker command line and about 7 GB of disk.
"""

import sys

sys.path[:] = [folder for folder in sys.path if not folder.endswith("benchmarks")]  # this file is no standard module

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import dockyard
from dockyard import kit
from dockyard.connection import Client

CONTAINER = "dockyard-bench-copy"

# Run in a process of its own, whose peak memory is then the copy's.
COPY = f"""
import resource, sys
import dockyard
from dockyard.tasks import CopyIn, CopyOut
client = dockyard.connect(sys.argv[1])
task = CopyIn(sys.argv[3], {CONTAINER!r}, sys.argv[4]) if sys.argv[2] == "in" else CopyOut({CONTAINER!r}, sys.argv[3], sys.argv[4])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
import time
began = time.perf_counter()
task.run(client)
print(time.perf_counter() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-mib", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    client = dockyard.connect()
    kit.prepare(client, ["busybox"])
    client.api.start(client.api.create_container("busybox", ["sleep", "100000"], name=CONTAINER))
    try:
        with tempfile.TemporaryDirectory() as folder:
            measure(client, Path(folder), chosen.size_mib, chosen.rounds)
    finally:
        client.api.remove_container(CONTAINER, force=True)


def measure(client: Client, folder: Path, size_mib: int, rounds: int) -> None:
    big = folder / "big"
    with big.open("wb") as file:
        for _ in range(size_mib):
            file.write(os.urandom(1 << 20))
    for way in ("in", "out"):
        ours, theirs, rises = [], [], []
        for _ in range(rounds):
            for who in ("docker", "dockyard"):
                copy = folder / f"out-{who}"
                copy.unlink(missing_ok=True)
                subprocess.run(["docker", "-H", client.address, "exec", CONTAINER, "rm", "-f", f"/{who}"], check=True)
                if way == "out":  # the source is the same for both
                    subprocess.run(
                        ["docker", "-H", client.address, "cp", "-q", str(big), f"{CONTAINER}:/{who}"], check=True
                    )
                os.sync()
                source, target = (str(big), f"/{who}") if way == "in" else (f"/{who}", str(copy))
                if who == "docker":
                    words = [source, f"{CONTAINER}:{target}"] if way == "in" else [f"{CONTAINER}:{source}", target]
                    began = time.perf_counter()
                    subprocess.run(["docker", "-H", client.address, "cp", "-q", *words], check=True)
                    theirs.append(time.perf_counter() - began)
                else:
                    answer = subprocess.run(
                        [sys.executable, "-c", COPY, client.address, way, source, target],
                        check=True,
                        capture_output=True,
                        text=True,
                    )
                    seconds, rise = map(float, answer.stdout.split())
                    ours.append(seconds)
                    rises.append(rise)
                if way == "out":
                    assert copy.stat().st_size == big.stat().st_size
                    copy.unlink()
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(
            f"copy {way}, {size_mib} MiB, {rounds} rounds: dockyard / docker cp = {ratio:.2f} (medians); memory rose by at most {max(rises):.0f} MiB"
        )


if __name__ == "__main__":
    main()
