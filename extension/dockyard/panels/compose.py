"""The panel over a Compose file: the file with what there is to say about it, its services as they are, and up and down with their plans."""

import html
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import ipywidgets as widgets

from dockyard.compose import FILES, Reading, find_file, read
from dockyard.connection import Client
from dockyard.errors import DockyardError, MissingField, NoComposeFile, ProjectNameInvalid, SourceUnreadable
from dockyard.kubernetes import manifests
from dockyard.locale import N_, translate
from dockyard.pace import Pace
from dockyard.panels.build_view import LogTail, findings_html, log_html
from dockyard.panels.form import Field, Value, required
from dockyard.panels.panel import REPORTS_PER_S, Faults, Panel
from dockyard.panels.working import button, says_html
from dockyard.tasks import BuildProgress, ComposeDown, ComposeUp, Plan, Progress, Result, Task
from dockyard.tasks.compose_project import Standing, listed_ports, standing
from dockyard.tasks.snapshot import name_of

__all__ = ["ComposePanel", "compose"]

Command = Literal["up", "down"]
SHOWN: Mapping[Command, Sequence[str]] = {
    "up": ("file", "project", "build", "force_recreate", "remove_orphans", "text"),
    "down": ("file", "project", "volumes", "remove_orphans"),
}


class ComposePanel(Panel):
    """A form over ``docker compose up -d`` and ``docker compose down``.

    Attributes:
        command: Which of the two.
        findings_view: What there is to say about the file, renewed with every letter.
        services_view: Each service with its container and its state.
        resources_view: What the engine had of the project before the last run, and has after it.
        log_view: What the engine says while an image is built.
        manifests_view: The same project as Kubernetes manifests, once asked for.
        look_button, manifests_button: What else can be clicked.
    """

    faults: ClassVar[Faults] = {NoComposeFile: "file", ProjectNameInvalid: "project", SourceUnreadable: "file"}

    def __init__(self, command: Command, values: Mapping[str, Value], client: Client | None) -> None:
        self.findings_view, self.services_view, self.resources_view = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.log_view, self.manifests_view = widgets.HTML(), widgets.HTML()
        self._said = LogTail()
        self._log_pace = Pace(self._show_log, REPORTS_PER_S)
        self._before = ""
        options = ((translate(N_("Bring up")), "up"), (translate(N_("Take down")), "down"))
        self.command = widgets.ToggleButtons(options=options, value=command)
        title = translate(N_("Many containers at once (docker compose)"))
        super().__init__(title, _fields(), values, self._made, client, self._read_line)
        self.command.observe(lambda _: self._on_command(), "value")
        self.look_button = button(N_("Look again"), self._look_at_services)
        self.manifests_button = button(N_("As Kubernetes manifests"), self._show_manifests)
        more = widgets.HBox([self.look_button, self.manifests_button], layout=widgets.Layout(flex_flow="row wrap"))
        before, after = self.children[: (place := self.children.index(self.form))], self.children[place + 1 :]
        self.set_trait(
            "children",
            (
                *before,
                self.command,
                self.form,
                self.findings_view,
                *after,
                self.log_view,
                self.resources_view,
                self.services_view,
                more,
                self.manifests_view,
            ),
        )
        self._on_command()
        self._look_at_services()

    def carry_out(self, task: Task, plan: Plan) -> Result:
        """Do it; what was said while an image was built stays."""
        self._said, self.log_view.value = LogTail(), ""
        try:
            return super().carry_out(task, plan)
        finally:
            self._log_pace.end()
            self._show_log()

    def before_run(self, task: Task) -> None:  # noqa: ARG002  # what the fields say is enough
        """Note what the engine has of the project."""
        self._before = self._resources()

    def after_run(self, task: Task, result: Result) -> None:  # noqa: ARG002
        """Show what it has now beside that."""
        titles = (translate(N_("Before")), translate(N_("After")))
        heads = "".join(f"<th>{html.escape(each)}</th>" for each in titles)
        cells = "".join(f'<td style="vertical-align: top">{each}</td>' for each in (self._before, self._resources()))
        self.resources_view.value = f"<table><tr>{heads}</tr><tr>{cells}</tr></table>"
        self._look_at_services()

    def _do_undo(self) -> None:
        super()._do_undo()
        self.resources_view.value = ""
        self._look_at_services()

    def _report(self, progress: Progress) -> None:
        super()._report(progress)
        if isinstance(progress, BuildProgress):
            self._said.add(progress.said)
            self._log_pace.news()

    def _show_log(self) -> None:
        self.log_view.value = log_html(str(self._said))

    def _on_command(self) -> None:
        self.form.show(SHOWN[self.command.value])
        is_up = self.command.value == "up"
        self.run_button.description = translate(N_("Bring up")) if is_up else translate(N_("Take down"))
        self.findings_view.layout.display = None if is_up else "none"
        self._on_change()

    def _on_change(self) -> None:
        super()._on_change()
        self.manifests_view.value = ""
        try:
            self.findings_view.value = findings_html(self._reading().findings)
        except DockyardError:  # the plan says it
            self.findings_view.value = ""

    def _set_busy(self, busy: bool) -> None:
        self.command.disabled = busy
        super()._set_busy(busy)

    def _made(self, values: Mapping[str, Value]) -> Task:
        file, project = required(values, "file", translate(N_("File"))), str(values["project"]).strip()
        orphans = bool(values["remove_orphans"])
        if self.command.value == "down":
            return ComposeDown(file, project, volumes=bool(values["volumes"]), remove_orphans=orphans)
        text = str(values["text"])
        if not text.strip():
            raise MissingField(label=FILES[0], flag="text")
        return ComposeUp(
            file,
            project,
            build=bool(values["build"]),
            force_recreate=bool(values["force_recreate"]),
            remove_orphans=orphans,
            text=None if _there(file) == text else text,
        )

    def _read_line(self, task: Task) -> Mapping[str, Value] | None:
        """The fields that make a task of a pasted line; None where the form can't show it."""
        if not isinstance(task, ComposeUp | ComposeDown) or task.env_files:
            return None
        if isinstance(task, ComposeUp) and (task.services or _there(task.file or FILES[0]) is None):
            return None
        if isinstance(task, ComposeDown) and task.time_s is not None:
            return None
        self.command.value = "up" if isinstance(task, ComposeUp) else "down"
        return {
            "file": task.file,
            "project": task.project,
            "build": isinstance(task, ComposeUp) and task.build,
            "force_recreate": isinstance(task, ComposeUp) and task.force_recreate,
            "remove_orphans": task.remove_orphans,
            "volumes": isinstance(task, ComposeDown) and task.volumes,
            "text": _there(task.file) or "",
        }

    def _reading(self) -> Reading:
        values = self.form.values
        text = str(values["text"])
        return read(str(values["file"]).strip(), name=str(values["project"]).strip(), text=text or None)

    def _standing(self) -> Standing | None:
        """What the engine has of the project; None while the file does not say which that is."""
        project = self._reading().project
        return standing(self.client, project.name) if project else None

    def _look_at_services(self) -> None:
        try:
            project = self._reading().project
            there = self._standing()
        except DockyardError as error:
            self.services_view.value = "" if isinstance(error, NoComposeFile) else says_html(str(error), "bad")
            return
        if project is None or there is None:
            self.services_view.value = ""
            return
        rows = []
        for name in dict.fromkeys([*(each.name for each in project.services), *there.containers]):
            found = there.containers.get(name, ())
            shown = [
                (name_of(each), each["Status"], ", ".join(port.text for port in listed_ports(each))) for each in found
            ]
            nothing = ("–", translate(N_("not there")), "")
            rows += [(name, *each) for each in shown or [nothing]]
        titles = (N_("Service"), N_("Container"), N_("State"), N_("Ports"))
        heads = "".join(f"<th>{html.escape(translate(each))}</th>" for each in titles)
        cells = "".join(f"<tr>{''.join(f'<td>{html.escape(str(each))}</td>' for each in row)}</tr>" for row in rows)
        self.services_view.value = f"<b>{html.escape(project.name)}</b><table><tr>{heads}</tr>{cells}</table>"

    def _resources(self) -> str:
        """What the engine has of the project, as HTML."""
        there = self._standing()
        if there is None or there.is_empty:
            return html.escape(translate(N_("nothing")))
        rows = [("container", name_of(each), each["State"]) for each in there.all_containers()]
        rows += [("network", name, "") for name in there.networks]
        rows += [("volume", name, "") for name in there.volumes]
        return "<br>".join(
            f"{html.escape(translate(kind))} <code>{html.escape(name)}</code> {html.escape(state)}"
            for kind, name, state in rows
        )

    def _show_manifests(self) -> None:
        try:
            self.manifests_view.value = manifests(self._reading().require())._repr_html_()
        except DockyardError as error:
            self.manifests_view.value = says_html(str(error), "bad")


def compose(
    folder: str = "",
    command: Command = "up",
    *,
    text: str | None = None,
    project: str = "",
    volumes: bool = False,
    client: Client | None = None,
) -> ComposePanel:
    """Return a panel that brings a Compose file up, and takes it down.

    Args:
        folder: The file, or its folder; empty for the working folder.
        command: What the panel begins with.
        text: What to begin with instead of what the file holds.
        project: The project's name, instead of the file's or the folder's own (``-p``).
        volumes: With ``down``, remove the volumes too (``-v``).
        client: The engine; by default the one in use.

    Raises:
        SourceUnreadable: The file can't be read.
    """
    file = _file(folder)
    values: dict[str, Value] = {
        "file": file,
        "project": project,
        "volumes": volumes,
        "text": (_there(file) or "") if text is None else text,
    }
    return ComposePanel(command, values, client)


def _fields() -> list[Field]:
    return [
        Field("file", translate(N_("File")), "text", translate(N_("The Compose file (-f)")), "com_folder/compose.yaml", flag="-f"),
        Field("project", translate(N_("Project")), "text", translate(N_("What everything of it is called by (-p); empty for the file's own name, or its folder's")), flag="-p"),
        Field("build", translate(N_("Build images anew (--build)")), "switch", translate(N_("Otherwise only those that are not there"))),
        Field("force_recreate", translate(N_("Every container anew (--force-recreate)")), "switch", translate(N_("Otherwise only those that differ from the file"))),
        Field("volumes", translate(N_("Its volumes too (-v)")), "switch", translate(N_("Undo brings back what they held"))),
        Field("remove_orphans", translate(N_("What is no longer in the file (--remove-orphans)")), "switch", translate(N_("Remove containers of services that the file does not have"))),
        Field("text", "compose.yaml", "code", translate(N_("Bringing it up writes it to the file; Undo brings back the one before")), "services:\n  web:\n    image: httpd"),
    ]  # fmt: skip


def _file(folder: str) -> str:
    """The file of a folder as people write it: from where they are."""
    if folder and not Path(folder).expanduser().is_dir():
        return folder
    try:
        return os.path.join(folder, find_file(folder or ".").name)
    except NoComposeFile:
        return os.path.join(folder, FILES[0])


def _there(file: str) -> str | None:
    """What a file holds; None where there is none.

    Raises:
        SourceUnreadable: It can't be read.
    """
    path = Path(file).expanduser()
    if not path.is_file():
        return None
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(path=file, reason=getattr(error, "strerror", None) or str(error)) from error
