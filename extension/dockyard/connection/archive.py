"""Files into and out of a container as the engine moves them: one tar stream each way.

Docker Engine API, ``/containers/{id}/archive``: HEAD describes a path, GET streams it, PUT extracts a stream into a folder.

docker-py serves these calls, but hands every byte through several Python layers. Over plain sockets the bytes go their own way here:
a download as HTTP/1.0, whose body is not cut into chunks, and an upload of known length by ``sendfile``, so that the kernel copies.
Where the transport is another one (ssh, named pipes) docker-py carries the same calls.
"""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from dockyard.connection.client import Client
from dockyard.errors import EngineDead, EngineRefused, NoSuchContainer, NoSuchPath, SourceChanged, engine_errors
from dockyard.locale import N_, translate

__all__ = ["FileBytes", "Part", "PathStat", "Reader", "download", "in_container", "stat_path", "upload"]

PIECE_BYTES = 4 << 20

# Bits of Go's io/fs.FileMode, in which the engine describes a path.
GO_DIR, GO_LINK = 1 << 31, 1 << 27


@dataclass(frozen=True)
class PathStat:
    """What a path in a container is.

    Attributes:
        name: Its last component.
        size_bytes: Of a file, its length; of a folder, that of its own entry.
        mode: Permission bits.
        is_dir: Whether it is a folder.
        link_target: Where it leads, if it is a symbolic link; absolute, as the engine resolves it.
        changed: Its modification time.
    """

    name: str
    size_bytes: int
    mode: int
    is_dir: bool
    link_target: str | None
    changed: datetime


class Reader(Protocol):
    """A stream of bytes, read into a buffer; 0 at its end."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the front of ``buffer`` and return how many bytes."""
        ...


@dataclass(frozen=True)
class FileBytes:
    """The first ``size_bytes`` of an open file, as a part of an upload."""

    path: str
    file: BinaryIO
    size_bytes: int


Part = bytes | FileBytes
Watch = Callable[[int], None]
Connection = TypeVar("Connection", bound=http.client.HTTPConnection)


def stat_path(client: Client, container: str, path: str) -> PathStat | None:
    """Return what ``path`` in ``container`` is, or None where nothing is there. A link is described, not followed.

    Raises:
        NoSuchContainer: There is no such container.
    """
    with engine_errors(client.address):
        answer = client.api.head(
            client.url("/containers/{}/archive", container), params={"path": path}, timeout=client.api.timeout
        )
    if answer.ok:
        return _decode_stat(answer.headers["X-Docker-Container-Path-Stat"])
    if answer.status_code == 404:
        _require_container(client, container)
        return None
    # An answer to HEAD has no body; the same question as GET says what is wrong.
    with download(client, container, path) as (stat, _):
        return stat


def download(client: Client, container: str, path: str) -> AbstractContextManager[tuple[PathStat, Reader]]:
    """Open the tar stream of ``path`` in ``container``: a context manager of its description and a reader.

    Raises:
        NoSuchContainer: There is no such container.
        NoSuchPath: There is no such path in it.
        EngineRefused: The engine said no.
    """
    return (
        _download_plain(client, container, path)
        if _has_plain_socket(client)
        else _download_docker(client, container, path)
    )


def upload(
    client: Client,
    container: str,
    directory: str,
    parts: Iterable[Part],
    size_bytes: int | None,
    *,
    copy_uid_gid: bool = False,
    watch: Watch = lambda _: None,
) -> None:
    """Send a tar stream to be extracted into ``directory`` of ``container``.

    Args:
        client: The engine.
        container: Name or ID.
        directory: An existing folder in it.
        parts: The stream, in order.
        size_bytes: Its length, exactly; None where it is not known before it ends.
        copy_uid_gid: Give the files to the container's user (``docker cp -a``).
        watch: Called with the count of bytes sent so far, at least every 4 MiB; what it raises ends the upload.

    Raises:
        NoSuchContainer: There is no such container.
        EngineRefused: The engine said no; its sentence names the path.
        SourceChanged: A file became shorter meanwhile.
    """
    params = {"path": directory, "noOverwriteDirNonDir": "true"}
    if copy_uid_gid:
        params["copyUIDGID"] = "true"
    if _has_plain_socket(client):
        _upload_plain(client, container, params, parts, size_bytes, watch)
    else:
        with engine_errors(client.address):
            answer = client.api.put(
                client.url("/containers/{}/archive", container),
                params=params,
                data=_as_bytes(parts, watch),
                timeout=client.api.timeout,
            )
            answer.raise_for_status()


class _Plain:
    """A reader whose broken connection is an error that a user can act on."""

    def __init__(self, client: Client, answer: http.client.HTTPResponse) -> None:
        self._client, self._answer = client, answer

    def readinto(self, buffer: memoryview, /) -> int:
        with _dead_if_broken(self._client):
            return self._answer.readinto(buffer)


class _Http10(http.client.HTTPConnection):
    """HTTP/1.0 asks for a body that ends with the connection, not one in chunks."""

    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


@contextmanager
def _download_plain(client: Client, container: str, path: str) -> Iterator[tuple[PathStat, Reader]]:
    connection = _connected(client, _Http10("localhost"))
    try:
        with _dead_if_broken(client):
            connection.request("GET", _target(client, container, {"path": path}))
            answer = connection.getresponse()
        if answer.status != 200:
            raise _refusal(client, container, path, answer)
        yield _decode_stat(answer.headers["X-Docker-Container-Path-Stat"]), _Plain(client, answer)
    finally:
        connection.close()


def _upload_plain(
    client: Client, container: str, params: dict[str, str], parts: Iterable[Part], size_bytes: int | None, watch: Watch
) -> None:
    connection = _connected(client, http.client.HTTPConnection("localhost"))
    try:
        with _dead_if_broken(client):
            connection.putrequest("PUT", _target(client, container, params))
            connection.putheader("Content-Type", "application/x-tar")
            if size_bytes is None:
                connection.putheader("Transfer-Encoding", "chunked")
                parts = _chunked(parts)
            else:
                connection.putheader("Content-Length", str(size_bytes))
            connection.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):  # the engine stopped listening; its answer says why
            _send(connection.sock, parts, watch)
        with _dead_if_broken(client):
            answer = connection.getresponse()
        if answer.status != 200:
            raise _refusal(client, container, params["path"], answer)
    finally:
        connection.close()


def _send(sock: socket.socket, parts: Iterable[Part], watch: Watch) -> None:
    sent = 0
    for part in parts:
        watch(sent)
        if isinstance(part, bytes):
            sock.sendall(part)
            sent += len(part)
            continue
        end = sent + part.size_bytes
        while sent < end:
            offset = part.size_bytes - (end - sent)
            moved = sock.sendfile(part.file, offset, min(PIECE_BYTES, end - sent))
            if moved == 0:
                raise SourceChanged(path=part.path)
            sent += moved
            watch(sent)
    watch(sent)


def _chunked(parts: Iterable[Part]) -> Iterator[Part]:
    """Frame the parts as HTTP/1.1 chunks (RFC 9112, section 7.1)."""
    for part in parts:
        if size := len(part) if isinstance(part, bytes) else part.size_bytes:
            yield b"%x\r\n" % size
            yield part
            yield b"\r\n"
    yield b"0\r\n\r\n"


def _has_plain_socket(client: Client) -> bool:
    return urlsplit(client.address).scheme in ("unix", "tcp", "http", "https")


def _connected(client: Client, connection: Connection) -> Connection:
    """Give ``connection`` a socket to the engine: docker-py's own addresses, certificates and time limit."""
    parts = urlsplit(client.address)
    with _dead_if_broken(client):
        if parts.scheme == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(client.api.timeout)
            sock.connect(parts.path)
        else:
            sock = socket.create_connection((str(parts.hostname), parts.port or 2375), timeout=client.api.timeout)
            if client.api.base_url.startswith("https"):
                sock = _tls(client).wrap_socket(sock, server_hostname=parts.hostname)
    connection.sock = sock
    return connection


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
def _dead_if_broken(client: Client) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise EngineDead(address=client.address) from error


def _target(client: Client, container: str, params: dict[str, str]) -> str:
    parts = urlsplit(client.url("/containers/{}/archive", container))
    return f"{parts.path}?{urlencode(params, quote_via=quote)}"


def _refusal(client: Client, container: str, path: str, answer: http.client.HTTPResponse) -> Exception:
    """The error that the engine's answer stands for."""
    body = answer.read()
    if answer.status == 404:
        _require_container(client, container)
        return NoSuchPath(path=path, where=in_container(container))
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.decode(errors="replace").strip() or f"HTTP {answer.status}"
    return EngineRefused(message=message, status=answer.status)


# ---------------------------------------------------------------- over docker-py's own transports


@contextmanager
def _download_docker(client: Client, container: str, path: str) -> Iterator[tuple[PathStat, Reader]]:
    try:
        with engine_errors(client.address):
            chunks, stat = client.api.get_archive(container, path)
    except EngineRefused as error:
        if error.facts["status"] != 404:
            raise
        _require_container(client, container)
        raise NoSuchPath(path=path, where=in_container(container)) from error
    yield _stat_from(stat), _ChunkReader(chunks)


class _ChunkReader:
    """An iterator of bytes, read as a stream."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _as_bytes(parts: Iterable[Part], watch: Watch) -> Iterator[bytes]:
    sent = 0
    for part in parts:
        if isinstance(part, bytes):
            sent += len(part)
            yield part
            continue
        end = sent + part.size_bytes
        while sent < end:
            watch(sent)
            piece = part.file.read(min(1 << 16, end - sent))
            if not piece:
                raise SourceChanged(path=part.path)
            sent += len(piece)
            yield piece
    watch(sent)


# ---------------------------------------------------------------- what the engine says of a path


def in_container(container: str) -> str:
    """The place "in the container NAME", as errors name it."""
    return translate(N_("in the container {name!r}")).format(name=container)


def _require_container(client: Client, container: str) -> None:
    """Raise NoSuchContainer where a 404 was about the container, not about the path."""
    if client.find_json("/containers/{}/json", container) is None:
        raise NoSuchContainer(name=container)


def _decode_stat(header: str) -> PathStat:
    return _stat_from(json.loads(base64.b64decode(header)))


def _stat_from(stat: Mapping[str, Any]) -> PathStat:
    mode = int(stat["mode"])
    return PathStat(
        name=str(stat["name"]),
        size_bytes=int(stat["size"]),
        mode=mode & 0o777,
        is_dir=bool(mode & GO_DIR),
        link_target=str(stat["linkTarget"]) if mode & GO_LINK else None,
        changed=datetime.fromisoformat(str(stat["mtime"])),
    )
