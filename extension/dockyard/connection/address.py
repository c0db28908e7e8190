"""Ask one address whether a usable engine answers, and say in one sentence why not."""

import json
import socket
import ssl
import subprocess
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import docker
import docker.errors
import requests

from dockyard.connection.client import EMBEDDED, Client, Engine
from dockyard.connection.places import Place
from dockyard.connection.plain import ssh_words
from dockyard.errors import (
    ApiTooOld,
    DockyardError,
    EngineDead,
    EngineSilent,
    HostUnknown,
    NotAnEngine,
    SocketDenied,
    SocketMissing,
    SshRefused,
    TlsRefused,
    WrongAddress,
)

__all__ = ["OLDEST_API", "reach"]

OLDEST_API = "1.41"  # Docker 20.10, Podman 3
ANSWER_TIMEOUT_S = 5
CALL_TIMEOUT_S = 600  # docker-py's 60 s breaks large saves and copies


def reach(place: Place, data_dir: Path) -> Client:
    """Connect to ``place`` and return the client.

    Raises:
        EngineUnreachable: Nothing usable answers; the subclass and its sentence say why.
        ApiTooOld: An engine answers, and is older than API 1.41.
    """
    _check_address(place.address)
    if place.address.startswith("ssh://"):
        _check_ssh(place.address)
    if place.address.startswith("unix://"):
        _check_socket(place.address)
    with closing(_open(place, OLDEST_API, ANSWER_TIMEOUT_S)) as api:
        try:
            answer = api.version(api_version=False)
        except (docker.errors.DockerException, requests.exceptions.RequestException, ValueError) as error:
            raise _reason(place.address, error, tls=place.tls is not None) from error
    newest = str(answer.get("ApiVersion", "")) if isinstance(answer, dict) else ""
    if not newest:
        raise NotAnEngine(address=place.address)
    if _number(newest) < _number(OLDEST_API):
        raise ApiTooOld(address=place.address, version=newest, needed=OLDEST_API)
    api = _open(place, newest, CALL_TIMEOUT_S)
    client = Client(api, place.address, place.source, _engine(answer), data_dir)
    weakref.finalize(client, api.close)  # docker-py would leave its idle connections open
    return client


def _open(place: Place, version: str, timeout_s: int) -> docker.APIClient:
    try:
        api = docker.APIClient(
            base_url=place.address, version=version, timeout=timeout_s, tls=place.tls or False, use_ssh_client=True
        )
    except (docker.errors.DockerException, ValueError) as error:
        raise WrongAddress(address=place.address) from error
    if place.tls:
        api.trust_env = False  # else REQUESTS_CA_BUNDLE would take the place of the engine's own authority
    return api


def _check_address(address: str) -> None:
    """Refuse what docker-py would take for a path or a host by guessing."""
    parts = urlsplit(address)
    by_path = parts.scheme in ("unix", "npipe") and parts.path.startswith("/")
    by_host = parts.scheme in ("tcp", "http", "https", "ssh") and bool(parts.hostname)
    if not (by_path or by_host):
        raise WrongAddress(address=address)
    try:
        _ = parts.port
    except ValueError as error:
        raise WrongAddress(address=address) from error


def _check_socket(address: str) -> None:
    """Connect once: docker-py would leave its socket open where that fails."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(ANSWER_TIMEOUT_S)
        try:
            sock.connect(urlsplit(address).path)
        except OSError as error:
            raise _reason(address, error) from error


def _check_ssh(address: str) -> None:
    """Log in once without questions: docker-py's ssh would wait for an answer that no cell can give."""
    command = ssh_words(address, "-o", f"ConnectTimeout={ANSWER_TIMEOUT_S}")
    try:
        answer = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * ANSWER_TIMEOUT_S
        )
    except FileNotFoundError as error:
        raise SshRefused(address=address, reason="ssh: command not found") from error
    except subprocess.TimeoutExpired as error:
        raise EngineSilent(address=address) from error
    if answer.returncode != 0:
        lines = answer.stderr.strip().splitlines() or [f"exit code {answer.returncode}"]
        raise SshRefused(address=address, reason=lines[-1])


def _reason(address: str, error: BaseException, *, tls: bool = False) -> DockyardError:
    """The sentence for what went wrong, found in the chain of causes that requests and urllib3 wrap it in."""
    for cause in _causes(error):
        if isinstance(cause, PermissionError):
            return SocketDenied(address=address)
        if isinstance(cause, FileNotFoundError):
            return SocketMissing(address=address)
        if isinstance(cause, socket.gaierror | UnicodeError):
            return HostUnknown(address=address)
        if isinstance(cause, ssl.SSLError):
            return TlsRefused(
                address=address, reason=getattr(cause, "verify_message", "") or cause.reason or str(cause)
            )
        if isinstance(cause, TimeoutError | requests.exceptions.Timeout):
            return EngineSilent(address=address)
        if isinstance(cause, docker.errors.APIError | json.JSONDecodeError):
            if "HTTP request to an HTTPS server" in str(cause):
                return TlsRefused(address=address, reason="HTTP request to an HTTPS server")
            return NotAnEngine(address=address)
        if isinstance(cause, ConnectionRefusedError):
            return EngineDead(address=address)
        if isinstance(cause, ConnectionResetError) and tls:
            return TlsRefused(
                address=address, reason=cause.strerror
            )  # how a server ends that wants another certificate
    if any("BadStatusLine" in repr(cause) for cause in _causes(error)):
        return NotAnEngine(address=address)
    return EngineDead(address=address)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Every exception inside ``error``: causes, contexts, and those that stand in arguments, each once."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _engine(answer: dict[str, object]) -> Engine:
    """The engine that a ``GET /version`` answer describes (Docker Engine API, System)."""
    platform = answer.get("Platform")
    maker = str(platform.get("Name", "")) if isinstance(platform, dict) else ""
    components = answer.get("Components")
    first = components[0] if isinstance(components, list) and components else {}
    product = str(first.get("Name", "Docker"))
    name = "Podman" if "podman" in product.lower() else "Docker" if product == "Engine" else product
    if maker.startswith(EMBEDDED):
        name = EMBEDDED
    return Engine(
        name=name,
        version=str(answer.get("Version", "?")),
        api_version=str(answer["ApiVersion"]),
        system=f"{answer.get('Os', '?')}/{answer.get('Arch', '?')}",
    )


def _number(version: str) -> tuple[int, ...]:
    """``"1.41"`` as ``(1, 41)``: versions compare by number, not by letter."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
