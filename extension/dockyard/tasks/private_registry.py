"""A registry of one's own in a container: started open or with a password and TLS, and its garbage collected."""

import io
import re
import socket
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockyard.connection import Client
from dockyard.connection.archive import upload
from dockyard.connection.secret import Secret
from dockyard.errors import (
    BadSecret,
    EngineRefused,
    ImageMissing,
    NoSuchContainer,
    PortTaken,
    SourceUnreadable,
    engine_errors,
)
from dockyard.tasks.inside import run_in
from dockyard.tasks.pull import has_image
from dockyard.waiting import eventually

__all__ = ["Collected", "StartedRegistry", "collect_garbage", "start_registry"]

CONTENT = "/var/lib/registry"
CONFIGS = ("/etc/distribution/config.yml", "/etc/docker/registry/config.yml")  # of registry 3 and 2
LONGEST_PASSWORD_BYTES = 72  # bcrypt's own limit
ROUNDS = 6  # each request is checked anew; docker's own example takes 5


@dataclass(frozen=True)
class StartedRegistry:
    """A registry that runs.

    Attributes:
        container_id: Its container.
        address: As images' names begin with it, such as ``localhost:5000``.
    """

    container_id: str
    address: str


@dataclass(frozen=True)
class Collected:
    """What a garbage collection did.

    Attributes:
        before_bytes, after_bytes: The sizes of all files of the registry together, measured.
        said: What the registry's program printed.
    """

    before_bytes: int
    after_bytes: int
    said: str

    @property
    def freed_bytes(self) -> int:
        """What was really freed."""
        return self.before_bytes - self.after_bytes


def start_registry(
    client: Client,
    *,
    name: str = "registry",
    port: int = 5000,
    host_ip: str = "127.0.0.1",
    volume: str = "",
    user: str = "",
    secret: Secret | None = None,
    certificate: tuple[Path, Path] | None = None,
    image: str = "registry",
) -> StartedRegistry:
    """Start a registry and wait until it answers. It permits deleting; ``docker rm -f -v NAME`` ends it.

    The password's bcrypt hash and the certificate are put into the container before it starts, so that this works with engines elsewhere too.

    Args:
        client: The engine, which has the image.
        name: The container's name.
        port: On the engine's machine.
        host_ip: Where it is published; the default keeps it from other machines.
        volume: A named volume for its content; by default one without a name, which goes with the container.
        user: Who may log in; empty lets everyone in.
        secret: The user's password.
        certificate: Files of a certificate and its key (PEM); the engine must trust it to push and pull.
        image: The registry's image.

    Raises:
        ImageMissing, PortTaken, BadSecret, SourceUnreadable, EngineRefused: It could not be started; nothing is left of it.
    """
    if not has_image(client, image):
        raise ImageMissing(name=image)
    files = {**_account(user, secret), **_certificate(certificate)}
    body: dict[str, Any] = {
        "Image": image,
        "Env": ["REGISTRY_STORAGE_DELETE_ENABLED=true", *_environment(user, certificate)],
        "ExposedPorts": {"5000/tcp": {}},
        "HostConfig": {
            "PortBindings": {"5000/tcp": [{"HostIp": host_ip, "HostPort": str(port)}]},
            "Mounts": [{"Type": "volume", "Source": volume, "Target": CONTENT}] if volume else [],
        },
    }
    with engine_errors(client.address):
        made = client.api.create_container_from_config(body, name)  # type: ignore[no-untyped-call]  # docker-py types little
    container_id = str(made["Id"])
    try:
        if files:
            content = _tar(files)
            upload(client, container_id, "/", [content], len(content))
        _start(client, container_id, port)
        _wait(client, container_id)
    except BaseException:
        with engine_errors(client.address):
            client.api.remove_container(container_id, v=True, force=True)
        raise
    return StartedRegistry(container_id, f"{client.host}:{port}")


def collect_garbage(client: Client, container: str, *, untagged: bool = False) -> Collected:
    """Free what no tag of a registry needs: ``docker exec NAME registry garbage-collect CONFIG``, then a restart.

    Nobody may push meanwhile: what is being uploaded would look like garbage. The restart empties the registry's memory, which would
    otherwise still say that it has what is gone.

    Args:
        client: The engine.
        container: The registry's container, running, with its content on its own disk.
        untagged: Also delete manifests that no tag stands for (``--delete-untagged``).

    Raises:
        NoSuchContainer: There is no such container.
        EngineRefused: It does not run, or has no registry's configuration.
    """
    if client.find_json("/containers/{}/json", container) is None:
        raise NoSuchContainer(name=container)
    config = _exec(client, container, ["sh", "-c", f"ls {' '.join(CONFIGS)} 2>/dev/null | head -n 1"]).strip()
    if not config:
        raise EngineRefused(message=f"{container}: no {' or '.join(CONFIGS)}", status=None)
    found = re.search(r"rootdirectory:\s*(\S+)", _exec(client, container, ["cat", config]))
    root = found[1] if found else CONTENT
    before = _size_bytes(client, container, root)
    said = _exec(
        client, container, ["registry", "garbage-collect", *(["--delete-untagged"] if untagged else []), config]
    )
    after = _size_bytes(client, container, root)
    with engine_errors(client.address):
        client.api.restart(container)
    _wait(client, container)
    return Collected(before, after, said)


def _size_bytes(client: Client, container: str, root: str) -> int:
    sizes = _exec(client, container, ["find", root, "-type", "f", "-exec", "stat", "-c", "%s", "{}", "+"])
    return sum(int(each) for each in sizes.split())


def _exec(client: Client, container: str, words: list[str]) -> str:
    code, said = run_in(client, container, words)
    if code:
        raise EngineRefused(message=said.strip() or f"{words[0]}: exit code {code}", status=None)
    return said


def _account(user: str, secret: Secret | None) -> dict[str, bytes]:
    """The line of an htpasswd file (RFC 7617 names; bcrypt, as registries want it)."""
    if not user:
        return {}
    import bcrypt

    is_fit = secret is not None and 0 < len(secret.reveal().encode()) <= LONGEST_PASSWORD_BYTES
    if not is_fit or secret is None or not re.fullmatch(r"[^:\s]+", user):
        raise BadSecret(user=user, longest=LONGEST_PASSWORD_BYTES)
    hashed = bcrypt.hashpw(secret.reveal().encode(), bcrypt.gensalt(ROUNDS))
    return {"auth/htpasswd": user.encode() + b":" + hashed + b"\n"}


def _certificate(certificate: tuple[Path, Path] | None) -> dict[str, bytes]:
    made = {}
    for name, path in zip(("certs/registry.crt", "certs/registry.key"), certificate or (), strict=False):
        try:
            made[name] = path.read_bytes()
        except OSError as error:
            raise SourceUnreadable(path=str(path), reason=error.strerror) from error
    return made


def _environment(user: str, certificate: tuple[Path, Path] | None) -> list[str]:
    account = [
        "REGISTRY_AUTH=htpasswd",
        "REGISTRY_AUTH_HTPASSWD_REALM=lab",
        "REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd",
    ]
    tls = ["REGISTRY_HTTP_TLS_CERTIFICATE=/certs/registry.crt", "REGISTRY_HTTP_TLS_KEY=/certs/registry.key"]
    return [*(account if user else []), *(tls if certificate else [])]


def _tar(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for folder in sorted({name.partition("/")[0] for name in files}):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(info)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def _start(client: Client, container_id: str, port: int) -> None:
    try:
        with engine_errors(client.address):
            client.api.start(container_id)
    except EngineRefused as error:
        if re.search(r"already (in use|allocated)|port is already", str(error.facts["message"])):
            raise PortTaken(port=port, holder=str(error.facts["message"]), container_port=5000) from error
        raise


def _wait(client: Client, container: str) -> None:
    """Wait until something listens at the published port.

    Raises:
        EngineRefused: The registry has ended instead; its last words say why.
    """
    # One that has ended has no ports either: ask for both at once.
    about = _require_running(client, container)
    published = (about["NetworkSettings"]["Ports"].get("5000/tcp") or [{}])[0].get("HostPort")
    if not published:
        return

    def connect() -> None:
        _require_running(client, container)
        # A proxy of the engine's may take the connection before the registry listens: wait for its answer.
        with socket.create_connection((client.host, int(published)), timeout=2) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            if not sock.recv(1):
                raise ConnectionError("nothing answers")

    eventually(connect, OSError, timeout_s=30)


def _require_running(client: Client, container: str) -> dict[str, Any]:
    about: dict[str, Any] = client.get_json("/containers/{}/json", container)
    if not about["State"]["Running"]:
        with engine_errors(client.address):
            words = bytes(client.api.logs(container, tail=3)).decode(errors="replace")
        raise EngineRefused(message=words.strip(), status=None)
    return about
