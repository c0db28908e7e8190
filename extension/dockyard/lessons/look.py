"""What the checks of the lessons find: on the engine, on its pages and in the learner's folder."""

import hashlib
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from dockyard.connection.archive import PathStat, download
from dockyard.errors import DockyardError
from dockyard.lessons.lesson import Bench
from dockyard.locale import N_, translate
from dockyard.pages import Page, fetch
from dockyard.tarstream import TarStream
from dockyard.tasks import Evidence, Mount, Port, RemoveContainer, Run, container, tagged
from dockyard.waiting import eventually

__all__ = [
    "HTDOCS",
    "file_digest",
    "find_container",
    "not_there",
    "page_of",
    "read",
    "remove_container",
    "require_container",
    "require_image",
    "run_apache",
    "words_of",
]

HTDOCS = "/usr/local/apache2/htdocs"


def find_container(bench: Bench, name: str) -> dict[str, Any] | None:
    """Return what ``docker inspect`` says of a container of the book, or None where there is none."""
    found: dict[str, Any] | None = bench.client.find_json("/containers/{}/json", bench.name(name))
    return found


def require_container(bench: Bench, name: str) -> dict[str, Any]:
    """Return what ``docker inspect`` says of a container of the book.

    Raises:
        NoSuchContainer: There is none.
    """
    return container.require_container(bench.client, bench.name(name))


def require_image(bench: Bench, name: str) -> dict[str, Any]:
    """Return what ``docker image inspect`` says of an image of the book.

    Raises:
        ImageMissing: There is none.
    """
    return tagged.require_image(bench.client, bench.name(name))


def run_apache(bench: Bench, name: str, *mounts: Mount, image: str = "httpd", host_port: int | None = None) -> None:
    """Run Apache under the book's name, and wait until it serves."""
    ports = (Port(80, host_port),)
    Run(image, name=bench.name(name), detach=True, ports=ports, mounts=mounts).run(bench.client)
    eventually(lambda: page_of(bench, name), DockyardError)


def not_there(path: Path) -> Evidence:
    """What a check says of a file that the learner has still to make."""
    return Evidence(False, translate(N_("There is no {path} yet.")).format(path=path))


def page_of(bench: Bench, name: str, path: str = "/") -> Page:
    """Fetch the page that a container of the book serves.

    Raises:
        NoSuchContainer, NothingPublished, NoPage: There is nothing to be fetched.
    """
    return fetch(bench.client, bench.name(name), path)


def words_of(page: Page) -> str:
    """The page's text without its tags, on one line, at most 60 characters."""
    return " ".join(BeautifulSoup(page.body, "html.parser").get_text(" ").split())[:60]


def read(bench: Bench, container_id: str, path: str) -> tuple[bytes, PathStat]:
    """Return a file's bytes in a container, running or not, and what the file is.

    Args:
        bench: Where the lesson is done.
        container_id: Its ID, or the book's name for it with the bench's mark.
        path: Absolute.

    Raises:
        NoSuchContainer, NoSuchPath: There is no such file.
    """
    with download(bench.client, container_id, path) as (stat, reader):
        stream = TarStream(reader)
        found, buffer = bytearray(), memoryview(bytearray(1 << 16))
        for _ in stream:
            while count := stream.read_into(buffer):
                found += buffer[:count]
    return bytes(found), stat


def file_digest(data: bytes | Path) -> str:
    """The SHA-256 of bytes or of a file here, in hexadecimal."""
    return hashlib.sha256(data if isinstance(data, bytes) else data.read_bytes()).hexdigest()


def remove_container(bench: Bench, name: str) -> None:
    """Remove a container of the book, running or not."""
    RemoveContainer((bench.name(name),), force=True, volumes=True).run(bench.client)
