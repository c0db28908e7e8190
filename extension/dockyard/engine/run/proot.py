"""Containers under proot: for places where the kernel grants nothing.

proot traces every process and puts the host's paths in place of the container's, with no privileges at all. What it can't do is done by the
filter: calls that it does not know fail as if the kernel did not have them, so that programs use those that it knows; read-only mounts
(:mod:`dockyard.engine.run.guard`) and the host's name are questions to answer. It traces without filters of its own (PROOT_NO_SECCOMP), since
ours would be asked first, with paths that are not translated yet.
"""

import os
import tempfile
from collections.abc import Callable

from dockyard.engine.run.gate import NETWORK
from dockyard.engine.run.guard import WRITES, Guard
from dockyard.engine.run.namespaces import drop_capabilities
from dockyard.engine.run.runner import Birth, Tell
from dockyard.engine.run.seccomp import Rules
from dockyard.engine.run.spec import Mount, Process, Spec

__all__ = ["OWN", "PREFIX", "Proot", "find_proot"]

UNKNOWN = (
    "statx",
    "faccessat2",
    "openat2",
    "fchmodat2",
    "clone3",
    "execveat",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
)
HOST = ("/proc", "/dev", "/sys")
MEMORY = "/dev/shm"  # noqa: S108  # not a name that is guessed: a folder of one's own is made in it

PREFIX = b"PROOT_"
"""Put before variables that would mean something to proot or its loader; taken off before the program sees them."""
OWN = (b"PROOT_NO_SECCOMP=", b"PROOT_TMP_DIR=", b"PWD=")
"""Variables for proot alone, or set by it."""


class Proot:
    """The view of one container."""

    def __init__(self, spec: Spec, folder: str) -> None:
        """Prepare a container.

        Args:
            spec: It.
            folder: For what proot needs while it runs.
        """
        self._spec, self._program = spec, find_proot() or "proot"
        self._folder = os.path.join(folder, "proot")
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        self._in_memory: list[str] = []
        self.mounts = tuple(self._on_disk(mount) for mount in spec.mounts)
        guarded = spec.read_only or any(mount.read_only for mount in self.mounts)
        self.guard = Guard(spec.root, spec.read_only, self.mounts) if guarded else None

    def birth(self, process: Process, join: int | None) -> Birth:  # noqa: ARG002
        """Return how to start a program: see :class:`View`. One beside the main process gets the same view anew."""
        bindings = [f"{mount.source}:{mount.target}!" for mount in self.mounts]
        who = ("-0",) if (process.uid, process.gid) == (0, 0) else ("-i", f"{process.uid}:{process.gid}")
        options = [word for binding in (*HOST, *bindings) for word in ("-b", binding)]
        argv = ("proot", "-v", "1", "-r", self._spec.root, *options, "-w", process.cwd, *who, *process.argv)
        env = [
            each if not each.startswith(("LD_", "PROOT_", "PWD=")) else f"{PREFIX.decode()}{each}"
            for each in process.env
        ]
        asked = (
            "execve",
            "uname",
            *(WRITES if self.guard is not None else ()),
            *(NETWORK if self._spec.network != "host" else ()),
        )
        return Birth(
            forks=False,
            enter=_stay,
            become=_limit,
            rules=Rules(missing=UNKNOWN, asked=asked),
            candidates=(self._program,),
            argv=argv,
            env=(*env, "PROOT_NO_SECCOMP=1", f"PROOT_TMP_DIR={self._folder}"),
            cwd=None,
            no_new_privileges=self._spec.no_new_privileges,
            stands_between=True,
        )

    def remove(self) -> None:
        """Remove what proot and the container had in memory and beside it."""
        import shutil  # not worth its time at the start

        for folder in (*self._in_memory, self._folder):
            shutil.rmtree(folder, ignore_errors=True)

    def _on_disk(self, mount: Mount) -> Mount:
        """A tmpfs as an empty folder in memory: proot binds, it does not mount."""
        if mount.kind != "tmpfs":
            return mount
        folder = tempfile.mkdtemp(prefix="dockyard-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
        self._in_memory.append(folder)
        os.chmod(folder, 0o1777 if mount.mode is None else mount.mode)
        return mount._replace(kind="bind", source=folder)


def _stay(tell: Tell, wait: Callable[[], None]) -> None:
    """Enter nothing: proot does it all."""


def _limit() -> None:
    """Take from root what it has no use for; proot needs none of it."""
    if os.geteuid() == 0:
        drop_capabilities()


def find_proot() -> str | None:
    """Return where proot is, or None if it is not installed."""
    for folder in os.environ.get("PATH", os.defpath).split(":"):
        path = os.path.join(folder, "proot")
        if os.access(path, os.X_OK):
            return path
    return None
