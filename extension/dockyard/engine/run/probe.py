"""What this machine lets an engine do, found out by doing it."""

import os
import queue
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dockyard.engine.errors import ApiError
from dockyard.engine.run.program import CREATE
from dockyard.engine.run.proot import find_proot
from dockyard.engine.run.running import PACKAGE, Running
from dockyard.engine.run.spec import Exit, Mount, Process, Runner, Spec

__all__ = ["Choice", "choose", "low_ports_allowed", "report"]

PATIENCE_S = 20
EXPECTED = 42
RUNNERS: tuple[Runner, ...] = ("namespaces", "proot")

NO_PROOT = "proot is not installed (apt-get install proot)"
NEEDS_SECCOMP = "needs seccomp"
TOO_SLOW = "a trial did not end in time"
FAILED = "a trial failed"


class Choice(NamedTuple):
    """The runner that is used here.

    Attributes:
        runner: Its name; None where none works.
        reasons: (what was tried, why it does not work) in order of preference; what comes after one that works was not tried.
    """

    runner: Runner | None
    reasons: tuple[tuple[str, str], ...]


@cache
def choose() -> Choice:
    """Return the best runner that really ran a program here; ``DOCKYARD_RUNNER`` names one that is used or none."""
    reasons: list[tuple[str, str]] = []
    for runner in [each for each in RUNNERS if os.environ.get("DOCKYARD_RUNNER") in (None, "", each)]:
        reason = _try(runner)
        if not reason:
            return Choice(runner, tuple(reasons))
        reasons.append((runner, reason))
    questions = _try_questions()  # which all runners rest on: it tells more than they do
    return Choice(None, tuple([("seccomp", questions)] if questions else reasons))


@cache
def report() -> list[tuple[str, str]]:
    """Return each thing that running containers rests on, with an empty text or a sentence that says why it is not to be had."""
    questions = _try_questions()
    if questions:
        return [("seccomp", questions), *((runner, NEEDS_SECCOMP) for runner in RUNNERS)]
    return [("seccomp", ""), *((runner, _try(runner)) for runner in RUNNERS)]


@cache
def low_ports_allowed() -> bool:
    """Return whether this process may bind ports below 1024."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.255.255.254", 1))
        except PermissionError:
            return False
        except OSError:
            return True  # someone else has it
    return True


def _try_questions() -> str:
    """Return why a process can't answer another's system calls here, if it can't."""
    boot = "import sys; sys.path.insert(0, sys.argv.pop(1)); from dockyard.engine.run.trial import main; main()"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", boot, str(PACKAGE)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TOO_SLOW
    if done.returncode == 0:
        return ""
    return done.stdout.strip().rpartition("\n")[2] or f"{FAILED}: exit code {done.returncode}"


@cache
def _try(runner: Runner) -> str:
    """Run this machine's own shell in a container; return why that failed, if it did."""
    if runner == "proot" and not find_proot():
        return NO_PROOT
    with tempfile.TemporaryDirectory(prefix="dockyard-") as folder:
        root = Path(folder, "root")
        root.mkdir()
        mounts = [
            Mount(os.path.realpath(path), path, read_only=True)
            for path in ("/usr", "/bin", "/lib", "/lib64")
            if os.path.isdir(path)
        ]
        process = Process(("/bin/sh", "-c", f"exit {EXPECTED}"), ("PATH=/usr/bin:/bin",))
        spec = Spec(
            id=runner, root=str(root), process=process, runner=runner, mounts=tuple(mounts), address="127.9.8.7"
        )
        ended: queue.SimpleQueue[Exit] = queue.SimpleQueue()
        try:
            Running.start(spec, Path(folder, "run")).on_exit(ended.put)
            end = ended.get(timeout=PATIENCE_S)
        except ApiError as error:
            return str(error).removeprefix(CREATE.partition("{}")[0]).removesuffix(": unknown")
        except queue.Empty:
            return TOO_SLOW
    return "" if end.code == EXPECTED else end.error or f"{FAILED}: exit code {end.code}"
