"""Registries for tests: real ones (Debian's ``docker-registry``), a token service, a bad line, and stores to pull into."""

import base64
import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dockyard.engine.events import Events
from dockyard.engine.folders import Folders
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import LAYER_PLAIN, Image, Layer
from dockyard.engine.images.images import Images
from dockyard.engine.images.reference import Reference

USER, PASSWORD = "learner", "secret"
HTPASSWD = "learner:$2y$05$5oBDzLFdiTBLKHWqUBidS.LLsxbGNKTek8A8kMGV4pM6hOg.OyqXq\n"
STARTS_WITHIN_S = 20


class Store:
    """What one engine has."""

    def __init__(self, folder: Path) -> None:
        self.folders = Folders(folder / "data", folder / "run")
        self.folders.make()
        self.events = Events()
        self.open()

    def open(self) -> None:
        """Start anew with what is on the disk."""
        self.blobs = Blobs(self.folders.blobs, self.folders.staging)
        self.images = Images(self.folders, self.blobs, self.events)

    def make(self, name: str, *layers: dict[str, bytes], **config: Any) -> Image:
        """Make an image of plain layers, each given as its files."""
        made = []
        for files in layers:
            content = tar_of(files)
            digest = self.blobs.put(content)
            made.append(Layer(digest, digest, LAYER_PLAIN, len(content), sum(map(len, files.values()))))
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in made]},
        } | config
        return self.images.add(json.dumps(config).encode(), made, names=[Reference.parse(name)])


def tar_of(files: dict[str, bytes]) -> bytes:
    """A tar stream of files."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    return buffer.getvalue()


@dataclass
class Registry:
    """A registry that runs.

    Attributes:
        address: ``127.0.0.1:PORT``.
        folder: Where its content is.
    """

    address: str
    folder: Path
    scheme: str = "http"

    def blob(self, digest: str) -> Path:
        """The file of a blob."""
        algorithm, text = digest.split(":")
        return self.folder / f"docker/registry/v2/blobs/{algorithm}/{text[:2]}/{text}/data"


StartRegistry = Callable[..., Registry]


def free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def answers(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "the registry ended"
            assert time.monotonic() < deadline, "the registry does not answer"
            time.sleep(0.02)


@dataclass(frozen=True)
class Certificate:
    cert: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate for localhost, which signs itself."""
    made = Certificate(folder / "ca.crt", folder / "key.pem")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=registry.test",
            "-addext",
            "subjectAltName=DNS:localhost,DNS:registry.test,IP:127.0.0.1",
            "-keyout",
            str(made.key),
            "-out",
            str(made.cert),
        ],
        check=True,
        capture_output=True,
    )
    return made


@dataclass
class TokenService:
    """A token service as registries name them; keeps what it was asked.

    Attributes:
        realm: Its address.
        may: What a user may do with any repository.
        lasts_s: How long its tokens are good for.
    """

    certificate: Certificate
    realm: str = ""
    may: dict[str, set[str]] = field(default_factory=lambda: {USER: {"pull", "push"}, "": {"pull"}})
    lasts_s: int = 300
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def user(self, headers: Any, fields: dict[str, list[str]]) -> str | None:
        """Who asks; None for a wrong password."""
        if fields.get("grant_type") == ["refresh_token"]:
            return USER if fields["refresh_token"] == ["identity-of-learner"] else None
        scheme, _, proof = headers.get("Authorization", "").partition(" ")
        if not scheme:
            return ""
        return USER if base64.b64decode(proof).decode() == f"{USER}:{PASSWORD}" else None

    def token(self, user: str, scopes: list[str]) -> str:
        """A token for what the user may do of what was asked for (a JSON Web Token, RS256)."""
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            allowed = sorted(set(actions.split(",")) & self.may.get(user, set()))
            access.append({"type": kind, "name": name, "actions": allowed})
        der = ssl.PEM_cert_to_DER_cert(self.certificate.cert.read_text())
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        claims = {
            "iss": "school",
            "sub": user,
            "aud": "registry",
            "iat": now,
            "nbf": now - 5,
            "exp": now + self.lasts_s,
            "jti": os.urandom(8).hex(),
            "access": access,
        }
        signed = ".".join(in_base64(json.dumps(each).encode()) for each in (head, claims))
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.certificate.key)],
            input=signed.encode(),
            capture_output=True,
            check=True,
        ).stdout
        return f"{signed}.{in_base64(signature)}"


def in_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Flaky:
    """A bad line to a registry: cuts connections after so many bytes, as often as it is told to."""

    def __init__(self, target: str) -> None:
        host, port = target.split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut_after: int | None = None
        self.cut_request_after: int | None = None
        self.cuts_left = 0
        self.passed = 0
        self.requests: list[bytes] = []
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(self._target)
            for words in ((near, far, False), (far, near, True)):
                self._threads.append(threading.Thread(target=self._carry, args=words))
                self._threads[-1].start()

    def _carry(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        passed = 0
        with source:
            try:
                while piece := source.recv(1 << 14):
                    passed += len(piece)
                    if answers:
                        self.passed += len(piece)
                    else:
                        self.requests.append(piece)
                    limit = self.cut_after if answers else self.cut_request_after
                    if limit is not None and self.cuts_left and passed > limit:
                        self.cuts_left -= 1
                        break
                    target.sendall(piece)
            except OSError:
                pass
            for sock in (source, target):
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def serve_tokens(service: TokenService) -> Iterator[TokenService]:
    """Let a token service answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.give(parse_qs(urlsplit(self.path).query))

        def do_POST(self) -> None:
            self.give(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))

        def give(self, fields: dict[str, list[str]]) -> None:
            service.asked.append(fields)
            user = service.user(self.headers, fields)
            if user is None:
                self.answer(401, {"details": "incorrect username or password"})
                return
            scopes = [scope for each in fields.get("scope", []) for scope in each.split()]
            answer: dict[str, Any] = {"token": service.token(user, scopes), "expires_in": service.lasts_s}
            if fields.get("offline_token"):
                answer["refresh_token"] = "identity-of-learner"
            self.answer(200, answer)

        def answer(self, status: int, data: dict[str, Any]) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.realm = f"http://127.0.0.1:{server.server_port}/token"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield service
        server.shutdown()
        thread.join()
