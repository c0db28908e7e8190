"""Run one command inside a container that runs: ``docker exec``, without a terminal."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import BadValue, Cancelled, CannotUndo, TerminalForExec, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import (
    NEVER,
    Cancel,
    Change,
    Evidence,
    Plan,
    Progress,
    Report,
    Result,
    Task,
    check_cancel,
    ignore,
)
from dockyard.tasks.container import name_in, require_running
from dockyard.tasks.exec_end import end_exec
from dockyard.tasks.file_changes import newly_written, written
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.output import checked, pieces, until_cancelled
from dockyard.tasks.shell import Shell, shell_from

__all__ = ["Exec", "ExecResult", "exec_from_words"]

FLAGS = (
    Flag("user", "u"),
    Flag("workdir", "w"),
    Flag("env", "e", "list"),
    Flag("detach", "d", "switch"),
    Flag("interactive", "i", "switch"),
    Flag("tty", "t", "switch"),
)
KEPT_OUTPUT_BYTES = 1 << 20
ENDED_S = 10  # how long after its output ended a command may take to end


@dataclass(frozen=True)
class ExecResult(Result):
    """What a command did. ``changes`` are the files that it wrote outside of mounts, as ``docker diff`` tells them.

    Attributes:
        exit_code: The command's; None for one in the background.
        output: What it printed, both streams in order; the last MiB.
    """

    exit_code: int | None = None
    output: bytes = b""


@dataclass(frozen=True)
class Exec(Task):
    """Run one command inside a container (``docker exec``).

    Attributes:
        container: Name or ID; it runs.
        words: The command. No shell is involved unless it is named: ``("sh", "-c", "ls /var/*")``.
        user: ``-u``, such as ``www-data`` or ``1000:1000``.
        workdir: ``-w``.
        env: ``-e``, each ``KEY=value``.
        detach: ``-d``: leave it running in the background.
    """

    verb: ClassVar[str] = "exec"
    container: str
    words: tuple[str, ...]
    user: str = ""
    workdir: str = ""
    env: tuple[str, ...] = ()
    detach: bool = False

    @property
    def command(self) -> str:
        """Such as ``docker exec apa000ex22 apt-get install -y mysql-server``."""
        return line("docker", "exec", *self._flag_words(), self.container, *self.words)

    def plan(self, client: Client) -> Plan:
        """Return the container. What a command changes in it is not known before it has run; the result lists the files.

        Raises:
            NoSuchContainer: There is no such container.
            WrongState: It does not run, or is paused.
        """
        name = name_in(require_running(client, self.container, self.verb))
        reason = translate(N_("runs {command}; which files that changes is known afterwards"))
        return Plan((Change("change", "container", name, reason=reason.format(command=line(*self.words))),))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> ExecResult:
        """Run it, and wait for its end. See :meth:`Task.run`; what it prints is reported as it comes.

        Cancel ends the command inside the container, and what it started; for that the container needs ``sh``, ``cat`` and ``tr``. Files that it
        wrote by then stay.

        Raises:
            LeftRunning: It was cancelled, and could not be ended.
            EngineRefused: The engine could not start it.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        before = written(client, self.container)
        with Kept.of(client, self.command) as kept, engine_errors(client.address):
            made = self._create(client)
            if self.detach:
                client.api.exec_start(made, detach=True)
                code, output = None, b""
            else:
                code, output = self._follow(client, made, report, cancel)
            kept.marks.append(Mark(made, "exec", "" if code is None else str(code)))
        after = written(client, self.container)
        warnings = [] if before.is_compared and after.is_compared else [_not_compared()]
        return ExecResult(newly_written(before, after), tuple(warnings), code, output)

    def verify(self, client: Client) -> Evidence:
        """Say how the last run ended. A command leaves no other trace that an engine could be asked for."""
        try:
            code = last_kept(client, self.command).marks[0].state
        except CannotUndo:
            return Evidence(False, translate(N_("{command}: not on record")).format(command=self.command))
        if not code:
            return Evidence(True, translate(N_("{command}: left running")).format(command=line(*self.words)))
        says = translate(N_("{command}: exit code {code}")).format(command=line(*self.words), code=code)
        return Evidence(code == "0", says, {"exit_code": int(code)})

    def undo(self, client: Client) -> Result:  # noqa: ARG002  # there is nothing to ask the engine for
        """Refuse: what a command did can't be known in full.

        Raises:
            CannotUndo: Always.
        """
        reason = translate(
            N_(
                "what a command did inside can't be known in full; commit the container first (docker commit), and go back to that"
            )
        )
        raise CannotUndo(command=self.command, reason=reason)

    def _create(self, client: Client) -> str:
        body: dict[str, Any] = {
            "Cmd": list(self.words),
            "User": self.user,
            "WorkingDir": self.workdir,
            "Env": list(self.env),
            "AttachStdout": not self.detach,
            "AttachStderr": not self.detach,
        }
        answer = client.api.post(client.url("/containers/{}/exec", self.container), json=body)
        answer.raise_for_status()
        return str(answer.json()["Id"])

    def _follow(self, client: Client, made: str, report: Report, cancel: Cancel) -> tuple[int, bytes]:
        """Start it, and follow its output to the end; return its exit code and the end of what it printed."""
        output = bytearray()
        url = client.url("/exec/{}/start", made)
        answer = checked(client.api.post(url, json={"Detach": False, "Tty": False}, stream=True, timeout=None))

        def read() -> Iterator[bytes]:
            with answer:  # closed by who reads it: no one else can while it is being read
                yield from pieces(answer, tty=False)

        try:
            for piece in until_cancelled(read(), cancel):
                output += piece
                del output[:-KEPT_OUTPUT_BYTES]
                report(Progress(0, None, "steps", piece.decode(errors="replace").rstrip()))
        except (Cancelled, KeyboardInterrupt):
            end_exec(client, self.container, made, self.words)
            raise
        return _exit_code(client, made), bytes(output)

    def _flag_words(self) -> Iterator[str]:
        yield from ("-d",) if self.detach else ()
        for flag, value in (("-u", self.user), ("-w", self.workdir)):
            yield from (flag, value) if value else ()
        for pair in self.env:
            yield from ("-e", pair)


def exec_from_words(given: tuple[str, ...]) -> Exec | Shell:
    """Return the task of ``docker exec`` with these words after ``exec``.

    Raises:
        BadLine: The words are not as ``docker exec`` takes them, or a flag is not supported; the sentence names it.
        TerminalForExec: ``-i`` or ``-t`` alone, or with ``-d``.
    """
    parsed = parse_flags("exec", FLAGS, given, flags_first=True)
    parsed.require_words("exec", translate(N_("a container and a command")), 2)
    is_at_terminal = parsed.switches == {"interactive", "tty"}
    if not is_at_terminal and parsed.switches & {"interactive", "tty"}:
        raise TerminalForExec(name=parsed.words[0])
    for pair in parsed.lists.get("env", ()):
        if "=" not in pair:
            expected = translate(N_("write KEY=value; no value is taken from elsewhere"))
            raise BadValue(flag="-e", value=pair, expected=expected)
    if is_at_terminal:
        return shell_from(parsed)
    return Exec(
        parsed.words[0],
        parsed.words[1:],
        parsed.values.get("user", ""),
        parsed.values.get("workdir", ""),
        parsed.lists.get("env", ()),
        "detach" in parsed.switches,
    )


def _exit_code(client: Client, made: str) -> int:
    """The exit code of a command whose output has ended, which may be a moment before it does."""
    end = time.monotonic() + ENDED_S
    state: Mapping[str, Any] = client.api.exec_inspect(made)
    while state["ExitCode"] is None and time.monotonic() < end:
        time.sleep(0.02)
        state = client.api.exec_inspect(made)
    return int(state["ExitCode"] or 0)


def _not_compared() -> str:
    return translate(
        N_("This container has written very many files; those that it had written before are not compared again.")
    )
