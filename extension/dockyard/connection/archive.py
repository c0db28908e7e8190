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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from dockyard.connection.client import Client
from dockyard.connection.parts import FileBytes, Part, Watch, as_bytes, chunked, send
from dockyard.connection.plain import Http10, connected, dead_if_broken, has_plain_socket
from dockyard.errors import EngineRefused, NoSuchContainer, NoSuchPath, engine_errors
from dockyard.locale import N_, translate
from dockyard.tarstream import Reader

__all__ = ["ChunkReader", "FileBytes", "Part", "PathStat", "download", "in_container", "stat_path", "upload"]

# Bits of Go's io/fs.FileMode, in which the engine describes a path.
GO_DIR, GO_LINK = 1 << 31, 1 << 27

# What an engine on this machine may find waiting of an upload, so that it need not wait for this process. Linux grants what it has set as the most.
AHEAD_BYTES = 4 << 20

SLOW_DISK_BYTES_S = 5 << 20


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
        if has_plain_socket(client)
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
    if has_plain_socket(client):
        _upload_plain(client, container, params, parts, size_bytes, watch)
    else:
        with engine_errors(client.address):
            answer = client.api.put(
                client.url("/containers/{}/archive", container),
                params=params,
                data=as_bytes(parts, watch),
                timeout=_patience_s(client, size_bytes or 0),
            )
            answer.raise_for_status()


class _Plain:
    """A reader whose broken connection is an error that a user can act on."""

    def __init__(self, client: Client, answer: http.client.HTTPResponse) -> None:
        self._client, self._answer = client, answer

    def readinto(self, buffer: memoryview, /) -> int:
        with dead_if_broken(self._client):
            return self._answer.readinto(buffer)


@contextmanager
def _download_plain(client: Client, container: str, path: str) -> Iterator[tuple[PathStat, Reader]]:
    connection = connected(client, Http10("localhost"))
    try:
        with dead_if_broken(client):
            connection.request("GET", _target(client, container, {"path": path}))
            answer = connection.getresponse()
        # The answer holds the socket for itself; while that is open and unread, the engine lets no one else at the container.
        with answer:
            if answer.status != 200:
                raise _refusal(client, container, path, answer)
            yield _decode_stat(answer.headers["X-Docker-Container-Path-Stat"]), _Plain(client, answer)
    finally:
        connection.close()


def _upload_plain(
    client: Client, container: str, params: dict[str, str], parts: Iterable[Part], size_bytes: int | None, watch: Watch
) -> None:
    connection = connected(client, http.client.HTTPConnection("localhost"))
    if urlsplit(client.address).scheme == "unix":  # over TCP the system finds the best length itself
        with suppress(OSError):  # some systems refuse what they do not grant; then it stays as it was
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, AHEAD_BYTES)
    try:
        with dead_if_broken(client):
            connection.putrequest("PUT", _target(client, container, params))
            connection.putheader("Content-Type", "application/x-tar")
            if size_bytes is None:
                connection.putheader("Transfer-Encoding", "chunked")
                parts = chunked(parts)
            else:
                connection.putheader("Content-Length", str(size_bytes))
            connection.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):  # the engine stopped listening; its answer says why
            sent_bytes = send(connection.sock, parts, watch)
            connection.sock.settimeout(_patience_s(client, sent_bytes))
        with dead_if_broken(client):
            answer = connection.getresponse()
        if answer.status != 200:
            raise _refusal(client, container, params["path"], answer)
    finally:
        connection.close()


def _patience_s(client: Client, sent_bytes: int) -> float:
    """How long an engine may take to answer: it may first bring to its disk what it was sent."""
    return float(client.api.timeout) + sent_bytes / SLOW_DISK_BYTES_S


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
    yield _stat_from(stat), ChunkReader(chunks)


class ChunkReader:
    """An iterator of bytes, read as a stream."""

    def __init__(self, chunks: Iterable[bytes | memoryview]) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the front of ``buffer`` and return how many bytes; 0 at the end."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


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
