"""Which file a program's name means, in a container, and Docker's sentences for those that can't be run."""

import errno
import os
import stat
from typing import TYPE_CHECKING

from dockyard.engine.run.namespaces import candidates
from dockyard.engine.run.spec import Process

if TYPE_CHECKING:
    from dockyard.engine.files.view import View

__all__ = ["CREATE", "EXEC", "NOT_FOUND", "NOT_RUNNABLE", "find_folder", "find_program", "sentence"]

CREATE = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {}: unknown"
EXEC = "OCI runtime exec failed: exec failed: unable to start container process: {}: unknown"

NOT_RUNNABLE, NOT_FOUND = 126, 127
MOST_LINK_ERRORS = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def find_program(view: "View", process: Process) -> int:
    """Return 0 if a process's program can be run, else the error number of why not.

    Args:
        view: The container's files.
        process: With the name and the PATH.
    """
    worst = errno.ENOENT
    for candidate in candidates(process):
        path = candidate if candidate.startswith("/") else os.path.join(process.cwd, candidate)
        try:
            mode = view.resolve(path).host.lstat().st_mode
        except OSError as error:
            if error.errno not in MOST_LINK_ERRORS:
                worst = error.errno or worst
            continue
        if stat.S_ISREG(mode) and mode & 0o111:
            return 0
        worst = errno.EACCES
    return worst


def find_folder(view: "View", path: str) -> int:
    """Return 0 if a path of the container is a folder, else the error number of why not."""
    try:
        mode = view.resolve(path).host.lstat().st_mode
    except OSError as error:
        return error.errno or errno.EIO
    return 0 if stat.S_ISDIR(mode) else errno.ENOTDIR


def sentence(process: Process, number: int, step: str = "exec") -> tuple[str, int]:
    """Return what Docker says of a process that could not be started, and the exit code that goes with it.

    Args:
        process: Which.
        number: The error's.
        step: What went wrong: ``exec``, ``cwd``, or another name.
    """
    name, reason = process.argv[0], os.strerror(number).lower()
    if step == "cwd":
        return f'chdir to cwd ("{process.cwd}") set in config.json failed: {reason}', NOT_RUNNABLE
    if step == "ulimit":
        return f"error setting rlimit: {reason}", NOT_RUNNABLE
    if step != "exec":
        return f"{step}: {reason}", 128
    if number in (errno.ENOENT, errno.ENOTDIR):
        said = f"stat {name}: {reason}" if "/" in name else "executable file not found in $PATH"
        return f'exec: "{name}": {said}', NOT_FOUND
    return f'exec: "{name}": {reason}', NOT_RUNNABLE
