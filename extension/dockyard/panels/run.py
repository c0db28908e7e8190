"""The panel over ``docker run``."""

import shlex
from collections.abc import Mapping, Sequence
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import BadValue, BindSourceMissing, MountSourceUnclear, NameInvalid, NameTaken, PortTaken
from dockyard.locale import N_, translate
from dockyard.panels.container_views import output_area, printed
from dockyard.panels.form import Field, Value, lines_of, required
from dockyard.panels.images import image_names
from dockyard.panels.panel import Faults, Panel
from dockyard.panels.preview import PagePreview
from dockyard.panels.shell import attach
from dockyard.tasks import Result, Run, RunResult, Task
from dockyard.tasks.run import run_from_words

__all__ = ["RunPanel", "run"]

MOUNT_FIELDS = (("volumes", "-v"), ("mounts", "--mount"), ("tmpfs", "--tmpfs"))
START_S = 5  # how long a server may take until it answers


class RunPanel(Panel):
    """A form over a run. Where a port is published, the page behind it is shown; of one with a terminal, the terminal."""

    faults: ClassVar[Faults] = {
        NameInvalid: "name",
        NameTaken: "name",
        PortTaken: "ports",
        MountSourceUnclear: "volumes",
        BindSourceMissing: "mounts",
    }

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        super().__init__(translate(N_("Start a container (docker run)")), _fields(), values, _task, client, _values)
        self.suggest(lambda: image_names(self.client), "image")

    def after_run(self, task: Task, result: Result) -> None:
        """Show what a foreground run printed, or the page and the terminal of one in the background."""
        assert isinstance(task, Run)
        shown: list[widgets.Widget] = []
        if text := printed(result):
            shown.append(output_area(text))
        if task.detach and task.ports and isinstance(result, RunResult):
            shown.append(PagePreview(task.name or result.container_id, client=self._client, patience_s=START_S))
        if task.detach and task.interactive and task.tty and isinstance(result, RunResult):
            shown.append(attach(task.name or result.container_id, client=self._client))
        self._close_more()
        self.more.children = tuple(shown)

    def _close_more(self) -> None:
        for each in self.more.children:
            each.close()


def run(
    image: str = "",
    *,
    name: str = "",
    ports: str | Sequence[str] = (),
    volumes: str | Sequence[str] = (),
    mounts: str | Sequence[str] = (),
    tmpfs: str | Sequence[str] = (),
    env: str | Sequence[str] = (),
    words: str = "",
    detach: bool = True,
    remove: bool = False,
    terminal: bool = False,
    client: Client | None = None,
) -> RunPanel:
    """Return a panel that starts a container.

    Args:
        image: Such as ``"httpd"``.
        name: The container's name.
        ports: Values of ``-p``, such as ``"8080:80"``.
        volumes: Values of ``-v``.
        mounts: Values of ``--mount``.
        tmpfs: Values of ``--tmpfs``.
        env: Values of ``-e``.
        words: The command to run instead of the image's own.
        detach: Leave it running in the background (``-d``).
        remove: Remove it when it ends (``--rm``).
        terminal: Give its program a terminal (``-it``), which is shown below.
        client: The engine; by default the one in use.
    """
    values: dict[str, Value] = {
        "image": image,
        "name": name,
        "ports": _lines(ports),
        "volumes": _lines(volumes),
        "mounts": _lines(mounts),
        "tmpfs": _lines(tmpfs),
        "env": _lines(env),
        "words": words,
        "detach": detach,
        "remove": remove,
        "terminal": terminal,
    }
    return RunPanel(values, client)


def _fields() -> list[Field]:
    return [
        Field(
            "image", translate(N_("Image")), "suggest", translate(N_("The image to start a container from")), "httpd"
        ),
        Field(
            "name",
            translate(N_("Name")),
            "text",
            translate(N_("What the container is called (--name)")),
            "apa000ex19",
            flag="--name",
        ),
        Field(
            "ports",
            translate(N_("Ports")),
            "lines",
            translate(N_("HOST:CONTAINER, one a line (-p)")),
            "8080:80",
            flag="-p",
        ),
        Field(
            "volumes",
            translate(N_("Mounts")),
            "lines",
            translate(N_("SOURCE:TARGET, one a line (-v)")),
            "apa000vol1:/usr/local/apache2/htdocs",
            flag="-v",
        ),
        Field(
            "mounts",
            translate(N_("More mounts")),
            "lines",
            translate(N_("In words, one a line (--mount); a missing folder is refused, not made")),
            "type=bind,source=apa_folder,target=/usr/local/apache2/htdocs,readonly",
            flag="--mount",
        ),
        Field(
            "tmpfs",
            translate(N_("In memory")),
            "lines",
            translate(N_("/PATH or /PATH:size=64m,mode=1777, one a line (--tmpfs)")),
            "/run:size=64m",
            flag="--tmpfs",
        ),
        Field(
            "env",
            translate(N_("Environment")),
            "lines",
            translate(N_("KEY=value, one a line (-e)")),
            "KEY=value",
            flag="-e",
        ),
        Field(
            "words",
            translate(N_("Command")),
            "text",
            translate(N_("Run this instead of the image's own program")),
            "/bin/bash",
            flag="COMMAND",
        ),
        Field(
            "detach",
            translate(N_("In the background (-d)")),
            "switch",
            translate(N_("Leave it running; otherwise wait until it ends")),
        ),
        Field(
            "remove",
            translate(N_("Remove at its end (--rm)")),
            "switch",
            translate(N_("The container is removed when its program ends")),
        ),
        Field(
            "terminal",
            translate(N_("With a terminal (-it)")),
            "switch",
            translate(N_("Its program can be typed to, as a shell is; the terminal is shown below")),
        ),
    ]


def _values(task: Task) -> Mapping[str, Value] | None:
    """What the fields can hold of a task; None where it is none for this form."""
    if not isinstance(task, Run):
        return None
    return {
        "image": task.image,
        "name": task.name,
        "ports": _lines([port.text for port in task.ports]),
        **{name: _lines([mount.text for mount in task.mounts if mount.form == form]) for name, form in MOUNT_FIELDS},
        "env": _lines(task.env),
        "words": shlex.join(task.words),
        "detach": task.detach,
        "remove": task.remove,
        "terminal": task.interactive and task.tty,
    }


def _task(values: Mapping[str, Value]) -> Task:
    required(values, "image", translate(N_("Image")))
    given: list[str] = []
    for name, flag in (("name", "--name"), ("ports", "-p"), *MOUNT_FIELDS, ("env", "-e")):
        given += [word for value in lines_of(values[name]) for word in (flag, value)]
    given += ["-d"] if values["detach"] else []
    given += ["--rm"] if values["remove"] else []
    given += ["-it"] if values["terminal"] else []
    try:
        words = shlex.split(str(values["words"]))
    except ValueError as error:
        raise BadValue(
            flag="COMMAND", value=values["words"], expected=translate(N_("a quotation mark is left open"))
        ) from error
    return run_from_words((*given, str(values["image"]), *words))


def _lines(values: str | Sequence[str]) -> str:
    return values if isinstance(values, str) else "\n".join(values)
