"""The three kinds of mounts, really tried on an engine with containers that are thrown away, and what came of it."""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockyard.connection import Client
from dockyard.errors import EngineRefused, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Progress, Report, check_cancel, ignore
from dockyard.tasks.inside import run_in
from dockyard.tasks.pull import has_image, pull

__all__ = ["TRIAL_LABEL", "MountTrial", "require_trial_image", "throw_away", "try_mounts"]

TRIAL_LABEL = "dockyard.trial"
IMAGE = "busybox"
PLACE = "/trial"
KINDS = ("bind", "volume", "tmpfs")
STEPS = 4


@dataclass(frozen=True)
class MountTrial:
    """What one kind did on this engine.

    Attributes:
        kind: ``bind``, ``volume`` or ``tmpfs``.
        lives_at: Where its files are on the engine's machine; empty where they are in memory, or where it was not tried.
        after_restart: Whether a file was there after the container was restarted; None where it was not tried.
        after_removal: Whether it was there in a new container after the first was removed; None where it was not tried.
        from_host: Whether a file written there by this program, without docker, was seen in the container; None where it was not tried.
        note: Why it was not tried, in the reader's language; else empty.
    """

    kind: str
    lives_at: str = ""
    after_restart: bool | None = None
    after_removal: bool | None = None
    from_host: bool | None = None
    note: str = ""


def try_mounts(client: Client, *, report: Report = ignore, cancel: Cancel = NEVER) -> tuple[MountTrial, ...]:
    """Mount each kind, write into it, restart, remove, look again; leave nothing behind.

    Args:
        client: The engine. Where it is another machine's, a bind can't be tried: its folders can't be reached from here.
        report: Told the steps.
        cancel: Looked at between steps.

    Raises:
        NoSuchImage: There is no busybox, and it can't be pulled.
        Cancelled: ``cancel`` was set; what was made is removed.
    """
    require_trial_image(client, report, cancel)
    found = []
    for count, kind in enumerate(KINDS):

        def step(number: int, count: int = count, kind: str = kind) -> None:
            check_cancel(cancel)
            doing = translate(N_("trying {kind}")).format(kind=kind)
            report(Progress(count * STEPS + number, len(KINDS) * STEPS, "steps", doing))

        with ExitStack() as stack:
            step(0)
            if kind == "bind" and not client.is_local:
                note = translate(N_("the engine is another machine's, whose folders can't be reached from here"))
                found.append(MountTrial(kind, note=note))
                continue
            try:
                found.append(_try(client, kind, stack, step))
            except EngineRefused as error:
                found.append(MountTrial(kind, note=str(error)))
    report(Progress(len(KINDS) * STEPS, len(KINDS) * STEPS, "steps", ""))
    return tuple(found)


@contextmanager
def throw_away(client: Client, mounts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Run a container that only sleeps, with these mounts (Docker Engine API, Mount), for the time of a block.

    Yields:
        Its ID. It goes with its unnamed volumes.
    """
    body = {
        "Image": IMAGE,
        "Cmd": ["sleep", "3600"],
        "StopSignal": "SIGKILL",
        "Labels": {TRIAL_LABEL: "1"},
        "NetworkDisabled": True,
        "HostConfig": {"Mounts": [*mounts]},
    }
    with engine_errors(client.address):
        made = client.api.create_container_from_config(body)  # type: ignore[no-untyped-call]  # docker-py types little
    container = str(made["Id"])
    try:
        with engine_errors(client.address):
            client.api.start(container)
        yield container
    finally:
        with engine_errors(client.address):
            client.api.remove_container(container, force=True, v=True)


def require_trial_image(client: Client, report: Report, cancel: Cancel) -> None:
    """Pull the image that trials run from, where the engine does not have it.

    Raises:
        NoSuchImage: It can't be pulled.
    """
    if not has_image(client, IMAGE):
        pull(client, IMAGE, report=report, cancel=cancel)


def _try(client: Client, kind: str, stack: ExitStack, step: Callable[[int], None]) -> MountTrial:
    mount = {"Type": kind, "Target": PLACE, **_source(client, kind, stack)}
    with throw_away(client, [mount]) as container:
        code, said = run_in(client, container, ["sh", "-c", f"echo inside > {PLACE}/inside"])
        if code:
            raise EngineRefused(message=said.strip(), status=None)
        mounted = client.get_json("/containers/{}/json", container)["Mounts"]
        lives_at = str(mounted[0].get("Source") or "") if mounted and kind != "tmpfs" else ""
        step(1)
        from_host = _from_host(client, container, lives_at) if client.is_local else None
        step(2)
        with engine_errors(client.address):
            client.api.restart(container, timeout=0)
        after_restart = _has(client, container, "inside")
    step(3)
    with throw_away(client, [mount]) as another:
        after_removal = _has(client, another, "inside")
    return MountTrial(kind, lives_at, after_restart, after_removal, from_host)


def _source(client: Client, kind: str, stack: ExitStack) -> dict[str, str]:
    """Make what is mounted; it goes when the stack is closed."""
    if kind == "bind":
        folder = tempfile.mkdtemp(prefix="dockyard-trial-")
        stack.callback(shutil.rmtree, folder)
        return {"Source": folder}
    if kind == "volume":
        name = f"dockyard-trial-{uuid.uuid4().hex[:12]}"
        with engine_errors(client.address):
            client.api.create_volume(name, labels={TRIAL_LABEL: "1"})
        stack.callback(_remove_volume, client, name)
        return {"Source": name}
    return {}


def _remove_volume(client: Client, name: str) -> None:
    with engine_errors(client.address):
        client.api.remove_volume(name, force=True)


def _from_host(client: Client, container: str, lives_at: str) -> bool:
    """Whether a file that is written on the host is seen in the container; what is in memory has no place on the host."""
    if not lives_at:
        return False
    try:
        (Path(lives_at) / "outside").write_text("outside\n", "utf-8")
    except OSError:
        return False  # the engine's folders are closed to this user
    return _has(client, container, "outside")


def _has(client: Client, container: str, name: str) -> bool:
    code, _ = run_in(client, container, ["cat", f"{PLACE}/{name}"])
    return code == 0
