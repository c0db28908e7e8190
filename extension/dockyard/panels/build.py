"""The panel over ``docker build``: an editor for the Dockerfile, and what the build says."""

import html
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.dockerfile import check
from dockyard.errors import BadValue, BuildFailed, DockyardError, ImageNameInvalid, MissingField, NoContext
from dockyard.locale import N_, translate
from dockyard.pace import Pace
from dockyard.panels.build_view import LogTail, failure_html, findings_html, layers_html, log_html
from dockyard.panels.editing import EditingHelp
from dockyard.panels.form import Field, Value, lines_of
from dockyard.panels.images import image_names
from dockyard.panels.panel import REPORTS_PER_S, Faults, Panel
from dockyard.tasks import Build, BuildProgress, BuildResult, Plan, Progress, Result, Task
from dockyard.tasks.build import INPUT
from dockyard.tasks.context import Context, read_text
from dockyard.tasks.tagged import new_name

__all__ = ["BuildPanel", "build"]

LIVE_LINES = 30
FRESH_S = 3  # how long the names of the folder's files hold while one types


class BuildPanel(Panel):
    """A form over a build.

    Attributes:
        editing: What may stand where the Dockerfile is edited, and what the instruction there is for.
        findings_view: What there is to say about the Dockerfile, renewed with every letter.
        log_view: What the engine says.
        failure_view: The line that failed, among those around it.
    """

    faults: ClassVar[Faults] = {NoContext: "folder", ImageNameInvalid: "names"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        self.findings_view, self.log_view, self.failure_view = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.editing: EditingHelp | None = None
        self._said = LogTail()
        self._log_pace = Pace(self._show_log, REPORTS_PER_S)
        self._looked_at = ("", -math.inf)
        title = translate(N_("Build an image (docker build)"))
        super().__init__(title, _fields(), values, _task, client, _values)
        self.run_button.description = translate(N_("Build"))
        self.editing = EditingHelp(self.form.fields["text"])
        before, after = self.children[: (place := self.children.index(self.form) + 1)], self.children[place:]
        self.set_trait(
            "children", (*before, self.findings_view, self.editing, *after, self.log_view, self.failure_view)
        )
        try:
            self.editing.images = image_names(self.client)
        except DockyardError as error:
            self._show_error(error)
        self._look()

    def carry_out(self, task: Task, plan: Plan) -> Result:
        """Build; of one that fails, the log and the line stay."""
        assert isinstance(task, Build)
        self._said = LogTail()
        self.log_view.value = self.failure_view.value = ""
        try:
            return super().carry_out(task, plan)
        except BuildFailed as error:
            self.failure_view.value = failure_html(str(self.form.values["text"]), error)
            raise
        finally:
            self._log_pace.end()
            self.log_view.value = log_html(str(self._said))

    def after_run(self, task: Task, result: Result) -> None:  # noqa: ARG002  # the result has it all
        """Show the image's layers."""
        assert isinstance(result, BuildResult)
        title = html.escape(translate(N_("Layers, the newest first")))
        self.more.children = (widgets.HTML(f"<b>{title}</b>{layers_html(result.layers)}"),)

    def _report(self, progress: Progress) -> None:
        super()._report(progress)
        if isinstance(progress, BuildProgress):
            self._said.add(progress.said)
            self._log_pace.news()

    def _show_log(self) -> None:
        self.log_view.value = log_html(str(self._said), most=LIVE_LINES)

    def _on_change(self) -> None:
        super()._on_change()
        self._look()

    def _look(self) -> None:
        """Check the Dockerfile against the folder's files, whose names are read now and then."""
        values = self.form.values
        folder = str(values["folder"]).strip()
        known, at = self._looked_at
        if self.editing and (folder != known or time.monotonic() - at > FRESH_S):
            self.editing.files = ()
            with suppress(DockyardError):  # what is wrong with the folder, the plan says
                self.editing.files = Context.read(folder, text="").names if folder else ()
            self._looked_at = (folder, time.monotonic())
        found = check(
            str(values["text"]),
            files=self.editing.files if self.editing and folder else None,
            build_args=dict(each.partition("=")[::2] for each in lines_of(values["build_args"])),
            target=str(values["target"]).strip(),
        )
        self.findings_view.value = findings_html(found) if values["text"] else ""


def build(
    folder: str = "",
    names: str | Sequence[str] = (),
    *,
    text: str | None = None,
    build_args: str | Sequence[str] = (),
    target: str = "",
    no_cache: bool = False,
    pull: bool = False,
    client: Client | None = None,
) -> BuildPanel:
    """Return a panel that builds an image.

    Args:
        folder: The context; empty for none. If it has a Dockerfile, that is opened.
        names: What the image will be called (``-t``).
        text: A Dockerfile to begin with instead.
        build_args: ``KEY=value`` each (``--build-arg``).
        target: The stage to build (``--target``).
        no_cache: Do every step anew (``--no-cache``).
        pull: Ask the registry for the base even where the engine has it (``--pull``).
        client: The engine; by default the one in use.

    Raises:
        SourceUnreadable: The folder's Dockerfile can't be read.
    """
    values: dict[str, Value] = {
        "folder": folder,
        "names": names if isinstance(names, str) else " ".join(names),
        "text": (_there(folder) or "") if text is None else text,
        "save": True,
        "build_args": build_args if isinstance(build_args, str) else "\n".join(build_args),
        "target": target,
        "no_cache": no_cache,
        "pull": pull,
    }
    return BuildPanel(values, client)


def _fields() -> list[Field]:
    return [
        Field("folder", translate(N_("Folder")), "text", translate(N_("The context, from which COPY takes files; empty for none")), "apa_folder"),
        Field("names", translate(N_("New image's name")), "text", translate(N_("What the image will be called (-t)")), "ex22_original2", flag="-t"),
        Field("build_args", translate(N_("Build arguments")), "lines", translate(N_("KEY=value, one a line (--build-arg)")), "VERSION=1.0", flag="--build-arg"),
        Field("target", translate(N_("Stage")), "text", translate(N_("Build up to this stage; empty for the last (--target)"))),
        Field("no_cache", translate(N_("Every step anew (--no-cache)")), "switch", translate(N_("Otherwise steps that were done before are taken from the cache"))),
        Field("pull", translate(N_("Ask for a newer base (--pull)")), "switch", translate(N_("Even where the engine has the image to build on"))),
        Field("save", translate(N_("Write it to the folder")), "switch", translate(N_("As the folder's Dockerfile; Undo brings back the one before"))),
        Field("text", "Dockerfile", "code", translate(N_("One instruction a line, FROM first")), "FROM httpd:2.4"),
    ]  # fmt: skip


def _task(values: Mapping[str, Value]) -> Task:
    folder, text = str(values["folder"]).strip() or INPUT, str(values["text"])
    if not text.strip():
        raise MissingField(label="Dockerfile", flag="text")
    names = tuple(str(values["names"]).split())
    for name in names:
        new_name(name)
    args = lines_of(values["build_args"])
    for pair in args:
        if "=" not in pair:
            raise BadValue(flag="--build-arg", value=pair, expected=translate(N_("write KEY=value")))
    is_there = folder != INPUT and _there(folder) == text
    file = str(Path(folder) / "Dockerfile") if folder != INPUT and values["save"] and not is_there else ""
    return Build(
        folder,
        names,
        file,
        args,
        bool(values["no_cache"]),
        str(values["target"]).strip(),
        bool(values["pull"]),
        None if is_there else text,
    )


def _values(task: Task) -> Mapping[str, Value] | None:
    """The fields that make a task; None where its Dockerfile is not the folder's."""
    if not isinstance(task, Build) or task.file or (text := _there(task.folder)) is None:
        return None
    return {
        "folder": task.folder,
        "names": " ".join(task.names),
        "text": text,
        "save": True,
        "build_args": "\n".join(task.build_args),
        "target": task.target,
        "no_cache": task.no_cache,
        "pull": task.pull,
    }


def _there(folder: str) -> str | None:
    """The Dockerfile that a folder has; None where it has none."""
    path = Path(folder) / "Dockerfile"
    return read_text(path) if folder and path.is_file() else None
