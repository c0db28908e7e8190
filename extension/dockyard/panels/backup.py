"""The panels over a volume's backup and its restore."""

from collections.abc import Mapping

from dockyard.connection import Client
from dockyard.errors import DockyardError, MissingField
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value
from dockyard.panels.panel import Panel
from dockyard.tables import volumes
from dockyard.tasks import Backup, Restore, Task

__all__ = ["BackupPanel", "RestorePanel", "backup", "restore"]


class _VolumePanel(Panel):
    """A form with a field for a volume, which suggests those that there are."""

    def suggest_volumes(self) -> None:
        """Ask the engine for them."""
        try:
            self.form.suggest("volume", list(volumes(self.client)["name"]))
        except DockyardError as error:
            self._show_error(error)


class BackupPanel(_VolumePanel):
    """A form over a backup."""

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Back a volume up (tar czvf)"))
        super().__init__(title, _backup_fields(), values, _backup_task, client, _backup_values)
        self.suggest_volumes()


class RestorePanel(_VolumePanel):
    """A form over a restore."""

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Restore a volume (tar xzvf)"))
        super().__init__(title, _restore_fields(), values, _restore_task, client, _restore_values)
        self.suggest_volumes()


def backup(volume: str = "", target: str = "", *, stop: bool = False, client: Client | None = None) -> BackupPanel:
    """Return a panel that backs a volume up.

    Args:
        volume: Its name.
        target: The archive's path, such as ``"backup_apa.tar.gz"``.
        stop: Stop the containers that use it meanwhile, and start them again.
        client: The engine; by default the one in use.
    """
    return BackupPanel({"volume": volume, "target": target, "stop": stop}, client)


def restore(
    archive: str = "", volume: str = "", *, replace: bool = False, client: Client | None = None
) -> RestorePanel:
    """Return a panel that restores a volume.

    Args:
        archive: Path of a ``.tar`` or ``.tar.gz``.
        volume: Its name; a new one, or an empty one.
        replace: Let go of what the volume has.
        client: The engine; by default the one in use.
    """
    return RestorePanel({"archive": archive, "volume": volume, "replace": replace}, client)


def _backup_fields() -> list[Field]:
    return [
        Field("volume", translate(N_("Volume")), "suggest", translate(N_("The volume to back up")), "apa000vol1"),
        Field(
            "target",
            translate(N_("Archive")),
            "text",
            translate(N_("The file to write, on this machine")),
            "backup_apa.tar.gz",
            flag="-v",
        ),
        Field(
            "stop",
            translate(N_("Stop and start the containers around it")),
            "switch",
            translate(N_("Those that use the volume are stopped meanwhile, so that nothing is written by half")),
        ),
    ]


def _restore_fields() -> list[Field]:
    return [
        Field(
            "archive",
            translate(N_("Archive")),
            "text",
            translate(N_("The .tar or .tar.gz to restore, on this machine")),
            "backup_apa.tar.gz",
            flag="-v",
        ),
        Field(
            "volume", translate(N_("Volume")), "suggest", translate(N_("A new volume, or an empty one")), "apa000vol2"
        ),
        Field(
            "replace",
            translate(N_("Replace what the volume has")),
            "switch",
            translate(N_("Its content is taken out first; undo brings it back")),
        ),
    ]


def _backup_task(values: Mapping[str, Value]) -> Task:
    _require(values, ("volume", N_("Volume")), ("target", N_("Archive")))
    return Backup(str(values["volume"]), str(values["target"]), bool(values["stop"]))


def _restore_task(values: Mapping[str, Value]) -> Task:
    _require(values, ("archive", N_("Archive")), ("volume", N_("Volume")))
    return Restore(str(values["archive"]), str(values["volume"]), bool(values["replace"]))


def _require(values: Mapping[str, Value], *fields: tuple[str, str]) -> None:
    for name, label in fields:
        if not values[name]:
            raise MissingField(label=translate(label))


def _backup_values(task: Task) -> Mapping[str, Value] | None:
    """The fields that make a task; None where the form can't show it."""
    return {"volume": task.volume, "target": task.target, "stop": task.stop} if isinstance(task, Backup) else None


def _restore_values(task: Task) -> Mapping[str, Value] | None:
    if not isinstance(task, Restore):
        return None
    return {"archive": task.archive, "volume": task.volume, "replace": task.replace}
