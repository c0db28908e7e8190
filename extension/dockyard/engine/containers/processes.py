"""What runs in a container, read from ``/proc``: the list for ``top`` and the figures for ``stats``."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockyard.engine.clock import now
from dockyard.engine.errors import BadParameter, NotSupported, ServerError

__all__ = ["Usage", "stats", "top", "usage"]

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SECOND_NS = 10**9
PS_S = 10
FULL = ("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD")


@dataclass(frozen=True)
class Process:
    """One process, as ``/proc/PID/stat`` has it.

    Attributes:
        pid: On this machine.
        parent: Of its parent.
        uid: Whose it is.
        user_ticks: Time in its own code.
        system_ticks: Time in the kernel.
        started_ticks: When it began, since the machine did.
        threads: How many it has.
        resident_bytes: Memory it holds.
        terminal: Its number; 0 for none.
        command: With its words.
    """

    pid: int
    parent: int
    uid: int
    user_ticks: int
    system_ticks: int
    started_ticks: int
    threads: int
    resident_bytes: int
    terminal: int
    command: str


@dataclass(frozen=True)
class Usage:
    """What a container uses at one moment.

    Attributes:
        read_at: When, as the API writes times.
        user_ns: Processor time of what runs now, in its own code.
        system_ns: The same in the kernel.
        machine_ns: Processor time of the whole machine.
        memory_bytes: Memory held.
        tasks: Threads.
        read_bytes: Read from disks.
        written_bytes: Written to disks.
    """

    read_at: str
    user_ns: int
    system_ns: int
    machine_ns: int
    memory_bytes: int
    tasks: int
    read_bytes: int
    written_bytes: int


def top(pids: Sequence[int], arguments: str) -> dict[str, Any]:
    """Return the process list as ``ps`` prints it.

    Args:
        pids: Of the container.
        arguments: For ``ps``; ``-ef`` works without that program.

    Raises:
        NotSupported: There is no ``ps`` on this machine, and other arguments are asked for.
        ServerError: ``ps`` does not take them.
        BadParameter: They leave out the column by which a container's processes are known.
    """
    words = arguments.split() or ["-ef"]
    program = shutil.which("ps")
    if program is None:
        if words != ["-ef"]:
            raise NotSupported(
                "ps is not installed on this machine: without it this engine lists processes as ps -ef does"
            )
        return {"Titles": list(FULL), "Processes": [_full(each) for each in _read(pids)]}
    answer = subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=PS_S)
    if answer.returncode:
        raise ServerError(f"error running ps: {answer.stderr.strip() or f'exit status {answer.returncode}'}")
    lines = answer.stdout.splitlines()
    titles = lines[0].split() if lines else []
    if "PID" not in titles:
        raise BadParameter("Couldn't find PID field in ps output")
    column, wanted = titles.index("PID"), {str(pid) for pid in pids}
    rows = [line.split(None, len(titles) - 1) for line in lines[1:]]
    return {"Titles": titles, "Processes": [row for row in rows if len(row) > column and row[column] in wanted]}


def usage(pids: Iterable[int]) -> Usage:
    """Return what processes use now, summed."""
    processes = _read(pids)
    read = written = 0
    for each in processes:
        counts = _counts(Path(f"/proc/{each.pid}/io"))
        read, written = read + counts.get("read_bytes", 0), written + counts.get("write_bytes", 0)
    return Usage(
        now(),
        sum(each.user_ticks for each in processes) * SECOND_NS // TICKS,
        sum(each.system_ticks for each in processes) * SECOND_NS // TICKS,
        _machine_ticks() * SECOND_NS // TICKS,
        sum(each.resident_bytes for each in processes),
        sum(each.threads for each in processes),
        read,
        written,
    )


def stats(container_id: str, name: str, current: Usage | None, before: Usage | None) -> dict[str, Any]:
    """Return the figures as the API shows them; of a container that does not run there are none."""
    shown: dict[str, Any] = {
        "read": current.read_at if current else "0001-01-01T00:00:00Z",
        "preread": before.read_at if before else "0001-01-01T00:00:00Z",
        "pids_stats": {"current": current.tasks} if current else {},
        "blkio_stats": _disks(current),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _processor(current),
        "precpu_stats": _processor(before),
        "memory_stats": {"usage": current.memory_bytes, "stats": {}, "limit": _memory_bytes()} if current else {},
        "name": f"/{name}",
        "id": container_id,
    }
    if current:
        shown["networks"] = {}  # a container's traffic is not told apart from the machine's
    return shown


def _read(pids: Iterable[int]) -> list[Process]:
    found = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            found.append(_process(pid))
    return found


def _process(pid: int) -> Process:
    folder = Path(f"/proc/{pid}")
    text = (folder / "stat").read_text(errors="replace")
    name, fields = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
    words = (folder / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    return Process(
        pid=pid,
        parent=int(fields[1]),
        uid=folder.stat().st_uid,
        user_ticks=int(fields[11]),
        system_ticks=int(fields[12]),
        started_ticks=int(fields[19]),
        threads=int(fields[17]),
        resident_bytes=int(fields[21]) * PAGE_BYTES,
        terminal=int(fields[4]),
        command=words or f"[{name}]",
    )


def _full(process: Process) -> list[str]:
    """A line of ``ps -ef``."""
    began = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + process.started_ticks / TICKS
    age_s = max(time.time() - began, 1)
    used_s = (process.user_ticks + process.system_ticks) // TICKS
    try:
        user = pwd.getpwuid(process.uid).pw_name
    except KeyError:
        user = str(process.uid)
    share = min(int(100 * used_s / age_s), 99)
    when = time.strftime("%H:%M" if age_s < 86400 else "%b%d", time.localtime(began))
    terminal = f"pts/{process.terminal & 0xFF}" if process.terminal else "?"
    spent = f"{used_s // 3600:02}:{used_s // 60 % 60:02}:{used_s % 60:02}"
    return [user, str(process.pid), str(process.parent), str(share), when, terminal, spent, process.command]


def _counts(path: Path) -> dict[str, int]:
    """A file of ``name: count`` lines; empty where it may not be read."""
    try:
        lines = path.read_text().splitlines()
    except (PermissionError, FileNotFoundError, ProcessLookupError):
        return {}
    return {name: int(count) for name, _, count in (line.partition(":") for line in lines)}


def _machine_ticks() -> int:
    with open("/proc/stat") as file:
        return sum(int(field) for field in file.readline().split()[1:9])


def _memory_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES


def _processor(at: Usage | None) -> dict[str, Any]:
    if at is None:
        none = {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0}
        return {"cpu_usage": none, "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}
    return {
        "cpu_usage": {
            "total_usage": at.user_ns + at.system_ns,
            "usage_in_kernelmode": at.system_ns,
            "usage_in_usermode": at.user_ns,
        },
        "system_cpu_usage": at.machine_ns,
        "online_cpus": os.cpu_count() or 1,
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    }


def _disks(at: Usage | None) -> dict[str, Any]:
    others = ("io_serviced", "io_queue", "io_service_time", "io_wait_time", "io_merged", "io_time", "sectors")
    empty = {f"{name}_recursive": None for name in others}
    if at is None:
        return {"io_service_bytes_recursive": None, **empty}
    entries = [
        {"major": 0, "minor": 0, "op": operation, "value": count}
        for operation, count in (("Read", at.read_bytes), ("Write", at.written_bytes))
    ]
    return {"io_service_bytes_recursive": entries, **empty}
