"""Lesson 5: what is in a volume taken out as an archive, and put into another volume."""

from dockyard.errors import engine_errors
from dockyard.lessons.lesson import Bench, Lesson, Made, Step
from dockyard.lessons.look import HTDOCS, not_there
from dockyard.locale import N_, translate
from dockyard.tasks import Backup, Evidence, Mount, Restore, Run
from dockyard.tasks.volume_content import hashes_of
from dockyard.tasks.volume_users import holders, users

__all__ = ["LESSON"]

KEY = "backup"
VOLUME, TARGET, USER = "apa000vol1", "apa000vol2", "apa000ex21"
ARCHIVE = "backup_apa.tar.gz"


def check_fill(bench: Bench) -> Evidence:
    """There is something in the volume."""
    names = [name for name in hashes_of(bench.client, bench.name(VOLUME)) if name]
    says = translate(N_("{volume} holds: {names}")).format(volume=bench.name(VOLUME), names=", ".join(names[:8]) or "–")
    return Evidence(bool(names), says)


def do_fill(bench: Bench) -> None:
    """Run Apache with it: a new volume gets what the image has there."""
    Run("httpd", name=bench.name(USER), detach=True, mounts=(Mount(HTDOCS, bench.name(VOLUME)),)).run(bench.client)


def check_stop(bench: Bench) -> Evidence:
    """Nothing that runs could write into it meanwhile."""
    running = users(bench.client, bench.name(VOLUME)).values()
    says = translate(N_("Containers that have {volume}: {users}. Those that run: {running}")).format(
        volume=bench.name(VOLUME),
        users=", ".join(holders(bench.client, bench.name(VOLUME))) or "–",
        running=", ".join(running) or "–",
    )
    return Evidence(not running, says)


def do_stop(bench: Bench) -> None:
    """Stop the container that uses it."""
    with engine_errors(bench.client.address):
        bench.client.api.stop(bench.name(USER))


def check_backup(bench: Bench) -> Evidence:
    """The archive holds every file of the volume, byte for byte, whoever made it."""
    archive = bench.folder / ARCHIVE
    if not archive.is_file():
        return not_there(archive)
    return Restore(str(archive), bench.name(VOLUME)).verify(bench.client)


def do_backup(bench: Bench) -> None:
    """Back it up."""
    Backup(bench.name(VOLUME), str(bench.folder / ARCHIVE)).run(bench.client)


def check_restore(bench: Bench) -> Evidence:
    """The other volume holds what the archive holds."""
    archive = bench.folder / ARCHIVE
    if not archive.is_file():
        return not_there(archive)
    return Restore(str(archive), bench.name(TARGET)).verify(bench.client)


def do_restore(bench: Bench) -> None:
    """Restore it into another volume."""
    Restore(str(bench.folder / ARCHIVE), bench.name(TARGET)).run(bench.client)


def made(_: Bench) -> Made:
    """The lesson's container, volumes and archive."""
    return Made(containers=(USER,), volumes=(VOLUME, TARGET), files=(ARCHIVE, f"{ARCHIVE}.manifest.json"))


LESSON = Lesson(
    key=KEY,
    number=5,
    title=N_("Back a volume up and restore it"),
    about=N_("Take a volume's content out, and put it into another."),
    steps=(
        Step(
            "fill",
            N_("Have something in apa000vol1"),
            check_fill,
            do_fill,
            (N_("A new volume that is mounted over a folder of an image gets a copy of what is there."),),
            lines=("docker run --name apa000ex21 -d -p 8091:80 -v apa000vol1:/usr/local/apache2/htdocs httpd",),
        ),
        Step(
            "stop",
            N_("Stop the containers that use it"),
            check_stop,
            do_stop,
            (N_("A file that is written while it is read may be half old and half new in the archive."),),
            lines=("docker stop apa000ex21",),
        ),
        Step(
            "backup",
            N_("Back apa000vol1 up as backup_apa.tar.gz"),
            check_backup,
            do_backup,
            (
                N_("The archive belongs beside this notebook."),
                N_(
                    "A container with both mounts, the volume and the folder, packs the one into the other: run the cell with the panel."
                ),
            ),
        ),
        Step(
            "restore",
            N_("Restore it into apa000vol2"),
            check_restore,
            do_restore,
            (
                N_("Into a new volume or an empty one: a restore that mixes two states helps nobody."),
                N_("The same two mounts, and tar with x instead of c: run the cell with the panel."),
            ),
        ),
    ),
    made=made,
)
