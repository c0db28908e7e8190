"""Who a container's program runs as: names looked up in the container's own ``/etc/passwd`` and ``/etc/group``."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from dockyard.engine.errors import BadParameter
from dockyard.engine.files.view import View

__all__ = ["User", "find_user"]

LARGEST_ID = 2**31 - 1
LARGEST_FILE = 4 << 20


@dataclass(frozen=True)
class User:
    """Whom a program runs as.

    Attributes:
        uid: The user.
        gid: The group.
        groups: All groups, the first its own.
        home: The home folder; ``/`` where none is known.
    """

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def find_user(view: View, asked: str, more_groups: Sequence[str] = ()) -> User:
    """Return a user.

    Args:
        view: The container's files.
        asked: ``NAME``, ``UID``, ``NAME:GROUP``, ``UID:GID``; empty for root.
        more_groups: Names or numbers.

    Raises:
        BadParameter: A name that the container does not know.
    """
    name, _, group = asked.partition(":")
    people, teams = _lines(view, "/etc/passwd", 7), _lines(view, "/etc/group", 4)
    entry = next((each for each in people if each[0] == name or each[2] == name), None) if name else None
    uid = int(entry[2]) if entry else 0
    if name and entry is None:
        if not name.isdecimal():
            raise BadParameter(f"unable to find user {name}: no matching entries in passwd file")
        uid = _number(name, "uids")
    root = next((each for each in people if each[2] == "0"), None)
    about = entry or (root if uid == 0 else None)
    gid = _group(teams, group) if group else int(about[3]) if about else 0
    member_of = [int(each[2]) for each in teams if about and not group and about[0] in each[3].split(",")]
    groups = [*member_of, *(_group(teams, each) for each in more_groups)]
    # The group itself is among them, so that a program that gives up its own groups does not win by it (CVE-2022-36109).
    return User(uid, gid, tuple(dict.fromkeys([gid, *groups])), about[5] if about else "/")


def _group(teams: list[list[str]], name: str) -> int:
    entry = next((each for each in teams if name in (each[0], each[2])), None)
    if entry:
        return int(entry[2])
    if not name.isdecimal():
        raise BadParameter(f"unable to find group {name}: no matching entries in group file")
    return _number(name, "gids")


def _number(text: str, kind: str) -> int:
    number = int(text)
    if number > LARGEST_ID:
        raise BadParameter(f"{kind} must be in range 0-{LARGEST_ID}")
    return number


def _lines(view: View, path: str, fields: int) -> list[list[str]]:
    """The well-formed lines of a colon-separated file; none where it can't be read."""
    try:
        with view.hold(path) as held:
            if held.opened is None:
                return []
            opened = os.open(f"/proc/self/fd/{held.opened}", os.O_RDONLY | os.O_NONBLOCK)
            with open(opened, "rb") as file:
                text = file.read(LARGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return []
    entries = [line.split(":") for line in text.splitlines()]
    return [
        each for each in entries if len(each) >= fields and each[2].isdecimal() and (fields < 7 or each[3].isdecimal())
    ]
