"""Processes that proot left behind.

Where proot is killed, what it traced runs on, with the host's files in place of the container's. It happens only when the watching process is killed
first, which takes proot with it.
"""

import os
import re
import signal
import time

from dockyard.engine.run import tree

__all__ = ["end_strays"]

PAUSE_S = 0.05

_LOADER = re.compile(r"prooted-(\d+)-\w+( \(deleted\))?")
"""What proot's processes have as their program until they replace it in memory: it carries proot's own number."""


def end_strays(patience_s: float = 0.5) -> None:
    """Kill this user's processes that ran under a proot that is gone, or goes within ``patience_s``.

    Only those that are filtered as this engine filters them: what someone else started under proot is left alone.
    """
    deadline = time.monotonic() + patience_s
    while True:
        strays = [int(name) for name in os.listdir("/proc") if name.isdecimal() and _is_stray(name)]
        tree.send(strays, signal.SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(PAUSE_S)


def _is_stray(pid: str) -> bool:
    try:
        found = _LOADER.fullmatch(os.path.basename(os.readlink(f"/proc/{pid}/exe")))
        if found is None or tree.state(int(found[1])) not in ("", "Z", "X"):
            return False
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            lines = dict(line.rstrip().partition(":\t")[::2] for line in file)
    except OSError:  # it is another user's, or has ended
        return False
    return lines.get("TracerPid") == "0" and lines.get("Seccomp") == "2"
