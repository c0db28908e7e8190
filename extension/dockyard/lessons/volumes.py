"""Lesson 4: volumes looked after: who uses one, that it outlives its containers, and what a prune takes."""

from collections.abc import Iterator
from typing import Any

from dockyard.errors import NoSuchPath, engine_errors
from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import (
    HTDOCS,
    file_digest,
    find_container,
    read,
    remove_container,
    require_container,
)
from dockyard.lessons.progress import passed
from dockyard.locale import N_, translate
from dockyard.tasks import Evidence, Mount, Run, VolumeCreate, VolumeRemove
from dockyard.tasks.container import is_unnamed
from dockyard.tasks.inside import run_in
from dockyard.tasks.snapshot import name_of
from dockyard.tasks.volume_content import find, require
from dockyard.tasks.volume_users import users_by_volume
from dockyard.wording import short_id

__all__ = ["LESSON"]

KEY = "volumes"
VOLUME, USER, SECOND, ONCE = "apa000vol1", "apa000ex21", "apa000look", "apa000once"
NOTE = "note.txt"
_MARK = "dockyard.tour"


def check_create(bench: Bench) -> Evidence:
    """The volume is there; the engine says where it keeps it."""
    about = require(bench.client, bench.name(VOLUME))
    says = translate(N_("{name}: driver {driver}, kept at {path}")).format(
        name=about["Name"], driver=about["Driver"], path=about["Mountpoint"]
    )
    return Evidence(True, says)


def do_create(bench: Bench) -> None:
    """Create it."""
    VolumeCreate(bench.name(VOLUME)).run(bench.client)


def check_use(bench: Bench) -> Evidence:
    """A container uses it, and the note lies in it."""
    found = require_container(bench, USER)
    note = _note_in(bench, found)
    if note is None:
        return Evidence(False, _not_mounted(bench, USER))
    holders = users_by_volume(bench.client).get(bench.name(VOLUME), ())
    says = translate(N_("{volume} is used by {users} and holds {name}: {text!r}")).format(
        volume=bench.name(VOLUME), users=", ".join(holders), name=NOTE, text=note.decode()[:60]
    )
    return Evidence(True, says, {"container_id": found["Id"], "sha256": file_digest(note)})


def do_use(bench: Bench) -> None:
    """Mount it, and leave a note."""
    _run(bench, USER)
    run_in(bench.client, bench.name(USER), ["sh", "-c", f"echo still here > {HTDOCS}/{NOTE}"])


def check_second(bench: Bench) -> Evidence:
    """Two containers read the same bytes."""
    seen = dict(_readers(bench))
    digests = {file_digest(note) for note in seen.values()}
    says = translate(N_("{count} containers read {name} in {volume}: {users}")).format(
        count=len(seen), name=NOTE, volume=bench.name(VOLUME), users=", ".join(seen) or "–"
    )
    return Evidence(len(seen) > 1 and len(digests) == 1, says, {"sha256": sorted(digests)})


def do_second(bench: Bench) -> None:
    """Mount it in another container too."""
    mounts = (Mount("/data", bench.name(VOLUME)),)
    Run("busybox", ("sleep", "1000"), name=bench.name(SECOND), detach=True, mounts=mounts).run(bench.client)


def check_recreate(bench: Bench) -> Evidence:
    """The container is another one, and the note is the same."""
    first = passed(bench.client.data_dir, KEY, "use")
    found = find_container(bench, USER)
    if first is None or found is None or found["Id"] == first["facts"]["container_id"]:
        says = translate(N_("Remove {name} and run it again: so far it is the first one, or none."))
        return Evidence(False, says.format(name=bench.name(USER)))
    note = _note_in(bench, found)
    if note is None:
        return Evidence(False, _not_mounted(bench, USER))
    same = file_digest(note) == first["facts"]["sha256"]
    says = translate(N_("A new container, and {name} is {same}.")).format(
        name=NOTE, same=translate(N_("the same")) if same else translate(N_("not the same"))
    )
    return Evidence(same, says, {"sha256": file_digest(note)})


def do_recreate(bench: Bench) -> None:
    """Remove the container, and run it again."""
    remove_container(bench, USER)
    _run(bench, USER)


def check_unnamed(bench: Bench) -> Evidence:
    """A container left a volume behind that nobody named."""
    names = [each["Name"] for each in _unused(bench) if is_unnamed(each) and (not bench.mark or _is_ours(bench, each))]
    says = translate(N_("Volumes without a name that no container uses: {names}")).format(
        names=", ".join(short_id(name) for name in names) or "–"
    )
    return Evidence(bool(names), says, {"names": names})


def do_unnamed(bench: Bench) -> None:
    """Make a volume without a name. It is marked, so that a tour finds its own again among a learner's."""
    with engine_errors(bench.client.address):
        bench.client.api.create_volume(labels={_MARK: bench.mark})


def check_prune(bench: Bench) -> Evidence:
    """What had no name is gone, and what has one is there."""
    first = passed(bench.client.data_dir, KEY, "unnamed")
    if first is None:
        return Evidence(False, translate(N_("Leave a volume without a name behind first.")))
    left = [name for name in first["facts"]["names"] if find(bench.client, name)]
    kept = find(bench.client, bench.name(VOLUME)) is not None
    says = translate(N_("Of {count} volumes without a name {left} are left; {volume} is {state}.")).format(
        count=len(first["facts"]["names"]),
        left=len(left),
        volume=bench.name(VOLUME),
        state=translate(N_("still there")) if kept else translate(N_("gone")),
    )
    return Evidence(not left and kept, says)


def do_prune(bench: Bench) -> None:
    """Remove the tour's own one, and no other."""
    VolumeRemove(tuple(each["Name"] for each in _unused(bench) if _is_ours(bench, each))).run(bench.client)


def made(_: Bench) -> Made:
    """The lesson's containers and its volume."""
    return Made(containers=(USER, SECOND, ONCE), volumes=(VOLUME,))


def _run(bench: Bench, name: str) -> None:
    Run("httpd", name=bench.name(name), detach=True, mounts=(Mount(HTDOCS, bench.name(VOLUME)),)).run(bench.client)


def _note_in(bench: Bench, container: dict[str, Any]) -> bytes | None:
    """The note, where the container mounts the volume."""
    place = next((each["Destination"] for each in container["Mounts"] if each.get("Name") == bench.name(VOLUME)), None)
    return read(bench, str(container["Id"]), f"{place}/{NOTE}")[0] if place else None


def _readers(bench: Bench) -> Iterator[tuple[str, bytes]]:
    for row in bench.client.get_json("/containers/json", all=1):
        try:
            note = _note_in(bench, row)
        except NoSuchPath:
            continue
        if note is not None:
            yield name_of(row), note


def _not_mounted(bench: Bench, name: str) -> str:
    return translate(N_("{name} does not mount {volume}.")).format(name=bench.name(name), volume=bench.name(VOLUME))


def _unused(bench: Bench) -> list[dict[str, Any]]:
    with engine_errors(bench.client.address):
        return list(bench.client.api.volumes(filters={"dangling": True})["Volumes"] or ())


def _is_ours(bench: Bench, volume: dict[str, Any]) -> bool:
    return (volume.get("Labels") or {}).get(_MARK) == bench.mark


LESSON = Lesson(
    key=KEY,
    number=4,
    title=N_("Look after volumes"),
    about=N_("Make, inspect, list, remove and prune them."),
    steps=(
        Step(
            "create",
            N_("Create the volume apa000vol1, and see where the engine keeps it"),
            check_create,
            do_create,
            lines=("docker volume create apa000vol1",),
        ),
        Step(
            "use",
            N_("Run apa000ex21 with it, and write note.txt into it"),
            check_use,
            do_use,
            (
                N_("The file is /usr/local/apache2/htdocs/note.txt, inside the container."),
                N_("Run the container, and then the cell that writes the file."),
            ),
            lines=("docker run --name apa000ex21 -d -p 8091:80 -v apa000vol1:/usr/local/apache2/htdocs httpd",),
        ),
        Step(
            "second",
            N_("Read note.txt through a second container that mounts the volume too"),
            check_second,
            do_second,
            (N_("Two containers may mount one volume, each wherever it likes."),),
            lines=("docker run --name apa000look -d -v apa000vol1:/data busybox sleep 1000",),
        ),
        Step(
            "recreate",
            N_("Remove apa000ex21, run it again with the volume, and find note.txt unchanged"),
            check_recreate,
            do_recreate,
            (N_("The volume is no part of the container: it stays when the container goes."),),
            lines=(
                "docker rm -f apa000ex21",
                "docker run --name apa000ex21 -d -p 8091:80 -v apa000vol1:/usr/local/apache2/htdocs httpd",
            ),
        ),
        Step(
            "unnamed",
            N_("Leave a volume behind that has no name"),
            check_unnamed,
            do_unnamed,
            (
                N_(
                    "A mount that says only where in the container, not what, gets a new volume with a long number for a name."
                ),
            ),
            lines=("docker run --name apa000once -v /data busybox true", "docker rm apa000once"),
        ),
        Step(
            "prune",
            N_("Prune the volumes without a name; apa000vol1 stays"),
            check_prune,
            do_prune,
            (N_("Look at the plan first: it lists each volume, and why it goes or stays."),),
            lines=("docker volume prune",),
        ),
    ),
    made=made,
)
