"""A running container, as the process sees it that watches over it."""

import os
import signal
import socket
from collections.abc import Callable

from dockyard.engine.run import tree
from dockyard.engine.run.addresses import Home
from dockyard.engine.run.freezer import Freezer
from dockyard.engine.run.gate import Gate
from dockyard.engine.run.guest import Guest, TracedGuest
from dockyard.engine.run.jsonlog import JsonLog, stamp
from dockyard.engine.run.launch import LaunchFailed, launch
from dockyard.engine.run.loop import Loop
from dockyard.engine.run.namespaces import Namespaces
from dockyard.engine.run.program import CREATE, EXEC, sentence
from dockyard.engine.run.proot import Proot
from dockyard.engine.run.refused import Refused
from dockyard.engine.run.relay import Relay
from dockyard.engine.run.runner import View
from dockyard.engine.run.spec import Exit, Process, PublishedPort, Spec, mapped_port
from dockyard.engine.run.streams import Client, Streams
from dockyard.engine.run.syscalls import Machine

__all__ = ["Container"]

AGAIN_S = 0.02
SOON_S = 0.002
MOST_CODES = 1024
MOST_TRIES = 50
"""How often a runner is looked at before it is killed, having outlived all that it ran."""


class Container:
    """Its main process, the programs beside it, and all that they start.

    Attributes:
        main: The main process; None before it was launched.
        started_at: When it was started; empty before.
        streams: Of the main process.
        codes: How the programs beside it ended, by ID.
        ended: How it ended, once everything is gone.
    """

    def __init__(self, loop: Loop, spec: Spec, folder: str, machine: Machine) -> None:
        self._loop, self._spec, self._machine = loop, spec, machine
        self._log = JsonLog(spec.log)
        self._view: View
        guard = None
        if spec.runner == "proot":
            self._view = proot = Proot(spec, folder)
            guard = proot.guard
        else:
            self._view = Namespaces(spec, machine)
        self._gate = Gate(machine, Home.at(spec.address, spec.low_ports, spec.network), spec.hostname, guard)
        self._freezer = Freezer(loop, self.inside, self._runners)
        self._relays: list[Relay] = []
        self._execs: dict[str, Guest] = {}
        self._ending = False
        self.mounts = self._view.mounts
        self.main: Guest | None = None
        self.started_at = ""
        self.streams = Streams(loop, spec.process, self._log)
        self.codes: dict[str, int] = {}
        self.ended: Exit | None = None
        self.on_end: Callable[[Exit], None] = lambda _: None
        self.on_exec_end: Callable[[str, int], None] = lambda *_: None

    @property
    def done(self) -> bool:
        """Whether it has ended and every client has been seen off."""
        return self.ended is not None and all(guest.streams.empty for guest in self._guests()) and self.streams.empty

    @property
    def paused(self) -> bool:
        """Whether its processes are stopped where they are."""
        return self._freezer.frozen

    def publish(self, port: PublishedPort, listener: socket.socket) -> None:
        """Carry what arrives at a listening socket to the container's port."""
        target = (self._spec.address, mapped_port(port.container_port, self._spec.low_ports))
        self._relays.append(Relay(self._loop, listener, target))

    def start(self, started: Callable[[Guest | Refused], None]) -> None:
        """Start the main process, and call ``started`` when its program runs, or can't."""
        guest = self.main = self._launch(self._spec.process, self.streams, None)

        def told(error: LaunchFailed | None) -> None:
            if error is None:
                self.started_at = stamp()
                started(guest)
                return
            refused = _refusal(CREATE, self._spec.process, error)
            started(refused)
            self._end(refused.code, refused.sentence)

        guest.on_start = told
        guest.on_end = lambda: self._end(guest.code or 0, "")

    def exec(
        self, id_: str, process: Process, client: Client | None, started: Callable[[Guest | Refused], None]
    ) -> None:
        """Start a program beside the main process.

        Raises:
            Refused: The container has ended, or the program can't be started.
        """
        if self._ending or self.main is None:
            raise Refused("the container has ended")
        process = process._replace(stdin_once=True)
        streams = Streams(self._loop, process, None)
        if client is not None:
            streams.attach(client)
        try:
            guest = self._execs[id_] = self._launch(process, streams, self.main.pid)
        except Refused:
            streams.finish()
            raise

        def told(error: LaunchFailed | None) -> None:
            if error is None:
                started(guest)
                return
            del self._execs[id_]
            streams.finish()
            guest.close()
            started(_refusal(EXEC, process, error))

        def ended() -> None:
            self.codes[id_] = guest.code or 0
            self.on_exec_end(id_, guest.code or 0)  # before its client is let go, who may ask for the code at once
            streams.finish()

        guest.on_start, guest.on_end = told, ended

    def signal(self, id_: str | None, number: int) -> None:
        """Send a signal to the main process, or the program with an ID.

        Raises:
            Refused: It has ended.
        """
        guest = self._execs.get(id_) if id_ else self.main
        if guest is None or guest.code is not None or not guest.pid:
            raise Refused("the process has ended")
        # What the kernel does for a pid 1: no signal ends it that it has no handler for. Under proot it has another number.
        as_first = guest.runner and not id_ and not self._spec.init
        if number in (signal.SIGKILL, signal.SIGSTOP) or not as_first or tree.handles(guest.pid, number):
            tree.send([guest.pid], number)
        if number == signal.SIGKILL:
            tree.send(self._runners(), signal.SIGCONT)

    def resize(self, id_: str | None, rows: int, columns: int) -> None:
        """Tell a terminal its size."""
        streams = self._execs[id_].streams if id_ in self._execs else self.streams
        streams.resize(rows, columns)

    def pause(self, done: Callable[[Refused | None], None]) -> None:
        """Stop every process, and call ``done`` when it is so."""
        self._freezer.freeze(done)

    def unpause(self) -> None:
        """Let them go on."""
        self._freezer.thaw()

    def inside(self) -> list[int]:
        """Return the processes in it: all that descend from this one but the runners."""
        runners = self._runners()
        return [pid for pid in tree.descendants(os.getpid()) if pid not in runners]

    def kill_all(self) -> None:
        """Kill every process in it."""
        tree.send(self.inside(), signal.SIGKILL)
        tree.send(self._runners(), signal.SIGCONT)

    def reap(self) -> None:
        """Collect what has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for guest in self._guests():
                guest.reaped(pid, status)
            self._forget()

    def abandon(self) -> None:
        """Nothing was started, and nothing will be."""
        self._close(128, "")

    def see_off(self) -> None:
        """Let the clients go, whom its end keeps waiting: they may ask at once how it ended."""
        for streams in [self.streams, *(guest.streams for guest in self._guests())]:
            streams.finish()

    def _launch(self, process: Process, streams: Streams, join: int | None) -> Guest:
        try:
            launched = launch(self._view.birth(process, join), process, self._spec.ulimits, self._machine)
        except LaunchFailed as error:
            raise _refusal(CREATE if join is None else EXEC, process, error) from error
        if self._spec.runner == "proot":
            return TracedGuest(self._loop, self._gate, streams, launched, self._machine.numbers["execve"])
        return Guest(self._loop, self._gate, streams, launched)

    def _guests(self) -> list[Guest]:
        return [*([self.main] if self.main is not None else []), *self._execs.values()]

    def _forget(self) -> None:
        """Let go of programs that have ended, but for how the last ones did."""
        gone = [
            id_
            for id_, guest in self._execs.items()
            if guest.code is not None and not guest.runner and guest.streams.empty
        ]
        for id_ in gone:
            del self._execs[id_]
        for id_ in list(self.codes)[:-MOST_CODES]:
            del self.codes[id_]

    def _runners(self) -> list[int]:
        return [guest.runner for guest in self._guests() if guest.runner]

    def _end(self, code: int, error: str) -> None:
        """The main process has ended: so does everything else."""
        if not self._ending:
            self._ending = True
            for relay in self._relays:
                relay.close()
            self._clear(code, error, 0)

    def _clear(self, code: int, error: str, tries: int) -> None:
        """Kill until nothing is left. A runner goes when all that it ran has gone, or it is made to."""
        self.reap()
        if not tree.descendants(os.getpid()):
            self._close(code, error)
            return
        self.kill_all()
        if tries > MOST_TRIES:
            tree.send(self._runners(), signal.SIGKILL)
        self._loop.after(AGAIN_S if tries > 5 else SOON_S, lambda: self._clear(code, error, tries + 1))

    def _close(self, code: int, error: str) -> None:
        for guest in self._guests():
            guest.abandon()
            guest.streams.drain()
            guest.close()
        self.streams.drain()
        self._log.close()
        self._view.remove()
        self.ended = Exit(code, stamp(), error)
        self.on_end(self.ended)


def _refusal(frame: str, process: Process, error: LaunchFailed) -> Refused:
    said, code = sentence(process, error.number, error.step)
    return Refused(frame.format(said), code)
