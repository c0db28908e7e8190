"""The panels over ``docker commit``, ``docker save`` and ``docker load``."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from dockyard.connection import Client
from dockyard.errors import (
    ArchiveBroken,
    ImageMissing,
    ImageNameInvalid,
    NoSuchContainer,
    SourceUnreadable,
    TargetUnwritable,
)
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value, lines_of, required
from dockyard.panels.listings import IMAGES
from dockyard.panels.panel import Faults, Panel
from dockyard.panels.picking import PickingPanel
from dockyard.tables import containers, images
from dockyard.tasks import Commit, Load, Save, Task
from dockyard.tasks.tagged import new_name

__all__ = ["CommitPanel", "LoadPanel", "SavePanel", "commit", "image_names", "load", "save"]


class CommitPanel(Panel):
    """A form over a commit."""

    faults: ClassVar[Faults] = {NoSuchContainer: "container", ImageNameInvalid: "name"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Make an image of a container (docker commit)"))
        super().__init__(title, _commit_fields(), values, _commit_task, client, _commit_values)
        self.suggest(lambda: containers(self.client)["name"], "container")


class SavePanel(PickingPanel):
    """A form over a save, with the images to choose from."""

    faults: ClassVar[Faults] = {ImageMissing: "names", TargetUnwritable: "target"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Write images into a file (docker save)"))
        super().__init__(IMAGES, title, _save_fields(), values, _save_task, client, _save_values)

    def pick(self, names: tuple[str, ...]) -> None:
        """Name them in the form, one a line."""
        self.form.fields["names"].value = "\n".join(names)


class LoadPanel(Panel):
    """A form over a load."""

    faults: ClassVar[Faults] = {SourceUnreadable: "source", ArchiveBroken: "source"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Load images from a file (docker load)"))
        field = Field(
            "source", translate(N_("File")), "text", translate(N_("The file with the images (-i)")), "ex22.tar"
        )
        super().__init__(title, [field], values, _load_task, client, _load_values)


def commit(
    container: str = "",
    name: str = "",
    *,
    message: str = "",
    changes: str | Sequence[str] = (),
    client: Client | None = None,
) -> CommitPanel:
    """Return a panel that makes an image of a container.

    Args:
        container: Its name.
        name: What the image will be called.
        message: What was changed (``-m``).
        changes: Dockerfile instructions to apply (``-c``).
        client: The engine; by default the one in use.
    """
    lines = changes if isinstance(changes, str) else "\n".join(changes)
    return CommitPanel(
        {"container": container, "name": name, "message": message, "changes": lines, "pause": True}, client
    )


def save(target: str = "", names: str | Sequence[str] = (), *, client: Client | None = None) -> SavePanel:
    """Return a panel that writes images into a file.

    Args:
        target: The file.
        names: The images.
        client: The engine; by default the one in use.
    """
    return SavePanel({"target": target, "names": names if isinstance(names, str) else "\n".join(names)}, client)


def load(source: str = "", *, client: Client | None = None) -> LoadPanel:
    """Return a panel that loads the images of a file.

    Args:
        source: The file.
        client: The engine; by default the one in use.
    """
    return LoadPanel({"source": source}, client)


def image_names(client: Client) -> list[str]:
    """Every name that an image of the engine has."""
    known = images(client)
    return [f"{row.repository}:{row.tag}" for row in known[~known["dangling"]].itertuples()]


def _commit_fields() -> list[Field]:
    return [
        Field("container", translate(N_("Container")), "suggest", translate(N_("It may be stopped")), "apa000ex22"),
        Field("name", translate(N_("New image's name")), "text", translate(N_("What the image will be called")), "ex22_original1"),
        Field("message", translate(N_("Message")), "text", translate(N_("What was changed, for docker history (-m)"))),
        Field("author", translate(N_("Author")), "text", translate(N_("Who made it (-a)"))),
        Field("changes", translate(N_("Instructions")), "lines", translate(N_("Of a Dockerfile, one a line (-c)")), "ENV KEY=value"),
        Field("pause", translate(N_("Pause meanwhile (-p)")), "switch", translate(N_("So that no file is caught half-written"))),
    ]  # fmt: skip


def _commit_task(values: Mapping[str, Value]) -> Task:
    container, name = required(values, "container", translate(N_("Container"))), str(values["name"]).strip()
    if name:
        new_name(name)
    return Commit(
        container,
        name,
        str(values["message"]),
        str(values["author"]),
        lines_of(values["changes"]),
        bool(values["pause"]),
    )


def _commit_values(task: Task) -> Mapping[str, Value] | None:
    if not isinstance(task, Commit):
        return None
    return {
        "container": task.container,
        "name": task.name,
        "message": task.message,
        "author": task.author,
        "changes": "\n".join(task.changes),
        "pause": task.pause,
    }


def _save_fields() -> list[Field]:
    return [
        Field("target", translate(N_("File")), "text", translate(N_("The file to write (-o)")), "ex22.tar"),
        Field("names", translate(N_("Images")), "lines", translate(N_("Names or IDs, one a line")), "ex22_original1"),
    ]


def _save_task(values: Mapping[str, Value]) -> Task:
    target = required(values, "target", translate(N_("File")))
    return Save(target, tuple(required(values, "names", translate(N_("Images"))).split()))


def _save_values(task: Task) -> Mapping[str, Value] | None:
    return {"target": task.target, "names": "\n".join(task.names)} if isinstance(task, Save) else None


def _load_task(values: Mapping[str, Value]) -> Task:
    return Load(required(values, "source", translate(N_("File"))))


def _load_values(task: Task) -> Mapping[str, Value] | None:
    return {"source": task.source} if isinstance(task, Load) else None
