"""Sit down at a terminal in a container: ``docker exec -it`` and ``docker attach``."""

import secrets
import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from urllib.parse import quote

from dockyard.command import Parsed, line, parse_flags
from dockyard.connection import Client
from dockyard.connection.archive import stat_path
from dockyard.connection.hijack import Stream
from dockyard.errors import (
    CannotUndo,
    EngineError,
    EngineRefused,
    NoShell,
    NotAttachable,
    NoTerminal,
    engine_errors,
)
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Evidence, Plan, Report, Result, Task, check_cancel, ignore
from dockyard.tasks.container import require_running
from dockyard.tasks.file_changes import newly_written, written
from dockyard.tasks.lifeline import MARK, Lifeline
from dockyard.tasks.session import Session

__all__ = ["Attach", "Shell", "ShellResult", "Terminal", "attach_from_words", "find_shell", "shell_from"]

SHELLS = ("/bin/bash", "/bin/sh")
# Docker's own keys, Ctrl-P Ctrl-Q, would keep Ctrl-P ("the line before") from the shell until the next key.
DETACH_KEYS = "ctrl-],ctrl-]"
END_S = 2  # how long the engine may take to tell how a program ended whose output has ended


class Terminal(Protocol):
    """Where a person sits."""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    def opened(self, session: Session) -> None:
        """Take what is typed and new sizes to ``session`` from now on; called once, before anything is shown."""
        ...

    def show(self, piece: bytes) -> None:
        """Show what was printed. While this waits, so does the program."""
        ...


@dataclass(frozen=True)
class ShellResult(Result):
    """What was done at a terminal: ``changes`` are the container's own files that changed meanwhile, whoever changed them.

    Attributes:
        exit_code: How the program ended; None where it still runs, or no one can tell.
    """

    exit_code: int | None = None


@dataclass(frozen=True)
class _AtTerminal(Task):
    """A program in a running container, and a person at its terminal."""

    container: str

    def plan(self, client: Client) -> Plan:
        """Return no changes, since the person decides about them, and what the person should know first.

        Raises:
            NoSuchContainer, WrongState, NotAttachable: There is no such program to talk to.
        """
        return Plan((), self._warnings(client, self._found(client)))

    def run(
        self,
        client: Client,
        *,
        plan: Plan | None = None,
        report: Report = ignore,  # noqa: ARG002  # the terminal shows how it goes
        cancel: Cancel = NEVER,
        terminal: Terminal | None = None,
    ) -> ShellResult:
        """Let ``terminal`` talk to the program until either ends it. See :meth:`Task.run`.

        Raises:
            NoTerminal: There is none.
        """
        self.plan(client).require_same(plan)
        if terminal is None:
            raise NoTerminal(command=self.command, code=self._cell)
        before = written(client, self.container)
        with self._opened(client, terminal) as (session, look_up_end):
            terminal.opened(session)
            for piece in session.printed(cancel):
                terminal.show(piece)
        check_cancel(cancel)
        exit_code = _exit_code(client, *look_up_end)
        try:
            changes = newly_written(before, written(client, self.container))
        except EngineRefused:
            gone = translate(N_("The container {name} is gone, and what was changed in it too.")).format(
                name=self.container
            )
            return ShellResult((), (gone,), exit_code)
        return ShellResult(changes, self._blind_spots(client), exit_code)

    def verify(self, client: Client) -> Evidence:
        """Look how the container differs from its image now."""
        found = client.find_json("/containers/{}/json", self.container)
        if found is None:
            return Evidence(False, translate(N_("{name}: no such container")).format(name=self.container))
        kinds = dict(written(client, self.container).kinds)
        says = translate(N_("{name}: {status}, {n} paths differ from its image")).format(
            name=self.container, status=found["State"]["Status"], n=len(kinds)
        )
        return Evidence(True, says, {"paths": kinds, "status": found["State"]["Status"]})

    def undo(self, client: Client) -> Result:  # noqa: ARG002  # it is the same on every engine
        """Say why this can't be.

        Raises:
            CannotUndo: Always.
        """
        reason = translate(
            N_("what was done by hand can't be taken back step by step; a new container of the image begins without it")
        )
        raise CannotUndo(command=self.command, reason=reason)

    @property
    @abstractmethod
    def _cell(self) -> str:
        """Python that opens it in a cell."""

    @abstractmethod
    def _opened(self, client: Client, terminal: Terminal) -> Any:
        """A context manager of a session, and of where to look up how its program ended."""

    def _warnings(self, client: Client, found: Any) -> tuple[str, ...]:  # noqa: ARG002  # for those that have some
        return (
            translate(
                N_(
                    "What you change belongs to this container, not to its image: it is gone when the container is removed."
                )
            ),
        )

    def _found(self, client: Client) -> Any:
        return require_running(client, self.container, self.verb)

    def _blind_spots(self, client: Client) -> tuple[str, ...]:
        found = client.find_json("/containers/{}/json", self.container)
        mounted = sorted(each["Destination"] for each in (found or {}).get("Mounts") or ())
        if not mounted:
            return ()
        says = translate(N_("What changed below {paths} is not listed: that is mounted, and not the container's own."))
        return (says.format(paths=", ".join(mounted)),)


@dataclass(frozen=True)
class Shell(_AtTerminal):
    """Open a shell, or another program with a terminal, beside what a container runs (``docker exec -it``).

    Attributes:
        container: Name or ID; it runs.
        words: The program and its words.
        user: ``-u``.
        workdir: ``-w``.
        env: ``-e``, each ``KEY=value``.
    """

    verb: ClassVar[str] = "exec"
    words: tuple[str, ...] = SHELLS[:1]
    user: str = ""
    workdir: str = ""
    env: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Such as ``docker exec -it apa000ex19 /bin/bash``."""
        flags = ("-u", self.user) * bool(self.user) + ("-w", self.workdir) * bool(self.workdir)
        pairs = (word for pair in self.env for word in ("-e", pair))
        return line("docker", "exec", "-it", *pairs, *flags, self.container, *self.words)

    @property
    def code(self) -> str:
        """The cell that opens it."""
        return f"import dockyard\n\n{self._cell}"

    @property
    def _cell(self) -> str:
        given = {"command": self.words, "user": self.user, "workdir": self.workdir, "env": self.env}
        more = "".join(f", {name}={value!r}" for name, value in given.items() if value and value != SHELLS[:1])
        return f"dockyard.shell({self.container!r}{more})"

    def _warnings(self, client: Client, found: Any) -> tuple[str, ...]:
        warnings = super()._warnings(client, found)
        if Lifeline.can_be(client, self.container):
            return warnings
        says = translate(N_("{name!r} has no /bin/sh, so closing the terminal can't end the program in it."))
        return (*warnings, says.format(name=self.container))

    @contextmanager
    def _opened(self, client: Client, terminal: Terminal) -> Iterator[tuple[Session, tuple[str, str]]]:
        mark = secrets.token_hex(8)
        has_sh = Lifeline.can_be(client, self.container)
        lifeline = Lifeline(client, self.container, mark, self.user) if has_sh else None
        is_over = False
        try:
            session, where = self._start(client, terminal, mark, lifeline)
            yield session, where
            is_over = not session.was_ended
        finally:
            if lifeline:
                (lifeline.release if is_over else lifeline.cut)()

    def _terminal_env(self, client: Client) -> Iterator[str]:
        """What a terminal tells the programs in it: its kind, and UTF-8 where the container names no encoding of its own."""
        yield "TERM=xterm-256color"
        named = {pair.partition("=")[0] for pair in (*(self._found(client)["Config"]["Env"] or ()), *self.env)}
        if not named & {"LANG", "LC_ALL", "LC_CTYPE"}:
            yield "LANG=C.UTF-8"

    def _start(
        self, client: Client, terminal: Terminal, mark: str, lifeline: Lifeline | None
    ) -> tuple[Session, tuple[str, str]]:
        with engine_errors(client.address):
            made = client.api.exec_create(
                self.container,
                list(self.words),
                stdin=True,
                tty=True,
                user=self.user,
                workdir=self.workdir or None,
                environment=[*self._terminal_env(client), *self.env, f"{MARK}={mark}"],
                detach_keys=DETACH_KEYS,
            )
        rows, columns = terminal.size
        stream = Stream(client, f"/exec/{made['Id']}/start", {"Tty": True, "ConsoleSize": [rows, columns]})

        def resize(rows: int, columns: int) -> None:
            with engine_errors(client.address):
                client.api.exec_resize(made["Id"], rows, columns)

        session = Session(stream, resize, lifeline.cut if lifeline else None)
        session.resize(rows, columns)  # engines before API 1.42 pass over ConsoleSize
        return session, ("/exec/{}/json", str(made["Id"]))


@dataclass(frozen=True)
class Attach(_AtTerminal):
    """Sit down at the terminal of a container's own program (``docker attach``); leaving it lets the program run on.

    Attributes:
        container: Name or ID; it was started with ``-it`` and runs.
    """

    verb: ClassVar[str] = "attach"

    @property
    def command(self) -> str:
        """Such as ``docker attach apa000ex19``."""
        return line("docker", "attach", self.container)

    @property
    def code(self) -> str:
        """The cell that opens it."""
        return f"import dockyard\n\n{self._cell}"

    @property
    def _cell(self) -> str:
        return f"dockyard.panels.attach({self.container!r})"

    def _found(self, client: Client) -> Any:
        found = super()._found(client)
        if not found["Config"]["Tty"] or not found["Config"]["OpenStdin"]:
            raise NotAttachable(name=self.container)
        return found

    def _warnings(self, client: Client, found: Any) -> tuple[str, ...]:
        says = translate(N_("This is the container's own program: when it ends, as by exit, the container stops."))
        return (*super()._warnings(client, found), says)

    @contextmanager
    def _opened(self, client: Client, terminal: Terminal) -> Iterator[tuple[Session, tuple[str, str]]]:
        def resize(rows: int, columns: int) -> None:
            with engine_errors(client.address):
                client.api.resize(self.container, rows, columns)

        container = quote(self.container, safe="")
        stream = Stream(client, f"/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1")
        session = Session(stream, resize)
        rows, columns = terminal.size
        with suppress(EngineError):  # as docker does: at another size, what stands at the prompt is drawn again
            resize(rows + 1, columns + 1)
        session.resize(rows, columns)
        yield session, ("/containers/{}/json", self.container)


def find_shell(client: Client, container: str) -> str:
    """Return the shell that a container has: ``/bin/bash``, or else ``/bin/sh``.

    Raises:
        NoSuchContainer: There is no such container.
        NoShell: It has neither.
    """
    for path in SHELLS:
        if stat_path(client, container, path) is not None:
            return path
    raise NoShell(name=container)


def shell_from(parsed: Parsed) -> Shell:
    """Return the task of ``docker exec`` with ``-it``, its words sorted."""
    container, *words = parsed.require_words("exec", translate(N_("a container and a command")), 2)
    return Shell(
        container,
        tuple(words),
        parsed.values.get("user", ""),
        parsed.values.get("workdir", ""),
        parsed.lists.get("env", ()),
    )


def attach_from_words(given: tuple[str, ...]) -> Attach:
    """Return the task of ``docker attach`` with these words after ``attach``.

    Raises:
        BadLine: The words are not as ``docker attach`` takes them, or a flag is not supported; the sentence names it.
    """
    parsed = parse_flags("attach", (), given)
    return Attach(*parsed.require_words("attach", translate(N_("a name")), 1, 1))


def _exit_code(client: Client, path: str, ident: str) -> int | None:
    """How the program ended, once the engine says so."""
    ends = time.monotonic() + END_S
    while (found := client.find_json(path, ident)) is not None:
        state = found.get("State", found)  # a container's, or an exec's own
        if not state["Running"]:
            return None if state["ExitCode"] is None else int(state["ExitCode"])
        if time.monotonic() > ends:
            break
        time.sleep(0.05)
    return None
