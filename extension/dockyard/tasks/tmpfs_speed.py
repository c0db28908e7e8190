"""How fast a tmpfs is beside the disk, measured in a container that is thrown away; and what is left of it after a restart."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from dockyard.connection import Client
from dockyard.errors import BadValue, EngineRefused, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Evidence, Progress, Report, check_cancel, ignore
from dockyard.tasks.inside import run_in
from dockyard.tasks.mount_trial import require_trial_image, throw_away
from dockyard.tasks.output import until_cancelled

__all__ = ["Speeds", "measure_tmpfs"]

MIB = 1 << 20
LARGEST_MIB = 1024
PLACES = {"tmpfs": "/memory", "disk": "/disk"}
PROBE = "dd if=/dev/zero of=/disk/file bs=1M count=1 && dd if=/disk/file of=/dev/null bs=1M iflag=direct"
BEGIN, END = "begins", "ends"
SHORTEST_S = 1e-6


@dataclass(frozen=True)
class Speeds:
    """What was measured.

    Attributes:
        size_bytes: How much was written and read each time.
        rounds: How often; the times are medians.
        write_s: Seconds until all was written, and on the disk really there (fsync), of ``tmpfs`` and ``disk``.
        read_s: Seconds to read it again.
        read_past_cache: Whether the disk was read itself (O_DIRECT), and not what the machine's page cache still has of it.
        after_restart: What was left of both when the container had been restarted.
    """

    size_bytes: int
    rounds: int
    write_s: dict[str, float]
    read_s: dict[str, float]
    read_past_cache: bool
    after_restart: Evidence

    def mib_per_s(self, place: str, way: str) -> float:
        """Return a speed in MiB/s.

        Args:
            place: ``tmpfs`` or ``disk``.
            way: ``write`` or ``read``.
        """
        return self.size_bytes / MIB / (self.write_s if way == "write" else self.read_s)[place]

    def times_as_fast(self, way: str) -> float:
        """Return how many times as fast as the disk the tmpfs was; below 1 it was slower.

        Args:
            way: ``write`` or ``read``.
        """
        return self.mib_per_s("tmpfs", way) / self.mib_per_s("disk", way)


def measure_tmpfs(
    client: Client, *, size_mib: int = 64, rounds: int = 5, report: Report = ignore, cancel: Cancel = NEVER
) -> Speeds:
    """Write and read a file in a tmpfs and on the disk by turns, then restart the container and look into both.

    Args:
        client: The engine.
        size_mib: How much, in MiB; the tmpfs takes that much of the machine's memory meanwhile.
        rounds: How often.
        report: Told the steps.
        cancel: Looked at all the time.

    Raises:
        BadValue: ``size_mib`` is not from 1 to 1024, or ``rounds`` not from 1 to 100.
        EngineRefused: The memory or the disk is too small.
        NoSuchImage: There is no busybox, and it can't be pulled.
        Cancelled: ``cancel`` was set; the container is removed.
    """
    for name, value, most in (("size_mib", size_mib, LARGEST_MIB), ("rounds", rounds, 100)):
        if not 1 <= value <= most:
            expected = translate(N_("write a number from 1 to {most}")).format(most=most)
            raise BadValue(flag=name, value=value, expected=expected)
    require_trial_image(client, report, cancel)
    taken: dict[tuple[str, str], list[float]] = {(place, way): [] for place in PLACES for way in ("write", "read")}
    total = rounds * len(taken) + 1
    mounts = [{"Type": "tmpfs", "Target": PLACES["tmpfs"]}, {"Type": "volume", "Target": PLACES["disk"]}]
    with throw_away(client, mounts) as container:
        is_direct = run_in(client, container, ["sh", "-c", PROBE])[0] == 0
        for count, (place, way) in enumerate(key for _ in range(rounds) for key in taken):
            doing = _doing(place, way)
            report(Progress(count, total, "steps", doing))
            taken[place, way].append(_seconds(client, container, _dd(place, way, size_mib, is_direct), cancel))
        report(Progress(total - 1, total, "steps", translate(N_("restarting"))))
        check_cancel(cancel)
        evidence = _restart(client, container)
    report(Progress(total, total, "steps", ""))
    times = {key: median(values) for key, values in taken.items()}
    return Speeds(
        size_mib * MIB,
        rounds,
        {place: times[place, "write"] for place in PLACES},
        {place: times[place, "read"] for place in PLACES},
        is_direct,
        evidence,
    )


def _doing(place: str, way: str) -> str:
    says = translate(N_("writing to {place}")) if way == "write" else translate(N_("reading from {place}"))
    return says.format(place=place)


def _dd(place: str, way: str, size_mib: int, is_direct: bool) -> str:
    file = f"{PLACES[place]}/file"
    if way == "write":
        return f"dd if=/dev/zero of={file} bs=1M count={size_mib} conv=fsync"
    return f"dd if={file} of=/dev/null bs=1M" + (" iflag=direct" if is_direct and place == "disk" else "")


def _seconds(client: Client, container: str, words: str, cancel: Cancel) -> float:
    """How long a command takes between two marks that its shell prints: not every dd tells, and starting it is not what is measured.

    Raises:
        EngineRefused: It failed; the sentence is its own.
    """
    script = f'echo {BEGIN}; if said=$({words} 2>&1); then echo {END}; else echo "$said"; fi'
    said, began = b"", 0.0
    with engine_errors(client.address):
        made = client.api.exec_create(container, ["sh", "-c", script])
        pieces: Iterator[bytes] = client.api.exec_start(made["Id"], stream=True)
        for piece in until_cancelled(pieces, cancel):
            said += piece
            began = began or time.perf_counter()
            if END.encode() in said:
                return max(time.perf_counter() - began, SHORTEST_S)
    raise EngineRefused(message=said.decode(errors="replace").removeprefix(BEGIN).strip() or words, status=None)


def _restart(client: Client, container: str) -> Evidence:
    before = _listing(client, container)
    with engine_errors(client.address):
        client.api.restart(container, timeout=0)
    after = _listing(client, container)
    ok = after == {"tmpfs": "", "disk": "file"} and before == {"tmpfs": "file", "disk": "file"}
    says = translate(N_("Before the restart both had the file. After it: tmpfs {memory}, disk {disk}."))
    nothing = translate(N_("nothing"))
    return Evidence(
        ok,
        says.format(memory=after["tmpfs"] or nothing, disk=after["disk"] or nothing),
        {"before": before, "after": after},
    )


def _listing(client: Client, container: str) -> dict[str, str]:
    return {place: run_in(client, container, ["ls", path])[1].strip() for place, path in PLACES.items()}
