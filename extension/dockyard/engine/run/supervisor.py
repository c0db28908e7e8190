"""The process that watches over one container, from its start to its end, whatever happens to the engine.

It is the parent of all that runs in it, answers their system calls, carries their streams, keeps the log, relays published ports, and does what
the engine asks. One thread, which waits for everything at once.

It gets a folder and, as standard input, its end of a channel to the engine. In the folder::

    spec.json     what to run
    control       the socket on which an engine that was started later finds it
    exit.json     how the container ended, before this process goes
"""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from dockyard.engine.run import libc
from dockyard.engine.run.channel import Message
from dockyard.engine.run.container import Container
from dockyard.engine.run.control import Control, Request
from dockyard.engine.run.guest import Guest
from dockyard.engine.run.loop import READABLE, Loop
from dockyard.engine.run.refused import Refused
from dockyard.engine.run.spec import Exit, Process, PublishedPort, Spec
from dockyard.engine.run.streams import STDERR, STDOUT, Client
from dockyard.engine.run.syscalls import machine

__all__ = ["Supervisor", "main"]

PATIENCE_S = 2.0
"""How long clients are kept for an engine that does not show that it has taken in the end."""


class Supervisor:
    """Joins a container and the engines that ask about it."""

    def __init__(self, folder: str, engine: socket.socket) -> None:
        about = machine()
        if about is None:
            raise RuntimeError("not a machine whose system calls are known")
        self._folder = folder
        self._loop = Loop()
        with open(f"{folder}/spec.json", "rb") as file:
            spec = Spec.from_json(json.load(file))
        self._container = Container(self._loop, spec, folder, about)
        self._container.on_end = self._ended
        self._container.on_exec_end = lambda id_, code: self._control.tell_all(
            {"event": "exec-exit", "id": id_, "code": code}
        )
        self._requests: dict[str, Callable[[Request], None]] = {
            "attach": self._attach,
            "exec": self._exec,
            "kill": self._kill,
            "listen": self._listen,
            "pause": lambda request: self._container.pause(request.answer),
            "processes": lambda request: request.answer(self._container.inside()),
            "resize": self._resize,
            "signal": self._signal,
            "start": self._start,
            "unpause": self._unpause,
        }
        self._control = Control(self._loop, self._meet, self._greeting)
        self._control.on_alone = self._alone
        self._control.adopt(engine)

    def run(self) -> None:
        """Watch until the container has ended and every client has been seen off."""
        libc.reap_orphans()
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _wake_up)
        self._loop.watch(woken.fileno(), READABLE, lambda _: self._woken(woken))
        self._control.listen(self._folder)
        self._loop.run(lambda: self._container.done)

    def _woken(self, woken: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            woken.recv(4096)
        self._container.reap()

    def _meet(self, request: Request) -> None:
        self._requests[request.message["do"]](request)

    def _greeting(self) -> Message | None:
        if self._container.main is None or not self._container.started_at:
            return None
        return {"event": "running", "execs": self._container.codes, **self._about(self._container.main)}

    def _about(self, main: Guest) -> Message:
        container = self._container
        return {
            "pid": main.pid,
            "started_at": container.started_at,
            "mounts": container.mounts,
            "paused": container.paused,
        }

    def _alone(self) -> None:
        """No engine is left: one that went before anything was started took the container with it; one goes when it has heard of the end."""
        if self._container.ended is not None:
            self._container.see_off()
        elif self._container.main is None:
            self._container.abandon()

    def _ended(self, ended: Exit) -> None:
        path = f"{self._folder}/exit.json"
        try:
            with open(f"{path}.part", "w") as file:
                json.dump(ended._asdict(), file)
            os.replace(f"{path}.part", path)
        except OSError as error:  # a full disk; an engine that listens is told all the same
            sys.stderr.write(f"{path}: {error}\n")
        os.unlink(f"{self._folder}/control")
        self._control.tell_all({"event": "exit", **ended._asdict()})
        if self._control.alone:
            self._container.see_off()
        else:
            self._loop.after(PATIENCE_S, self._container.see_off)

    # ------------------------------------------------------------ requests

    def _listen(self, request: Request) -> None:
        self._container.publish(PublishedPort(**request.message["port"]), socket.socket(fileno=request.files[0]))
        request.answer(None)

    def _attach(self, request: Request) -> None:
        self._container.streams.attach(_client(request.message["client"], request.files[0]))
        request.answer(None)

    def _start(self, request: Request) -> None:
        self._container.start(lambda main: request.answer(main if isinstance(main, Refused) else self._about(main)))

    def _exec(self, request: Request) -> None:
        self._container.exec(
            request.message["id"],
            Process.from_json(request.message["process"]),
            _client(request.message["client"], request.files[0]) if request.files else None,
            lambda guest: request.answer(guest if isinstance(guest, Refused) else guest.pid),
        )

    def _kill(self, request: Request) -> None:
        self._container.kill_all()
        request.answer(None)

    def _unpause(self, request: Request) -> None:
        self._container.unpause()
        request.answer(None)

    def _resize(self, request: Request) -> None:
        self._container.resize(request.message.get("id"), request.message["rows"], request.message["columns"])
        request.answer(None)

    def _signal(self, request: Request) -> None:
        self._container.signal(request.message.get("id"), request.message["number"])
        request.answer(None)


def main() -> None:
    """Watch over the container of the folder that is named on the command line."""
    engine = socket.socket(fileno=os.dup(0))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    Supervisor(sys.argv[1], engine).run()


def _wake_up(number: int, frame: FrameType | None) -> None:
    """A child has ended: the loop finds out by the descriptor that Python writes to."""


def _client(document: dict[str, Any], opened: int) -> Client:
    return Client(
        socket.socket(fileno=opened),
        stdin=document["stdin"],
        outputs={stream for stream, name in ((STDOUT, "stdout"), (STDERR, "stderr")) if document[name]},
        framed=document["framed"],
        keys=bytes.fromhex(document["detach_keys"]),
        typed=bytes.fromhex(document["leftover"]),
    )
