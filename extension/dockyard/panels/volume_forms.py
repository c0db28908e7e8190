"""The panels over each task of a volume: make, copy, rename, remove, and files in and out."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from dockyard.connection import Client
from dockyard.errors import (
    NoSuchPath,
    NoSuchVolume,
    VolumeExists,
    VolumeInUse,
    VolumeNameInvalid,
    VolumeOutside,
    WouldReplace,
)
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value, lines_of, required
from dockyard.panels.panel import Faults, Panel
from dockyard.tables import volumes
from dockyard.tasks import (
    Plan,
    Result,
    Task,
    VolumeClone,
    VolumeCreate,
    VolumeGet,
    VolumePut,
    VolumeRemove,
    VolumeRename,
)
from dockyard.tasks.volumes import volume_create_from_words

__all__ = [
    "CloneVolumePanel",
    "CreateVolumePanel",
    "GetFilesPanel",
    "PutFilesPanel",
    "RemoveVolumePanel",
    "RenameVolumePanel",
    "VolumePanel",
]

VOLUME = N_("Volume")


class VolumePanel(Panel):
    """A form over one of them.

    Attributes:
        on_done: Called in the worker's thread when a run, or its undo, has changed something.
    """

    title: ClassVar[str]
    spec: ClassVar[Callable[[], Sequence[Field]]]
    make: ClassVar[Callable[[Mapping[str, Value]], Task]]
    read: ClassVar[Callable[[Task], Mapping[str, Value] | None]]
    suggesting: ClassVar[tuple[str, ...]] = ()

    def __init__(self, values: Mapping[str, Value], client: Client | None = None) -> None:
        self.on_done: Callable[[], None] = lambda: None
        cls = type(self)
        super().__init__(translate(cls.title), cls.spec(), values, cls.make, client, cls.read)
        if self.suggesting:
            self.suggest(lambda: list(volumes(self.client)["name"]), *self.suggesting)

    def after_run(self, task: Task, result: Result) -> None:  # noqa: ARG002  # whoever listens asks the engine
        """Tell whoever shows a list."""
        self.on_done()

    def _do_undo(self) -> None:
        super()._do_undo()
        self.on_done()


def _create_fields() -> list[Field]:
    pairs = translate(N_("KEY=value, one a line (--label)"))
    return [
        Field("name", translate(N_("Name")), "text", translate(N_("Empty: the engine chooses one")), "apa000vol1"),
        Field("labels", translate(N_("Labels")), "lines", pairs, "course=docker", flag="--label"),
        Field(
            "driver",
            translate(N_("Driver")),
            "text",
            translate(N_("Who stores it (--driver); empty for local")),
            "local",
            flag="--driver",
        ),
        Field(
            "options",
            translate(N_("Options")),
            "lines",
            translate(N_("KEY=value for the driver, one a line (--opt)")),
            "type=tmpfs",
            flag="--opt",
        ),
    ]


def _create_task(values: Mapping[str, Value]) -> Task:
    driver = str(values["driver"]).strip()
    given = ["--driver", driver] if driver else []
    given += [word for pair in lines_of(values["labels"]) for word in ("--label", pair)]
    given += [word for pair in lines_of(values["options"]) for word in ("--opt", pair)]
    name = str(values["name"]).strip()
    return volume_create_from_words((*given, *(["--", name] if name else [])))


def _create_values(task: Task) -> Mapping[str, Value] | None:
    if not isinstance(task, VolumeCreate):
        return None
    pairs = {"labels": "\n".join(task.labels), "options": "\n".join(task.options)}
    return {"name": task.name, "driver": task.driver, **pairs}


class CreateVolumePanel(VolumePanel):
    """A form over ``docker volume create``."""

    title = N_("Make a volume (docker volume create)")
    faults: ClassVar[Faults] = {VolumeNameInvalid: "name"}
    spec, make, read = _create_fields, _create_task, _create_values


def _clone_fields() -> list[Field]:
    return [
        Field("source", translate(N_("From")), "suggest", translate(N_("The volume to copy")), "apa000vol1"),
        Field("target", translate(N_("To")), "suggest", translate(N_("A new volume, or an empty one")), "apa000vol2"),
    ]


def _clone_task(values: Mapping[str, Value]) -> Task:
    source = required(values, "source", translate(N_("From")))
    return VolumeClone(source, required(values, "target", translate(N_("To"))))


def _clone_values(task: Task) -> Mapping[str, Value] | None:
    return {"source": task.source, "target": task.target} if isinstance(task, VolumeClone) else None


class CloneVolumePanel(VolumePanel):
    """A form over a copy of a volume."""

    title = N_("Copy a volume")
    faults: ClassVar[Faults] = {
        NoSuchVolume: "source",
        VolumeExists: "target",
        VolumeInUse: "target",
        VolumeNameInvalid: "target",
    }
    spec, make, read = _clone_fields, _clone_task, _clone_values
    suggesting = ("source", "target")


def _rename_fields() -> list[Field]:
    return [
        Field("name", translate(VOLUME), "suggest", translate(N_("The volume to rename")), "apa000vol1"),
        Field("new_name", translate(N_("New name")), "text", translate(N_("What it will be called")), "shop"),
    ]


def _rename_task(values: Mapping[str, Value]) -> Task:
    name = required(values, "name", translate(VOLUME))
    return VolumeRename(name, required(values, "new_name", translate(N_("New name"))))


def _rename_values(task: Task) -> Mapping[str, Value] | None:
    return {"name": task.name, "new_name": task.new_name} if isinstance(task, VolumeRename) else None


class RenameVolumePanel(VolumePanel):
    """A form over another name for a volume."""

    title = N_("Rename a volume")
    faults: ClassVar[Faults] = {
        NoSuchVolume: "name",
        VolumeInUse: "name",
        VolumeOutside: "name",
        VolumeExists: "new_name",
        VolumeNameInvalid: "new_name",
    }
    spec, make, read = _rename_fields, _rename_task, _rename_values
    suggesting = ("name",)


def _remove_fields() -> list[Field]:
    return [
        Field("names", translate(N_("Volumes")), "lines", translate(N_("Their names, one a line")), "apa000vol1"),
        Field(
            "keep",
            translate(N_("Keep the content for undo")),
            "switch",
            translate(N_("On the notebook's machine, up to 2 GiB; otherwise it is gone for good")),
        ),
    ]


def _remove_task(values: Mapping[str, Value]) -> Task:
    required(values, "names", translate(N_("Volumes")))
    return VolumeRemove(lines_of(values["names"]), keep=bool(values["keep"]))


def _remove_values(task: Task) -> Mapping[str, Value] | None:
    return {"names": "\n".join(task.names), "keep": task.keep} if isinstance(task, VolumeRemove) else None


class RemoveVolumePanel(VolumePanel):
    """A form over ``docker volume rm``. What would be gone for good is shown first; a second Run does it."""

    title = N_("Remove volumes (docker volume rm)")
    faults: ClassVar[Faults] = {NoSuchVolume: "names", VolumeInUse: "names"}
    spec, make, read = _remove_fields, _remove_task, _remove_values

    def asks_first(self, plan: Plan) -> bool:
        """Whether something would be gone for good."""
        return bool(plan.warnings)


def _put_fields() -> list[Field]:
    here = translate(N_("A file or folder of this machine; FOLDER/. is what is in it"))
    return [
        Field("source", translate(N_("From")), "text", here, "index.html", flag="-v"),
        Field("volume", translate(VOLUME), "suggest", translate(N_("The volume to copy into")), "apa000vol1"),
        Field("path", translate(N_("To")), "text", translate(N_("A path in the volume")), "/"),
        Field(
            "replace",
            translate(N_("Replace files of that name")),
            "switch",
            translate(N_("What is replaced in a volume can't be brought back.")),
        ),
    ]


def _put_task(values: Mapping[str, Value]) -> Task:
    source = required(values, "source", translate(N_("From")))
    volume = required(values, "volume", translate(VOLUME))
    return VolumePut(source, volume, str(values["path"]).strip() or "/", replace=bool(values["replace"]))


def _put_values(task: Task) -> Mapping[str, Value] | None:
    if not isinstance(task, VolumePut):
        return None
    return {"source": task.source, "volume": task.volume, "path": task.path, "replace": task.replace}


class PutFilesPanel(VolumePanel):
    """A form over files that go into a volume."""

    title = N_("Copy files into a volume")
    faults: ClassVar[Faults] = {NoSuchVolume: "volume", NoSuchPath: "source", WouldReplace: "path"}
    spec, make, read = _put_fields, _put_task, _put_values
    suggesting = ("volume",)


def _get_fields() -> list[Field]:
    return [
        Field("volume", translate(VOLUME), "suggest", translate(N_("The volume to copy out of")), "apa000vol1"),
        Field("path", translate(N_("From")), "text", translate(N_("A path in the volume")), "/index.html"),
        Field("target", translate(N_("To")), "text", translate(N_("A path of this machine")), ".", flag="-v"),
    ]


def _get_task(values: Mapping[str, Value]) -> Task:
    volume = required(values, "volume", translate(VOLUME))
    path = required(values, "path", translate(N_("From")))
    return VolumeGet(volume, path, required(values, "target", translate(N_("To"))))


def _get_values(task: Task) -> Mapping[str, Value] | None:
    if not isinstance(task, VolumeGet):
        return None
    return {"volume": task.volume, "path": task.path, "target": task.target}


class GetFilesPanel(VolumePanel):
    """A form over files that come out of a volume."""

    title = N_("Copy files out of a volume")
    faults: ClassVar[Faults] = {NoSuchVolume: "volume", NoSuchPath: "path"}
    spec, make, read = _get_fields, _get_task, _get_values
    suggesting = ("volume",)
