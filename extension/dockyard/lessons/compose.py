"""Lesson 9: many containers with their surroundings, made and removed together; and the same on Kubernetes."""

from pathlib import Path
from typing import Any

import yaml

from dockyard.compose import Project, load
from dockyard.errors import DockyardError
from dockyard.kubernetes import manifests
from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import (
    HTDOCS,
    file_digest,
    find_container,
    not_there,
    page_of,
    read,
    require_container,
    words_of,
)
from dockyard.lessons.progress import passed
from dockyard.locale import N_, translate
from dockyard.tasks import ComposeDown, ComposeUp, Evidence
from dockyard.tasks.compose_project import Standing, standing
from dockyard.tasks.inside import run_in
from dockyard.tasks.snapshot import name_of
from dockyard.tasks.volume_content import find
from dockyard.waiting import eventually
from dockyard.wording import short_id

__all__ = ["LESSON"]

KEY = "compose"
PROJECT, FRONT, BACK, VOLUME, NETWORK = "apa000com", "apa000ex31", "apa000ex32", "apa000vol9", "apa000net1"
FOLDER = Path("com_folder")
FILE, MANIFESTS = FOLDER / "compose.yaml", FOLDER / "manifests.yaml"
LEAST_KINDS = {"Deployment": 2, "Service": 2, "PersistentVolumeClaim": 1}
# What a learner writes; a tour puts other names and another port into it.
TEXT = f"""name: {PROJECT}
services:
  front:
    image: httpd
    container_name: {FRONT}
    ports:
      - "8096:80"
    volumes:
      - pages:{HTDOCS}
    depends_on:
      - back
  back:
    image: httpd
    container_name: {BACK}
    volumes:
      - pages:{HTDOCS}
volumes:
  pages:
    name: {VOLUME}
networks:
  default:
    name: {NETWORK}
"""
CHANGE = ("  back:\n    image: httpd\n", "  back:\n    image: httpd\n    environment:\n      WHO: learner\n")


def check_write(bench: Bench) -> Evidence:
    """The file can be read, and asks for two services, a volume and a network."""
    if not (bench.folder / FILE).is_file():
        return not_there(FILE)
    project = _project(bench)
    says = translate(N_("{name}: services {services}; volumes {volumes}; networks {networks}")).format(
        name=project.name,
        services=", ".join(each.name for each in project.services),
        volumes=", ".join(each.name for each in project.volumes) or "–",
        networks=", ".join(each.name for each in project.networks) or "–",
    )
    is_ours = project.name == bench.name(PROJECT)
    return Evidence(is_ours and len(project.services) > 1 and bool(project.volumes), says)


def do_write(bench: Bench) -> None:
    """Write it."""
    (bench.folder / FOLDER).mkdir(exist_ok=True)
    (bench.folder / FILE).write_text(_text(bench))


def check_up(bench: Bench) -> Evidence:
    """Both containers run, with the network and the volume."""
    there = _standing(bench)
    running = {name_of(row): row["Id"] for row in there.all_containers() if row["State"] == "running"}
    says = translate(N_("Running: {containers}; networks: {networks}; volumes: {volumes}")).format(
        containers=", ".join(running) or "–",
        networks=", ".join(there.networks) or "–",
        volumes=", ".join(there.volumes) or "–",
    )
    is_whole = {bench.name(FRONT), bench.name(BACK)} <= running.keys() and there.networks and there.volumes
    return Evidence(bool(is_whole), says, {"containers": running})


def do_up(bench: Bench) -> None:
    """Bring it up, and wait until it serves."""
    ComposeUp(str(bench.folder / FILE)).run(bench.client)
    eventually(lambda: page_of(bench, FRONT), DockyardError)


def check_share(bench: Bench) -> Evidence:
    """What one container wrote, the other one serves."""
    back = require_container(bench, BACK)
    written, _ = read(bench, str(back["Id"]), f"{HTDOCS}/index.html")
    page = page_of(bench, FRONT)
    says = translate(N_("{front} serves {text!r}, which lies in {volume}.")).format(
        front=bench.name(FRONT), text=words_of(page), volume=bench.name(VOLUME)
    )
    is_own = b"It works!" not in written
    return Evidence(page.body == written and is_own, says, {"sha256": file_digest(written)})


def do_share(bench: Bench) -> None:
    """Write a page through the one that publishes no port."""
    run_in(bench.client, bench.name(BACK), ["sh", "-c", f"echo '<h1>From back</h1>' > {HTDOCS}/index.html"])


def check_change(bench: Bench) -> Evidence:
    """The container whose settings changed is another one, and the other is the same."""
    first = passed(bench.client.data_dir, KEY, "up")
    if first is None:
        return Evidence(False, translate(N_("Bring the file up first.")))
    now = {bench.name(name): find_container(bench, name) for name in (FRONT, BACK)}
    before = first["facts"]["containers"]
    same = {name: found is not None and found["Id"] == before.get(name) for name, found in now.items()}
    says = "; ".join(_compared(name, now[name], is_same) for name, is_same in same.items())
    is_one_new = same[bench.name(FRONT)] and now[bench.name(BACK)] is not None and not same[bench.name(BACK)]
    return Evidence(is_one_new, says)


def do_change(bench: Bench) -> None:
    """Give one service a variable, and bring the file up again."""
    (bench.folder / FILE).write_text(_text(bench).replace(*CHANGE))
    ComposeUp(str(bench.folder / FILE)).run(bench.client)


def check_down(bench: Bench) -> Evidence:
    """Containers and network are gone, the volume is not."""
    if passed(bench.client.data_dir, KEY, "up") is None:
        return Evidence(False, translate(N_("Bring the file up first.")))
    there = _standing(bench)
    left = [*map(name_of, there.all_containers()), *there.networks]
    kept = find(bench.client, bench.name(VOLUME)) is not None
    says = translate(N_("Containers and networks left: {left}; {volume} is {state}.")).format(
        left=", ".join(left) or "–",
        volume=bench.name(VOLUME),
        state=translate(N_("still there")) if kept else translate(N_("gone")),
    )
    return Evidence(not left and kept, says)


def do_down(bench: Bench) -> None:
    """Take it down."""
    ComposeDown(str(bench.folder / FILE)).run(bench.client)


def check_volume(bench: Bench) -> Evidence:
    """Nothing of the project is left."""
    if passed(bench.client.data_dir, KEY, "down") is None:
        return Evidence(False, translate(N_("Take the file down first, and look what stays.")))
    there = _standing(bench)
    left = [*map(name_of, there.all_containers()), *there.networks, *there.volumes]
    says = translate(N_("Left of {name}: {left}")).format(name=bench.name(PROJECT), left=", ".join(left) or "–")
    return Evidence(not left, says)


def do_volume(bench: Bench) -> None:
    """Take it down with its volume."""
    ComposeDown(str(bench.folder / FILE), volumes=True).run(bench.client)


def check_manifests(bench: Bench) -> Evidence:
    """The manifests have what the file asks for."""
    file = bench.folder / MANIFESTS
    if not file.is_file():
        return not_there(MANIFESTS)
    try:
        found = [each for each in yaml.safe_load_all(file.read_text("utf-8")) if isinstance(each, dict)]
    except yaml.YAMLError as error:
        return Evidence(False, translate(N_("This is no YAML: {problem}")).format(problem=error))
    kinds = [str(each.get("kind")) for each in found]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    says = translate(N_("{path} has {objects}")).format(path=MANIFESTS, objects=counted or "–")
    return Evidence(all(kinds.count(kind) >= least for kind, least in LEAST_KINDS.items()), says)


def do_manifests(bench: Bench) -> None:
    """Write them."""
    manifests(str(bench.folder / FILE)).save(bench.folder / MANIFESTS)


def made(_: Bench) -> Made:
    """The project, and the folder with its files."""
    return Made(containers=(FRONT, BACK), volumes=(VOLUME,), networks=(NETWORK,), files=(str(FOLDER),))


def _project(bench: Bench) -> Project:
    return load(str(bench.folder / FILE))


def _standing(bench: Bench) -> Standing:
    return standing(bench.client, bench.name(PROJECT))


def _text(bench: Bench) -> str:
    text = TEXT
    for name in (PROJECT, FRONT, BACK, VOLUME, NETWORK):
        text = text.replace(name, bench.name(name))
    return text.replace("8096", str(bench.port))


def _compared(name: str, found: dict[str, Any] | None, is_same: bool) -> str:
    if found is None:
        return translate(N_("{name} is gone")).format(name=name)
    says = N_("{name} is the same container, {id}") if is_same else N_("{name} is a new container, {id}")
    return translate(says).format(name=name, id=short_id(found["Id"]))


LESSON = Lesson(
    key=KEY,
    number=9,
    title=N_("Compose and beyond"),
    about=N_("Many containers at once; a look at Kubernetes."),
    steps=(
        Step(
            "write",
            N_("Write com_folder/compose.yaml: two services that share a volume"),
            check_write,
            do_write,
            (
                N_("The folder comes first, then the file. Two spaces for each step inwards, and no tabs."),
                N_("The cell above writes the whole file; run it."),
            ),
        ),
        Step(
            "up",
            N_("Bring the file up, and count what is there now"),
            check_up,
            do_up,
            (N_("Look at the plan first: it lists the network, the volume, and both containers in their order."),),
            lines=("docker compose -f com_folder/compose.yaml up -d",),
        ),
        Step(
            "share",
            N_("Write a page through back, and read it from front"),
            check_share,
            do_share,
            (N_("Both mount the same volume, and only front publishes a port."),),
            lines=(
                "docker exec apa000ex32 sh -c \"echo '<h1>From back</h1>' > /usr/local/apache2/htdocs/index.html\"",
            ),
        ),
        Step(
            "change",
            N_("Give back a variable in the file, and bring it up again: only back is made anew"),
            check_change,
            do_change,
            (
                N_("Two more lines below back: environment, and in it WHO: learner."),
                N_("The plan says which settings differ."),
            ),
            lines=("docker compose -f com_folder/compose.yaml up -d",),
        ),
        Step(
            "down",
            N_("Take it down: the containers and the network go, the volume stays"),
            check_down,
            do_down,
            (N_("Without -v, volumes stay."),),
            lines=("docker compose -f com_folder/compose.yaml down",),
        ),
        Step(
            "volume",
            N_("Take it down once more with -v, and nothing is left"),
            check_volume,
            do_volume,
            (N_("-v takes the volumes too, and what they hold."),),
            lines=("docker compose -f com_folder/compose.yaml down -v",),
        ),
        Step(
            "manifests",
            N_("Write the same project as Kubernetes manifests"),
            check_manifests,
            do_manifests,
            (
                N_("dockyard.manifests makes them of the file; .save(...) writes them."),
                N_('Run: dockyard.manifests("com_folder").save("com_folder/manifests.yaml")'),
            ),
        ),
    ),
    made=made,
)
