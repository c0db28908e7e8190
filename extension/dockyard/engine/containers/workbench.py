"""Runs the commands of builds, each as a container that is on no record."""

import queue
import shutil
import socket
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from dockyard.engine.build.workbench import Job, ProgramOutput
from dockyard.engine.containers.resolver import resolv_conf
from dockyard.engine.errors import ServerError
from dockyard.engine.folders import Folders
from dockyard.engine.networks.networks import Networks
from dockyard.engine.run.running import Attachment, Running, StartFailed
from dockyard.engine.run.spec import Exit, Mount, Runner, Spec

__all__ = ["Bench"]

LOOK_S = 0.5
HEADER = struct.Struct(">BxxxL")
STREAMS: dict[int, Literal["stdout", "stderr"]] = {1: "stdout", 2: "stderr"}
VERSION = (1, 41)


class Bench:
    """The engine's workbench, as :class:`dockyard.engine.build.workbench.Workbench` wants it."""

    own_paths = ("etc/hosts", "etc/hostname", "etc/resolv.conf")

    def __init__(self, folders: Folders, networks: Networks, runner: Runner, *, low_ports: bool) -> None:
        self._folders, self._networks, self._runner, self._low_ports = folders, networks, runner, low_ports

    def run(self, job: Job, output: ProgramOutput, cancelled: Callable[[], bool]) -> int:
        """Run a command, wait for it, and return its exit code; see the protocol."""
        with (
            tempfile.TemporaryDirectory(prefix="run-", dir=self._folders.staging) as place,
            self._joined(job) as (network, address),
        ):
            spec = Spec(
                id=job.id,
                root=str(job.root),
                process=job.process,
                runner=self._runner,
                mounts=(*self._system_mounts(job, Path(place)), *job.mounts),
                hostname=job.id[:12],
                network=network,
                address=address,
                low_ports=self._low_ports,
                ulimits=job.ulimits,
            )
            near, far = socket.socketpair()
            with near:
                folder = self._folders.runtime / job.id[:16]
                try:
                    with far:
                        running = Running.start(spec, folder, attachments=[Attachment(far, detach_keys=b"")])
                    return _watch(running, near, output, cancelled)
                except StartFailed as error:
                    raise ServerError(str(error)) from error
                finally:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _joined(self, job: Job) -> Iterator[tuple[Literal["own", "host", "none"], str]]:
        """An address, and the names of those in the same network, for as long as the command runs."""
        self._networks.join(
            job.id,
            f"build-{job.id[:12]}",
            hostname=job.id[:12],
            mode=job.network,
            extra_hosts=job.hosts,
            version=VERSION,
        )
        try:
            yield self._networks.up(job.id)
        finally:
            self._networks.leave(job.id)

    def _system_mounts(self, job: Job, place: Path) -> list[Mount]:
        texts = {
            "hosts": self._networks.hosts(job.id),
            "hostname": f"{job.id[:12]}\n",
            "resolv.conf": resolv_conf(),
        }
        for name, text in texts.items():
            (place / name).write_text(text)
        return [Mount(str(place / name), f"/etc/{name}") for name in texts]


def _watch(running: Running, sock: socket.socket, output: ProgramOutput, cancelled: Callable[[], bool]) -> int:
    """Pass output on until the command has ended; end it where nobody wants it any more."""
    ends: queue.SimpleQueue[Exit] = queue.SimpleQueue()
    running.on_exit(ends.put)
    try:
        for stream, content in _frames(sock, cancelled):
            output(stream, content)
    finally:
        running.kill_all()  # what it started in the background ends with it
        end = ends.get()
    return end.code


def _frames(sock: socket.socket, cancelled: Callable[[], bool]) -> Iterator[tuple[Literal["stdout", "stderr"], bytes]]:
    """The pieces of output, until the command's end or a cancellation."""
    sock.settimeout(LOOK_S)
    buffer = b""
    while not cancelled():
        try:
            piece = sock.recv(1 << 16)
        except TimeoutError:
            continue
        if not piece:
            return
        buffer += piece
        while len(buffer) >= HEADER.size:
            number, length = HEADER.unpack_from(buffer)
            if len(buffer) < HEADER.size + length:
                break
            yield STREAMS[number], buffer[HEADER.size : HEADER.size + length]
            buffer = buffer[HEADER.size + length :]
