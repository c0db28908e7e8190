"""All volumes of the engine: who uses each, what is in it, and what can be done with it."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime

import ipywidgets as widgets

from dockyard.connection import Client, current
from dockyard.errors import DockyardError
from dockyard.locale import N_, translate
from dockyard.panels.following import Follower, ListingGrid
from dockyard.panels.listings import VOLUMES, Asked
from dockyard.panels.panel import engine_html, heading
from dockyard.panels.volume_files import VolumeFiles
from dockyard.panels.volume_forms import (
    CloneVolumePanel,
    CreateVolumePanel,
    RemoveVolumePanel,
    RenameVolumePanel,
    VolumePanel,
)
from dockyard.panels.whole import Whole
from dockyard.panels.work import Work
from dockyard.panels.working import button, says_html
from dockyard.tasks import verify_volume
from dockyard.tasks.volume_content import find, sizes_bytes
from dockyard.tasks.volume_users import users_by_volume
from dockyard.wording import human_size

__all__ = ["VolumesPanel", "volumes"]


class VolumesPanel(Whole):
    """A live list of volumes, with forms over everything that can be done with the chosen one.

    Attributes:
        list: The volumes.
        sizes_button, prove_button: What can be clicked.
        details: What the engine says of the chosen volume.
        work: What is being measured or proved.
        files: What is in the chosen volume.
        create, clone, rename, remove: The forms.
        tabs: Holds the last five.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self._described = ""
        self.engine, self.fault, self.details = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.list = ListingGrid(VOLUMES, several=False, on_chosen=self._on_choice)
        self._follower = Follower(client, [self.list], self._on_asked)
        self.work = Work()
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
        buttons = [self.sizes_button, self.prove_button]
        super().__init__(
            [
                widgets.HBox([heading(translate(N_("Volumes (docker volume)"))), self.engine]),
                self.fault,
                self.list,
                widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")),
                self.details,
                self.work,
                self.tabs,
            ]
        )
        self.add_class("dockyard-panel")
        try:
            self.engine.value = engine_html(self.client)
        except DockyardError as error:
            self.fault.value = says_html(str(error), "bad")
        self.refresh()

    @property
    def client(self) -> Client:
        """The engine that it works on."""
        return self._client or current()

    @property
    def chosen(self) -> str:
        """The chosen volume's name; empty while none is."""
        return str(next(iter(self.list.chosen), ""))

    def refresh(self) -> None:
        """List the volumes anew, without waiting for the engine to tell that they changed; sizes are kept as they were measured last."""
        self._follower.refresh()

    def close(self) -> None:
        """Stop what is being done, stop following the engine, and go."""
        self.work.close()
        self._follower.close()
        self.list.close()
        self.files.close()
        for form in self._forms():
            form.close()
        super().close()

    def _forms(self) -> tuple[VolumePanel, ...]:
        return (self.create, self.clone, self.rename, self.remove)

    def _on_asked(self, asked: Asked) -> None:
        """Suggest the volumes that there are, and let go of a chosen one that is gone."""
        names = [str(name) for name in asked.volumes["name"]]
        for form, fields in ((self.clone, ("source", "target")), (self.rename, ("name",))):
            for field in fields:
                form.form.suggest(field, names)
        for panel in (self.files.put, self.files.get):
            panel.form.suggest("volume", names)
        if self.chosen != self._described:
            self.files.show(self.chosen)
        self._describe()

    def _on_choice(self, _: tuple[str, ...]) -> None:
        name = self.chosen
        self.files.show(name)
        if name:  # a form whose run has just taken the volume away goes on showing what came of it
            for form, field in ((self.clone, "source"), (self.rename, "name"), (self.remove, "names")):
                form.form.fields[field].value = name
        self._describe()

    def _describe(self) -> None:
        """Show what the engine says of the chosen volume (``docker volume inspect``)."""
        self._described = name = self.chosen
        self.prove_button.disabled = not name
        try:
            found = find(self.client, name) if name else None
            users = users_by_volume(self.client).get(name, ()) if name else ()
        except DockyardError as error:
            self.details.value = says_html(str(error), "bad")
            return
        if found is None:
            self.details.value = ""
            return
        rows = {
            N_("Name"): name,
            N_("In use by"): ", ".join(users) or translate(N_("in use by no container")),
            N_("Size"): self.list.read(name).get("measured_bytes") or translate(N_("not measured")),
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
        sizes = sizes_bytes(self.client)
        self._follower.measured(sizes, datetime.now(UTC))
        known = [size for size in sizes.values() if size is not None]
        return html.escape(
            translate(N_("{n} volumes, {size} in all")).format(n=len(known), size=human_size(sum(known)))
        )

    def _prove(self) -> None:
        name = self.chosen
        if name:
            self.work.start(lambda: self._proof(name))

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
