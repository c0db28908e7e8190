"""What gives a container its view of the files, and starts programs in it."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from dockyard.engine.run.seccomp import Rules
from dockyard.engine.run.spec import Mount, Process

__all__ = ["Birth", "Tell", "View"]

Tell = Callable[[dict[str, Any]], None]
"""Says something to the parent."""


class Birth(NamedTuple):
    """How a program comes to life, step by step, in a forked child.

    Attributes:
        forks: Whether ``enter`` forks once more; then the child tells the grandchild's pid, ends, and the grandchild waits for the word to go on.
        enter: Goes where the container is.
        become: Gives up what the program must not have, and becomes its user.
        rules: For its system calls.
        candidates: The files to run, the first that is there.
        argv: The words.
        env: ``NAME=value`` each.
        cwd: Where it starts; None where the runner sees to it.
        reaps: Whether the child stays behind as the container's init.
        no_new_privileges: Whether the program and all that it starts gain none by setuid files.
        stands_between: Whether what is started is the runner's own program, which starts the container's.
    """

    forks: bool
    enter: Callable[[Tell, Callable[[], None]], None]
    become: Callable[[], None]
    rules: Rules
    candidates: tuple[str, ...]
    argv: tuple[str, ...]
    env: tuple[str, ...]
    cwd: str | None
    reaps: bool = False
    no_new_privileges: bool = False
    stands_between: bool = False


class View(Protocol):
    """A container's view, under one runner.

    Attributes:
        mounts: What is put over its own tree, as the host sees it.
    """

    mounts: tuple[Mount, ...]

    def birth(self, process: Process, join: int | None) -> Birth:
        """Return how to start a program.

        Args:
            process: The program.
            join: The main process's pid, for a program beside it; None for the main process itself.
        """
        ...

    def remove(self) -> None:
        """Remove what lies outside of the container, when all has ended."""
        ...
