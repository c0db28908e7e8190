"""Processes and their descendants, as ``/proc`` shows them."""

import os
import signal
from collections.abc import Iterable

__all__ = ["descendants", "handles", "send", "state"]


def descendants(pid: int) -> list[int]:
    """Return the children of a process, theirs, and so on, parents first."""
    found, fresh = [], _children(pid)
    while fresh:
        found += fresh
        fresh = [child for each in fresh for child in _children(each)]
    return found


def state(pid: int) -> str:
    """Return a process's state as a letter: ``R`` runs, ``S`` waits, ``T`` is stopped, ``t`` is held by its tracer, ``Z`` has ended; empty if gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()
    except (OSError, IndexError):
        return ""


def handles(pid: int, number: int) -> bool:
    """Return whether a process catches a signal."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            for line in file:
                if line.startswith(b"SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    except OSError:
        pass  # it has ended
    return False


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to processes; those that are gone are passed over."""
    for pid in pids:
        try:
            os.kill(pid, signal.Signals(number) if number in signal.valid_signals() else number)
        except ProcessLookupError:
            continue


def _children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    found = []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            continue
    return found
