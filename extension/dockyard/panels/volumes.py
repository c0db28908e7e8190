"""All volumes of the engine: who uses each, what is in it, and what can be done with it."""

import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ipywidgets as widgets

from dockyard.connection import Client, current
from dockyard.errors import DockyardError
from dockyard.locale import N_, translate
from dockyard.panels.panel import engine_html, heading
from dockyard.panels.volume_files import VolumeFiles
from dockyard.panels.volume_forms import (
    CloneVolumePanel,
    CreateVolumePanel,
    RemoveVolumePanel,
    RenameVolumePanel,
    VolumePanel,
)
from dockyard.panels.work import Work
from dockyard.panels.working import button, says_html
from dockyard.tasks import verify_volume
from dockyard.tasks.volume_content import find, sizes_bytes
from dockyard.tasks.volume_users import users_by_volume
from dockyard.wording import human_size

__all__ = ["VolumesPanel", "volumes"]

ROWS = 10


class VolumesPanel(widgets.VBox):
    """A list of volumes, with forms over everything that can be done with the chosen one.

    Attributes:
        filter: Shows only names with this text in them.
        chosen: The list; its value is a volume's name.
        refresh_button, sizes_button, prove_button: What can be clicked.
        details: What the engine says of the chosen volume.
        work: What is being measured or proved.
        files: What is in the chosen volume.
        create, clone, rename, remove: The forms.
        tabs: Holds the last five.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self._volumes: list[dict[str, Any]] = []
        self._users: Mapping[str, tuple[str, ...]] = {}
        self._sizes: dict[str, int | None] = {}
        self._measured: datetime | None = None
        self._is_drawing = False
        self.engine, self.fault, self.details = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.filter = widgets.Text(placeholder=translate(N_("Part of a name")), continuous_update=True)
        self.filter.observe(lambda _: self._draw(), "value")
        self.chosen = widgets.Select(
            rows=ROWS, description=translate(N_("Volumes")), layout=widgets.Layout(width="min(60em, 98%)")
        )
        self.chosen.observe(lambda _: self._on_choice(), "value")
        self.work = Work()
        self.refresh_button = button(N_("Refresh"), self.refresh)
        self.sizes_button = button(N_("Measure sizes"), lambda: self.work.start(self._measure))
        self.prove_button = button(N_("Prove that it outlives containers"), self._prove)
        self.files = VolumeFiles(client)
        self.create = CreateVolumePanel({}, client)
        self.clone = CloneVolumePanel({}, client)
        self.rename = RenameVolumePanel({}, client)
        self.remove = RemoveVolumePanel({"keep": True}, client)
        titles = (N_("Files"), N_("Make"), N_("Copy"), N_("Rename"), N_("Remove"))
        self.tabs = widgets.Tab([self.files, *self._forms()], titles=[translate(each) for each in titles])
        for form in self._forms():
            form.on_done = self.refresh
        buttons = [self.filter, self.refresh_button, self.sizes_button, self.prove_button]
        super().__init__(
            [
                widgets.HBox([heading(translate(N_("Volumes (docker volume)"))), self.engine]),
                widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")),
                self.fault,
                self.chosen,
                self.details,
                self.work,
                self.tabs,
            ]
        )
        self.add_class("dockyard-panel")
        self.refresh()

    @property
    def client(self) -> Client:
        """The engine that it works on."""
        return self._client or current()

    def refresh(self) -> None:
        """List the volumes anew; sizes are kept as they were measured last."""
        try:
            self._volumes = sorted(self.client.get_json("/volumes")["Volumes"] or (), key=lambda row: str(row["Name"]))
            self._users = users_by_volume(self.client)
            self.engine.value = engine_html(self.client)
        except DockyardError as error:
            self.fault.value = says_html(str(error), "bad")
            return
        self.fault.value = ""
        names = [str(row["Name"]) for row in self._volumes]
        self._sizes = {name: size for name, size in self._sizes.items() if name in names}
        for form, fields in ((self.clone, ("source", "target")), (self.rename, ("name",))):
            for field in fields:
                form.form.suggest(field, names)
        for panel in (self.files.put, self.files.get):
            panel.form.suggest("volume", names)
        self._draw()

    def close(self) -> None:
        """Stop what is being done, and go."""
        self.work.close()
        self.files.close()
        for form in self._forms():
            form.close()
        super().close()

    def _forms(self) -> tuple[VolumePanel, ...]:
        return (self.create, self.clone, self.rename, self.remove)

    def _draw(self) -> None:
        wanted, before = self.filter.value.casefold(), self.chosen.value
        shown = [row for row in self._volumes if wanted in str(row["Name"]).casefold()]
        self._is_drawing = True
        self.chosen.options = [(self._label(row), str(row["Name"])) for row in shown]
        self.chosen.value = before if before in [str(row["Name"]) for row in shown] else None
        self._is_drawing = False
        if self.chosen.value == before:
            self._describe()
        else:
            self._on_choice()

    def _label(self, row: Mapping[str, Any]) -> str:
        name = str(row["Name"])
        used = ", ".join(self._users.get(name, ())) or translate(N_("in use by no container"))
        size = self._sizes.get(name)
        return "   ".join([name, *([human_size(size)] if size is not None else []), used])

    def _on_choice(self) -> None:
        if self._is_drawing:
            return
        name = self.chosen.value or ""
        self.files.show(name)
        if name:  # a form whose run has just taken the volume away goes on showing what came of it
            for form, field in ((self.clone, "source"), (self.rename, "name"), (self.remove, "names")):
                form.form.fields[field].value = name
        self._describe()

    def _describe(self) -> None:
        """Show what the engine says of the chosen volume (``docker volume inspect``)."""
        name = self.chosen.value
        self.prove_button.disabled = not name
        try:
            found = find(self.client, name) if name else None
        except DockyardError as error:
            self.details.value = says_html(str(error), "bad")
            return
        if found is None:
            self.details.value = ""
            return
        size = self._sizes.get(str(name))
        measured = f" ({self._measured:%H:%M})" if self._measured else ""
        rows = {
            N_("Name"): str(name),
            N_("In use by"): ", ".join(self._users.get(str(name), ())) or translate(N_("in use by no container")),
            N_("Size"): human_size(size) + measured if size is not None else translate(N_("not measured")),
            N_("Driver"): str(found["Driver"]),
            N_("Files on the engine's machine"): str(found["Mountpoint"]),
            N_("Made"): str(found.get("CreatedAt") or ""),
            N_("Labels"): _pairs(found.get("Labels")),
            N_("Options"): _pairs(found.get("Options")),
        }
        cells = "".join(
            f"<tr><th>{html.escape(translate(label))}</th><td><code>{html.escape(text)}</code></td></tr>"
            for label, text in rows.items()
            if text
        )
        self.details.value = f"<table>{cells}</table>"

    def _measure(self) -> str:
        self._sizes = sizes_bytes(self.client)
        self._measured = datetime.now().astimezone()
        self._draw()
        known = [size for size in self._sizes.values() if size is not None]
        return html.escape(
            translate(N_("{n} volumes, {size} in all")).format(n=len(known), size=human_size(sum(known)))
        )

    def _prove(self) -> None:
        name = self.chosen.value
        if name:
            self.work.start(lambda: self._proof(str(name)))

    def _proof(self, name: str) -> str:
        evidence = verify_volume(self.client, name, report=self.work.report, cancel=self.work.cancel)
        mark, style = ("✔", "good") if evidence.ok else ("✘", "bad")
        return f'<div class="dockyard-{style}" role="status">{mark} {html.escape(evidence.says)}</div>'


def volumes(client: Client | None = None) -> VolumesPanel:
    """Return a panel of all volumes: who uses each, and forms to make, look into, copy, rename and remove them.

    Args:
        client: The engine; by default the one in use.
    """
    return VolumesPanel(client)


def _pairs(given: Mapping[str, str] | None) -> str:
    return ", ".join(f"{key}={value}" for key, value in (given or {}).items())
