"""A trial in a process of its own: can one process answer another's system calls here? Its last line says why not."""

import os
import socket
import sys

from dockyard.engine.run import seccomp
from dockyard.engine.run.addresses import Home
from dockyard.engine.run.gate import NETWORK, Gate
from dockyard.engine.run.listener import Listener
from dockyard.engine.run.loop import READABLE, Loop
from dockyard.engine.run.seccomp import Rules
from dockyard.engine.run.syscalls import Machine, machine

__all__ = ["main"]

PATIENCE_S = 10.0
NO_QUESTIONS = (
    "the kernel does not let a process answer another's system calls (seccomp user notification, Linux 5.9 or newer)"
)
UNKNOWN_PROCESSOR = "the system calls of this processor are not known"


def main() -> None:
    """Make the trial."""
    about = machine()
    if about is None:
        sys.exit(f"{UNKNOWN_PROCESSOR}: {os.uname().machine}")
    sys.exit(_try(about))


def _try(about: Machine) -> str | None:
    """Have a child ask before it binds an address, and change that in its memory; return why that failed."""
    loop = Loop()
    report, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        _bind(about, theirs)
    theirs.close()
    content, files, _, _ = socket.recv_fds(report, 64, 1)
    if not files:
        return f"{NO_QUESTIONS}: {content.decode()}"
    listener = Listener(files[0])
    gate = Gate(about, Home.at("127.9.8.7", low_ports=False, network="own"), "", None)

    def asked(_: int) -> None:
        question = listener.receive()
        if question is not None:
            gate.answer(listener, question)

    found: list[bytes] = []
    loop.watch(listener.fileno(), READABLE, asked)
    loop.watch(report.fileno(), READABLE, lambda _: found.append(report.recv(64)))
    loop.after(PATIENCE_S, lambda: found.append(b"no answer"))
    loop.run(lambda: bool(found))
    os.waitpid(child, 0)
    return None if found[0] == b"127.9.8.7" else f"{NO_QUESTIONS}: {found[0].decode()}"


def _bind(about: Machine, theirs: socket.socket) -> None:
    try:
        listener = seccomp.install(Rules(asked=NETWORK), about)
        socket.send_fds(theirs, [b"x"], [listener or 0])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            theirs.send(probe.getsockname()[0].encode())
    except OSError as error:
        theirs.send(os.strerror(error.errno or 0).encode())
    os._exit(0)
