"""What a build needs to have commands run: the engine fulfils it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from dockyard.engine.images.owners import Owners
from dockyard.engine.run.spec import Mount, Process

__all__ = ["Job", "ProgramOutput", "Workbench"]

ProgramOutput = Callable[[Literal["stdout", "stderr"], bytes], None]


@dataclass(frozen=True)
class Job:
    """One command of a RUN instruction.

    Attributes:
        id: 64 hexadecimal digits, as a container's.
        root: The stage's files, which the command may change.
        owners: Of those files.
        process: The command; what it has in its environment, as whom and where it runs.
        mounts: What is put over paths of the root.
        network: ``default``, ``host``, ``none``, or the name of a network.
        hosts: ``name:address`` each, for ``/etc/hosts``.
        ulimits: (name, soft, hard) each.
    """

    id: str
    root: Path
    owners: Owners
    process: Process
    mounts: tuple[Mount, ...] = ()
    network: str = "default"
    hosts: tuple[str, ...] = ()
    ulimits: tuple[tuple[str, int, int], ...] = ()


class Workbench(Protocol):
    """Runs the commands of builds."""

    @property
    def own_paths(self) -> Collection[str]:
        """Paths of a root, without a leading slash, that running leaves behind, and that no image should hold."""
        ...

    def run(self, job: Job, output: ProgramOutput, cancelled: Callable[[], bool]) -> int:
        """Run a command, wait for it, and return its exit code, 128 and the signal's number where a signal ended it.

        When this returns or raises, nothing that the command started runs any more.

        Args:
            job: What to run.
            output: Told what it writes while it runs; may raise, which ends it.
            cancelled: Asked now and then; True ends it.

        Raises:
            NotFound: There is no such network.
            ServerError: It can't be started, in Docker's words.
        """
        ...
