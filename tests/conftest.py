"""Fixtures that give tests real things: an engine, the lab's images, containers, a browser."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import dockyard
from dockyard import kit
from dockyard.connection import Client, embedded
from dockyard.connection.own import OwnEngine, why_not

settings.register_profile("patient", deadline=None)  # machines that run tests are shared and slow at times
settings.load_profile("patient")


def spelled(value: object) -> str:
    """A parameter in the name of its test, the same in every process: sets have no order of their own."""
    return str(sorted(value) if isinstance(value, set) else value)


REQUIRED = os.environ.get("DOCKYARD_TEST_REQUIRE") == "1"


def missing(reason: str) -> None:
    """Skip and say why; where everything is required (in CI), fail instead."""
    (pytest.fail if REQUIRED else pytest.skip)(reason)


@pytest.fixture(scope="session")
def docker_address() -> Iterator[str]:
    """A real Docker engine that only the tests use; DOCKYARD_TEST_ENGINE names one that runs already."""
    if address := os.environ.get("DOCKYARD_TEST_ENGINE"):
        yield address
        return
    if reason := why_not():
        missing(f"no real engine: {reason}")
    home = Path(tempfile.mkdtemp(prefix="dockyard-"))
    try:
        with OwnEngine(home) as engine:
            yield engine.address
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def engine_address(docker_address: str) -> str:
    """The engine that tests use; those in compat/ run on each engine in turn."""
    return docker_address


@pytest.fixture(scope="session", autouse=True)
def own_folders() -> Iterator[Path]:
    """Tests keep nothing in the user's folders, and speak English whatever the machine speaks."""
    with tempfile.TemporaryDirectory(prefix="dockyard-home-") as folder:
        patch = pytest.MonkeyPatch()
        for name in (
            "XDG_DATA_HOME",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
            "JUPYTER_DATA_DIR",
            "JUPYTER_CONFIG_DIR",
            "IPYTHONDIR",
        ):
            patch.setenv(name, f"{folder}/{name.lower()}")
        for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            patch.delenv(name, raising=False)
        patch.setenv("DOCKYARD_EMBEDDED", "0")  # tests of it start their own; see embedded_home
        dockyard.language("en")
        yield Path(folder)
        patch.undo()


@pytest.fixture
def embedded_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders for an embedded engine alone, which is switched on; whatever runs in them is ended afterwards."""
    monkeypatch.delenv("DOCKYARD_EMBEDDED")
    if reason := embedded.why_not():
        missing(reason)
    home = Path(tempfile.mkdtemp(prefix="dye-"))  # a short path: sockets lie in it
    for name in ("XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        (home / name[4:8].lower()).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(home / name[4:8].lower()))
    yield home
    embedded.reset()
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def client(engine_address: str) -> Client:
    """The real engine, connected, with the lab's images in it."""
    found = dockyard.connect(engine_address)
    kit.prepare(found, may_pull=False)
    return found


@pytest.fixture
def book_ports() -> Iterator[None]:
    """The ports of the lessons, 8080 to 8095: those who test at once have an engine each, and one machine that has each port once."""
    with (Path(tempfile.gettempdir()) / "dockyard-book-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def container(client: Client) -> Iterator[Callable[..., str]]:
    """Makes containers, running busybox unless told otherwise; removes them afterwards."""
    made: list[str] = []

    def make(image: str = "busybox", *words: str, start: bool = True, **config: object) -> str:
        name = f"test-{uuid.uuid4().hex[:8]}"
        command = list(words) or (["sleep", "1000"] if image == "busybox" else None)
        body = {"Image": image, "Cmd": command, "StopSignal": "SIGKILL", **config}
        client.api.create_container_from_config(body, name)
        made.append(name)
        if start:
            client.api.start(name)
        return name

    make.made = made  # type: ignore[attr-defined]  # for tests that remove one themselves
    yield make
    for name in made:
        client.api.remove_container(name, force=True, v=True)


@pytest.fixture
def shell(client: Client) -> Callable[..., str]:
    """Runs a line in a container's shell and returns what it printed; fails if it failed."""

    def run(name: str, text: str) -> str:
        made = client.api.exec_create(name, ["sh", "-c", text])
        output = client.api.exec_start(made["Id"]).decode()
        assert client.api.exec_inspect(made["Id"])["ExitCode"] == 0, output
        return output

    return run


@pytest.fixture(scope="session")
def docker_cli(engine_address: str) -> Callable[..., str]:
    """Runs the real docker command line against the engine; returns its output, or raises with its error."""
    return command_line(engine_address)


def command_line(address: str) -> Callable[..., str]:
    """The real docker command line against an engine."""
    program = shutil.which("docker")
    if not program:
        missing("no docker command line (Debian: apt-get install docker.io)")

    def run(*words: str, check: bool = True) -> str:
        answer = subprocess.run(
            [str(program), *words],
            env={**os.environ, "DOCKER_HOST": address},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and answer.returncode:
            raise RuntimeError(answer.stderr)
        return answer.stdout if answer.returncode == 0 else f"refused: {answer.stderr}"

    return run
