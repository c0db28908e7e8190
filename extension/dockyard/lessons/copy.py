"""Lesson 2: files into a running Apache, and out again."""

from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import (
    HTDOCS,
    file_digest,
    not_there,
    page_of,
    read,
    run_apache,
    words_of,
)
from dockyard.lessons.progress import passed
from dockyard.locale import N_, translate
from dockyard.tasks import CopyIn, CopyOut, Evidence
from dockyard.wording import human_size

__all__ = ["LESSON"]

KEY = "copy"
CONTAINER = "apa000ex19"
PAGE = "<html><body><h1>Hello from my own page!</h1></body></html>\n"


def check_run(bench: Bench) -> Evidence:
    """Apache runs under the book's name and serves its first page."""
    page = page_of(bench, CONTAINER)
    ok = page.status == 200 and "It works!" in page.text
    shown = translate(N_("{url} answers {status}: {text!r}"))
    return Evidence(
        ok,
        shown.format(url=page.url, status=page.status, text=words_of(page)),
        {"may_be_kept_s": page.may_be_kept.total_seconds()},
    )


def do_run(bench: Bench) -> None:
    """Start it."""
    run_apache(bench, CONTAINER, host_port=bench.port)


def check_write(bench: Bench) -> Evidence:
    """There is an ``index.html`` on this machine."""
    path = bench.folder / "index.html"
    if not path.is_file():
        return Evidence(False, translate(N_("There is no index.html in {folder} yet.")).format(folder=bench.folder))
    size = path.stat().st_size
    return Evidence(
        size > 0,
        translate(N_("{path} has {size}.")).format(path=path, size=human_size(size)),
        {"sha256": file_digest(path)},
    )


def do_write(bench: Bench) -> None:
    """Write it."""
    (bench.folder / "index.html").write_text(PAGE, encoding="utf-8")


def check_copy_in(bench: Bench) -> Evidence:
    """The file is in the container, byte for byte, and its server shows it."""
    ours = bench.folder / "index.html"
    there, _ = read(bench, bench.name(CONTAINER), f"{HTDOCS}/index.html")
    page = page_of(bench, CONTAINER)
    same = ours.is_file() and ours.read_bytes() == there
    served = page.body == there
    says = translate(N_("The file here and the file in the container are {same}; the server shows {text!r}.")).format(
        same=translate(N_("the same")) if same else translate(N_("not the same")), text=words_of(page)
    )
    return Evidence(same and served, says, {"sha256": file_digest(there)})


def do_copy_in(bench: Bench) -> None:
    """Copy it."""
    CopyIn(str(bench.folder / "index.html"), bench.name(CONTAINER), f"{HTDOCS}/").run(bench.client)


def check_cache(bench: Bench) -> Evidence:
    """The page fetched past all caches is the new one, though a browser may still show the old one."""
    first = passed(bench.client.data_dir, KEY, "run")
    kept_s = float(str(first["facts"].get("may_be_kept_s", 0))) if first else 0.0
    page = page_of(bench, CONTAINER)
    ours = bench.folder / "index.html"
    new = ours.is_file() and page.body == ours.read_bytes()
    says = translate(
        N_(
            "Fetched afresh, the page is {text!r}. The first page allowed a browser to show its own copy for {days:.0f} days, so it may still do so; a hard reload (Ctrl+Shift+R) asks again."
        )
    ).format(text=words_of(page), days=kept_s / 86400)
    return Evidence(new and kept_s > 0, says, {"may_be_kept_s": kept_s})


def check_copy_out(bench: Bench) -> Evidence:
    """The container's file is here: bytes, time and mode."""
    path = bench.folder / "from_container" / "index.html"
    if not path.is_file():
        return not_there(path)
    there, stat = read(bench, bench.name(CONTAINER), f"{HTDOCS}/index.html")
    status = path.stat()
    same = path.read_bytes() == there
    kept = int(stat.changed.timestamp()) == int(status.st_mtime) and stat.mode == status.st_mode & 0o777
    says = translate(N_("{path}: {size}, {same}; time and mode {kept}.")).format(
        path=path,
        size=human_size(status.st_size),
        same=translate(N_("the same bytes as in the container"))
        if same
        else translate(N_("other bytes than in the container")),
        kept=translate(N_("kept")) if kept else translate(N_("not kept")),
    )
    return Evidence(same and kept, says, {"sha256": file_digest(path)})


def do_copy_out(bench: Bench) -> None:
    """Copy it back."""
    (bench.folder / "from_container").mkdir(exist_ok=True)
    CopyOut(bench.name(CONTAINER), f"{HTDOCS}/index.html", str(bench.folder / "from_container")).run(bench.client)


def check_folder(bench: Bench) -> Evidence:
    """A folder went in whole, and the server shows what is in it."""
    page = page_of(bench, CONTAINER, "/apa_folder/")
    ours = bench.folder / "apa_folder" / "index.html"
    same = ours.is_file() and page.status == 200 and page.body == ours.read_bytes()
    return Evidence(
        same,
        translate(N_("{url} answers {status}: {text!r}")).format(url=page.url, status=page.status, text=words_of(page)),
    )


def do_folder(bench: Bench) -> None:
    """Make a folder and copy it."""
    folder = bench.folder / "apa_folder"
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text("<html><body><h1>A page in a folder</h1></body></html>\n", encoding="utf-8")
    CopyIn(str(folder), bench.name(CONTAINER), HTDOCS).run(bench.client)


def made(_: Bench) -> Made:
    """The lesson's container and files."""
    return Made(containers=(CONTAINER,), files=("index.html", "from_container", "apa_folder"))


LESSON = Lesson(
    key=KEY,
    number=2,
    title=N_("Copy files between this machine and a container"),
    about=N_("Put a page of your own into a running Apache, and take a file out of it."),
    steps=(
        Step(
            "run",
            N_("Start Apache as apa000ex19 and see “It works!”"),
            check_run,
            do_run,
            (
                N_("Is the container there? Look at dockyard.containers()."),
                N_("Its name must be apa000ex19, and port 80 must be published: -p 8080:80."),
            ),
            lines=("docker run --name apa000ex19 -d -p 8080:80 httpd",),
        ),
        Step(
            "write",
            N_("Write an index.html of your own on this machine"),
            check_write,
            do_write,
            (
                N_("The file lies in the folder of this notebook."),
                N_("Run the cell that begins with %%writefile index.html."),
            ),
        ),
        Step(
            "copy-in",
            N_("Copy index.html into the container and fetch the page again"),
            check_copy_in,
            do_copy_in,
            (
                N_("Apache serves what lies in /usr/local/apache2/htdocs."),
                N_("The source comes first, then CONTAINER:PATH."),
            ),
            lines=("docker cp index.html apa000ex19:/usr/local/apache2/htdocs/",),
        ),
        Step(
            "cache",
            N_("See why a browser may still show the old page"),
            check_cache,
            lambda _: None,
            (
                N_("Fetch the page with dockyard.panels.preview('apa000ex19'); it asks the server each time."),
                N_("The first step must have been seen: its page says how long a browser may keep it."),
            ),
        ),
        Step(
            "copy-out",
            N_("Copy index.html out of the container into the folder from_container"),
            check_copy_out,
            do_copy_out,
            (
                N_("Make the folder first: a copy makes no folders above its target."),
                N_("Now CONTAINER:PATH comes first, then the folder here."),
            ),
            lines=("docker cp apa000ex19:/usr/local/apache2/htdocs/index.html from_container/",),
        ),
        Step(
            "folder",
            N_("Copy a whole folder, apa_folder, into the container"),
            check_folder,
            do_folder,
            (N_("The folder needs an index.html of its own."),),
            lines=("docker cp apa_folder apa000ex19:/usr/local/apache2/htdocs",),
        ),
    ),
    made=made,
)
