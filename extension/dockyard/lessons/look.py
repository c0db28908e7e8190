"""What the checks of the lessons find: on the engine, on its pages and in the learner's folder; and how a lesson tidies up."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from dockyard.connection.archive import PathStat, download
from dockyard.errors import DockyardError, EngineRefused, engine_errors
from dockyard.lessons.lesson import Bench
from dockyard.locale import N_, translate
from dockyard.pages import Page, fetch
from dockyard.tarstream import TarStream
from dockyard.tasks import Evidence, Mount, Port, Run, container, tagged
from dockyard.tasks.volume_users import users_by_volume
from dockyard.waiting import eventually

__all__ = [
    "HTDOCS",
    "file_digest",
    "find_container",
    "not_there",
    "page_of",
    "put_aside",
    "read",
    "remove_containers",
    "remove_images",
    "remove_volumes",
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


def remove_containers(bench: Bench, names: Iterable[str]) -> list[str]:
    """Remove the containers of the book that are there, and return their names."""
    return _removed(bench, names, lambda name: bench.client.api.remove_container(name, v=True, force=True))


def remove_volumes(bench: Bench, names: Iterable[str]) -> list[str]:
    """Remove the volumes of the book that are there and that no container has, and return their names: another lesson may go on with one."""
    used = users_by_volume(bench.client)
    return _removed(bench, (name for name in names if bench.name(name) not in used), bench.client.api.remove_volume)


def remove_images(bench: Bench, names: Iterable[str]) -> list[str]:
    """Remove the image names of the book that are there, and return them."""
    return _removed(bench, names, bench.client.api.remove_image)


def put_aside(bench: Bench, lesson: str, names: Iterable[str]) -> list[str]:
    """Move files out of the learner's folder, who may have written something of their own into them; return where to."""
    if not (left := [bench.folder / name for name in names if os.path.lexists(bench.folder / name)]):
        return []
    shelf = bench.client.data_dir / "put-aside"
    shelf.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{lesson}-", dir=shelf))
    for file in left:
        shutil.move(file, aside)
    return [f"{file} → {aside}" for file in left]


def _removed(bench: Bench, names: Iterable[str], remove: Any) -> list[str]:
    gone = []
    for name in names:
        try:
            with engine_errors(bench.client.address):
                remove(bench.name(name))
        except EngineRefused as error:
            if error.facts["status"] != 404:
                raise
        else:
            gone.append(bench.name(name))
    return gone
