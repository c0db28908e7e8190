"""What can be done with one thing of the sidebar: each action with the task that it stands for."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dockyard.connection import Client
from dockyard.errors import UnknownAction
from dockyard.tasks import (
    Attach,
    Build,
    Commit,
    ComposeUp,
    CopyIn,
    CopyOut,
    Kill,
    Pause,
    Pull,
    Push,
    RemoveContainer,
    Restart,
    Shell,
    Start,
    Stop,
    Tag,
    Task,
    Unpause,
    Untag,
    VolumeCreate,
    VolumeGet,
    VolumePut,
    VolumeRemove,
)
from dockyard.tasks.container import require_container
from dockyard.tasks.shell import find_shell

__all__ = ["ACTIONS", "Thing", "task_for"]


@dataclass(frozen=True)
class Thing:
    """What an action is done with.

    Attributes:
        name: Its name, or where it has none its ID.
        file: A path on this machine: what is copied in, or the folder into which something is copied out.
        path: A path in the container or volume.
        text: A further name, such as a new tag.
    """

    name: str
    file: str = ""
    path: str = "/"
    text: str = ""


Make = Callable[[Client, Thing], Task]


def task_for(client: Client, kind: str, action: str, thing: Thing) -> Task:
    """Return the task of an action.

    Raises:
        UnknownAction: There is no such action with such a thing.
        DockyardError: It can't be done with this one; the sentence says why.
    """
    make = ACTIONS.get((kind, action))
    if make is None:
        raise UnknownAction(action=action, kind=kind)
    return make(client, thing)


def _remove_container(client: Client, thing: Thing) -> Task:
    """Remove it, killing it if it runs, and keep what it takes to bring it back."""
    found: Any = require_container(client, thing.name)
    return RemoveContainer((thing.name,), force=bool(found["State"]["Running"]), keep=True)


def _build(_: Client, thing: Thing) -> Task:
    """Build by a Dockerfile, with its folder as the context."""
    folder, name = os.path.split(thing.file)
    return Build(folder, (thing.text,) if thing.text else (), "" if name == "Dockerfile" else thing.file)


ACTIONS: dict[tuple[str, str], Make] = {
    ("container", "start"): lambda _, it: Start((it.name,)),
    ("container", "stop"): lambda _, it: Stop((it.name,)),
    ("container", "restart"): lambda _, it: Restart((it.name,)),
    ("container", "pause"): lambda _, it: Pause((it.name,)),
    ("container", "unpause"): lambda _, it: Unpause((it.name,)),
    ("container", "kill"): lambda _, it: Kill((it.name,)),
    ("container", "remove"): _remove_container,
    ("container", "shell"): lambda client, it: Shell(it.name, (find_shell(client, it.name),)),
    ("container", "attach"): lambda _, it: Attach(it.name),
    ("container", "commit"): lambda _, it: Commit(it.name, it.text),
    ("container", "copy-in"): lambda _, it: CopyIn(it.file, it.name, it.path),
    ("container", "copy-out"): lambda _, it: CopyOut(it.name, it.path, it.file),
    ("image", "remove"): lambda _, it: Untag((it.name,)),
    ("image", "tag"): lambda _, it: Tag(it.name, it.text),
    ("image", "push"): lambda _, it: Push(it.name),
    ("repository", "pull"): lambda _, it: Pull(it.name),
    ("volume", "create"): lambda _, it: VolumeCreate(it.name),
    ("volume", "remove"): lambda _, it: VolumeRemove((it.name,)),
    ("volume", "copy-in"): lambda _, it: VolumePut(it.file, it.name, it.path),
    ("volume", "copy-out"): lambda _, it: VolumeGet(it.name, it.path, it.file),
    ("dockerfile", "build"): _build,
    ("compose", "up"): lambda _, it: ComposeUp(it.file),
}
