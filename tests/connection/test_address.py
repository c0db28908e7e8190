"""Each way in which an engine can't be reached has its own sentence."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from docker.tls import TLSConfig

import dockyard
from dockyard import connection
from dockyard.connection.address import reach
from dockyard.connection.places import Place
from dockyard.errors import (
    ApiTooOld,
    EngineDead,
    EngineSilent,
    HostUnknown,
    NoEngine,
    NotAnEngine,
    SocketDenied,
    SocketMissing,
    SshRefused,
    TlsRefused,
    WrongAddress,
)


def look(address):
    return reach(Place(address, "test"), Path("/nowhere"))


@contextmanager
def server(status: int, body: bytes, kind: str = "application/json") -> Iterator[str]:
    """Something that answers every GET alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"tcp://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "address", ["nonsense", "/var/run/docker.sock", "ftp://x", "tcp://", "unix://", "tcp://host:port", "http://"]
)
def test_a_wrong_address_is_told(address):
    with pytest.raises(WrongAddress, match="is not an engine's address"):
        look(address)


def test_a_missing_socket_is_told(tmp_path):
    with pytest.raises(SocketMissing, match="There is no socket"):
        look(f"unix://{tmp_path}/none.sock")


def test_a_socket_without_permission_is_told(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        path.chmod(0)
        if os.geteuid() != 0:
            with pytest.raises(SocketDenied, match="Join its group"):
                look(f"unix://{path}")
            return
        # Root may open everything, so someone else looks.
        path.parent.chmod(0o755)
        for folder in path.parents:
            if folder == Path("/tmp"):
                break
            folder.chmod(folder.stat().st_mode | 0o55)
        # Modules are loaded before the user changes, as not everyone may read them.
        code = (
            "import os, docker.transport, requests\n"
            "from pathlib import Path\n"
            "from dockyard.connection.places import Place\n"
            "from dockyard.connection.address import reach\n"
            "os.setuid(65534)\n"
            f"reach(Place({f'unix://{path}'!r}, 'test'), Path('/'))"
        )
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/")
        assert "dockyard.errors.SocketDenied" in answer.stderr, answer.stderr


def test_a_dead_engine_is_told(tmp_path):
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "s"))
    with pytest.raises(EngineDead, match="Nothing answers"):
        look(f"unix://{tmp_path}/s")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(EngineDead):
            look(f"tcp://127.0.0.1:{unused.getsockname()[1]}")


def test_a_silent_engine_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("dockyard.connection.address.ANSWER_TIMEOUT_S", 1)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "s"))
        mute.listen()
        with pytest.raises(EngineSilent, match="did not answer in time"):
            look(f"unix://{tmp_path}/s")


def test_an_unknown_host_is_told():
    with pytest.raises(HostUnknown, match=r"no-such-host\.invalid"):
        look("tcp://no-such-host.invalid:2375")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>hello</html>", "text/html"),
        (404, b"not here", "text/plain"),
        (200, b"{}", "application/json"),
        (200, b"[]", "application/json"),
    ],
)
def test_what_is_no_engine_is_told(status, body, kind):
    with server(status, body, kind) as address, pytest.raises(NotAnEngine, match="is not a container engine"):
        look(address)


def test_an_engine_that_is_too_old_is_told():
    old = json.dumps({"ApiVersion": "1.9", "Version": "1.0"}).encode()
    with server(200, old) as address, pytest.raises(ApiTooOld, match=r"API 1\.9; Dockyard needs 1\.41"):
        look(address)


def test_podman_is_called_by_its_name():
    answer = json.dumps(
        {
            "ApiVersion": "1.41",
            "Version": "5.0",
            "Os": "linux",
            "Arch": "arm64",
            "Components": [{"Name": "Podman Engine"}],
        }
    )
    with server(200, answer.encode()) as address:
        client = look(address)
    assert str(client).startswith("Podman 5.0 (API 1.41)")
    client.api.close()


def test_tls_against_an_engine_without_it_is_told(tmp_path):
    with server(200, b"{}") as address, pytest.raises(TlsRefused, match="over TLS"):
        reach(Place(address, "test", TLSConfig(verify=False)), tmp_path)


def test_an_engine_that_wants_tls_is_told():
    with (
        server(400, b"Client sent an HTTP request to an HTTPS server.\n", "text/plain") as address,
        pytest.raises(TlsRefused),
    ):
        look(address)


def test_an_ssh_connection_that_fails_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("dockyard.connection.address.ANSWER_TIMEOUT_S", 2)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(SshRefused, match="over ssh"):
            look(f"ssh://nobody@127.0.0.1:{unused.getsockname()[1]}")


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No usual socket exists."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(connection, "usual_places", lambda *_: [Place(f"unix://{tmp_path}/none.sock", "Docker")])
    monkeypatch.setattr(connection, "_current", None)
    return tmp_path


def test_no_engine_anywhere_brings_the_three_ways_out(nowhere):
    with pytest.raises(NoEngine, match="Three ways out"):
        dockyard.connect()


def test_a_socket_that_is_there_but_dead_tells_more_than_nothing(nowhere):
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(f"{nowhere}/none.sock")
    with pytest.raises(EngineDead):
        dockyard.connect()


def test_a_named_engine_is_never_swapped_for_another(nowhere, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(EngineDead):
        dockyard.connect()


@pytest.mark.engine
def test_the_engine_in_use_is_remembered(client, nowhere, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", client.address)
    found = dockyard.connect()
    assert dockyard.current() is found
    assert found.source == "DOCKER_HOST"
    assert found.engine.name == "Docker"
    assert found.engine_id == client.engine_id
    assert [look.client is not None for look in connection.looks()] == [True, False, False, False]
