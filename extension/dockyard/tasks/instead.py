"""An image run with a shell INSTEAD of its software, really tried: what runs before, meanwhile, and after starting again."""

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from dockyard.command import line
from dockyard.connection import Client
from dockyard.connection.hijack import Stream
from dockyard.errors import StillRunning, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Progress, Report, check_cancel, ignore
from dockyard.tasks.container import name_in, processes, require_container, settled_processes
from dockyard.tasks.pull import has_image
from dockyard.tasks.record import off_record
from dockyard.tasks.run import Run
from dockyard.tasks.shell import find_shell

__all__ = ["Stage", "shell_instead"]

EXIT_S = 10  # how long a shell may take to end once it was told to
AGAIN_S = 5  # how long software may take to be as it was
STEPS = 5


@dataclass(frozen=True)
class Stage:
    """One moment of the trial.

    Attributes:
        lines: The docker lines that led to it; what is typed into the shell stands behind an arrow.
        container: Whose processes these are.
        status: The container's state, such as ``running``.
        processes: Command lines, as ``docker top`` lists them; empty where nothing runs.
        ok: Whether it is as the sentence of the chapter has it: the shell in place of the software, then the software again.
        says: What there is to see, in the reader's language.
    """

    lines: tuple[str, ...]
    container: str
    status: str
    processes: tuple[str, ...]
    ok: bool
    says: str


def shell_instead(
    client: Client,
    source: str,
    shell: str = "",
    *,
    tell: Callable[[Stage], None] = lambda _: None,
    report: Report = ignore,
    cancel: Cancel = NEVER,
) -> tuple[Stage, ...]:
    """Run an image with its own software and with a shell in its place, leave the shell, and start both again; leave nothing behind.

    Args:
        client: The engine.
        source: An image, pulled if the engine does not have it; or a container, which is looked at and left alone, for its image.
        shell: Such as ``/bin/bash``; by default the one that the image has.
        tell: Called with each stage as it comes.
        report: Told the steps.
        cancel: Looked at between steps.

    Returns:
        The stages in order. None of it is on record in the journal.

    Raises:
        NoSuchImage: There is no such image, and it can't be pulled.
        NoShell: The image has none.
        StillRunning: The shell did not end when it was told to.
        Cancelled: ``cancel`` was set; what was made is removed.
    """
    with off_record(), ExitStack() as stack:
        trial = _Trial(client, stack, tell, report, cancel)
        image = trial.look_at(source)
        own = trial.run(Run(image, name=trial.name("own"), detach=True))
        software = trial.own_software(own)
        instead = trial.shell(image, shell or find_shell(client, own.name), software)
        trial.leave(instead)
        trial.again(instead)
        if software:
            trial.software_again(own, software)
        return tuple(trial.stages)


@dataclass
class _Trial:
    client: Client
    stack: ExitStack
    tell: Callable[[Stage], None]
    report: Report
    cancel: Cancel
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:6])
    stages: list[Stage] = field(default_factory=list)

    def name(self, part: str) -> str:
        return f"dockyard-{part}-{self.mark}"

    def look_at(self, source: str) -> str:
        """The image of a source; a container's processes are the first stage."""
        found = self.client.find_json("/containers/{}/json", source)
        if found is None:
            return source
        name = name_in(found)
        says = translate(
            N_("The container as it is. It is looked at and left alone; what follows is made of its image.")
        )
        self._add((line("docker", "top", name),), name, processes(self.client, name), True, says)
        image, image_id = str(found["Config"]["Image"]), str(found["Image"])
        named = self.client.find_json("/images/{}/json", image) if has_image(self.client, image) else None
        return image if named and named["Id"] == image_id else image_id

    def run(self, task: Run) -> Run:
        """Run a container that goes when the trial ends."""
        self._step(translate(N_("running {name}")).format(name=task.name))
        task.run(self.client, report=self.report, cancel=self.cancel)
        self.stack.callback(task.undo, self.client)
        return task

    def own_software(self, own: Run) -> tuple[str, ...]:
        runs = settled_processes(self.client, own.name)
        says = (
            N_("The image's own software runs.")
            if runs
            else N_(
                "The image's own command has ended already: it has nothing that stays, so there is nothing to replace."
            )
        )
        self._add((own.command,), own.name, runs, bool(runs), translate(says))
        return runs

    def shell(self, image: str, shell: str, software: Sequence[str]) -> Run:
        """The container with the shell in place of the software; where the image's entrypoint is in the way, that is replaced too."""
        task = self.run(_at_terminal(Run(image, (shell,), name=self.name("shell"))))
        runs = settled_processes(self.client, task.name)
        if not _is_shell(runs, shell) and self._entrypoint(image):
            says = translate(
                N_(
                    "The image's entrypoint got the shell's name as a word, and did not start it. So it is replaced too:"
                )
            )
            self._add((task.command,), task.name, runs, False, says)
            task = self.run(_at_terminal(Run(image, name=self.name("shell2"), entrypoint=shell)))
            runs = settled_processes(self.client, task.name)
        ok = _is_shell(runs, shell) and not set(software) & set(runs)
        says = (
            N_("The shell runs INSTEAD of the software, of which nothing is there.")
            if ok
            else N_("It is not the shell alone that runs.")
        )
        self._add((task.command,), task.name, runs, ok, translate(says))
        return task

    def leave(self, task: Run) -> None:
        """Type ``exit``."""
        self._step(translate(N_("leaving the shell")))
        found = require_container(self.client, task.name)
        stream = Stream(self.client, f"/containers/{found['Id']}/attach?stream=1&stdin=1&stdout=1&stderr=1")
        try:
            stream.write(b"exit\n")
            ends = time.monotonic() + EXIT_S
            while stream.read(0.2) != b"":
                check_cancel(self.cancel)
                if time.monotonic() > ends:
                    raise StillRunning(name=task.name, seconds=EXIT_S)
        finally:
            stream.close()
        with engine_errors(self.client.address):
            self.client.api.wait(task.name, timeout=EXIT_S)
        says = translate(N_("exit ends the shell, and with its first process the container ends."))
        runs = processes(self.client, task.name)
        self._add((line("docker", "attach", task.name), "→ exit"), task.name, runs, not runs, says)

    def again(self, task: Run) -> None:
        """Start the shell's container again."""
        self._step(translate(N_("starting {name}")).format(name=task.name))
        with engine_errors(self.client.address):
            self.client.api.start(task.name)
        runs = settled_processes(self.client, task.name)
        says = translate(
            N_("A shell again: docker start takes no command, a container keeps the one that it was made with.")
        )
        self._add((line("docker", "start", task.name),), task.name, runs, bool(runs), says)

    def software_again(self, own: Run, software: Sequence[str]) -> None:
        """Stop and start the container that was given no command."""
        self._step(translate(N_("starting {name}")).format(name=own.name))
        with engine_errors(self.client.address):
            self.client.api.stop(own.name, timeout=1)
            self.client.api.start(own.name)
        runs = settled_processes(self.client, own.name)
        ends = time.monotonic() + AGAIN_S
        while len(runs) < len(software) and time.monotonic() < ends:  # a server that starts others takes a moment
            runs = settled_processes(self.client, own.name)
        says = translate(N_("The container that was given no command runs the image's software again."))
        lines = tuple(line("docker", *words, own.name) for words in (("stop", "-t", "1"), ("start",)))
        self._add(lines, own.name, runs, set(software) == set(runs), says)

    def _entrypoint(self, image: str) -> Any:
        return self.client.get_json("/images/{}/json", image)["Config"].get("Entrypoint")

    def _step(self, doing: str) -> None:
        check_cancel(self.cancel)
        self.report(Progress(len(self.stages), STEPS, "steps", doing))

    def _add(self, lines: tuple[str, ...], container: str, runs: tuple[str, ...], ok: bool, says: str) -> None:
        status = str(require_container(self.client, container)["State"]["Status"])
        self.stages.append(Stage(lines, container, status, runs, ok, says))
        self.tell(self.stages[-1])


def _at_terminal(task: Run) -> Run:
    """The same with ``-dit``."""
    return replace(task, detach=True, interactive=True, tty=True)


def _is_shell(runs: Sequence[str], shell: str) -> bool:
    return [each.partition(" ")[0].rpartition("/")[2] for each in runs] == [shell.rpartition("/")[2]]
