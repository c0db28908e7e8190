"""A lesson's check does not care how a step was done: by a panel, by ``%docker`` in a cell, in a terminal, or with plain docker-py."""

import io
import re
import shlex
import tarfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import docker
import pytest

from dockyard import panels
from dockyard.errors import NoPage
from dockyard.lessons import LESSONS, Bench, LessonView, Reset
from dockyard.pages import fetch
from dockyard.tasks import parse
from dockyard.waiting import eventually

pytestmark = pytest.mark.engine

HTDOCS = "/usr/local/apache2/htdocs"
SERVE = "-d -p 127.0.0.1::80"
# Each lesson as lines, and after which of them which step must be passed.
WALKS = {
    "copy": [
        (f"docker run --name {{apa000ex19}} {SERVE} httpd", "run"),
        (f"docker cp {{folder}}/index.html {{apa000ex19}}:{HTDOCS}/", "copy-in"),
        (f"docker cp {{apa000ex19}}:{HTDOCS}/index.html {{folder}}/from_container/", "copy-out"),
    ],
    "mounts": [
        (f"docker run --name {{apa000ex20}} {SERVE} -v {{folder}}/apa_folder:{HTDOCS} httpd", "bind-empty"),
        ("docker volume create {apa000vol1}", ""),
        (f"docker run --name {{apa000ex21}} {SERVE} -v {{apa000vol1}}:{HTDOCS} httpd", "volume"),
        ("docker run --name {apa000tmp} -d --tmpfs /scratch busybox sleep 1000", ""),
        ("docker exec {apa000tmp} sh -c 'echo quick > /scratch/note.txt'", "tmpfs"),
    ],
    "volumes": [
        ("docker volume create {apa000vol1}", "create"),
        (f"docker run --name {{apa000ex21}} -d -v {{apa000vol1}}:{HTDOCS} httpd", ""),
        (f"docker exec {{apa000ex21}} sh -c 'echo still here > {HTDOCS}/note.txt'", "use"),
        ("docker run --name {apa000look} -d -v {apa000vol1}:/data busybox sleep 1000", "second"),
        ("docker rm -f {apa000ex21}", ""),
        (f"docker run --name {{apa000ex21}} -d -v {{apa000vol1}}:{HTDOCS} httpd", "recreate"),
    ],
    "images": [
        ("docker run --name {apa000ex22} -d httpd", ""),
        (f"docker cp {{folder}}/apa_folder/index.html {{apa000ex22}}:{HTDOCS}/", "change"),
        ("docker commit {apa000ex22} {ex22_original1}", "commit"),
        ("docker run --name {apa000ex22b} -d {ex22_original1}", "from-commit"),
        ("docker save -o {folder}/ex22_original1.tar {ex22_original1}", "save"),
        ("docker rm -f {apa000ex22b}", ""),
        ("docker rmi {ex22_original1}", "gone"),
        ("docker load -i {folder}/ex22_original1.tar", "load"),
    ],
}  # fmt: skip
PANELS = {
    "run": lambda: panels.run("httpd"),
    "cp": lambda: panels.copy("a", "b:/"),
    "commit": lambda: panels.commit("a", "b"),
    "save": lambda: panels.save("a.tar", "b"),
    "load": lambda: panels.load("a.tar"),
    "rmi": lambda: panels.untag("a"),
    "exec": panels.containers,
    "rm": panels.containers,
    "volume create": panels.volumes,
}


def by_panel(line: str, **_: object) -> None:
    whole = PANELS[parse(line).verb]()
    panel = getattr(whole, "create", whole)  # of the panel of volumes, the part that makes one
    try:
        panel.paste.value = line
        assert panel.task == parse(line), panel.outcome.value
        panel.run_button.click()
        panel.wait()
        assert "✔" in panel.outcome.value, panel.outcome.value
    finally:
        whole.close()


def by_magic(line: str, *, notebook, **_: object) -> None:
    notebook.run_cell(f"%{line}").raise_error()


def in_a_terminal(line: str, *, docker_cli, **_: object) -> None:
    docker_cli(*shlex.split(line)[1:])


def with_docker_py(line: str, *, plain: docker.DockerClient, **_: object) -> None:
    """The line as somebody writes it who knows docker-py and nothing of Dockyard."""
    verb, *words = shlex.split(line)[1:]
    match verb, words:
        case "run", ["--name", name, *rest]:
            options: dict[str, object] = {"detach": True}
            if "-p" in rest:
                options["ports"] = {"80/tcp": ("127.0.0.1", None)}
            if "-v" in rest:
                options["volumes"] = [rest[rest.index("-v") + 1]]
            if "--tmpfs" in rest:
                options["tmpfs"] = {rest[rest.index("--tmpfs") + 1]: ""}
            image, *command = rest[rest.index("busybox") :] if "busybox" in rest else rest[-1:]
            plain.containers.run(image, command or None, name=name, **options)
        case "exec", [name, *command]:
            assert plain.containers.get(name).exec_run(command).exit_code == 0
        case "rm", ["-f", name]:
            plain.containers.get(name).remove(force=True)
        case "volume", ["create", name]:
            plain.volumes.create(name)
        case "commit", [name, image]:
            plain.containers.get(name).commit(image)
        case "save", ["-o", file, image]:
            with Path(file).open("wb") as archive:
                archive.writelines(plain.images.get(image).save(named=True))
        case "load", ["-i", file]:
            with Path(file).open("rb") as archive:
                plain.images.load(archive)
        case "rmi", [image]:
            plain.images.remove(image)
        case "cp", [source, target] if ":" in target:
            name, _, folder = target.partition(":")
            plain.containers.get(name).put_archive(folder, packed(source))
        case "cp", [source, target]:
            name, _, path = source.partition(":")
            pieces, _ = plain.containers.get(name).get_archive(path)
            unpack(b"".join(pieces), target)
        case _:
            raise AssertionError(line)


def packed(path: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.add(path, Path(path).name)
    return target.getvalue()


def unpack(data: bytes, folder: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, filter="fully_trusted")


@pytest.fixture
def bench(engine_in_use, tmp_path) -> Iterator[Bench]:
    """Things of their own names, gone at the end; the files that the lessons have the learner write are there."""
    for name in ("work", "work/apa_folder", "work/from_container"):
        (tmp_path / name).mkdir()
    (tmp_path / "work/index.html").write_text("<h1>mine</h1>")
    own = replace(engine_in_use, data_dir=tmp_path / "data")
    made = Bench(own, tmp_path / "work", mark=f"-{uuid.uuid4().hex[:6]}")
    yield made
    Reset(made, LESSONS).agree()


@pytest.fixture
def plain(engine_address) -> Iterator[docker.DockerClient]:
    """Docker-py, and nothing else."""
    made = docker.DockerClient(engine_address)
    yield made
    made.close()


WAYS: list[Callable[..., None]] = [by_panel, by_magic, in_a_terminal, with_docker_py]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("key", WALKS)
def test_a_check_takes_every_way(key, way, bench, notebook, docker_cli, plain):
    lesson = LessonView(next(each for each in LESSONS if each.key == key), bench)
    if key == "images":
        (bench.folder / "apa_folder/index.html").write_text("<h1>my image</h1>")
    names = {name: bench.name(name) for name in _names(key)}
    for text, step in WALKS[key]:
        if step:
            assert not lesson.check(step).passed, step
        line = text.format(folder=bench.folder, **names)
        way(line, notebook=notebook, docker_cli=docker_cli, plain=plain)
        if "-p 127.0.0.1::80" in line:
            eventually(partial(fetch, bench.client, line.split()[3]), NoPage)
        if step:
            found = lesson.check(step)
            assert found.passed, (step, found.says)


def _names(key: str) -> set[str]:
    text = " ".join(line for line, _ in WALKS[key])
    return set(re.findall(r"\{(\w+)\}", text)) - {"folder"}
