"""Plain sockets to an engine: docker-py's own addresses, certificates and time limit, without its layers."""

import http.client
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from dockyard.connection.client import Client
from dockyard.errors import EngineDead

__all__ = ["Http10", "connected", "dead_if_broken", "has_plain_socket", "opened_socket", "ssh_words"]

Connection = TypeVar("Connection", bound=http.client.HTTPConnection)


class Http10(http.client.HTTPConnection):
    """HTTP/1.0 asks for a body that ends with the connection, not one in chunks."""

    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


def has_plain_socket(client: Client) -> bool:
    """Whether the engine's transport is one for plain sockets; ssh and named pipes are not."""
    return urlsplit(client.address).scheme in ("unix", "tcp", "http", "https")


def connected(client: Client, connection: Connection) -> Connection:
    """Give ``connection`` a socket to the engine: docker-py's own addresses, certificates and time limit."""
    connection.sock, _ = opened_socket(client)
    return connection


def opened_socket(client: Client) -> tuple[socket.socket, "subprocess.Popen[bytes] | None"]:
    """Return a connected socket to the engine, and over ssh the program behind it, which whoever closes the socket is to end.

    Raises:
        EngineDead: Nothing answers.
    """
    parts = urlsplit(client.address)
    if parts.scheme == "ssh":
        return _over_ssh(client)
    with dead_if_broken(client):
        if parts.scheme == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(client.api.timeout)
            sock.connect(parts.path)
        else:
            sock = socket.create_connection((str(parts.hostname), parts.port or 2375), timeout=client.api.timeout)
            if client.api.base_url.startswith("https"):
                sock = _tls(client).wrap_socket(sock, server_hostname=parts.hostname)
    return sock, None


def ssh_words(address: str, *options: str) -> list[str]:
    """The command that docker itself reaches an ``ssh://`` address with: its input and output are the engine's socket."""
    parts = urlsplit(address)
    words = ["ssh", "-o", "BatchMode=yes", *options]
    words += ["-l", parts.username] if parts.username else []
    words += ["-p", str(parts.port)] if parts.port else []
    return [*words, "--", str(parts.hostname), "docker", "system", "dial-stdio"]


def _over_ssh(client: Client) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """A socket for the input and output of the program that goes to the other machine, and that program."""
    ours, theirs = socket.socketpair()
    ours.settimeout(client.api.timeout)
    with theirs:
        # A session of its own: the notebook's stop button is not meant for it.
        process = subprocess.Popen(
            ssh_words(client.address), stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True
        )
    return ours, process


def _tls(client: Client) -> ssl.SSLContext:
    verify = client.api.verify
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if isinstance(client.api.cert, tuple):
        context.load_cert_chain(*client.api.cert)
    return context


@contextmanager
def dead_if_broken(client: Client) -> Iterator[None]:
    """Turn what goes wrong with a socket inside the block into EngineDead."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise EngineDead(address=client.address) from error
