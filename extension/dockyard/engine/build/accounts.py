"""Users and groups by the names that an image gives them: what ``--chown`` means."""

from dockyard.engine.build.tree import FileTree
from dockyard.engine.errors import BadParameter

__all__ = ["find_owner"]

LARGEST_FILE = 4 << 20
LARGEST_ID = (1 << 32) - 2


def find_owner(tree: FileTree, text: str) -> tuple[int, int]:
    """Return the user's and the group's number.

    Args:
        tree: The files of the image, whose ``/etc/passwd`` and ``/etc/group`` say who is who.
        text: ``NAME``, ``NAME:GROUP``, or numbers; without a group it is the one called as the user.

    Raises:
        BadParameter: Nobody is called so.
    """
    parts = text.split(":")
    try:
        if len(parts) > 2 or not parts[0]:
            raise BadParameter(f"invalid chown string format: {text}")
        user, group = parts[0], parts[-1] or parts[0]
        return _number(tree, "/etc/passwd", "uid for user", "user", user), _number(
            tree, "/etc/group", "gid for group", "group", group
        )
    except BadParameter as error:
        raise BadParameter(f"unable to convert uid/gid chown string to host mapping: {error}") from error


def _number(tree: FileTree, path: str, what: str, kind: str, name: str) -> int:
    if name.isascii() and name.isdecimal():
        return _checked(name, what)
    for fields in _lines(tree, path):
        if fields[0] == name and len(fields) > 2 and fields[2].isdecimal():
            return _checked(fields[2], what)
    raise BadParameter(f"can't find {what} {name}: no such {kind}: {name}")


def _checked(number: str, what: str) -> int:
    if len(number) > 10 or int(number) > LARGEST_ID:
        raise BadParameter(f"can't find {what} {number}: it is larger than any")
    return int(number)


def _lines(tree: FileTree, path: str) -> list[list[str]]:
    try:
        entry = tree.entry(tree.key(path))
        if entry is None or not entry.is_file:
            return []
        with tree.path(entry.key).open("rb") as file:
            text = file.read(LARGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return []
    return [line.split(":") for line in text.splitlines()]
