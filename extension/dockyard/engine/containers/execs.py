"""Programs that join a running container (API, "Exec")."""

import secrets
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from dockyard.engine.containers.container import Container
from dockyard.engine.containers.launch import Launcher
from dockyard.engine.errors import ApiError, BadParameter, Conflict, NotFound, NotSupported
from dockyard.engine.events import Events
from dockyard.engine.run.running import DETACH_KEYS, Attachment, Running

__all__ = ["Exec", "Execs", "detach_keys"]

CANNOT_RUN = 126
KILLED = 137
FORGET_S = 300
STDOUT = 1


@dataclass
class Exec:
    """One program that joins a container.

    Attributes:
        id: 64 hexadecimal digits.
        container: Which it joins.
        command: The program and its words.
        config: As the client gave it.
        started: Whether it has been started.
        pid: On this machine.
        exit_code: None until it has ended.
        ended_at: When, by the monotonic clock.
        over: Set when it has ended.
    """

    id: str
    container: Container
    command: list[str]
    config: Mapping[str, Any]
    started: bool = False
    pid: int = 0
    exit_code: int | None = None
    ended_at: float = 0
    over: threading.Event = field(default_factory=threading.Event)

    def inspect(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "ID": self.id,
            "Running": self.started and self.exit_code is None,
            "ExitCode": self.exit_code,
            "ProcessConfig": {
                "tty": bool(self.config.get("Tty")),
                "entrypoint": self.command[0],
                "arguments": self.command[1:],
                "privileged": False,
                **({"user": self.config["User"]} if self.config.get("User") else {}),
            },
            "OpenStdin": bool(self.config.get("AttachStdin")),
            "OpenStderr": bool(self.config.get("AttachStderr")),
            "OpenStdout": bool(self.config.get("AttachStdout")),
            "CanRemove": False,
            "ContainerID": self.container.id,
            "DetachKeys": self.config.get("DetachKeys") or "",
            "Pid": self.pid,
        }


class Execs:
    """All of them. They are not kept on disk: with the engine gone nobody can ask for their exit codes any more."""

    def __init__(self, launcher: Launcher, events: Events) -> None:
        self._launcher, self._events = launcher, events
        self._lock = threading.Lock()
        self._execs: dict[str, Exec] = {}

    def create(self, container: Container, config: Mapping[str, Any], called: str = "") -> Exec:
        """Prepare a program.

        Args:
            container: Which it will join.
            config: The body of ``POST /containers/ID/exec``.
            called: How the client called the container, for the error.

        Raises:
            BadParameter: No command, or detach keys that can't be read.
            Conflict: The container does not run, or is paused.
            NotSupported: It is to have more privileges.
        """
        command = config.get("Cmd") or []
        if not command:
            raise BadParameter("No exec command specified")
        if config.get("Privileged"):
            raise NotSupported(
                "exec --privileged is not supported by this engine: no process gets more privileges than it has itself"
            )
        detach_keys(config.get("DetachKeys") or "")
        if container.state.status == "paused":
            raise Conflict(f"Container {called or container.name} is paused, unpause the container before exec")
        if container.running is None:
            raise Conflict(f"Container {container.id} is not running")
        made = Exec(secrets.token_hex(32), container, list(command), config)
        with self._lock:
            self._forget_old()
            self._execs[made.id] = made
        self._publish(made, f"exec_create: {' '.join(command)}")
        return made

    def get(self, exec_id: str) -> Exec:
        """Return one by its ID.

        Raises:
            NotFound: There is none.
        """
        found = self._execs.get(exec_id)
        if found is None:
            raise NotFound(f"No such exec instance: {exec_id}")
        return found

    def look(self, exec_id: str) -> Exec:
        """Return one as it is now: whatever has been said of its end has been heard.

        Raises:
            NotFound: There is none.
        """
        found = self.get(exec_id)
        running = found.container.running
        if found.started and found.exit_code is None and running is not None:
            with suppress(ApiError):  # the container has ended meanwhile
                running.processes()  # an answer comes after all that was said before
        return found

    def of(self, container: Container) -> list[str]:
        """Return the IDs of those that run in a container."""
        with self._lock:
            return [each.id for each in self._execs.values() if each.container is container and each.exit_code is None]

    def claim(self, exec_id: str) -> Exec:
        """Return one that is about to be started, which can be done once.

        Raises:
            Conflict: It has been, or its container does not run.
        """
        found = self.look(exec_id)
        with self._lock:
            if found.started:
                state = "has already run" if found.exit_code is not None else "is already running"
                raise Conflict(f"Error: Exec command {exec_id} {state}")
            if found.container.state.status == "paused":
                raise Conflict(f"Container {found.container.name} is paused, unpause the container before exec")
            if found.container.running is None:
                raise Conflict(f"Container {found.container.id} is not running")
            found.started = True
        return found

    def start(self, claimed: Exec, attachment: Attachment | None, *, tty: bool, size: tuple[int, int] = (0, 0)) -> None:
        """Start one.

        Args:
            claimed: From :meth:`claim`.
            attachment: The client, whose socket is taken over; None to run it by itself.
            tty: Whether it gets a terminal.
            size: The terminal's rows and columns.

        Raises:
            ApiError: It can't be started. A client that is attached has been told, and is let go.
        """
        container, config = claimed.container, claimed.config
        try:
            running = container.running
            if running is None:
                raise Conflict(f"Container {container.id} is not running")
            process = self._launcher.process(
                container,
                argv=claimed.command,
                env=_environment(container, config),
                user=config.get("User") or container.config["User"],
                cwd=config.get("WorkingDir") or container.config["WorkingDir"],
                tty=tty,
            )
            stdin = bool(attachment and attachment.stdin)
            process = process._replace(stdin=stdin, stdin_once=stdin, rows=size[0], columns=size[1])
            self._publish(claimed, f"exec_start: {' '.join(claimed.command)}")
            claimed.pid = running.exec(claimed.id, process, attachment)
        except ApiError as error:
            self.ended(claimed.id, CANNOT_RUN)
            if attachment:
                _tell(attachment, str(error))
            raise
        finally:
            if attachment:
                attachment.sock.close()

    def resize(self, exec_id: str, rows: int, columns: int) -> None:
        """Tell the terminal of one its size."""
        found = self.get(exec_id)
        if found.container.running is None or not found.started or found.exit_code is not None:
            raise Conflict(f"Container {found.container.id} is not running")
        found.container.running.exec_resize(exec_id, rows, columns)

    def signal(self, claimed: Exec, number: int) -> None:
        """Send one a signal."""
        if claimed.container.running is not None and claimed.exit_code is None:
            claimed.container.running.exec_signal(claimed.id, number)

    def watch(self, running: Running) -> None:
        """Hear of the ends of those that run in a container."""
        running.on_exec_exit(self.ended)

    def ended(self, exec_id: str, code: int) -> None:
        """Note that one has ended."""
        found = self._execs.get(exec_id)
        if found is None or found.exit_code is not None:
            return
        found.exit_code, found.pid, found.ended_at = code, 0, time.monotonic()
        found.over.set()
        self._publish(found, "exec_die", exitCode=str(code))

    def container_ended(self, container: Container) -> None:
        """Note that all in a container have ended with it; those that were never started can't be any more."""
        for exec_id in self.of(container):
            if self._execs[exec_id].started:
                self.ended(exec_id, KILLED)
            else:
                del self._execs[exec_id]

    def _publish(self, about: Exec, action: str, **more: str) -> None:
        attributes = about.container.attributes(execID=about.id, **more)
        self._events.publish("container", action, about.container.id, attributes)

    def _forget_old(self) -> None:
        now = time.monotonic()
        old = [each.id for each in self._execs.values() if each.over.is_set() and now - each.ended_at > FORGET_S]
        for exec_id in old:
            del self._execs[exec_id]


def detach_keys(text: str) -> bytes:
    """Return the bytes of a sequence such as ``ctrl-p,ctrl-q``; the usual ones where it is empty.

    Raises:
        BadParameter: It can't be read.
    """
    if not text:
        return DETACH_KEYS
    keys = bytearray()
    for part in text.split(","):
        key = part.removeprefix("ctrl-") if part.startswith("ctrl-") and len(part) == 6 else part
        if len(key) != 1:
            raise BadParameter(f"Unknown character: '{part}'")
        keys += bytes([ord(key.upper()) & 0x1F]) if key is not part else key.encode()
    return bytes(keys)


def _environment(container: Container, config: Mapping[str, Any]) -> list[str]:
    """The container's variables, under those of the program."""
    more = config.get("Env") or []
    named = {each.partition("=")[0] for each in more}
    return [*(each for each in container.config["Env"] if each.partition("=")[0] not in named), *more]


def _tell(attachment: Attachment, message: str) -> None:
    """Send an attached client a last line, as Docker does when a program can't be started."""
    line = f"{message}\r\n".encode()
    header = struct.pack(">BxxxL", STDOUT, len(line)) if attachment.framed else b""
    try:
        attachment.sock.sendall(header + line)
    except OSError:
        return  # it has hung up
