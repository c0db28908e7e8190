"""Containers for the tests: a root of busybox alone, under each runner that works here."""

import queue
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dockyard.engine.run import probe
from dockyard.engine.run.running import Attachment, Running
from dockyard.engine.run.spec import Exit, Log, Process, PublishedPort, Spec

PATH = "PATH=/bin"
PATIENCE_S = 20


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    busybox = shutil.which("busybox")
    if (
        busybox is None
        or b"statically linked" not in subprocess.run(["file", "-L", busybox], capture_output=True, check=True).stdout
    ):
        pytest.skip("needs a static busybox (apt-get install busybox-static)")
    root = tmp_path_factory.mktemp("template")
    root.chmod(0o755)
    for name in ("bin", "etc", "tmp", "root"):
        (root / name).mkdir()
    shutil.copy2(busybox, root / "bin/busybox")
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    return root


@pytest.fixture(params=["namespaces", "proot"])
def runner(request: pytest.FixtureRequest) -> str:
    reasons = dict(probe.report())
    if reasons[request.param]:
        pytest.skip(f"{request.param}: {reasons[request.param]}")
    return str(request.param)


class Started:
    """A container, with a client attached from its start."""

    def __init__(self, running: Running, client: socket.socket, folder: Path) -> None:
        self.running, self.client, self.folder = running, client, folder

    def ended(self) -> Exit:
        ended: queue.SimpleQueue[Exit] = queue.SimpleQueue()
        self.running.on_exit(ended.put)
        return ended.get(timeout=PATIENCE_S)

    def output(self) -> bytes:
        return read_all(self.client)

    def until(self, content: bytes) -> bytes:
        got = b""
        while content not in got:
            piece = self.client.recv(65536)
            assert piece, got
            got += piece
        return got

    def exec(self, *argv: str, **options: Any) -> tuple[bytes, int]:
        """Run a program beside the main process; return its output and exit code."""
        ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        name = secrets.token_hex(8)
        self.running.on_exec_exit(lambda id_, code: ended.put(code) if id_ == name else None)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(PATIENCE_S)
            self.running.exec(name, Process(argv, (PATH,), **options), Attachment(theirs, framed=False))
            theirs.close()
            output = read_all(ours)
        return output, ended.get(timeout=PATIENCE_S)


def read_all(client: socket.socket) -> bytes:
    got = b""
    while piece := client.recv(65536):
        got += piece
    return got


Start = Callable[..., Started]


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "root", symlinks=True))


@pytest.fixture
def start(runner: str, root: Path, tmp_path: Path) -> Iterator[Start]:
    """Start containers with the words of a program; ``process`` and all else goes into the spec."""
    started: list[Started] = []

    def begin(*argv: str, framed: bool = False, **options: Any) -> Started:
        number = len(started) + 1
        process = Process(argv, (PATH, *options.pop("env", ())), **options.pop("process", {}))
        listeners: dict[PublishedPort, socket.socket] = options.pop("listeners", {})
        options = {"hostname": "box", "address": f"127.77.1.{number}", "ports": tuple(listeners), **options}
        log = options.pop("log", Log(str(tmp_path / f"log{number}")))
        spec = Spec(id=f"{number:064}", root=str(root), process=process, runner=runner, log=log, **options)
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE_S)
        folder = tmp_path / f"run{number}"
        with theirs:
            attachment = Attachment(theirs, stdin=process.stdin, framed=framed)
            try:
                running = Running.start(spec, folder, listeners=listeners, attachments=[attachment])
            except BaseException:
                ours.close()
                raise
        started.append(Started(running, ours, folder))
        return started[-1]

    yield begin
    for each in started:
        each.running.kill_all()
        each.client.close()
        each.ended()
        complaints = (each.folder / "supervisor.log").read_text()
        assert not complaints, complaints
