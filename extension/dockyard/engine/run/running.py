"""The engine's hold on a running container: requests to the process that watches over it.

That process (:mod:`dockyard.engine.run.supervisor`) outlives the engine; :meth:`Running.find` takes hold of it again.
"""

import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from dockyard.engine.errors import BadParameter, Conflict, ServerError
from dockyard.engine.files.view import View
from dockyard.engine.run.channel import Channel, Message
from dockyard.engine.run.jsonlog import stamp
from dockyard.engine.run.places import make_places, require_supported
from dockyard.engine.run.program import CREATE, EXEC, find_folder, find_program, sentence
from dockyard.engine.run.spec import Exit, Mount, Process, PublishedPort, Spec
from dockyard.engine.run.strays import end_strays

__all__ = ["DETACH_KEYS", "Attachment", "Running", "StartFailed", "last_exit"]

DETACH_KEYS = b"\x10\x11"  # ctrl-p ctrl-q
PATIENCE_S = 60.0
KILLED = 137
BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from dockyard.engine.run.supervisor import main; main()"
PACKAGE = Path(__file__).resolve().parents[3]


class StartFailed(BadParameter):
    """The container's program can't be started: Docker's sentence, with the exit code that goes with it.

    Attributes:
        exit_code: 126 for what can't be run, 127 for what is not there, 128 for all else.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Attachment(NamedTuple):
    """A client at a process's streams.

    Attributes:
        sock: The client's connection, after the engine's answer was sent. The watching process gets a copy.
        stdin: Whether what the client sends is the process's input.
        stdout: Whether the client gets the output.
        stderr: Whether the client gets the error output.
        framed: Whether each piece stands behind Docker's header of 8 bytes; not with a terminal.
        detach_keys: The bytes that end the attachment when typed at a terminal; none for never.
        leftover: What the client sent already.
    """

    sock: socket.socket
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    framed: bool = True
    detach_keys: bytes = DETACH_KEYS
    leftover: bytes = b""

    @property
    def gone(self) -> bool:
        """Whether the client has hung up; one that only ends its input still listens."""
        poll = select.poll()
        poll.register(self.sock, 0)
        return bool(poll.poll(0))

    def to_json(self) -> dict[str, Any]:
        """Return all but the socket as a JSON document."""
        document = self._asdict()
        del document["sock"]
        return {**document, "detach_keys": self.detach_keys.hex(), "leftover": self.leftover.hex()}


class Running:
    """A container that runs.

    Attributes:
        pid: Of its main process, as the host sees it.
        started_at: RFC 3339 with nanoseconds.
        paused: Whether its processes stood still when it was found.
    """

    def __init__(
        self, spec: Spec, folder: Path, sock: socket.socket, process: "subprocess.Popen[bytes] | None"
    ) -> None:
        self.pid = 0
        self.started_at = ""
        self.paused = False
        self._spec, self._folder, self._process = spec, folder, process
        self._mounts: Sequence[Mount] = spec.mounts
        self._channel = Channel(sock)
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._count = 0
        self._answers: dict[int, queue.SimpleQueue[Message | None]] = {}
        self._known = threading.Event()
        self._exit: Exit | None = None
        self._codes: dict[str, int] = {}
        self._exit_callbacks: list[Callable[[Exit], None]] = []
        self._exec_callbacks: list[Callable[[str, int], None]] = []
        threading.Thread(target=self._listen, name=f"container-{spec.id[:12]}", daemon=True).start()

    @classmethod
    def start(
        cls,
        spec: Spec,
        folder: Path,
        *,
        listeners: Mapping[PublishedPort, socket.socket] | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> "Running":
        """Start a container and return it once its program runs.

        Args:
            spec: What to run.
            folder: For its records: the control socket, exit.json. Created; one that was used before is cleaned.
            listeners: A listening socket for each published port. The caller closes its copies.
            attachments: Clients that see all output from the first byte on. The caller closes its copies.

        Raises:
            StartFailed: The program can't be started.
            NotSupported: The runner can't do what is asked.
            ServerError: The process that was to watch over it has ended; the error has its last words.
        """
        require_supported(spec)
        try:
            spec = make_places(spec)
        except OSError as error:
            raise StartFailed(
                CREATE.format(f"{error.filename}: {os.strerror(error.errno or 0).lower()}"), 128
            ) from error
        number = find_program(View(Path(spec.root), spec.mounts), spec.process)
        if number and not any(mount.kind == "tmpfs" for mount in spec.mounts):
            said, code = sentence(spec.process, number)
            raise StartFailed(CREATE.format(said), code)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("control", "exit.json"):
            (folder / name).unlink(missing_ok=True)
        (folder / "spec.json").write_text(json.dumps(spec.to_json()))
        ours, theirs = socket.socketpair()
        with theirs, (folder / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", BOOT, str(PACKAGE), str(folder.absolute())],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
        running = cls(spec, folder, ours, process)
        try:
            for port, listener in (listeners or {}).items():
                running._ask("listen", [listener.fileno()], port=port._asdict())
            for attachment in attachments:
                running.attach(attachment)
            running._know(running._ask("start"))
        except Conflict as error:
            running._leave()
            *_, said = ["", *(folder / "supervisor.log").read_text(errors="replace").splitlines()]
            raise ServerError(
                f"the process that watches over container {spec.id[:12]} ended before its program ran: {said}"
            ) from error
        except BaseException:
            running._leave()
            raise
        return running

    @classmethod
    def find(cls, folder: Path) -> "Running | None":
        """Return the container that an earlier engine started in ``folder``, if it still runs."""
        try:
            opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(f"/proc/self/fd/{opened}/control")  # a socket's own path may be too long
            spec = Spec.from_json(json.loads((folder / "spec.json").read_bytes()))
        except (OSError, ValueError):
            sock.close()
            if (folder / "spec.json").exists() and last_exit(folder) is None:
                end_strays()
            return None
        finally:
            os.close(opened)
        running = cls(spec, folder, sock, None)
        if running._known.wait(PATIENCE_S) and running.pid:
            return running
        running._leave()
        return None

    def signal(self, number: int) -> None:
        """Send a signal to the main process, as to a pid 1: one that it does not handle is lost, unless it is SIGKILL or SIGSTOP.

        Raises:
            Conflict: It has ended.
        """
        self._ask("signal", number=number)

    def pause(self) -> None:
        """Stop every process of the container."""
        self._ask("pause")

    def unpause(self) -> None:
        """Let them go on."""
        self._ask("unpause")

    def resize(self, rows: int, columns: int) -> None:
        """Tell the main process's terminal its size."""
        self._ask("resize", rows=rows, columns=columns)

    def attach(self, attachment: Attachment) -> None:
        """Join a client to the main process's streams; the caller closes its copy of the socket."""
        self._ask("attach", [attachment.sock.fileno()], client=attachment.to_json())

    def exec(self, exec_id: str, process: Process, attachment: Attachment | None) -> int:
        """Start another program in the container and return its pid, as the host sees it.

        Raises:
            StartFailed: It can't be started.
        """
        if self._spec.runner == "proot":
            view = View(Path(self._spec.root), self._mounts)
            for step, number in (("cwd", find_folder(view, process.cwd)), ("exec", find_program(view, process))):
                if number:
                    said, code = sentence(process, number, step)
                    raise StartFailed(EXEC.format(said), code)
        fields: dict[str, Any] = {"id": exec_id, "process": process.to_json()}
        files = []
        if attachment is not None:
            files, fields["client"] = [attachment.sock.fileno()], attachment.to_json()
        return int(self._ask("exec", files, **fields))

    def exec_resize(self, exec_id: str, rows: int, columns: int) -> None:
        """Tell a terminal of such a program its size."""
        self._ask("resize", id=exec_id, rows=rows, columns=columns)

    def exec_signal(self, exec_id: str, number: int) -> None:
        """Send a signal to such a program."""
        self._ask("signal", id=exec_id, number=number)

    def processes(self) -> list[int]:
        """Return the pids, as the host sees them, of everything in the container, what makes it run left out."""
        return [int(pid) for pid in self._ask("processes")]

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        """Have ``callback`` called, from another thread, when the container has ended; at once if it has already.

        Where the watching process was killed the exit code is 137 and the error says so.
        """
        with self._state:
            if self._exit is None:
                self._exit_callbacks.append(callback)
                return
            ended = self._exit
        callback(ended)

    def on_exec_exit(self, callback: Callable[[str, int], None]) -> None:
        """Have ``callback`` called, from another thread, with each exec's ID and exit code; the first one also for those that ended before."""
        with self._state:
            self._exec_callbacks.append(callback)
            before, self._codes = self._codes, {}
        for exec_id, code in before.items():
            callback(exec_id, code)

    def kill_all(self) -> None:
        """End everything in the container with SIGKILL."""
        with suppress(Conflict):
            self._ask("kill")

    # ------------------------------------------------------------ the conversation

    def _ask(self, request: str, files: Sequence[int] = (), **fields: Any) -> Any:
        """Send a request and return the answer's result."""
        answer: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        with self._state:
            if self._exit is not None:
                raise Conflict(f"Container {self._spec.id} is not running")
            self._count += 1
            number = self._count
            self._answers[number] = answer
        try:
            with self._sending:
                self._channel.send({"n": number, "do": request, **fields}, files)
            message = answer.get(timeout=PATIENCE_S)
        except (OSError, queue.Empty) as error:
            if isinstance(error, OSError):
                message = None
            else:
                raise ServerError(
                    f"the process that watches over container {self._spec.id[:12]} does not answer"
                ) from error
        finally:
            with self._state:
                self._answers.pop(number, None)
        if message is None:
            raise Conflict(f"Container {self._spec.id} is not running")
        if "failed" in message and request in ("start", "exec"):
            raise StartFailed(message["failed"], message["code"])
        if "failed" in message:
            raise Conflict(message["failed"])
        return message["result"]

    def _know(self, about: Mapping[str, Any]) -> None:
        self.pid, self.started_at, self.paused = about["pid"], about["started_at"], about["paused"]
        self._mounts = tuple(Mount(*each) for each in about["mounts"])
        self._known.set()

    def _listen(self) -> None:
        """Hear what the watching process says, until the end; it lets the clients go when it sees that the end was taken in."""
        while self._exit is None:
            try:
                messages = self._channel.receive()
            except OSError:
                messages = None
            if messages is None:
                break
            for message, _ in messages:
                self._take(message)
        self._channel.close()
        if self._process is not None:
            self._process.wait()
        if self._exit is not None:
            return
        ended = last_exit(self._folder)
        if ended is None:
            end_strays()
            ended = Exit(KILLED, stamp(), "the process that watched over the container was killed")
        self._finish(ended)

    def _take(self, message: Message) -> None:
        if "n" in message:
            with self._state:
                answer = self._answers.get(message["n"])
            if answer is not None:
                answer.put(message)
        elif message["event"] == "running":
            with self._state:
                self._codes.update(message["execs"])
            self._know(message)
        elif message["event"] == "exec-exit":
            with self._state:
                callbacks = list(self._exec_callbacks)
                if not callbacks:
                    self._codes[message["id"]] = message["code"]
            for callback in callbacks:
                callback(message["id"], message["code"])
        elif message["event"] == "exit":
            self._finish(Exit(message["code"], message["finished_at"], message["error"]))

    def _finish(self, ended: Exit) -> None:
        with self._state:
            if self._exit is None:
                self._exit = ended
            callbacks, waiting = self._exit_callbacks, list(self._answers.values())
            self._exit_callbacks = []
        for answer in waiting:
            answer.put(None)
        self._known.set()
        for callback in callbacks:
            callback(ended)

    def _leave(self) -> None:
        """Let go of a container that did not start: the watching process ends by itself, or is made to."""
        with suppress(OSError):
            self._channel.shutdown()
        if self._process is not None:
            deadline = time.monotonic() + 5
            try:
                self._process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()


def last_exit(folder: Path) -> Exit | None:
    """Return how the container that ran in ``folder`` ended, if it has."""
    try:
        return Exit(**json.loads((folder / "exit.json").read_bytes()))
    except FileNotFoundError:
        return None
