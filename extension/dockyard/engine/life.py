"""The engine's life, from outside: whether it runs, starting it, stopping it, removing what it keeps.

One engine a data folder: it holds a lock on ``DATA/lock`` for as long as it lives, and ``engine.json`` says where it answers.
The lock is one of POSIX, which goes with the process alone (no child keeps it, as one of ``flock`` would) and tells who holds it.
"""

import fcntl
import http.client
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dockyard.engine.durable import discard, empty, read_json
from dockyard.engine.folders import Folders
from dockyard.errors import EmbeddedFailed

__all__ = ["Alive", "find", "folders_of", "reset", "start", "stop"]

START_S = 30
STOP_S = 15
ANSWER_S = 5
TURN = "turn"  # a file that is locked while an engine is started, stopped or removed
RECORD_BYTES = 32  # struct flock of 64-bit Linux


@dataclass(frozen=True)
class Alive:
    """An engine that runs.

    Attributes:
        pid: Of its process.
        address: ``unix://`` and its socket's path, as ``DOCKER_HOST`` takes it.
        runner: What runs its containers' processes: ``namespaces`` or ``proot``.
        version: Of Dockyard.
        started_at: RFC 3339.
    """

    pid: int
    address: str
    runner: str
    version: str
    started_at: str


def folders_of(data: Path | None = None) -> Folders:
    """Return an engine's folders; its sockets stay where they were, even if ``XDG_RUNTIME_DIR`` is another today.

    Containers that run on were started with them.
    """
    folders = Folders.usual(data)
    record = _record(folders)
    before = Path(str(record.get("runtime", folders.runtime)))
    with suppress(OSError):
        if before.lstat().st_uid == os.geteuid():
            return Folders(folders.data, before)
    return folders


def find(folders: Folders) -> Alive | None:
    """Return the engine of these folders, if one runs."""
    pid = _holder(folders)
    record = _record(folders)
    if not pid or record.get("pid") != pid:
        return None
    return Alive(pid, *(str(record.get(name, "")) for name in ("address", "runner", "version", "started_at")))


def start(folders: Folders) -> Alive:
    """Start the engine in a session of its own and return it once it answers; one that runs already is returned as it is.

    Raises:
        EmbeddedFailed: It can't be started; the sentence carries its last words.
    """
    with _turn(folders):
        if found := find(folders):
            if _answers(found.address):
                return found
            _end(folders)  # its socket was taken from under it, or it hangs; its containers run on
        _launch(folders)
        found = find(folders)
    if found is None:
        raise EmbeddedFailed(reason=_last_words(folders))
    return found


def stop(folders: Folders) -> bool:
    """Stop the engine; its containers run on. Return whether there was one.

    Raises:
        EmbeddedFailed: It is someone else's to stop.
    """
    if not folders.data.is_dir():
        return False
    with _turn(folders):
        return _end(folders)


def reset(folders: Folders) -> None:
    """Stop the engine, end every container, and remove everything: images, containers, volumes, networks.

    Raises:
        EmbeddedFailed: It can't be stopped or removed.
    """
    from dockyard.engine.run.running import Running

    if not folders.data.is_dir():
        return
    with _turn(folders):
        _end(folders)
        for folder in folders.runtime.iterdir() if folders.runtime.is_dir() else ():
            if folder.is_dir() and (running := Running.find(folder)):
                running.kill_all()
        try:
            for path in folders.data.iterdir():
                if path.is_dir() and path != folders.trash:
                    discard(path, folders.trash)
                elif path.is_file() and path.name != TURN:
                    path.unlink()
            shutil.rmtree(folders.runtime, ignore_errors=True)
            empty(folders.trash)
            folders.trash.rmdir()
        except OSError as error:
            raise EmbeddedFailed(reason=str(error)) from error
    with suppress(OSError):
        (folders.data / TURN).unlink()
        folders.data.rmdir()


@contextmanager
def _turn(folders: Folders) -> Iterator[None]:
    """Let one process at a time start, stop or remove an engine; the others wait for it."""
    try:
        folders.make()
        file = (folders.data / TURN).open("wb")
    except OSError as error:
        raise EmbeddedFailed(reason=str(error)) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _holder(folders: Folders) -> int:
    """The process that holds the engine's lock; 0 where none does. Asks only, so that no engine that starts is in its way."""
    try:
        with (folders.data / "lock").open("r+b") as file:
            ask = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0).ljust(RECORD_BYTES, b"\0")
            kind, _, _, _, pid = struct.unpack_from("hhqqi", fcntl.fcntl(file, fcntl.F_GETLK, ask))
    except FileNotFoundError:
        return 0
    return 0 if kind == fcntl.F_UNLCK else pid


def _record(folders: Folders) -> dict[str, object]:
    """What the engine wrote when it was last started."""
    try:
        content = read_json(folders.data / "engine.json")
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _answers(address: str) -> bool:
    connection = http.client.HTTPConnection("docker", timeout=ANSWER_S)
    try:
        with socket.socket(socket.AF_UNIX) as connection.sock:
            connection.sock.settimeout(ANSWER_S)
            connection.sock.connect(address.removeprefix("unix://"))
            connection.request("HEAD", "/_ping", headers={"Connection": "close"})
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def _launch(folders: Folders) -> None:
    """Start the process and wait for its word that it serves."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as said, (folders.data / "engine.log").open("ab") as log:
        # -P: nothing that lies in the current folder is taken for a module of Python's.
        words = [sys.executable, "-P", "-m", "dockyard.engine", "--data", str(folders.data), "--ready", str(writing)]
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        process.wait()  # it leaves a child that is nobody's, and ends
        ready, _, _ = select.select([said], [], [], START_S)
        word = said.read().decode().strip() if ready else f"it did not answer within {START_S} s"
    if word != "ready":
        raise EmbeddedFailed(reason=word or _last_words(folders))


def _end(folders: Folders) -> bool:
    """Ask the engine to end, and see to it."""
    pid = _holder(folders)
    if not pid:
        return False
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        for number, patience_s in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, STOP_S)):
            if _holder(folders) != pid:  # so that this is still the process that was opened
                return True
            signal.pidfd_send_signal(process, number)
            if select.select([process], [], [], patience_s)[0]:
                return True
    except OSError as error:
        raise EmbeddedFailed(reason=str(error)) from error
    finally:
        os.close(process)
    raise EmbeddedFailed(reason=f"process {pid} does not end")


def _last_words(folders: Folders) -> str:
    """The last line of the log, which is where a process that died of an exception says so."""
    path = folders.data / "engine.log"
    with suppress(OSError):
        lines = path.read_text(errors="replace").strip().splitlines()
        if lines:
            return f"{lines[-1]} ({path})"
    return str(path)
