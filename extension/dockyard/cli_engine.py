"""``dockyard engine``: the embedded engine's life."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from dockyard.connection import Client, connect, embedded
from dockyard.errors import EmbeddedUnavailable
from dockyard.locale import N_, translate
from dockyard.wording import human_size

__all__ = ["add_parser", "run"]

LOG_LINES = 100


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``engine`` and what follows it to the command's grammar."""
    actions = commands.add_parser("engine", help=translate(N_("the embedded engine, for where no Docker can be")))
    adding = actions.add_subparsers(dest="action", required=True)
    adding.add_parser("start", help=translate(N_("start it, unless it runs, and print its address")))
    adding.add_parser("status", help=translate(N_("whether it runs, where, and what it holds; exit 1 if it does not")))
    action = adding.add_parser("stop", help=translate(N_("stop it; its containers run on")))
    action.add_argument("--all", action="store_true", help=translate(N_("end its containers first")))
    action = adding.add_parser("logs", help=translate(N_("what it logged")))
    action.add_argument(
        "-n",
        "--lines",
        type=int,
        default=LOG_LINES,
        metavar="N",
        help=translate(N_("how many lines of the end; 0 is all of it")),
    )
    action = adding.add_parser("reset", help=translate(N_("end its containers and remove everything it keeps")))
    action.add_argument("--yes", action="store_true", help=translate(N_("do not ask")))


def run(chosen: argparse.Namespace) -> int:
    """Do what was asked and return the exit code."""
    return _ACTIONS[chosen.action](chosen)


def _start(_: argparse.Namespace) -> int:
    if reason := embedded.why_not():
        raise EmbeddedUnavailable(reason=reason)
    print(f"export DOCKER_HOST={embedded.start().address}")
    return 0


def _status(_: argparse.Namespace) -> int:
    alive = embedded.status()
    if alive is None:
        reason = embedded.why_not()
        print(
            translate(N_("It is not running, and can't here: {reason}.")).format(reason=reason)
            if reason
            else translate(N_("It is not running. It starts when it is needed, or with `dockyard engine start`."))
        )
        return 1
    about = connect(alive.address).get_json("/info")
    rows = [
        (N_("address"), f"DOCKER_HOST={alive.address}"),
        (N_("version"), f"Dockyard {alive.version}"),
        (N_("runner"), translate(N_("{engine} (embedded engine, no isolation)")).format(engine=alive.runner)),
        (
            N_("containers"),
            translate(N_("{running} running, {n} in all")).format(
                running=about["ContainersRunning"], n=about["Containers"]
            ),
        ),
        (N_("images"), str(about["Images"])),
        (
            N_("on disk"),
            translate(N_("{size} in {folder}")).format(
                size=human_size(embedded.disk_use_bytes()), folder=embedded.data_folder()
            ),
        ),
        (N_("process"), translate(N_("{pid}, since {time}")).format(pid=alive.pid, time=alive.started_at[:19])),
    ]
    for label, value in rows:
        print(f"{translate(label)}: {value}")
    return 0


def _stop(chosen: argparse.Namespace) -> int:
    alive = embedded.status()
    if alive is None and chosen.all:
        alive = embedded.start()  # its containers may run on without it
    if alive is None:
        print(translate(N_("It is not running.")))
        return 0
    client = connect(alive.address)
    running = _running(client)
    if chosen.all:
        for each in running:
            client.api.stop(each["Id"])
        running = _running(client)
    client.api.close()
    embedded.stop()
    print(
        translate(N_("Stopped. {n} containers run on; `dockyard engine stop --all` ends them too.")).format(
            n=len(running)
        )
        if running
        else translate(N_("Stopped; no container runs."))
    )
    return 0


def _logs(chosen: argparse.Namespace) -> int:
    lines = [line for path in embedded.log_files() for line in path.read_text(errors="replace").splitlines()]
    print("\n".join(lines[-chosen.lines :]) if lines else translate(N_("It has logged nothing.")))
    return 0


def _reset(chosen: argparse.Namespace) -> int:
    folder = embedded.data_folder()
    if not folder.exists():
        print(translate(N_("There is nothing to remove.")))
        return 0
    if not chosen.yes:
        warning = translate(
            N_("This ends every container of the embedded engine and removes all that is in {folder}: {size}.")
        )
        print(warning.format(folder=folder, size=human_size(embedded.disk_use_bytes())))
        if not sys.stdin.isatty():
            print(translate(N_("Say --yes to do it.")))
            return 1
        if input(translate(N_("Type yes to go on: "))).strip().lower() != "yes":
            print(translate(N_("Nothing was removed.")))
            return 1
    embedded.reset()
    print(translate(N_("Removed.")))
    return 0


def _running(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.api.containers()
    return found


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "start": _start,
    "status": _status,
    "stop": _stop,
    "logs": _logs,
    "reset": _reset,
}
