"""Starting a program in a container: fork, get ready, exec."""

import array
import contextlib
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import sys
import termios
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from dockyard.engine.run import libc, seccomp
from dockyard.engine.run.runner import Birth
from dockyard.engine.run.spec import Process
from dockyard.engine.run.streams import STDERR, STDOUT, Ends, set_size
from dockyard.engine.run.syscalls import Machine

__all__ = ["LaunchFailed", "Launched", "failure", "launch"]

PATIENCE_S = 20.0
UNLIMITED = -1
TIOCSPTLCK, TIOCGPTN = 0x40045431, 0x80045430  # Python has no names for them before 3.13


class LaunchFailed(Exception):
    """A step of the start failed.

    Attributes:
        step: Which: ``exec``, ``cwd``, or a name for what the runner does.
        number: The error's.
    """

    def __init__(self, step: str, number: int) -> None:
        super().__init__(f"{step}: {os.strerror(number)}")
        self.step, self.number = step, number


class Launched(NamedTuple):
    """A child on its way to exec.

    Attributes:
        pid: Of the program; of the runner where one stands between.
        listener: Where it asks about its system calls, if it does.
        ends: Of its streams.
        report: Ends when it has become the program; says so if it can't (:func:`failure`).
        errors: What the program's error output is to be, where the runner has its own for now.
        notes: What the runner itself says.
    """

    pid: int
    listener: int | None
    ends: Ends
    report: socket.socket
    errors: int | None
    notes: int | None


def launch(birth: Birth, process: Process, ulimits: Sequence[tuple[str, int, int]], machine: Machine) -> Launched:
    """Fork a child and see it through to its exec.

    Raises:
        LaunchFailed: A step before that failed.
    """
    report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pipes = _Pipes(process, birth.stands_between)
    pid = os.fork()
    if pid == 0:
        _child(birth, process, ulimits, machine, pipes, theirs)
    theirs.close()
    pipes.close_theirs()
    report.settimeout(PATIENCE_S)
    terminal, listener = None, None
    try:
        if birth.forks:
            inner = int(_hear(report)[0]["pid"])
            os.waitpid(pid, 0)
            pid = inner
            report.send(b"go")
        if process.tty:
            terminal = _hear(report)[1]
        listener = _hear(report)[1]
    except (LaunchFailed, OSError) as error:
        for opened in (terminal, *pipes.ours()):
            if opened is not None:
                os.close(opened)
        report.close()
        raise error if isinstance(error, LaunchFailed) else LaunchFailed("start", error.errno or errno.EIO) from error
    if terminal is not None:
        ends = Ends(os.dup(terminal), {STDOUT: terminal})
        if not process.stdin:
            os.close(ends.stdin or 0)
            ends = ends._replace(stdin=None)
    else:
        ends = Ends(pipes.stdin[1], {STDOUT: pipes.stdout[0] or 0, STDERR: pipes.stderr[0] or 0})
    return Launched(pid, listener, ends, report, pipes.errors, pipes.notes[0])


def failure(report: socket.socket) -> LaunchFailed | None:
    """Return what the child says last: None that it has become the program."""
    try:
        _hear(report)
    except LaunchFailed as error:
        return error
    except OSError:
        return None
    return None


Pair = tuple[int | None, int | None]


class _Pipes:
    """The streams of a program that has no terminal, and the runner's notes."""

    def __init__(self, process: Process, notes: bool) -> None:
        self.stdin: Pair = os.pipe() if process.stdin and not process.tty else (None, None)
        self.stdout: Pair = (None, None) if process.tty else os.pipe()
        self.stderr: Pair = (None, None) if process.tty else os.pipe()
        self.notes: Pair = os.pipe() if notes else (None, None)
        self.errors: int | None = None
        if notes and self.stderr[1] is not None:
            self.errors = os.dup(self.stderr[1])

    def ours(self) -> list[int | None]:
        return [self.stdin[1], self.stdout[0], self.stderr[0], self.notes[0], self.errors]

    def close_theirs(self) -> None:
        for opened in (self.stdin[0], self.stdout[1], self.stderr[1], self.notes[1]):
            if opened is not None:
                os.close(opened)


def _hear(report: socket.socket) -> tuple[dict[str, Any], int | None]:
    """The child's next message, and the file that comes with it."""
    content, ancillary, _, _ = report.recvmsg(4096, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
    if not content:
        raise OSError(errno.EPIPE, "the child ended")
    message: dict[str, Any] = json.loads(content)
    if "failed" in message:
        raise LaunchFailed(message["failed"], message["number"])
    return message, array.array("i", ancillary[0][2])[0] if ancillary else None


# ------------------------------------------------------------ in the child


def _child(
    birth: Birth,
    process: Process,
    ulimits: Sequence[tuple[str, int, int]],
    machine: Machine,
    pipes: _Pipes,
    report: socket.socket,
) -> NoReturn:
    step = "start"

    def tell(message: dict[str, Any], opened: int | None = None) -> None:
        rights = [] if opened is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [opened]))]
        report.sendmsg([json.dumps(message).encode()], rights)

    try:
        signal.set_wakeup_fd(-1)
        step = "namespaces"
        birth.enter(tell, lambda: _wait(report))
        step = "terminal"
        os.setsid()
        if process.tty:
            _take_terminal(process, tell)
        else:
            _take_pipes(pipes)
        if pipes.notes[1] is not None:
            os.dup2(pipes.notes[1], 2)
        step = "ulimit"
        for name, soft, hard in ulimits:
            limits = [resource.RLIM_INFINITY if each == UNLIMITED else each for each in (soft, hard)]
            resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (limits[0], limits[1]))
        os.umask(0o022)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        step = "seccomp"
        listener = seccomp.install(birth.rules, machine)
        tell({"listener": True}, listener)
        if listener is not None:
            os.close(listener)
        step = "user"
        birth.become()
        if birth.no_new_privileges:
            libc.forbid_new_privileges()
        libc.die_with_parent()
        step = "cwd"
        if birth.cwd is not None:
            os.chdir(birth.cwd)
        step = "exec"
        if birth.reaps:
            _reap(report)
        _exec(birth)
    except OSError as error:
        tell({"failed": step, "number": error.errno or errno.EIO})
    except BaseException as error:
        tell({"failed": f"{step}: {error!r}", "number": errno.EIO})
        raise
    finally:
        os._exit(128)


def _wait(report: socket.socket) -> None:
    if not report.recv(16):
        os._exit(128)


def _take_terminal(process: Process, tell: Callable[[dict[str, Any], int | None], None]) -> None:
    """Open a terminal where the container has its own, and hand our end to the parent."""
    master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    unlock, number = bytearray(4), bytearray(4)
    fcntl.ioctl(master, TIOCSPTLCK, unlock)
    fcntl.ioctl(master, TIOCGPTN, number)
    slave = os.open(f"/dev/pts/{int.from_bytes(number, sys.byteorder)}", os.O_RDWR | os.O_NOCTTY)
    if process.rows and process.columns:
        set_size(slave, process.rows, process.columns)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    if process.uid and os.geteuid() == 0:
        with contextlib.suppress(OSError):  # where only one user is mapped, that one has it
            os.fchown(slave, process.uid, -1)
    tell({"terminal": True}, master)
    os.close(master)
    for standard in (0, 1, 2):
        os.dup2(slave, standard)
    os.close(slave)


def _take_pipes(pipes: _Pipes) -> None:
    stdin = pipes.stdin[0]
    if stdin is None:
        stdin = os.open("/dev/null", os.O_RDONLY)
    os.dup2(stdin, 0)
    os.dup2(pipes.stdout[1] or 0, 1)
    os.dup2(pipes.stderr[1] or 0, 2)


def _reap(report: socket.socket) -> None:
    """Return in a child that becomes the program; stay as the container's init, which collects what has ended and passes signals on."""
    program = os.fork()
    if program == 0:
        return
    report.close()
    os.closerange(3, 1 << 20)
    ignored = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}
    for number in signal.valid_signals() - ignored:
        try:
            signal.signal(number, lambda received, _: os.kill(program, received))
        except OSError:
            continue  # the C library keeps some for itself
    while True:
        pid, status = os.wait()
        if pid == program:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _exec(birth: Birth) -> NoReturn:
    """Become the first candidate that is there. A folder or a file that can't be run counts only if nothing better follows."""
    env = dict(each.partition("=")[::2] for each in birth.env)
    worst = errno.ENOENT
    for candidate in birth.candidates:
        try:
            os.execve(candidate, birth.argv, env)  # noqa: S606  # that is what it is for
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                worst = error.errno or worst
                if worst != errno.EACCES:
                    break
    raise OSError(worst, os.strerror(worst))
