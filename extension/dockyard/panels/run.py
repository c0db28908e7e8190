"""The panel over ``docker run``."""

import shlex
from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import BadValue, DockyardError, MissingField
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value
from dockyard.panels.panel import Panel
from dockyard.panels.preview import PagePreview
from dockyard.tables import images
from dockyard.tasks import Result, Run, RunResult, Task
from dockyard.tasks.run import run_from_words

__all__ = ["RunPanel", "run"]

START_S = 5  # how long a server may take until it answers


class RunPanel(Panel):
    """A form over a run. Where a port is published, the page behind it is shown."""

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        super().__init__(translate(N_("Start a container (docker run)")), _fields(), values, _task, client)
        try:
            known = images(self.client)
        except DockyardError as error:
            self._show_error(error)
            return
        self.form.suggest("image", [f"{row.repository}:{row.tag}" for row in known[~known["dangling"]].itertuples()])

    def after_run(self, task: Task, result: Result) -> None:
        """Show what a foreground run printed, or the page of one in the background."""
        assert isinstance(task, Run)
        shown: list[widgets.Widget] = []
        if isinstance(result, RunResult) and result.output:
            output = widgets.Textarea(value=result.output.decode(errors="replace"), disabled=True, rows=8)
            output.layout.width = "98%"
            shown.append(output)
        if task.detach and task.ports and isinstance(result, RunResult):
            shown.append(PagePreview(task.name or result.container_id, client=self._client, patience_s=START_S))
        self.more.children = tuple(shown)


def run(
    image: str = "",
    *,
    name: str = "",
    ports: str | Sequence[str] = (),
    volumes: str | Sequence[str] = (),
    env: str | Sequence[str] = (),
    words: str = "",
    detach: bool = True,
    remove: bool = False,
    client: Client | None = None,
) -> RunPanel:
    """Return a panel that starts a container.

    Args:
        image: Such as ``"httpd"``.
        name: The container's name.
        ports: Values of ``-p``, such as ``"8080:80"``.
        volumes: Values of ``-v``.
        env: Values of ``-e``.
        words: The command to run instead of the image's own.
        detach: Leave it running in the background (``-d``).
        remove: Remove it when it ends (``--rm``).
        client: The engine; by default the one in use.
    """
    values: dict[str, Value] = {
        "image": image,
        "name": name,
        "ports": _lines(ports),
        "volumes": _lines(volumes),
        "env": _lines(env),
        "words": words,
        "detach": detach,
        "remove": remove,
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
    ]


def _task(values: Mapping[str, Value]) -> Task:
    if not values["image"]:
        raise MissingField(label=translate(N_("Image")))
    given: list[str] = []
    for name, flag in (("name", "--name"), ("ports", "-p"), ("volumes", "-v"), ("env", "-e")):
        given += [word for value in str(values[name]).splitlines() if value.strip() for word in (flag, value.strip())]
    given += ["-d"] if values["detach"] else []
    given += ["--rm"] if values["remove"] else []
    try:
        words = shlex.split(str(values["words"]))
    except ValueError as error:
        raise BadValue(
            flag="COMMAND", value=values["words"], expected=translate(N_("a quotation mark is left open"))
        ) from error
    return run_from_words((*given, str(values["image"]), *words))


def _lines(values: str | Sequence[str]) -> str:
    return values if isinstance(values, str) else "\n".join(values)
