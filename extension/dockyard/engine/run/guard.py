"""Read-only mounts where the kernel has no mounts to make read-only: under proot.

proot puts the host's absolute path in place of the container's before the filter sees a call, so what is about to be written can be
looked up among the sources of the mounts.
"""

import os
from collections.abc import Sequence

from dockyard.engine.run import memory
from dockyard.engine.run.listener import Question
from dockyard.engine.run.spec import Mount

__all__ = ["WRITES", "Guard"]

# Which arguments of a call are paths that it writes to, each with the descriptor of the folder that a relative one starts from.
HERE, NONE = -100, -1
WRITES: dict[str, tuple[tuple[int, int], ...]] = {
    "chmod": ((HERE, 0),),
    "chown": ((HERE, 0),),
    "creat": ((HERE, 0),),
    "fchmod": ((0, NONE),),
    "fchmodat": ((0, 1),),
    "fchown": ((0, NONE),),
    "fchownat": ((0, 1),),
    "futimesat": ((0, 1),),
    "lchown": ((HERE, 0),),
    "link": ((HERE, 1),),
    "linkat": ((2, 3),),
    "lremovexattr": ((HERE, 0),),
    "lsetxattr": ((HERE, 0),),
    "mkdir": ((HERE, 0),),
    "mkdirat": ((0, 1),),
    "mknod": ((HERE, 0),),
    "mknodat": ((0, 1),),
    "open": ((HERE, 0),),
    "openat": ((0, 1),),
    "removexattr": ((HERE, 0),),
    "rename": ((HERE, 0), (HERE, 1)),
    "renameat": ((0, 1), (2, 3)),
    "renameat2": ((0, 1), (2, 3)),
    "rmdir": ((HERE, 0),),
    "setxattr": ((HERE, 0),),
    "symlink": ((HERE, 1),),
    "symlinkat": ((1, 2),),
    "truncate": ((HERE, 0),),
    "unlink": ((HERE, 0),),
    "unlinkat": ((0, 1),),
    "utime": ((HERE, 0),),
    "utimensat": ((0, 1),),
    "utimes": ((HERE, 0),),
}


class Guard:
    """What may not be written to."""

    def __init__(self, root: str, root_read_only: bool, mounts: Sequence[Mount]) -> None:
        """Guard a container's files.

        Args:
            root: Its own tree on the host.
            root_read_only: Whether that is guarded too.
            mounts: All of them; where one lies in another, the inner one counts.
        """
        places = [(root, root_read_only), *((mount.source, mount.read_only) for mount in mounts if mount.source)]
        self._places = {os.path.realpath(path): read_only for path, read_only in places}

    def forbids(self, question: Question, name: str) -> bool:
        """Return whether a call would write where that is not allowed.

        Raises:
            OSError: Its memory can't be read.
        """
        return any(self._is_read_only(self._path(question, folder, path)) for folder, path in WRITES[name])

    def _path(self, question: Question, folder: int, path: int) -> str:
        """Where an argument leads on the host."""
        start = HERE if folder == HERE else question.arguments[folder] & 0xFFFFFFFF
        base = f"/proc/{question.pid}/cwd" if start in (HERE, HERE & 0xFFFFFFFF) else f"/proc/{question.pid}/fd/{start}"
        pointer = 0 if path == NONE else question.arguments[path]
        said = os.fsdecode(memory.read_text(question.pid, pointer)) if pointer else ""
        if said.startswith("/"):
            return said
        return os.path.normpath(os.path.join(os.readlink(base), said))

    def _is_read_only(self, path: str) -> bool:
        while True:
            found = self._places.get(path)
            if found is not None:
                return found
            if path == "/":
                return False
            path = os.path.dirname(path)
