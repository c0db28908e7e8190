"""One repository in a registry: its manifests and blobs (OCI distribution-spec, "API")."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode, urljoin

from dockyard.engine.errors import ServerError
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry.credentials import Credentials
from dockyard.engine.registry.manifests import ACCEPTED, LARGEST_BYTES, Descriptor, Document
from dockyard.tarstream import write_all

if TYPE_CHECKING:
    from requests import Response

__all__ = ["Repository"]

PIECE_BYTES = 256 << 10

Moved = Callable[[int], None]


class Repository:
    """A repository, to be used as a context. Threads may share it.

    Args:
        reference: Names the registry and the repository.
        credentials: For the registry; None takes those that ``docker login`` kept.
        push: Whether it will be written to.
        mounts: Other repositories of this registry that layers may be taken from.
    """

    def __init__(
        self,
        reference: Reference,
        credentials: Credentials | None = None,
        *,
        push: bool = False,
        mounts: Iterable[str] = (),
    ) -> None:
        from dockyard.engine.registry.wire import Wire, dropped_if_broken  # which takes 0.1 s to import

        if credentials is None:
            credentials = Credentials.from_config(reference.domain)
        self._broken = dropped_if_broken
        self._wire = Wire(reference.host, credentials)
        self._path = reference.path
        self._scopes = [f"repository:{reference.path}:{'pull,push' if push else 'pull'}"]
        self._mount_scopes = [f"repository:{path}:pull" for path in sorted(mounts)]

    def __enter__(self) -> "Repository":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.__exit__(kind, error, trace)

    def reach(self) -> None:
        """Make sure that the registry answers.

        Raises:
            ServerError: It doesn't; the sentence says why.
        """
        _ = self._wire.base

    # ------------------------------------------------------------ manifests

    def manifest_digest(self, name: str) -> str | None:
        """Return the digest of what is under a tag or digest; None where the registry doesn't say, or only with the manifest.

        A question of this kind does not count against Docker Hub's limit.

        Raises:
            Refused: There is none, or it is not for everyone.
        """
        answer = self._ask("HEAD", f"manifests/{name}", headers={"Accept": ", ".join(ACCEPTED)}, accept=range(200, 500))
        answer.close()
        return answer.headers.get("Docker-Content-Digest") if answer.status_code == 200 else None

    def manifest(self, name: str) -> Document:
        """Return what is under a tag or digest.

        Raises:
            Refused: There is none, or it is not for everyone.
            ServerError: It is not what the digest names.
        """
        answer = self._ask("GET", f"manifests/{name}", headers={"Accept": ", ".join(ACCEPTED)})
        content = self._read(answer, LARGEST_BYTES)
        document = Document.read(content, answer.headers.get("Content-Type", ""))
        promised = name if name.startswith("sha256:") else answer.headers.get("Docker-Content-Digest", "")
        if promised.startswith("sha256:") and promised != document.digest:
            raise ServerError(f"manifest verification failed for digest {promised}")
        return document

    def put_manifest(self, name: str, document: Document) -> None:
        """Write a manifest under a tag.

        Raises:
            Refused: The registry does not take it.
            ServerError: It has taken it for something else.
        """
        answer = self._ask(
            "PUT",
            f"manifests/{name}",
            headers={"Content-Type": document.media_type},
            body=lambda: _Bytes(document.content),
            accept=(200, 201, 202),
        )
        answer.close()
        if answer.headers.get("Docker-Content-Digest", document.digest) != document.digest:
            raise ServerError(f"manifest verification failed for digest {document.digest}")

    # ------------------------------------------------------------ blobs

    def small_blob(self, blob: Descriptor, limit_bytes: int) -> bytes:
        """Return a blob that is read whole, such as a configuration; the caller checks its digest.

        Raises:
            ServerError: It is longer than ``limit_bytes``.
        """
        return self._read(self._ask("GET", f"blobs/{blob.digest}"), limit_bytes)

    def has_blob(self, digest: str) -> bool:
        """Whether the repository has a blob.

        Raises:
            Refused: One may not know.
        """
        answer = self._ask("HEAD", f"blobs/{digest}", accept=(200, 404))
        answer.close()
        return answer.status_code == 200

    def download(self, digest: str, target: BinaryIO, moved: Moved) -> None:
        """Add what is missing of a blob to the end of a file; from its start where the registry can't begin in the middle.

        Args:
            digest: Of the blob.
            target: Unbuffered; stands at its end.
            moved: Called with the length of the file after each piece; what it raises ends the download.

        Raises:
            Dropped: The connection broke; what has come is in the file.
        """
        there = target.tell()
        headers = {"Range": f"bytes={there}-"} if there else {}
        answer = self._ask("GET", f"blobs/{digest}", headers=headers, accept=(200, 206, 416))
        with answer, self._broken(self._wire.host):
            begins = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
            if answer.status_code == 416 or (answer.status_code == 206 and begins != str(there)):
                target.truncate(0)
                target.seek(0)
                return
            if answer.status_code == 200:
                target.seek(0)
                target.truncate()
            while piece := answer.raw.read(PIECE_BYTES, decode_content=False):
                write_all(target.write, piece)
                moved(target.tell())

    def mount(self, digest: str, origin: str) -> bool:
        """Take a blob over from another repository of the registry; False where that is not to be had.

        Args:
            digest: Of the blob.
            origin: The other repository, such as ``"library/busybox"``.
        """
        query = urlencode({"mount": digest, "from": origin})
        answer = self._ask("POST", f"blobs/uploads/?{query}", accept=range(200, 500), mounting=True)
        answer.close()
        if answer.status_code == 202:  # it began an upload instead
            self._ask_at(
                urljoin(answer.url, answer.headers.get("Location", "")), "DELETE", accept=range(200, 600)
            ).close()
        return answer.status_code == 201

    def upload(self, digest: str, path: Path, moved: Moved) -> None:
        """Send a blob.

        Args:
            digest: Of the blob.
            path: The file.
            moved: Called with the count of bytes sent so far; what it raises ends the upload.

        Raises:
            Refused: The registry does not take it.
            Dropped: The connection broke.
        """
        begun = self._ask("POST", "blobs/uploads/", body=lambda: _Bytes(b""), accept=(202,))
        begun.close()
        with path.open("rb", buffering=0) as file:
            size_bytes = path.stat().st_size
            sent = self._ask_at(
                _location(begun),
                "PATCH",
                headers={"Content-Type": "application/octet-stream"},
                body=lambda: _Sent(file, size_bytes, moved),
                accept=(202, 204),
            )
        sent.close()
        where = _location(sent)
        where += ("&" if "?" in where else "?") + urlencode({"digest": digest})
        self._ask_at(where, "PUT", body=lambda: _Bytes(b""), accept=(201, 204)).close()

    # ------------------------------------------------------------ inside

    def _ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: Callable[[], "_Bytes | _Sent"] | None = None,
        accept: Iterable[int] = (200,),
        mounting: bool = False,
    ) -> "Response":
        return self._wire.request(
            method,
            f"/v2/{self._path}/{path}",
            scopes=[*self._scopes, *(self._mount_scopes if mounting else [])],
            headers=headers,
            body=body,
            accept=tuple(accept),
        )

    def _ask_at(
        self,
        url: str,
        method: str,
        *,
        headers: dict[str, str] | None = None,
        body: Callable[[], "_Bytes | _Sent"] | None = None,
        accept: Iterable[int] = (200,),
    ) -> "Response":
        return self._wire.request(method, url, scopes=self._scopes, headers=headers, body=body, accept=tuple(accept))

    def _read(self, answer: "Response", limit_bytes: int) -> bytes:
        content = b""
        with answer, self._broken(self._wire.host):
            while piece := answer.raw.read(PIECE_BYTES, decode_content=True):
                content += piece
                if len(content) > limit_bytes:
                    raise ServerError(f"the registry's answer is longer than {limit_bytes} bytes")
        return content


class _Bytes:
    """A body that is in memory."""

    def __init__(self, content: bytes) -> None:
        self._content, self._position = content, 0

    def __len__(self) -> int:
        return len(self._content)

    def read(self, size: int = -1, /) -> bytes:
        end = len(self._content) if size < 0 else self._position + size
        piece = self._content[self._position : end]
        self._position += len(piece)
        return piece


class _Sent:
    """A body that is a file, which says how much of it is gone."""

    def __init__(self, file: BinaryIO, size_bytes: int, moved: Moved) -> None:
        self._file, self._size_bytes, self._moved = file, size_bytes, moved
        file.seek(0)

    def __len__(self) -> int:
        return self._size_bytes

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self._moved(self._file.tell())
        return piece


def _location(answer: "Response") -> str:
    where = answer.headers.get("Location")
    if not where:
        raise ServerError("the registry began an upload without saying where")
    return urljoin(answer.url, where)
