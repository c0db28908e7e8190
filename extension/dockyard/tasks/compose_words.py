"""Lines of ``docker compose``: its own flags, its command, and the task that they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass

from dockyard.command import Flag, Parsed, parse_flags
from dockyard.errors import BadValue, NotInBackground, UnknownCommand
from dockyard.locale import N_, translate
from dockyard.tasks.compose_down import ComposeDown
from dockyard.tasks.compose_up import ComposeUp

__all__ = ["COMMANDS", "ComposeWords", "compose_from_words", "split"]

FLAGS = (Flag("file", "f", "list"), Flag("project-name", "p"), Flag("env-file", "", "list"))
UP = (
    Flag("detach", "d", "switch"),
    Flag("build", "", "switch"),
    Flag("force-recreate", "", "switch"),
    Flag("remove-orphans", "", "switch"),
)
DOWN = (Flag("volumes", "v", "switch"), Flag("remove-orphans", "", "switch"), Flag("timeout", "t"))
COMMANDS = ("config", "down", "ps", "up")


@dataclass(frozen=True)
class ComposeWords:
    """A line of ``docker compose``, taken apart.

    Attributes:
        file, project, env_files: The values of its own flags.
        command: Such as ``up``.
        rest: The words after that.
    """

    file: str
    project: str
    env_files: tuple[str, ...]
    command: str
    rest: tuple[str, ...]


def split(given: Sequence[str]) -> ComposeWords:
    """Take the words after ``docker compose`` apart.

    Raises:
        UnknownFlag, BadValue: A flag before the command is not supported.
        UnknownCommand: There is no such command here.
    """
    parsed = parse_flags("compose", FLAGS, given, flags_first=True)
    files = parsed.lists.get("file", ())
    if len(files) > 1:
        raise BadValue(flag="-f", value=files[1], expected=translate(N_("only one file is read")))
    if files == ("-",):
        raise BadValue(flag="-f", value="-", expected=translate(N_("write the file, and its path")))
    if not parsed.words or parsed.words[0] not in COMMANDS:
        known = ", ".join(f"compose {each}" for each in COMMANDS)
        raise UnknownCommand(name=" ".join(("compose", *parsed.words[:1])), known=known)
    return ComposeWords(
        "".join(files),
        parsed.values.get("project-name", ""),
        parsed.lists.get("env-file", ()),
        parsed.words[0],
        parsed.words[1:],
    )


def compose_from_words(given: tuple[str, ...]) -> ComposeUp | ComposeDown:
    """Return the task of ``docker compose`` with these words after ``compose``.

    Raises:
        BadLine: The words are not as docker compose takes them, or a flag is not supported; the sentence names it.
        NotInBackground: ``up`` without ``-d``.
    """
    line = split(given)
    if line.command == "down":
        return _down(line, parse_flags("compose down", DOWN, line.rest))
    if line.command != "up":
        known = ", ".join(f"compose {each}" for each in ("down", "up"))
        raise UnknownCommand(name=f"compose {line.command}", known=known)
    parsed = parse_flags("compose up", UP, line.rest)
    if "detach" not in parsed.switches:
        raise NotInBackground()
    return ComposeUp(
        line.file,
        line.project,
        parsed.words,
        line.env_files,
        "build" in parsed.switches,
        "force-recreate" in parsed.switches,
        "remove-orphans" in parsed.switches,
    )


def _down(line: ComposeWords, parsed: Parsed) -> ComposeDown:
    parsed.require_words("compose down", translate(N_("no name")), 0, 0)
    seconds = parsed.values.get("timeout")
    if seconds is not None and not seconds.isdecimal():
        raise BadValue(flag="-t", value=seconds, expected=translate(N_("write a number of seconds")))
    return ComposeDown(
        line.file,
        line.project,
        line.env_files,
        "volumes" in parsed.switches,
        "remove-orphans" in parsed.switches,
        None if seconds is None else int(seconds),
    )
