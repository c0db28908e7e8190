"""``dockyard lessons``: how far each lesson is done, and lessons begun anew."""

import argparse
import sys
from pathlib import Path

import dockyard.lessons
from dockyard.connection import connect
from dockyard.locale import N_, translate

__all__ = ["add_parser", "run"]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``lessons`` and what follows it to the command's grammar."""
    actions = commands.add_parser("lessons", help=translate(N_("how far each lesson is done; begin lessons anew")))
    adding = actions.add_subparsers(dest="action")
    action = adding.add_parser(
        "reset", help=translate(N_("remove what lessons made, after showing it, and begin anew"))
    )
    action.add_argument("lessons", nargs="*", metavar="LESSON", help=translate(N_("such as copy; none for all")))
    action.add_argument(
        "--folder", type=Path, default=Path(), help=translate(N_("where the lessons' notebooks lie; by default, here"))
    )
    action.add_argument("--yes", action="store_true", help=translate(N_("do not ask")))


def run(chosen: argparse.Namespace) -> int:
    """Do what was asked and return the exit code."""
    if chosen.action is None:
        print(repr(dockyard.lessons.map()))
        return 0
    found = dockyard.lessons.reset(*chosen.lessons, folder=chosen.folder, client=connect(chosen.engine))
    print("\n".join([*found.lines(), *found.plan.warnings]))
    if not chosen.yes:
        if not sys.stdin.isatty():
            print(translate(N_("Say --yes to do it.")))
            return 1
        if input(translate(N_("Type yes to go on: "))).strip().lower() != "yes":
            print(translate(N_("Nothing was removed.")))
            return 1
    found.agree()
    print(translate(N_("Done. What was passed stays passed.")))
    return 0
