"""Lesson 6: an image of a container, an image by a Dockerfile, and an image carried as a file."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import (
    HTDOCS,
    file_digest,
    not_there,
    read,
    remove_container,
    require_container,
    require_image,
    run_apache,
)
from dockyard.lessons.progress import passed
from dockyard.locale import N_, translate
from dockyard.tasks import Build, Commit, CopyIn, Evidence, Load, Save, Untag
from dockyard.tasks.snapshot import name_of, tags_of
from dockyard.tasks.tagged import users_of
from dockyard.wording import human_size, short_id

__all__ = ["LESSON"]

KEY = "images"
CONTAINER, COPY = "apa000ex22", "apa000ex22b"
COMMITTED, BUILT = "ex22_original1", "ex22_original2"
FOLDER, ARCHIVE = "apa_folder", "ex22_original1.tar"
PAGE = f"{HTDOCS}/index.html"


def check_change(bench: Bench) -> Evidence:
    """The container has a page that its image does not have."""
    there, _ = read(bench, bench.name(CONTAINER), PAGE)
    ours = bench.folder / FOLDER / "index.html"
    same = ours.is_file() and ours.read_bytes() == there
    says = translate(N_("The file here and the file in the container are {same}.")).format(
        same=translate(N_("the same")) if same else translate(N_("not the same"))
    )
    return Evidence(same, says, {"sha256": file_digest(there)})


def do_change(bench: Bench) -> None:
    """Run Apache, and copy a page of one's own in."""
    run_apache(bench, CONTAINER)
    (bench.folder / FOLDER).mkdir()
    page = bench.folder / FOLDER / "index.html"
    page.write_text("<html><body><h1>My own image</h1></body></html>\n", encoding="utf-8")
    CopyIn(str(page), bench.name(CONTAINER), f"{HTDOCS}/").run(bench.client)


def check_commit(bench: Bench) -> Evidence:
    """The image has every layer of the one that the container was made from, and one more."""
    image = require_image(bench, COMMITTED)
    base = bench.client.get_json("/images/{}/json", require_container(bench, CONTAINER)["Image"])
    layers, below = image["RootFS"]["Layers"], base["RootFS"]["Layers"]
    says = translate(N_("{name} is {image}: {count} layers, of which {shared} are those below the container.")).format(
        name=bench.name(COMMITTED), image=short_id(image["Id"]), count=len(layers), shared=len(below)
    )
    return Evidence(layers[:-1] == below, says, {"image_id": image["Id"]})


def do_commit(bench: Bench) -> None:
    """Commit it."""
    Commit(bench.name(CONTAINER), bench.name(COMMITTED)).run(bench.client)


def check_from_commit(bench: Bench) -> Evidence:
    """A container of the new image has the page, though nobody copied it there."""
    first = passed(bench.client.data_dir, KEY, "change")
    image = require_image(bench, COMMITTED)
    made = list(_containers_of(bench, image["Id"]))
    digests = {name_of(row): file_digest(read(bench, row["Id"], PAGE)[0]) for row in made}
    says = translate(N_("Containers of {name}: {names}")).format(
        name=bench.name(COMMITTED), names=", ".join(digests) or "–"
    )
    return Evidence(first is not None and first["facts"]["sha256"] in digests.values(), says)


def do_from_commit(bench: Bench) -> None:
    """Run it."""
    run_apache(bench, COPY, image=bench.name(COMMITTED))


def check_build(bench: Bench) -> Evidence:
    """The image was built, by a step that put the page where Apache looks."""
    image = require_image(bench, BUILT)
    history = bench.client.get_json("/images/{}/history", image["Id"])
    steps = [" ".join(each["CreatedBy"].split()) for each in history]
    step = next((each for each in steps if HTDOCS in each and ("COPY" in each or "ADD" in each)), "")
    says = translate(N_("{name} is {image}; the step that brought the page in: {step}")).format(
        name=bench.name(BUILT), image=short_id(image["Id"]), step=step[:90] or "–"
    )
    return Evidence(bool(step), says, {"image_id": image["Id"]})


def do_build(bench: Bench) -> None:
    """Write the Dockerfile, and build it."""
    text = f"FROM httpd\nCOPY index.html {HTDOCS}/\n"
    (bench.folder / FOLDER / "Dockerfile").write_text(text, encoding="utf-8")
    Build(str(bench.folder / FOLDER), names=(bench.name(BUILT),)).run(bench.client)


def check_save(bench: Bench) -> Evidence:
    """The archive holds the image under its name."""
    archive = bench.folder / ARCHIVE
    if not archive.is_file():
        return not_there(archive)
    names = _names_in(archive)
    says = translate(N_("{path} has {size} and holds: {names}")).format(
        path=archive, size=human_size(archive.stat().st_size), names=", ".join(names) or "–"
    )
    image = bench.client.find_json("/images/{}/json", bench.name(COMMITTED))
    is_there = f"{bench.name(COMMITTED)}:latest" in names
    return Evidence(is_there and image is not None, says, {"image_id": image["Id"]} if image else {})


def do_save(bench: Bench) -> None:
    """Save it."""
    Save(str(bench.folder / ARCHIVE), (bench.name(COMMITTED),)).run(bench.client)


def check_gone(bench: Bench) -> Evidence:
    """The engine has it no more; the file is all there is of it."""
    first = passed(bench.client.data_dir, KEY, "save")
    if first is None:
        return Evidence(False, translate(N_("Save the image first.")))
    image_id = str(first["facts"]["image_id"])
    left = bench.client.find_json("/images/{}/json", image_id)
    if left is None:
        return Evidence(True, translate(N_("Image {image} is gone.")).format(image=short_id(image_id)))
    # A container that was removed by a panel may have been kept as an image, which stands on this one.
    if not tags_of(left) and not users_of(bench.client, image_id):
        says = N_("Image {image} has no name left. It stays only because another image was made from it.")
        return Evidence(True, translate(says).format(image=short_id(image_id)))
    return Evidence(False, translate(N_("Image {image} is still here.")).format(image=short_id(image_id)))


def do_gone(bench: Bench) -> None:
    """Remove the container that holds it, and then the image."""
    remove_container(bench, COPY)
    Untag((bench.name(COMMITTED),)).run(bench.client)


def check_load(bench: Bench) -> Evidence:
    """It is the very image."""
    first, gone = (passed(bench.client.data_dir, KEY, key) for key in ("save", "gone"))
    if first is None or gone is None:
        return Evidence(False, translate(N_("Delete the image from this engine first.")))
    image = require_image(bench, COMMITTED)
    says = translate(N_("{name} is here, with the image ID {image}.")).format(
        name=bench.name(COMMITTED), image=short_id(image["Id"])
    )
    return Evidence(image["Id"] == first["facts"]["image_id"], says)


def do_load(bench: Bench) -> None:
    """Load it."""
    Load(str(bench.folder / ARCHIVE)).run(bench.client)


def made(_: Bench) -> Made:
    """The lesson's containers, images and files."""
    return Made(containers=(CONTAINER, COPY), images=(COMMITTED, BUILT), files=(FOLDER, ARCHIVE))


def _containers_of(bench: Bench, image_id: str) -> Iterator[dict[str, Any]]:
    for row in bench.client.get_json("/containers/json", all=1):
        if row["ImageID"] == image_id:
            yield row


def _names_in(archive: Path) -> list[str]:
    """The names in what ``docker save`` wrote (Docker image specification 1.2, ``manifest.json``); none if it is no such file."""
    try:
        with tarfile.open(archive) as opened:
            listing = opened.extractfile("manifest.json")
            return [name for image in json.load(listing) for name in image["RepoTags"] or ()] if listing else []
    except (tarfile.TarError, KeyError, ValueError, EOFError):
        return []


LESSON = Lesson(
    key=KEY,
    number=6,
    title=N_("Make images"),
    about=N_("From a container, and from a Dockerfile; move them as files."),
    steps=(
        Step(
            "change",
            N_("Run Apache as apa000ex22, and copy a page of your own into it"),
            check_change,
            do_change,
            (
                N_("The page lies in apa_folder, beside this notebook."),
                N_("Run the container, and then the cell that copies the file."),
            ),
            lines=("docker cp apa_folder/index.html apa000ex22:/usr/local/apache2/htdocs/",),
        ),
        Step(
            "commit",
            N_("Commit it as the image ex22_original1"),
            check_commit,
            do_commit,
            (N_("The container comes first, then the image's new name."),),
            lines=("docker commit apa000ex22 ex22_original1",),
        ),
        Step(
            "from-commit",
            N_("Run a container from the new image, and see your page"),
            check_from_commit,
            do_from_commit,
            lines=("docker run --name apa000ex22b -d -p 8093:80 ex22_original1",),
        ),
        Step(
            "build",
            N_("Build the image ex22_original2 by a Dockerfile"),
            check_build,
            do_build,
            (
                N_("FROM httpd is the first line, COPY the second."),
                N_("What COPY names is looked for in the folder that stands at the end of the line."),
            ),
            lines=("docker build -t ex22_original2 apa_folder",),
        ),
        Step(
            "save",
            N_("Save ex22_original1 as a file"),
            check_save,
            do_save,
            lines=("docker save -o ex22_original1.tar ex22_original1",),
        ),
        Step(
            "gone",
            N_("Remove the image ex22_original1 from the engine"),
            check_gone,
            do_gone,
            (N_("A container that was made from the image holds it; remove that one first."),),
            lines=("docker rm -f apa000ex22b", "docker rmi ex22_original1"),
        ),
        Step(
            "load",
            N_("Load it from the file: the same image"),
            check_load,
            do_load,
            lines=("docker load -i ex22_original1.tar",),
        ),
    ),
    made=made,
)
