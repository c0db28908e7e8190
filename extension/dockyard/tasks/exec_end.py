"""A command that was started inside a container, ended there.

The Engine API can't end one. So another one looks for it, by what the kernel says of each process (proc(5), ``stat`` and ``cmdline``), and signals it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dockyard.command import line
from dockyard.connection import Client
from dockyard.errors import EngineError, LeftRunning, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.inside import run_in

__all__ = ["end_exec"]

GRACE_S = 2  # between asking it to end and killing it
END_S = 5
LIST = r'for p in "$@"; do cat $p/stat && tr "\0\n" "\1\2" < $p/cmdline && echo; done 2>/dev/null; true'
ALL = r"set -- /proc/[0-9]*; "
SEPARATOR, LINE_END = "\1", "\2"


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    group: int
    started: int
    words: tuple[str, ...]


def end_exec(client: Client, container: str, exec_id: str, words: Sequence[str]) -> None:
    """End a command that runs inside a container, and what it started.

    It is asked to (SIGTERM), and killed if it does not.

    Raises:
        LeftRunning: It can't be found or ended, such as in a container that has no shell.
    """
    if not _runs(client, exec_id):
        return
    for signal, patience_s in (("TERM", GRACE_S), ("KILL", END_S)):
        try:
            found = _find(client, container, exec_id, words)
            if found:
                run_in(client, container, ["sh", "-c", f"kill -{signal} -- {' '.join(found)}"], user="0")
        except EngineError as error:
            raise _left(container, words, str(error)) from error
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if not _runs(client, exec_id):
                return
            time.sleep(0.05)
        if not found:
            raise _left(container, words, translate(N_("it was not found among the processes there")))
    raise _left(container, words, translate(N_("it does not end")))


def _find(client: Client, container: str, exec_id: str, words: Sequence[str]) -> list[str]:
    """What ``kill`` is to be told: the process of a command and what it started; nothing where it is not found.

    Seen from inside, one that came from outside has no parent (0), as the container's first has none; the newest that has the words is it, and
    leads a group. Where a container sees the machine's own processes, it has the number that the engine tells.
    """
    with engine_errors(client.address):
        outside = int(client.api.exec_inspect(exec_id)["Pid"])
    for each in _listed(client, container, LIST, f"/proc/{outside}"):
        if each.words == tuple(words):
            # The group, which it or the program that holds it leads, has what is started between the look and the signal; the family what left the group.
            group = [f"-{each.group}"] if each.group in (each.pid, each.parent) else []
            return group + _family(client, container, str(outside))
    alike = [each for each in _listed(client, container, ALL + LIST) if each.words == tuple(words)]
    orphans = [each for each in alike if each.parent == 0 and each.pid != 1]
    if not orphans:
        return []
    newest = max(orphans, key=lambda each: (each.started, each.pid))
    return [f"-{newest.group}" if newest.group == newest.pid else str(newest.pid)]


def _family(client: Client, container: str, first: str) -> list[str]:
    """A process and its descendants, by the numbers that ``docker top`` tells."""
    answer = client.get_json("/containers/{}/top", container)
    own, parent = answer["Titles"].index("PID"), answer["Titles"].index("PPID")
    family = [first]
    for member in family:  # which grows meanwhile
        family += [row[own] for row in answer["Processes"] if row[parent] == member and row[own] not in family]
    return family


def _listed(client: Client, container: str, script: str, *paths: str) -> list[_Process]:
    return _parsed(run_in(client, container, ["sh", "-c", script, "sh", *paths], user="0")[1])


def _parsed(listed: str) -> list[_Process]:
    lines = listed.split("\n")
    found = []
    for stat, cmdline in pairwise(lines):
        front, closing, rest = stat.rpartition(") ")  # a program's name may have spaces and brackets
        fields = rest.split()
        if closing and front[:1].isdigit() and len(fields) > 19 and SEPARATOR in cmdline:
            given = tuple(cmdline.replace(LINE_END, "\n").removesuffix(SEPARATOR).split(SEPARATOR))
            pid = int(front.partition(" ")[0])
            found.append(_Process(pid, int(fields[1]), int(fields[2]), int(fields[19]), given))
    return found


def _runs(client: Client, exec_id: str) -> bool:
    state = client.find_json("/exec/{}/json", exec_id)
    return bool(state and state["Running"])


def _left(container: str, words: Sequence[str], reason: str) -> LeftRunning:
    return LeftRunning(command=line(*words), name=container, reason=reason)
