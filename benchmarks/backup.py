"""A volume of 1 GB backed up and restored: Dockyard beside the chapter's own commands on real Docker, run in turn.

The volume is mixed: text in large and in many small files, and what does not compress. Prints ratios of medians with what each should be, also beside
the same volume streamed uncompressed (by docker-py, and over Dockyard's own connection, which is faster), the size beside busybox's, and the peak memory
of a process that backs up and of one that restores. Needs root and `dockerd`, or a running Docker that DOCKER_HOST names and that shares this machine's
files; about 6 GB of disk, and 2 GB more for each round.

Each restore fills a volume of its own, and none is removed before the end: a file system passes over what was freed in the last minutes, one by one.
Memory is touched right before each: in a virtual machine, whoever touches first what the host took back pays for it.
"""

import sys

sys.path[:] = [folder for folder in sys.path if not folder.endswith("benchmarks")]

import argparse
import mmap
import os
import random
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import dockyard
from dockyard import kit
from dockyard.connection import Client
from dockyard.connection.archive import download, upload
from dockyard.connection.own import OwnEngine
from dockyard.errors import EngineRefused
from dockyard.tasks import Backup, Restore
from dockyard.tasks.holder import holding

SOURCE, COPY = "dockyard-bench-source", "dockyard-bench-copy"
TOUCHED_BYTES = 4 << 30
LARGE_BYTES, SMALL_BYTES, SMALL_FILES = 22 << 20, 25_000, 4000

# Run in a process of its own, whose peak memory is then the task's.
RUN = """
import sys, time
import dockyard
from dockyard.tasks import Backup, Restore
client = dockyard.connect(sys.argv[1])
task = Backup(*sys.argv[3:]) if sys.argv[2] == "backup" else Restore(*sys.argv[3:])
print("ready", flush=True)
input()
began = time.perf_counter()
task.run(client)
seconds = time.perf_counter() - began
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, int(peak) / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size-mib", type=int, default=1000)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dyb-")))
        address = os.environ.get("DOCKER_HOST") or stack.enter_context(OwnEngine(folder / "d")).address
        client = dockyard.connect(address)
        stack.callback(forget, client, SOURCE)
        kit.prepare(client, ["busybox"], may_pull=False)
        client.api.create_volume(SOURCE)
        fill(client, chosen.size_mib << 20)
        measure(client, folder, chosen.rounds, stack)


def fill(client: Client, size_bytes: int) -> None:
    """Put mixed files into the volume: 100 MB of small texts, and by turns large texts and noise."""
    chance = random.Random(6)  # the same words every time
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 10))) for _ in range(20_000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    text = " ".join(chance.choices(words, weights, k=5_000_000)).encode()

    def files() -> Iterator[tuple[str, bytes]]:
        for number in range(SMALL_FILES):
            start = chance.randrange(len(text) - SMALL_BYTES)
            yield f"small/{number % 50}/{number}.txt", text[start : start + SMALL_BYTES]
        for number in range((size_bytes - SMALL_FILES * SMALL_BYTES) // LARGE_BYTES):
            start = chance.randrange(len(text) // 4)
            yield f"large/{number}", os.urandom(LARGE_BYTES) if number % 2 else (text[start:] + text)[:LARGE_BYTES]

    def parts() -> Iterator[bytes]:
        for name, content in files():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            yield info.tobuf() + content + bytes(-len(content) % tarfile.BLOCKSIZE)
        yield bytes(tarfile.RECORDSIZE)

    with holding(client, {SOURCE: "/v"}) as held:
        upload(client, held, "/v", parts(), None)


def measure(client: Client, folder: Path, rounds: int, stack: ExitStack) -> None:
    theirs, ours, plain = (folder / name for name in ("busybox.tar.gz", "dockyard.tar.gz", "plain.tar"))
    memory: dict[str, list[float]] = {"backup": [], "restore": []}
    copies: list[str] = []

    def task(verb: str, *words: str) -> float:
        with subprocess.Popen(
            [sys.executable, "-c", RUN, client.address, verb, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            assert process.stdout.readline()
            touch_memory()
            answer, _ = process.communicate("now\n")
        assert process.returncode == 0
        seconds, peak = map(float, answer.split())
        memory[verb].append(peak)
        return seconds

    def copy() -> str:
        copies.append(f"{COPY}-{len(copies)}")
        client.api.create_volume(copies[-1])
        stack.callback(forget, client, copies[-1])
        return copies[-1]

    def restored_by_line() -> float:
        line = Restore(str(theirs), copy()).command
        return timed(lambda: chapter(client, line))

    backups = {
        "busybox": lambda: timed(lambda: chapter(client, Backup(SOURCE, str(theirs)).command)),
        "docker-py": lambda: timed(lambda: stream(client, plain, read_by_docker_py)),
        "stream": lambda: timed(lambda: stream(client, plain, read_plain)),
        "dockyard": lambda: task("backup", SOURCE, str(ours)),
    }
    times = in_turn(backups, rounds)
    show("backup: busybox / dockyard", times["busybox"] / times["dockyard"], ">= 6")
    show("backup: dockyard / docker-py's get_archive to disk", times["dockyard"] / times["docker-py"], "<= 1.3")
    show("backup: dockyard / our own plain stream to disk", times["dockyard"] / times["stream"], "for comparison")
    show("backup: size, dockyard / busybox", ours.stat().st_size / theirs.stat().st_size, "<= 1.05")
    plain.unlink()
    restores = {
        "busybox": restored_by_line,
        "dockyard": lambda: task("restore", str(ours), copy()),
    }
    times = in_turn(restores, rounds)
    show("restore: busybox / dockyard", times["busybox"] / times["dockyard"], ">= 3")
    for verb, peaks in memory.items():
        print(f"{verb}: peak memory {max(peaks):.0f} MiB (< 100 MB)")
    evidence = Restore(str(ours), copies[-1]).verify(client)
    assert evidence.ok, evidence.says


def in_turn(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Do each way in turn, and return the median of each in seconds."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            os.sync()
            times[name].append(way())
    for name, each in times.items():
        print(f"  {name}: median {statistics.median(each):.2f} s of {', '.join(f'{seconds:.2f}' for seconds in each)}")
    return {name: statistics.median(each) for name, each in times.items()}


def chapter(client: Client, command: str) -> None:
    words = command.split()[1:]
    subprocess.run(
        ["docker", "-H", client.address, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def stream(client: Client, target: Path, read: Callable[[Client, str], Iterable[bytes | memoryview]]) -> None:
    """The same volume uncompressed, onto the disk."""
    with holding(client, {SOURCE: "/source"}) as held, target.open("wb", buffering=0) as file:
        for part in read(client, held):
            file.write(part)
        os.fsync(file.fileno())


def read_by_docker_py(client: Client, held: str) -> Iterable[bytes]:
    """As a program reads it with docker-py."""
    return client.api.get_archive(held, "/source/.")[0]


def read_plain(client: Client, held: str) -> Iterator[memoryview]:
    """As the backup reads it: the least that anything over the engine takes."""
    buffer = memoryview(bytearray(256 << 10))
    with download(client, held, "/source/.") as (_, reader):
        while count := reader.readinto(buffer):
            yield buffer[:count]


def touch_memory() -> None:
    mmap.mmap(-1, TOUCHED_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


def timed(work: Callable[[], object]) -> float:
    touch_memory()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def show(what: str, ratio: float, target: str) -> None:
    print(f"{what}: {ratio:.2f}x ({target})", flush=True)


def forget(client: Client, volume: str) -> None:
    with suppress(EngineRefused):
        if client.find_json("/volumes/{}", volume):
            client.api.remove_volume(volume)


if __name__ == "__main__":
    main()
