"""Archives in and out of a container, and talks with a program in it, over every transport: a socket, TCP, TLS, and ssh."""

import gc
import io
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tarfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from docker.tls import TLSConfig

from conftest import missing
from dockyard.connection.address import reach
from dockyard.connection.archive import download, stat_path, upload
from dockyard.connection.places import Place
from dockyard.errors import EngineDead, EngineRefused, NoSuchContainer, NoSuchPath, TlsRefused
from dockyard.tasks import CopyIn, CopyOut, Shell
from registries import tar_of
from typist import Typist

pytestmark = pytest.mark.engine


@contextmanager
def relay(
    engine_address: str,
    wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain,
    late_s: Callable[[], float] = lambda: 0,
) -> Iterator[int]:
    """A TCP port that leads to the engine's socket, as a daemon that listens on TCP; its answers come later by ``late_s``."""
    target = engine_address.removeprefix("unix://")
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, late_s: Callable[[], float] = lambda: 0) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                time.sleep(late_s())
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=connect, args=(plain,), daemon=True).start()

    def connect(plain: socket.socket) -> None:
        with suppress(OSError), wrap(plain) as outer, socket.socket(socket.AF_UNIX) as inner:
            inner.connect(target)
            back = threading.Thread(target=pump, args=(inner, outer, late_s), daemon=True)
            back.start()
            pump(outer, inner)
            back.join()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """A certificate authority, with a certificate that serves as the server's and the client's."""
    folder = tmp_path_factory.mktemp("tls")
    now = datetime.now(UTC)
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("test authority", "localhost")
    )

    def sign(
        name: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType, *, critical: bool
    ) -> bytes:
        builder = x509.CertificateBuilder(
            issuer, name, public, x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
        )
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        for each in (x509.SubjectKeyIdentifier.from_public_key(public), issuer_key):  # newer Pythons insist on them
            builder = builder.add_extension(each, critical=False)
        if name == issuer:
            no = False
            usage = x509.KeyUsage(
                True, no, no, no, no, True, True, no, no
            )  # signs, and signs certificates and revocations
            builder = builder.add_extension(usage, critical=True)
        return (
            builder.add_extension(extension, critical)
            .sign(authority, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    root = x509.BasicConstraints(ca=True, path_length=None)
    (folder / "ca.pem").write_bytes(sign(issuer, authority.public_key(), root, critical=True))
    (folder / "cert.pem").write_bytes(
        sign(subject, key.public_key(), x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return folder


@pytest.fixture(scope="module")
def tls_port(engine_address, certificates) -> Iterator[int]:
    """The engine behind TLS that asks for a client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with relay(engine_address, lambda plain: context.wrap_socket(plain, server_side=True)) as port:
        yield port


@pytest.fixture(scope="module")
def ssh_port(engine_address, tmp_path_factory) -> Iterator[int]:
    """An ssh server of the test's own, whose user's `docker` reaches the engine."""
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(sshd).exists() or not shutil.which("ssh") or not shutil.which("docker"):
        missing("no ssh server (Debian: apt-get install openssh-server openssh-client)")
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    (folder / "authorized").chmod(0o600)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\nStrictModes no\n"
        f"PasswordAuthentication no\nUsePAM no\nPidFile {folder}/pid\nSetEnv DOCKER_HOST={engine_address}\nPermitRootLogin yes\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    # The program that logs in, with a key of its own: what ~/.ssh/config would say for a real host.
    (folder / "bin").mkdir()
    (folder / "bin/ssh").write_text(
        f'#!/bin/sh\nexec {shutil.which("ssh")} -F none -i {folder}/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$@"\n'
    )
    (folder / "bin/ssh").chmod(0o755)
    with subprocess.Popen([sshd, "-D", "-e", "-f", folder / "config"], stderr=subprocess.PIPE, text=True) as server:
        for line in server.stderr:
            if "Server listening" in line:
                break
        patch = pytest.MonkeyPatch()
        patch.setenv("PATH", f"{folder}/bin:{os.environ['PATH']}")
        yield port
        patch.undo()
        server.terminate()


@pytest.fixture(params=["unix", "tcp", "tls", "ssh"])
def way(request, engine_address, certificates, tmp_path) -> Iterator:
    """A client over each transport."""
    if request.param == "unix":
        yield reach(Place(engine_address, "test"), tmp_path / "data")
    elif request.param == "tcp":
        with relay(engine_address) as port:
            client = reach(Place(f"tcp://127.0.0.1:{port}", "test"), tmp_path / "data")
            yield client
            client.api.close()
    elif request.param == "tls":
        port = request.getfixturevalue("tls_port")
        tls = TLSConfig(
            (str(certificates / "cert.pem"), str(certificates / "key.pem")), str(certificates / "ca.pem"), verify=True
        )
        client = reach(Place(f"tcp://localhost:{port}", "test", tls), tmp_path / "data")
        yield client
        client.api.close()
    else:
        port = request.getfixturevalue("ssh_port")
        user = pwd.getpwuid(os.getuid()).pw_name
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", ResourceWarning
            )  # docker-py leaves the pipes of its ssh processes to the collector
            client = reach(Place(f"ssh://{user}@127.0.0.1:{port}", "test"), tmp_path / "data")
            yield client
            client.api.close()
            gc.collect()


def test_a_program_is_talked_to(way, container):
    at = Typist((33, 77)).sit_down(Shell(container(), ("/bin/sh",)), way)
    at.type("stty size; cat\n")
    at.read("33 77")
    at.type(("한" * 300 + "\n") * 60 + "\x04")  # more than a terminal takes at once
    at.type("exit 5\n")
    assert at.outcome().exit_code == 5


def test_files_go_in_and_come_out_whole(way, container, tmp_path):
    name = container()
    content = os.urandom(3 << 20)
    (tmp_path / "f").write_bytes(content)
    CopyIn(str(tmp_path / "f"), name, "/tmp/f").run(way)
    CopyOut(name, "/tmp/f", str(tmp_path / "back")).run(way)
    assert (tmp_path / "back").read_bytes() == content


def test_what_is_missing_is_told_alike(way, container):
    name = container()
    assert stat_path(way, name, "/no/such") is None
    with pytest.raises(NoSuchPath, match="'/no/such'"), download(way, name, "/no/such"):
        pass
    with pytest.raises(NoSuchContainer, match="'no-such'"), download(way, "no-such", "/etc"):
        pass
    with pytest.raises(NoSuchContainer, match="'no-such'"):
        stat_path(way, "no-such", "/etc")
    with pytest.raises((EngineRefused, NoSuchPath)):
        upload(way, name, "/no/such", [b"\0" * 1024], 1024)


def test_a_path_is_described(client, container, shell):
    name = container()
    shell(name, "mkdir /tmp/d && ln -s d /tmp/l && head -c 5 /dev/zero > /tmp/f && chmod 640 /tmp/f")
    assert stat_path(client, name, "/tmp/d").is_dir
    link = stat_path(client, name, "/tmp/l")
    assert (link.is_dir, link.link_target) == (False, "/tmp/d")
    file = stat_path(client, name, "/tmp/f")
    assert (file.name, file.size_bytes, file.mode) == ("f", 5, 0o640)
    assert abs(file.changed - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("size_known", [True, False])
def test_an_upload_goes_with_and_without_its_length(size_known, client, container, shell):
    name = container()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        info = tarfile.TarInfo("f")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"abc"))
    data = made.getvalue()
    sent = []
    upload(client, name, "/tmp", [data[:700], b"", data[700:]], len(data) if size_known else None, watch=sent.append)
    assert shell(name, "cat /tmp/f") == "abc"
    assert sent[-1] >= len(data)


def test_an_answer_may_take_as_long_as_a_slow_disk_does_with_what_was_sent(engine_address, container, shell, tmp_path):
    name, late_s = container(), 0
    with relay(engine_address, late_s=lambda: late_s) as port:
        client = reach(Place(f"tcp://127.0.0.1:{port}", "test"), tmp_path / "data")
        client.api.timeout, late_s = 1, 2
        large, small = tar_of({"large": bytes(20 << 20)}), tar_of({"small": b""})
        for size_bytes in (len(large), None):
            upload(client, name, "/", [large], size_bytes)
        with pytest.raises(EngineDead):
            upload(client, name, "/", [small], len(small))
        client.api.close()
    assert shell(name, "wc -c < /large").strip() == str(20 << 20)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_tls_without_the_right_certificate_is_told(tls_port, tmp_path):
    with pytest.raises(TlsRefused, match=r"self-signed certificate|unable to get"):
        reach(Place(f"tcp://localhost:{tls_port}", "test", TLSConfig(verify=True)), tmp_path)
    with pytest.raises(TlsRefused):
        reach(Place(f"tcp://localhost:{tls_port}", "test", TLSConfig(verify=False)), tmp_path)


def test_an_engine_that_dies_meanwhile_is_told(engine_address, container, tmp_path):
    name = container()
    with relay(engine_address) as port:
        client = reach(Place(f"tcp://127.0.0.1:{port}", "test"), tmp_path)
        client.api.close()
    with pytest.raises(EngineDead, match="Nothing answers"), download(client, name, "/etc"):
        pass
    with pytest.raises(EngineDead, match="Nothing answers"):
        stat_path(client, name, "/etc")
