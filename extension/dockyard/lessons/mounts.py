"""Lesson 3: data that dies with its container, and three ways to keep it outside: bind, volume, tmpfs."""

from pathlib import PurePosixPath
from typing import Any

from dockyard.errors import NoSuchPath, engine_errors
from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import (
    HTDOCS,
    file_digest,
    not_there,
    page_of,
    read,
    remove_container,
    require_container,
    run_apache,
    words_of,
)
from dockyard.lessons.progress import passed
from dockyard.locale import N_, translate
from dockyard.tasks import Evidence, Mount, Run
from dockyard.tasks.inside import run_in

__all__ = ["LESSON"]

KEY = "mounts"
BIND, VOLUME_USER, IN_MEMORY = "apa000ex20", "apa000ex21", "apa000tmp"
VOLUME, FOLDER = "apa000vol1", "apa_folder"
MOVED_PAGE = "index_of_lesson_2.html"  # what lay in the folder
NOTE = f"{HTDOCS}/note.txt"
SCRATCH = "/scratch"


def check_write(bench: Bench) -> Evidence:
    """A file is in a container that has no storage of its own."""
    found = require_container(bench, BIND)
    if _mount(found, HTDOCS):
        return Evidence(False, translate(N_("{name} has storage mounted already.")).format(name=bench.name(BIND)))
    content, _ = read(bench, bench.name(BIND), NOTE)
    says = translate(N_("{path} is in the container: {text!r}")).format(path=NOTE, text=content.decode()[:60])
    return Evidence(True, says, {"container_id": found["Id"]})


def do_write(bench: Bench) -> None:
    """Run Apache, and leave a note in it."""
    run_apache(bench, BIND)
    run_in(bench.client, bench.name(BIND), ["sh", "-c", f"echo remember me > {NOTE}"])


def check_lose(bench: Bench) -> Evidence:
    """The container is another one of the same name, and the file is gone."""
    first = passed(bench.client.data_dir, KEY, "write")
    if first is None:
        return Evidence(False, translate(N_("Write the file first, so that there is something to lose.")))
    found = require_container(bench, BIND)
    if found["Id"] == first["facts"]["container_id"]:
        return Evidence(False, translate(N_("This is still the container that the file was written in.")))
    try:
        read(bench, bench.name(BIND), NOTE)
    except NoSuchPath as error:
        return Evidence(True, str(error))
    return Evidence(False, translate(N_("The new container has the file as well.")))


def do_lose(bench: Bench) -> None:
    """Remove the container, and run it again."""
    remove_container(bench, BIND)
    run_apache(bench, BIND)


def check_bind_empty(bench: Bench) -> Evidence:
    """An empty folder lies over Apache's own page, which it hides."""
    found = _mount(require_container(bench, BIND), HTDOCS)
    page = page_of(bench, BIND)
    ok = _is_bind(bench, found) and "Index of /" in page.text
    return Evidence(ok, _says_mounted(found, page.url, words_of(page)))


def do_bind_empty(bench: Bench) -> None:
    """Make the folder first, then run with it."""
    (bench.folder / FOLDER).mkdir()
    remove_container(bench, BIND)
    run_apache(bench, BIND, Mount(HTDOCS, str(bench.folder / FOLDER), "bind"))


def check_bind_file(bench: Bench) -> Evidence:
    """A file put into the folder is the page at once."""
    found = _mount(require_container(bench, BIND), HTDOCS)
    ours = bench.folder / FOLDER / "index.html"
    if not ours.is_file():
        return not_there(ours)
    page = page_of(bench, BIND)
    ok = _is_bind(bench, found) and page.body == ours.read_bytes()
    return Evidence(ok, _says_mounted(found, page.url, words_of(page)), {"sha256": file_digest(ours)})


def do_bind_file(bench: Bench) -> None:
    """Put a page into the folder on this machine."""
    page = "<html><body><h1>From a folder of this machine</h1></body></html>\n"
    (bench.folder / FOLDER / "index.html").write_text(page, encoding="utf-8")


def check_volume(bench: Bench) -> Evidence:
    """A volume lies over Apache's folder, and was given a copy of what was there."""
    found = _mount(require_container(bench, VOLUME_USER), HTDOCS)
    page = page_of(bench, VOLUME_USER)
    ok = found is not None and found.get("Name") == bench.name(VOLUME) and page.status == 200
    return Evidence(ok, _says_mounted(found, page.url, words_of(page)))


def do_volume(bench: Bench) -> None:
    """Make the volume first, then run with it."""
    with engine_errors(bench.client.address):
        bench.client.api.create_volume(bench.name(VOLUME))
    run_apache(bench, VOLUME_USER, Mount(HTDOCS, bench.name(VOLUME)))


def check_volume_keeps(bench: Bench) -> Evidence:
    """What was written through the container is in the volume, and outlives the container."""
    found = require_container(bench, VOLUME_USER)
    mount = _mount(found, HTDOCS)
    content, _ = read(bench, bench.name(VOLUME_USER), NOTE)
    ok = mount is not None and mount.get("Name") == bench.name(VOLUME)
    says = translate(N_("{path} is in the container: {text!r}")).format(path=NOTE, text=content.decode()[:60])
    return Evidence(ok, says, {"container_id": found["Id"], "sha256": file_digest(content)})


def do_volume_keeps(bench: Bench) -> None:
    """Leave a note in the volume."""
    run_in(bench.client, bench.name(VOLUME_USER), ["sh", "-c", f"echo still here > {NOTE}"])


def check_tmpfs(bench: Bench) -> Evidence:
    """Memory is mounted as a folder, and a file lies in it."""
    found = require_container(bench, IN_MEMORY)
    if not _has_tmpfs(found):
        says = translate(N_("{name} has no memory mounted at {path}.")).format(name=bench.name(IN_MEMORY), path=SCRATCH)
        return Evidence(False, says)
    names = _listing(bench)
    says = translate(N_("{path} is in memory and holds: {names}")).format(path=SCRATCH, names=names or "–")
    return Evidence(bool(names), says, {"started": found["State"]["StartedAt"]})


def do_tmpfs(bench: Bench) -> None:
    """Mount memory, and write into it."""
    mounts = (Mount(SCRATCH, kind="tmpfs", form="--tmpfs"),)
    Run("busybox", ("sleep", "1000"), name=bench.name(IN_MEMORY), detach=True, mounts=mounts).run(bench.client)
    run_in(bench.client, bench.name(IN_MEMORY), ["sh", "-c", f"echo quick > {SCRATCH}/note.txt"])


def check_tmpfs_gone(bench: Bench) -> Evidence:
    """After a restart the memory is empty."""
    first = passed(bench.client.data_dir, KEY, "tmpfs")
    found = require_container(bench, IN_MEMORY)
    if first is None or found["State"]["StartedAt"] == first["facts"]["started"]:
        return Evidence(False, translate(N_("The container has not been restarted since the file was written.")))
    names = _listing(bench)
    says = translate(N_("{path} is in memory and holds: {names}")).format(path=SCRATCH, names=names or "–")
    return Evidence(_has_tmpfs(found) and not names, says)


def do_tmpfs_gone(bench: Bench) -> None:
    """Restart it."""
    with engine_errors(bench.client.address):
        bench.client.api.restart(bench.name(IN_MEMORY), timeout=0)


def made(_: Bench) -> Made:
    """The lesson's containers, its volume and its folder."""
    return Made((BIND, VOLUME_USER, IN_MEMORY), (VOLUME,), files=(FOLDER, MOVED_PAGE))


def _mount(container: dict[str, Any], path: str) -> dict[str, Any] | None:
    return next((each for each in container["Mounts"] if each["Destination"] == path), None)


def _is_bind(bench: Bench, mount: dict[str, Any] | None) -> bool:
    """Whether it is the lesson's folder. Engines in a machine of their own name it by where they see it."""
    if mount is None or mount["Type"] != "bind":
        return False
    parts = PurePosixPath(bench.folder, FOLDER).parts[1:]
    return PurePosixPath(mount["Source"]).parts[-len(parts) :] == parts


def _says_mounted(mount: dict[str, Any] | None, url: str, words: str) -> str:
    if mount is None:
        return translate(N_("Nothing is mounted at {path}; {url} shows {text!r}.")).format(
            path=HTDOCS, url=url, text=words
        )
    return translate(N_("{kind} {source} is mounted at {path}; {url} shows {text!r}.")).format(
        kind=mount["Type"], source=mount.get("Name") or mount["Source"], path=HTDOCS, url=url, text=words
    )


def _has_tmpfs(container: dict[str, Any]) -> bool:
    """Whether memory is mounted; ``--tmpfs`` and ``--mount`` leave it in different places of what inspect says."""
    mount = _mount(container, SCRATCH)
    return SCRATCH in (container["HostConfig"].get("Tmpfs") or {}) or (mount is not None and mount["Type"] == "tmpfs")


def _listing(bench: Bench) -> str:
    return " ".join(run_in(bench.client, bench.name(IN_MEMORY), ["ls", "-A", SCRATCH])[1].split())


LESSON = Lesson(
    key=KEY,
    number=3,
    title=N_("Mount storage: bind, volume, tmpfs"),
    about=N_("Keep data alive when its container is not."),
    steps=(
        Step(
            "write",
            N_("Run Apache as apa000ex20 and write note.txt inside it"),
            check_write,
            do_write,
            (
                N_("The file is /usr/local/apache2/htdocs/note.txt, inside the container."),
                N_("Run the container, and then the cell that writes the file."),
            ),
            lines=("docker run --name apa000ex20 -d -p 8090:80 httpd",),
        ),
        Step(
            "lose",
            N_("Remove apa000ex20, run it again, and look for note.txt"),
            check_lose,
            do_lose,
            (N_("A container's own files go with it. Stopping keeps them, removing does not."),),
            lines=("docker rm -f apa000ex20", "docker run --name apa000ex20 -d -p 8090:80 httpd"),
        ),
        Step(
            "bind-empty",
            N_("Make the folder apa_folder, run apa000ex20 with it, and see “Index of /”"),
            check_bind_empty,
            do_bind_empty,
            (
                N_("Make the folder first, and leave it empty. The name apa000ex20 must be free."),
                N_("The folder is named by its whole path: -v /whole/path/apa_folder:/usr/local/apache2/htdocs"),
            ),
        ),
        Step(
            "bind-file",
            N_("Put index.html into apa_folder and fetch the page again"),
            check_bind_file,
            do_bind_file,
            (
                N_("Nothing has to be copied or restarted: the folder is the same one inside and outside."),
                N_("Run the cell that writes apa_folder/index.html."),
            ),
        ),
        Step(
            "volume",
            N_("Create the volume apa000vol1 and run apa000ex21 with it"),
            check_volume,
            do_volume,
            (N_("Create the volume first. A volume is named, not located: no slash in front of it."),),
            lines=(
                "docker volume create apa000vol1",
                "docker run --name apa000ex21 -d -p 8091:80 -v apa000vol1:/usr/local/apache2/htdocs httpd",
            ),
        ),
        Step(
            "volume-write",
            N_("Write note.txt into the volume through apa000ex21"),
            check_volume_keeps,
            do_volume_keeps,
            (
                N_("A volume is reached through a container that mounts it."),
                N_("Run the cell that writes the file."),
            ),
        ),
        Step(
            "tmpfs",
            N_("Run apa000tmp with memory at /scratch and write a file there"),
            check_tmpfs,
            do_tmpfs,
            (N_("The option is --tmpfs /scratch; the container must stay running."),),
            lines=("docker run --name apa000tmp -d --tmpfs /scratch busybox sleep 1000",),
        ),
        Step(
            "tmpfs-gone",
            N_("Restart apa000tmp and look into /scratch again"),
            check_tmpfs_gone,
            do_tmpfs_gone,
            (N_("Memory is given back when a container stops."),),
            lines=("docker restart apa000tmp",),
        ),
    ),
    made=made,
)
