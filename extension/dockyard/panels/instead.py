"""An image run with a shell instead of its software: what runs before, meanwhile and after starting again, seen as it happens."""

import html
from collections.abc import Mapping
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import DockyardError, NoShell, NoSuchImage
from dockyard.locale import N_, translate
from dockyard.panels.container_views import lines_html
from dockyard.panels.form import Field, Form, Value, required
from dockyard.panels.panel import engine_html, heading
from dockyard.panels.work import TellingPanel
from dockyard.panels.working import Faults, button, says_html
from dockyard.tables import containers
from dockyard.tasks.instead import Stage
from dockyard.tasks.instead import shell_instead as try_instead
from dockyard.tasks.snapshot import tags_of

__all__ = ["InsteadPanel", "shell_instead"]


class InsteadPanel(TellingPanel):
    """A form that names an image or a container, and what ran at each stage of the trial.

    Attributes:
        form: What is tried, and with which shell.
        try_button: Starts it.
        stages: The docker lines, what ran after each, and what there is to see.
    """

    faults: ClassVar[Faults] = {NoSuchImage: "source", NoShell: "shell"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        self._told: list[str] = []
        self.form = Form(_fields(), values, self._on_change)
        super().__init__(client, [self.form])
        self.engine, self.stages = widgets.HTML(), widgets.HTML()
        self.try_button = button(N_("Try it"), lambda: self._start(self._do_try), "primary")
        self._set_busy(False)
        self.children = [
            widgets.HBox([heading(translate(N_("A shell instead of the software"))), self.engine]),
            self.form,
            widgets.HBox([self.try_button, self.cancel_button], layout=widgets.Layout(flex_flow="row wrap")),
            self.doing,
            self.stages,
            self.outcome,
        ]
        self._suggest()

    def _on_change(self) -> None:
        self.form.show_fault("")

    def _suggest(self) -> None:
        try:
            names = list(containers(self.client)["name"])
            names += sorted(name for row in self.client.get_json("/images/json") for name in tags_of(row))
        except DockyardError as error:
            self._show_error(error)
            return
        self.form.suggest("source", names)
        self.engine.value = engine_html(self.client)

    def _do_try(self) -> None:
        self._told.clear()
        self.stages.value = ""
        source = required(self.form.values, "source", translate(N_("What")))
        shell = str(self.form.values["shell"]).strip()
        found = try_instead(self.client, source, shell, tell=self._tell, report=self.report, cancel=self.cancel)
        good = all(stage.ok for stage in found)
        says = (
            N_("As it should be. Everything that was made for it is removed again.")
            if good
            else N_(
                "Not all is as it should be: see the lines with ⚠. Everything that was made for it is removed again."
            )
        )
        self.outcome.value = says_html(translate(says), "good" if good else "warning")

    def _tell(self, stage: Stage) -> None:
        self._told.append(_stage_html(stage))
        self.stages.value = f'<div role="log"><ol>{"".join(self._told)}</ol></div>'

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.try_button.disabled = busy


def shell_instead(source: str = "httpd", shell: str = "", *, client: Client | None = None) -> InsteadPanel:
    """Return a panel that runs an image with a shell instead of its software, and shows what runs at each stage.

    Args:
        source: An image; or a container, which is looked at and left alone, for its image.
        shell: Such as ``/bin/bash``; by default the one that the image has.
        client: The engine; by default the one in use.
    """
    return InsteadPanel({"source": source, "shell": shell}, client)


def _fields() -> list[Field]:
    either = translate(N_("A container is looked at and left alone; what is tried is made of its image"))
    return [
        Field("source", translate(N_("What")), "suggest", either, "httpd"),
        Field("shell", translate(N_("Shell")), "suggest", translate(N_("Empty takes the one that the image has")), "/bin/bash", ("/bin/bash", "/bin/sh")),
    ]  # fmt: skip


def _stage_html(stage: Stage) -> str:
    lines = "<br>".join(f"<code>{html.escape(each)}</code>" for each in stage.lines)
    mark, style = ("✔", "good") if stage.ok else ("⚠", "warning")
    runs = translate(N_("{name} is {status}; in it runs:")).format(name=stage.container, status=stage.status)
    return (
        f"<li><div>{lines}</div><div>{html.escape(runs)}<br>{lines_html(stage.processes)}</div>"
        f'<div class="dockyard-{style}">{mark} {html.escape(stage.says)}</div></li>'
    )
