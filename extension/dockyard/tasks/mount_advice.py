"""Which kind of mount fits: four questions, an answer with its reasons, and the line that does it. Nothing is asked of an engine."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dockyard.command import line
from dockyard.locale import N_, translate
from dockyard.tasks.mounting import APACHE_ROOT
from dockyard.tasks.run import Run
from dockyard.tasks.run_words import Mount, Port

__all__ = ["Advice", "Needs", "advise"]

Kind = Literal["bind", "volume", "tmpfs"]
SCRATCH = "/scratch"
SCRATCH_SIZE = "64m"
# What the chapter's exercises call things.
SOURCES = {"bind": "apa_folder", "volume": "apa000vol1", "tmpfs": ""}
NAMES = {"bind": "apa000ex20", "volume": "apa000ex21", "tmpfs": ""}
PORTS = {"bind": (Port(80, 8090),), "volume": (Port(80, 8091),), "tmpfs": ()}


@dataclass(frozen=True)
class Needs:
    """What the data are like.

    Attributes:
        lasts: Whether they must be there when the container is not any more.
        simple: Whether a name is to be enough, with no place to look after.
        edited: Whether they are edited on the host, with its own programs.
        independent: Whether it must work on any machine, whatever its folders are called.
    """

    lasts: bool = True
    simple: bool = False
    edited: bool = False
    independent: bool = False


@dataclass(frozen=True)
class Advice:
    """A kind of mount, and why.

    Attributes:
        kind: ``bind``, ``volume`` or ``tmpfs``.
        reasons: Why, in the reader's language.
        cautions: What it does not give, and the way round, in the reader's language.
        first: The line that comes before: the folder or the volume is to be made first; empty where nothing is.
        task: The run that mounts it.
    """

    kind: Kind
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    first: str
    task: Run


def advise(
    needs: Needs,
    *,
    image: str = "httpd",
    target: str = "",
    source: str = "",
    name: str = "",
    ports: tuple[Port, ...] | None = None,
) -> Advice:
    """Return which kind of mount fits, and the ``docker run`` that mounts it.

    What is edited on the host can only be a folder of the host; what need not last belongs into memory; all else into a volume, as
    Docker's own manual has it (docs.docker.com/engine/storage).

    Args:
        needs: The answers.
        image: What to run.
        target: Path in the container; by default where Apache has its pages, and for a tmpfs ``/scratch``.
        source: The folder, or the volume's name; by default as in the chapter.
        name: The container's; by default as in the chapter.
        ports: By default as in the chapter.
    """
    kind: Kind = "bind" if needs.edited else "volume" if needs.lasts else "tmpfs"
    chosen = source.strip() or SOURCES[kind]
    if kind == "bind":
        chosen = os.path.abspath(os.path.expanduser(chosen))
        mount = Mount(target or APACHE_ROOT, chosen, "bind")
        first = line("mkdir", "-p", chosen)
    elif kind == "volume":
        mount = Mount(target or APACHE_ROOT, chosen)
        first = line("docker", "volume", "create", chosen)
    else:
        mount = Mount(target or SCRATCH, kind="tmpfs", options=(f"size={SCRATCH_SIZE}",), form="--tmpfs")
        first = ""
    task = Run(
        image,
        name=name or NAMES[kind],
        detach=True,
        ports=PORTS[kind] if ports is None else ports,
        mounts=(mount,),
    )
    return Advice(kind, tuple(_reasons(kind, needs)), tuple(_cautions(kind, needs)), first, task)


def _reasons(kind: Kind, needs: Needs) -> Iterator[str]:
    if kind == "bind":
        yield translate(N_("It is edited on the host: only a folder of the host can be opened there like any other."))
        if not needs.lasts:
            yield translate(N_("It need not last, but nothing in memory could be edited from the host."))
    elif kind == "tmpfs":
        yield translate(N_("It need not last: in memory it is fast, and gone by itself when the container stops."))
    else:
        yield translate(N_("It must last, and is not edited on the host: the engine can look after it."))
        if needs.simple:
            yield translate(N_("It is to be simple: a volume has a name, and no one need know where it lies."))
        if needs.independent:
            yield translate(
                N_("It is to work anywhere: a volume's name is the same on every machine; a folder's path is not.")
            )
        if not (needs.simple or needs.independent):
            yield translate(N_("Nothing speaks against a volume, which Docker's own manual recommends."))


def _cautions(kind: Kind, needs: Needs) -> Iterator[str]:
    if kind == "bind":
        yield translate(N_("Make the folder first: an empty one hides what the image has at that place."))
        if needs.independent:
            yield translate(
                N_("Another machine has no such folder: take the files along, or put them into an image for there.")
            )
        if needs.simple:
            yield translate(
                N_("The path must be right on every machine; who moves or deletes the folder takes the data.")
            )
    elif kind == "volume":
        yield translate(N_("Its files are reached through a container (docker cp), and backed up through one too."))
    else:
        yield translate(N_("It takes the machine's memory: give it a size."))
        if needs.simple or needs.independent:
            yield translate(N_("As soon as something in it must last, take a volume."))
