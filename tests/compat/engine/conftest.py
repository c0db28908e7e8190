"""Ways to ask an engine: docker-py's low-level client, plain HTTP, and the unchanged command line, on a terminal or not."""

import http.client
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from conftest import missing
from dockyard.connection import Client
from terminal import Terminal

Create = Callable[..., str]


@dataclass(frozen=True)
class Answer:
    """What the engine answered: its status, its JSON (or text), and its headers in small letters."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.body["message"]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


@pytest.fixture(scope="session")
def api(engine_address: str, client: Client) -> Iterator[docker.APIClient]:
    """docker-py's low-level client, at the newest version that both engines speak; the lab's images are there."""
    found = docker.APIClient(base_url=engine_address, version="1.41", timeout=120)
    yield found
    found.close()


@pytest.fixture(scope="session")
def ask(engine_address: str, client: Client) -> Callable[..., Answer]:
    """One plain HTTP request."""

    def send(
        method: str, path: str, body: Any = None, *, version: str = "v1.41", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = UnixConnection(engine_address.removeprefix("unix://"))
        try:
            sent = dict(headers or {})
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                sent.setdefault("Content-Type", "application/json")
            connection.request(method, f"/{version}{path}" if version else path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = text[:1] in ("{", "[") and text.count("\n") < 2
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, json.loads(text) if is_json else text, found)
        finally:
            connection.close()

    return send


@pytest.fixture(scope="module")
def kept(api: docker.APIClient) -> Iterator[Create]:
    """As ``box``, for containers that the tests of one module share."""
    yield from _boxes(api)


def _boxes(api: docker.APIClient) -> Iterator[Create]:
    made: list[str] = []

    def make(
        *words: str, image: str = "busybox", name: str = "", start: bool = True, networks: Any = None, **config: Any
    ) -> str:
        if not words and image == "busybox":
            words = ("sleep", "1000")
        name = name or f"box-{uuid.uuid4().hex[:10]}"
        body = {"Image": image, **({"Cmd": list(words)} if words else {}), **config}
        body.setdefault("StopSignal", "SIGKILL")
        if networks:
            body["NetworkingConfig"] = {"EndpointsConfig": networks}
        api.create_container_from_config(body, name)
        made.append(name)
        if start:
            api.start(name)
        return name

    yield make
    for name in made:
        try:
            api.remove_container(name, force=True, v=True)
        except docker.errors.NotFound:
            continue  # the test removed it itself


class Hijacked:
    """A connection whose HTTP is over: what follows is the container's own.

    Attributes:
        head: The answer's status line and headers.
    """

    def __init__(self, path: str, request: bytes) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(path)
        self.sock.sendall(request)
        self.head = ""
        while not self.head.endswith("\r\n\r\n"):
            self.head += self.sock.recv(1).decode()

    def give(self, data: bytes, *, last: bool = False) -> None:
        self.sock.sendall(data)
        if last:
            self.sock.shutdown(socket.SHUT_WR)

    def rest(self) -> bytes:
        """All that comes until the other side ends."""
        pieces = []
        while piece := self.sock.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)

    def until(self, text: bytes) -> bytes:
        seen = b""
        while text not in seen:
            piece = self.sock.recv(65536)
            assert piece, f"ended before {text!r}: {seen!r}"
            seen += piece
        return seen

    def streams(self) -> tuple[bytes, bytes]:
        """All that comes on standard output and on standard error."""
        return split(self.rest())


def split(data: bytes) -> tuple[bytes, bytes]:
    """Docker's frames taken apart: standard output, and standard error."""
    found = {1: b"", 2: b""}
    while data:
        kind, length = struct.unpack(">BxxxL", data[:8])
        found[kind] += data[8 : 8 + length]
        data = data[8 + length :]
    return found[1], found[2]


@pytest.fixture
def hijack(engine_address: str, client: Client) -> Iterator[Callable[..., Hijacked]]:
    """Asks for an upgrade and takes the connection over."""
    opened: list[Hijacked] = []

    def go(path: str, body: Any = None, *, upgrade: bool = True) -> Hijacked:
        sent = json.dumps(body).encode() if body is not None else b""
        head = f"POST /v1.41{path} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        head += "Connection: Upgrade\r\nUpgrade: tcp\r\n" if upgrade else ""
        opened.append(Hijacked(engine_address.removeprefix("unix://"), f"{head}\r\n".encode() + sent))
        return opened[-1]

    yield go
    for each in opened:
        each.sock.close()


@pytest.fixture
def volume(api: docker.APIClient) -> Iterator[Callable[..., str]]:
    """Makes volumes; removes them afterwards (after the containers that used them)."""
    made: list[str] = []

    def make(name: str = "", **options: Any) -> str:
        name = name or f"vol-{uuid.uuid4().hex[:10]}"
        made.append(name)
        api.create_volume(name, **options)
        return name

    yield make
    for name in made:
        try:
            api.remove_volume(name, force=True)
        except docker.errors.NotFound:
            continue


@pytest.fixture
def network(api: docker.APIClient) -> Iterator[Callable[..., str]]:
    """Makes networks; removes them afterwards."""
    made: list[str] = []

    def make(name: str = "", **options: Any) -> str:
        name = name or f"net-{uuid.uuid4().hex[:10]}"
        made.append(name)
        api.create_network(name, **options)
        return name

    yield make
    for name in made:
        try:
            api.remove_network(name)
        except docker.errors.NotFound:
            continue


@pytest.fixture
def image(api: docker.APIClient) -> Iterator[Callable[..., str]]:
    """Names for images that a test makes; what has such a name is removed afterwards."""
    names: list[str] = []

    def name(tag: str = "1") -> str:
        names.append(f"made-{uuid.uuid4().hex[:10]}:{tag}")
        return names[-1]

    yield name
    for each in names:
        try:
            api.remove_image(each, force=True)
        except docker.errors.ImageNotFound:
            continue


@pytest.fixture
def box(api: docker.APIClient, volume: Create, network: Create, image: Create) -> Iterator[Create]:
    """Makes containers from an image and words, running unless told otherwise, and removes them afterwards,
    before the volumes, networks and images that they use."""
    yield from _boxes(api)


@pytest.fixture
def run(api: docker.APIClient, box: Create) -> Callable[..., Ran]:
    """Runs a container to its end and returns what it printed."""

    def go(*words: str, **config: Any) -> Ran:
        name = box(*words, **config)
        code = api.wait(name, timeout=60)["StatusCode"]
        out = api.logs(name, stdout=True, stderr=False)
        err = api.logs(name, stdout=False, stderr=True)
        return Ran(code, out.decode(), err.decode())

    return go


@pytest.fixture
def execute(api: docker.APIClient) -> Callable[..., str]:
    """Runs a line in a container's shell and returns its output."""

    def go(name: str, line: str, **options: Any) -> str:
        made = api.exec_create(name, ["sh", "-c", line], **options)
        output = api.exec_start(made["Id"])
        return str(output.decode())

    return go


@pytest.fixture(scope="session")
def program() -> str:
    found = shutil.which("docker")
    if not found:
        missing("no docker command line (Debian: apt-get install docker.io)")
    return str(found)


@pytest.fixture(scope="session")
def cli_environment(engine_address: str, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    config = tmp_path_factory.mktemp("docker-config")
    return {**os.environ, "DOCKER_HOST": engine_address, "DOCKER_CONFIG": str(config), "DOCKER_BUILDKIT": "0"}


@pytest.fixture
def cli(program: str, cli_environment: Mapping[str, str]) -> Callable[..., Ran]:
    """The unchanged docker command line, without a terminal; fails where the command does, unless told otherwise."""

    def go(*words: str, given: str | bytes = "", check: bool = True) -> Ran:
        sent = given.encode() if isinstance(given, str) else given
        answer = subprocess.run(
            [program, *words], env=cli_environment, input=sent, capture_output=True, check=False, timeout=40
        )
        ran = Ran(answer.returncode, answer.stdout.decode(errors="replace"), answer.stderr.decode(errors="replace"))
        assert ran.code == 0 or not check, ran.err
        return ran

    return go


@pytest.fixture
def terminal(program: str, cli_environment: Mapping[str, str]) -> Iterator[Callable[..., Terminal]]:
    """The docker command line on a terminal of its own."""
    open_ones: list[Terminal] = []

    def go(*words: str, rows: int = 24, columns: int = 80) -> Terminal:
        open_ones.append(Terminal([program, *words], cli_environment, rows, columns))
        return open_ones[-1]

    yield go
    for each in open_ones:
        each.close()


@pytest.fixture(scope="session")
def registry(real_docker: Client) -> Iterator[str]:
    """``localhost:PORT`` of a registry that every engine can reach; it runs on real Docker, so that it can be relied on."""
    yield from _registry(real_docker, [], {})


@pytest.fixture(scope="session")
def locked_registry(real_docker: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that wants the user ``usagi`` with the password ``carrot``."""
    bcrypt = pytest.importorskip("bcrypt")
    folder = tmp_path_factory.mktemp("registry")
    hashed = bcrypt.hashpw(b"carrot", bcrypt.gensalt(4)).decode()
    (folder / "htpasswd").write_text(f"usagi:{hashed}\n")
    environment = {
        "REGISTRY_AUTH": "htpasswd",
        "REGISTRY_AUTH_HTPASSWD_REALM": "lab",
        "REGISTRY_AUTH_HTPASSWD_PATH": "/auth/htpasswd",
    }
    yield from _registry(real_docker, [f"{folder}:/auth:ro"], environment)


def _registry(client: Client, binds: list[str], environment: Mapping[str, str]) -> Iterator[str]:
    body = {
        "Image": "registry",
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "HostConfig": {"Binds": binds, "PortBindings": {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
    }
    made = client.api.create_container_from_config(body, f"registry-{uuid.uuid4().hex[:8]}")["Id"]
    try:
        client.api.start(made)
        port = client.api.port(made, 5000)[0]["HostPort"]
        yield f"localhost:{port}"
    finally:
        client.api.remove_container(made, force=True, v=True)


@pytest.fixture
def packed() -> Callable[..., bytes]:
    """A tar archive of names and their contents; a name that ends in ``/`` is a folder."""

    def pack(files: Mapping[str, bytes | str]) -> bytes:
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w") as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(name.rstrip("/"))
                info.mtime = 1_600_000_000
                if name.endswith("/"):
                    info.type, info.mode = tarfile.DIRTYPE, 0o755
                data = content.encode() if isinstance(content, str) else content
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        return target.getvalue()

    return pack


@pytest.fixture
def unpacked() -> Callable[..., dict[str, bytes]]:
    """The files of a tar archive, by name; folders end in ``/`` and have no content, links have ``-> target``."""

    def unpack(data: bytes) -> dict[str, bytes]:
        found = {}
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for info in archive:
                if info.isdir():
                    found[info.name + "/"] = b""
                elif info.issym():
                    found[info.name] = f"-> {info.linkname}".encode()
                else:
                    content = archive.extractfile(info)
                    found[info.name] = content.read() if content else b""
        return found

    return unpack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the host that any user inside a container may read."""
    for each in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        each.chmod(0o755)
    return tmp_path
