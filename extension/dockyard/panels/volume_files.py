"""A volume as a file browser: into its folders, and files in and out."""

import html
import posixpath
from pathlib import Path
from tempfile import TemporaryDirectory

import ipywidgets as widgets

from dockyard.connection import Client, current
from dockyard.locale import N_, translate
from dockyard.panels.volume_forms import GetFilesPanel, PutFilesPanel
from dockyard.panels.whole import Whole
from dockyard.panels.work import Work
from dockyard.panels.working import button
from dockyard.tasks.browse import Entry, browse
from dockyard.wording import human_size

__all__ = ["VolumeFiles"]

ROWS = 14


class VolumeFiles(Whole):
    """A folder of a volume, with what is in it.

    Attributes:
        volume: The volume's name.
        folder: The folder's path in it.
        filter: Shows only names with this text in them.
        entries: What is in the folder; the chosen one is what would be copied out.
        look_button, open_button, up_button: What can be clicked.
        upload: Files of the reader's own machine, on their way into the folder.
        put, get: The forms over what goes in and comes out.
        work: What is being looked at.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self.volume, self.folder = "", "/"
        self._found: list[Entry] = []
        self._stage: TemporaryDirectory[str] | None = None
        self.where = widgets.HTML()
        self.filter = widgets.Text(description=translate(N_("Filter")), placeholder=translate(N_("Part of a name")))
        self.filter.observe(lambda _: self._draw(), "value")
        self.entries = widgets.Select(
            rows=ROWS, description=translate(N_("Files")), layout=widgets.Layout(width="min(60em, 98%)")
        )
        self.entries.observe(lambda _: self._on_choice(), "value")
        self.look_button = button(N_("Look into it"), self.look)
        self.open_button = button(N_("Open the folder"), self._open)
        self.up_button = button(N_("Up"), self._up)
        self.upload = widgets.FileUpload(
            multiple=True, description=translate(N_("Upload into it")), layout=widgets.Layout(width="auto")
        )
        self.upload.observe(lambda _: self._on_upload(), "value")
        self.work = Work()
        self.put = PutFilesPanel({"path": "/"}, client)
        self.get = GetFilesPanel({"target": "."}, client)
        self.put.on_done = self._refresh
        buttons = [self.look_button, self.open_button, self.up_button, self.filter, self.upload]
        super().__init__(
            [
                widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")),
                self.where,
                self.entries,
                self.work,
                self.put,
                self.get,
            ]
        )
        self.show("")

    @property
    def client(self) -> Client:
        """The engine that it works on."""
        return self._client or current()

    def show(self, volume: str) -> None:
        """Turn to a volume's root, without looking into it yet: for that its stream has to be read."""
        self.volume, self.folder, self._found = volume, "/", []
        for panel in (self.put, self.get):
            panel.form.fields["volume"].value = volume
        self._place()

    def look(self) -> None:
        """List the folder."""
        if self.volume:
            self.work.start(self._list)

    def close(self) -> None:
        """Stop what is being done, and go."""
        for each in (self.work, self.put, self.get):
            each.close()
        if self._stage is not None:
            self._stage.cleanup()
        super().close()

    def _list(self) -> str:
        self._found = browse(self.client, self.volume, self.folder, cancel=self.work.cancel)
        self._draw()
        says = translate(N_("{n} entries, {size} in all"))
        return html.escape(
            says.format(n=len(self._found), size=human_size(sum(each.size_bytes for each in self._found)))
        )

    def _refresh(self) -> None:
        """Called in the thread of the form's worker."""
        self._found = browse(self.client, self.volume, self.folder)
        self._draw()

    def _place(self) -> None:
        """Show where it is, and point the forms there."""
        self.where.value = f"<code>{html.escape(f'{self.volume}:{self.folder}')}</code>" if self.volume else ""
        for each in (self.look_button, self.open_button, self.up_button, self.upload):
            each.disabled = not self.volume
        self.put.form.fields["path"].value = self.folder if self.folder == "/" else f"{self.folder}/"
        self.get.form.fields["path"].value = ""
        self._draw()

    def _draw(self) -> None:
        wanted = self.filter.value.casefold()
        shown = [each for each in self._found if wanted in each.name.casefold()]
        self.entries.options = [(_label(each), each.name) for each in shown]
        self.entries.value = None

    def _chosen(self) -> Entry | None:
        return next((each for each in self._found if each.name == self.entries.value), None)

    def _on_choice(self) -> None:
        if entry := self._chosen():
            self.get.form.fields["path"].value = posixpath.join(self.folder, entry.name)

    def _open(self) -> None:
        entry = self._chosen()
        if entry is not None and entry.kind == "folder":
            self._go(posixpath.join(self.folder, entry.name))

    def _up(self) -> None:
        if self.folder != "/":
            self._go(posixpath.dirname(self.folder))

    def _go(self, folder: str) -> None:
        self.folder, self._found = folder, []
        self.filter.value = ""
        self._place()
        self.look()

    def _on_upload(self) -> None:
        """Lay what the browser sent into a folder of this machine, from where the form copies it."""
        if not self.upload.value:
            return
        if self._stage is not None:
            self._stage.cleanup()
        self._stage = TemporaryDirectory(prefix="dockyard-upload-")
        for each in self.upload.value:
            Path(self._stage.name, posixpath.basename(each["name"])).write_bytes(each["content"])
        self.put.form.fields["source"].value = f"{self._stage.name}/."
        self.upload.value = ()


def _label(entry: Entry) -> str:
    """An entry in one line, such as ``css/   1.2kB   0755   2026-11-24 18:00``."""
    name = f"{entry.name}/" if entry.kind == "folder" else f"{entry.name} → {entry.link}" if entry.link else entry.name
    facts = (human_size(entry.size_bytes), f"{entry.mode:04o}", f"{entry.changed:%Y-%m-%d %H:%M}")
    return "   ".join((name, *facts))
