"""The panel over the containers that are there: choose some, choose what to do, see what it will change, do it, take it back."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import (
    BadValue,
    ContainerRuns,
    NameInvalid,
    NameTaken,
    NoSuchContainer,
    PortHeld,
    WrongCount,
    WrongState,
    engine_errors,
)
from dockyard.locale import N_, translate
from dockyard.panels.container_views import output_area, printed, processes_html
from dockyard.panels.form import Field, Value, required
from dockyard.panels.listings import CONTAINERS
from dockyard.panels.panel import Faults, changes_html
from dockyard.panels.picking import PickingPanel
from dockyard.tasks import (
    Exec,
    ExecResult,
    Kill,
    LifeTask,
    RemoveContainer,
    RenameContainer,
    Restart,
    Result,
    Stop,
    Task,
    parse,
)

__all__ = ["ContainersPanel", "containers"]

LOG_LINES = 200
# Docker's verb, what its button says, and the fields that it has beside the containers.
ACTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "start": (N_("Start"), ()),
    "stop": (N_("Stop"), ("time",)),
    "restart": (N_("Restart"), ("time",)),
    "pause": (N_("Pause"), ()),
    "unpause": (N_("Go on"), ()),
    "kill": (N_("Kill"), ("signal",)),
    "rename": (N_("Rename"), ("name",)),
    "exec": (N_("Run a command inside"), ("command", "user")),
    "rm": (N_("Remove"), ("force", "volumes", "keep")),
}
ALWAYS = ("containers", "action")


class ContainersPanel(PickingPanel):
    """Containers to choose from, and a form over what is to be done with those that are chosen.

    Attributes:
        action_buttons: Docker's verb to its button, which chooses it and shows what it will change.
        logs_button: Shows the last lines that the first chosen one has printed.
    """

    faults: ClassVar[Faults] = {
        ContainerRuns: "force",
        NameInvalid: "name",
        NameTaken: "name",
        NoSuchContainer: "containers",
        PortHeld: "containers",
        WrongCount: "containers",
        WrongState: "action",
    }

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        # Made first: whatever freezes the form freezes them too.
        self.action_buttons = {verb: self._action_button(verb, label) for verb, (label, _) in ACTIONS.items()}
        self.logs_button = _button(translate(N_("Logs")), lambda: self._start(self._do_logs))
        super().__init__(CONTAINERS, translate(N_("Containers")), _fields(), values, _task, client, _values)
        buttons = widgets.HBox(
            [*self.action_buttons.values(), self.logs_button], layout=widgets.Layout(flex_flow="row wrap")
        )
        self.form.fields["action"].observe(lambda _: self._show_fields(), "value")
        self._show_fields()
        heading, chosen_from, *rest = self.children
        self.children = [heading, chosen_from, buttons, *rest]

    def pick(self, names: tuple[str, ...]) -> None:
        """Name them in the form."""
        self.form.fields["containers"].value = shlex.join(names)

    def after_run(self, task: Task, result: Result) -> None:
        """Show what ran before and after, what a command printed, and which files it wrote."""
        shown: list[widgets.Widget] = []
        if text := printed(result):
            shown.append(output_area(text))
        if isinstance(result, ExecResult) and not (isinstance(task, Exec) and task.detach):
            title = translate(N_("Files that it wrote"))
            shown.append(widgets.HTML(f"<div><b>{title}</b></div>{changes_html(result.changes)}"))
        if table := processes_html(result):
            shown.append(widgets.HTML(table))
        self.more.children = tuple(shown)

    def _action_button(self, verb: str, label: str) -> widgets.Button:
        def click() -> None:
            self.form.fields["action"].value = verb
            if self.task is not None:
                self._preview()

        return _button(translate(label), click, f"docker {verb}")

    def _show_fields(self) -> None:
        _, own = ACTIONS.get(self.form.fields["action"].value.strip(), ("", ()))
        self.form.show({*ALWAYS, *own})

    def _do_logs(self) -> None:
        name = next(iter(_names(self.form.values)), "")
        with engine_errors(self.client.address):
            told = self.client.api.logs(name, tail=LOG_LINES)
        text = bytes(told).decode(errors="replace")
        title = translate(N_("The last lines of {name} (docker logs)")).format(name=name)
        area = output_area(text or translate(N_("It has printed nothing.")))
        area.description = title
        self.more.children = (area,)

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        for button in (*self.action_buttons.values(), self.logs_button):
            button.disabled = busy


def containers(
    names: str | Sequence[str] = (), action: str = "start", *, keep: bool = True, client: Client | None = None
) -> ContainersPanel:
    """Return a panel that lists the containers and starts, stops, restarts, pauses, kills, renames and removes them.

    Args:
        names: Those that are chosen at first.
        action: Docker's verb that is chosen at first, such as ``"stop"``.
        keep: Keep what is removed, so that it can be made again.
        client: The engine; by default the one in use.
    """
    chosen = names if isinstance(names, str) else shlex.join(names)
    return ContainersPanel({"containers": chosen, "action": action, "keep": keep}, client)


def _fields() -> list[Field]:
    return [
        Field("containers", translate(N_("Chosen")), "text", translate(N_("Names or IDs, with spaces between them; choosing in the list fills this in")), "apa000ex20 apa000ex21"),
        Field("action", translate(N_("What to do")), "suggest", translate(N_("Docker's verb; the buttons fill this in")), "stop", tuple(ACTIONS)),
        Field("time", translate(N_("Seconds (-t)")), "text", translate(N_("How long it may take to end before it is killed")), "10", flag="-t"),
        Field("signal", translate(N_("Signal (-s)")), "text", translate(N_("What to send; empty kills it")), "SIGKILL", flag="-s"),
        Field("name", translate(N_("New name")), "text", translate(N_("What the container is to be called")), "apa000ex22"),
        Field("command", translate(N_("Command")), "text", translate(N_("What to run inside, without a terminal")), "ls -l /usr/local/apache2/htdocs", flag="COMMAND"),
        Field("user", translate(N_("User (-u)")), "text", translate(N_("Who runs it")), "root", flag="-u"),
        Field("force", translate(N_("Also one that runs (-f)")), "switch", translate(N_("It is killed first")), flag="-f"),
        Field("volumes", translate(N_("Unnamed volumes too (-v)")), "switch", translate(N_("Volumes without a name go with it")), flag="-v"),
        Field("keep", translate(N_("Keep for undo")), "switch", translate(N_("Keep its configuration and what it wrote, so that it can be made again"))),
    ]  # fmt: skip


def _task(values: Mapping[str, Value]) -> Task:
    names = _names(values)
    action = required(values, "action", translate(N_("What to do")))
    if action not in ACTIONS:
        raise BadValue(
            flag="action", value=action, expected=translate(N_("it is one of {kinds}")).format(kinds=", ".join(ACTIONS))
        )
    return _MAKE.get(action, _plain)(action, names, values)


def _plain(action: str, names: Sequence[str], values: Mapping[str, Value]) -> Task:
    given = [
        word
        for name, flag in (("time", "-t"), ("signal", "-s"))
        if name in ACTIONS[action][1] and (value := str(values[name]).strip())
        for word in (flag, value)
    ]
    return parse(shlex.join(["docker", action, *given, *names]))


def _rename(action: str, names: Sequence[str], values: Mapping[str, Value]) -> Task:
    _one(action, names)
    return RenameContainer(names[0], required(values, "name", translate(N_("New name"))))


def _exec(action: str, names: Sequence[str], values: Mapping[str, Value]) -> Task:
    _one(action, names)
    words = _words(required(values, "command", translate(N_("Command"))), "COMMAND")
    return Exec(names[0], words, user=str(values["user"]).strip())


def _remove(action: str, names: Sequence[str], values: Mapping[str, Value]) -> Task:  # noqa: ARG001  # one of several
    force, volumes, keep = (bool(values[name]) for name in ("force", "volumes", "keep"))
    return RemoveContainer(tuple(names), force, volumes, keep)


_MAKE: Mapping[str, Callable[[str, Sequence[str], Mapping[str, Value]], Task]] = {
    "rename": _rename,
    "exec": _exec,
    "rm": _remove,
}


def _names(values: Mapping[str, Value]) -> tuple[str, ...]:
    return _words(required(values, "containers", translate(N_("Chosen"))), "containers")


def _words(text: str, place: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise BadValue(flag=place, value=text, expected=translate(N_("a quotation mark is left open"))) from error


def _one(action: str, names: Sequence[str]) -> None:
    if len(names) != 1:
        raise WrongCount(command=action, needed=translate(N_("one container")), found=len(names))


def _values(task: Task) -> Mapping[str, Value] | None:
    """The fields that make a task; None for one of another kind."""
    common: dict[str, Value] = {"action": task.verb, "keep": True}
    if isinstance(task, LifeTask):
        time_s = task.time_s if isinstance(task, Stop | Restart) else None
        signal = task.signal if isinstance(task, Kill) and task.signal != "SIGKILL" else ""
        time = "" if time_s is None else str(time_s)
        return {**common, "containers": shlex.join(task.containers), "time": time, "signal": signal}
    if isinstance(task, RenameContainer):
        return {**common, "containers": shlex.quote(task.container), "name": task.name}
    if isinstance(task, Exec):
        command = shlex.join(task.words)
        return {**common, "containers": shlex.quote(task.container), "command": command, "user": task.user}
    if isinstance(task, RemoveContainer):
        switches: dict[str, Value] = {"force": task.force, "volumes": task.volumes}
        return {**common, "containers": shlex.join(task.containers), **switches}
    return None


def _button(label: str, click: Callable[[], None], tooltip: str = "docker logs") -> widgets.Button:
    button = widgets.Button(description=label, tooltip=tooltip, layout=widgets.Layout(width="auto"))
    button.on_click(lambda _: click())
    return button
