"""Embedded engines for tests: real processes with folders of their own, started and stopped by name of their runner."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import docker

from dockyard.engine.run.probe import report

RUNNERS = ("proot", "namespaces")
START_S = 60
STOP_S = 60


def why_not_embedded(runner: str) -> str:
    """Return why an embedded engine with this runner can't be started here; empty where it can."""
    return dict(report()).get(runner, "no such runner")


class Embedded:
    """A context manager that starts an embedded engine in a folder; on the way out it stops it, containers first.

    Attributes:
        home: The folder, with a short path: sockets lie in it.
        address: Where it answers.
        process: The engine's process, while it runs.
    """

    def __init__(self, home: Path, runner: str, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.runner = runner
        self.environment = {
            **os.environ,
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_RUNTIME_DIR": str(home / "run"),
            "DOCKYARD_RUNNER": runner,
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"unix://{self._socket()}"

    @property
    def log(self) -> str:
        """What it said, and what its own log file holds; for messages of failed tests."""
        files = [self.home / "output", *self.home.glob("data/**/engine.log")]
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in files if file.exists())

    def start(self) -> "Embedded":
        """Start it, and return when it answers."""
        for name in ("data", "run"):
            (self.home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.home / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dockyard.engine"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ends = time.monotonic() + START_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"the embedded engine does not answer:\n{self.log}")
            time.sleep(0.05)
        return self

    def answers(self) -> bool:
        """Whether it answers a ping."""
        if not (socket := self._socket()):
            return False
        client = docker.APIClient(base_url=f"unix://{socket}", version="1.41", timeout=10)
        try:
            return bool(client.ping())
        except (OSError, docker.errors.DockerException):
            return False
        finally:
            client.close()

    def kill(self) -> None:
        """End the engine's process at once, as a crash does; its containers run on."""
        assert self.process
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """End its containers and then the engine."""
        if self.process is None:
            return
        if self.process.poll() is None:
            client = docker.APIClient(base_url=self.address, version="1.41", timeout=60)
            try:
                for each in client.containers(all=True):
                    client.remove_container(each["Id"], force=True, v=True)
            finally:
                client.close()
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
        self.process = None

    def __enter__(self) -> "Embedded":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _socket(self) -> Path | None:
        return next(iter(self.home.glob("run/dockyard/*/docker.sock")), None)


def short_folder() -> Path:
    """A new folder whose path is short enough for sockets."""
    return Path(tempfile.mkdtemp(prefix="dye-"))


def until(found: Callable[[], object], seconds: float = 20) -> object:
    """Ask until there is an answer that counts, and return it; fail with the last one otherwise."""
    ends = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < ends, f"still {answer!r} after {seconds} s"
        time.sleep(0.05)
    return answer
