"""Mounts as ``docker run`` takes them in one word: ``-v``, ``--volumes-from``, ``--tmpfs``."""

import re
from dataclasses import dataclass

from dockyard.engine.errors import BadParameter, NotSupported

__all__ = ["Bind", "Tmpfs", "parse_bind", "parse_tmpfs", "parse_volumes_from", "require_propagation"]

READ = ("ro", "rw")
PROPAGATION = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
# At most one word of each may be given. Labels are for SELinux and consistency for Docker Desktop: neither changes anything here.
GROUPS = (READ, ("z", "Z"), ("nocopy",), PROPAGATION, ("consistent", "cached", "delegated"))
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
# What is always so, or makes no difference where nothing keeps containers apart.
TMPFS_WORDS = (
    *("rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "async", "sync", "dirsync", "mand", "nomand"),
    *(
        "atime",
        "noatime",
        "diratime",
        "nodiratime",
        "relatime",
        "norelatime",
        "strictatime",
        "nostrictatime",
        "defaults",
    ),
)
TMPFS_KEYS = ("uid", "gid", "nr_inodes", "nr_blocks", "mpol")
_SIZE = re.compile(r"(\d+)([kmgt]?)")


@dataclass(frozen=True)
class Bind:
    """A ``-v`` taken apart.

    Attributes:
        source: A path of this machine, a volume's name, or empty for an anonymous volume.
        target: Where, in the container.
        mode: The words after that, as written.
    """

    source: str
    target: str
    mode: str = ""

    @property
    def words(self) -> list[str]:
        """The words of the mode."""
        return [word for word in self.mode.split(",") if word]


@dataclass(frozen=True)
class Tmpfs:
    """A ``--tmpfs`` taken apart.

    Attributes:
        size_bytes: The most that it holds; None for no limit of its own.
        mode: Permissions; None for the usual ones.
        read_only: Whether it stays empty.
    """

    size_bytes: int | None = None
    mode: int | None = None
    read_only: bool = False


def parse_bind(text: str) -> Bind:
    """Take a bind apart, such as ``"/srv:/data:ro"``, ``"data:/data"`` or ``"/data"``.

    Raises:
        BadParameter: It is none.
    """
    parts = text.split(":")
    if len(parts) > 3 or not all(parts[:2]) or (len(parts) == 2 and _is_mode(parts[1])):
        raise BadParameter(f"invalid volume specification: '{text}'")
    if len(parts) == 1:
        return Bind("", parts[0])
    bind = Bind(*parts)
    if not _is_mode(bind.mode):
        raise BadParameter(f"invalid mode: {bind.mode}")
    return bind


def parse_volumes_from(text: str) -> tuple[str, bool]:
    """Return the container that volumes are taken from, and whether they may only be read.

    Raises:
        BadParameter: It is no ``NAME[:MODE]``.
    """
    name, _, mode = text.partition(":")
    if not name:
        raise BadParameter(
            f"invalid volumes-from specification: {text}" if text else "empty volumes-from specification"
        )
    if not _is_mode(mode) or mode in ("nocopy", *PROPAGATION):
        raise BadParameter(f"invalid mode: {mode}")
    return name, "ro" in mode.split(",")


def parse_tmpfs(text: str) -> Tmpfs:
    """Take the options of a tmpfs apart, such as ``"size=64m,mode=1777"``.

    Raises:
        BadParameter: One is unknown.
        NotSupported: One can't be had here.
    """
    size_bytes, mode, read_only = None, None, False
    for word in filter(None, text.split(",")):
        key, equals, value = word.partition("=")
        if key == "size" and (found := _SIZE.fullmatch(value.lower())):
            size_bytes = int(found[1]) * UNITS[found[2]]
        elif key == "mode" and value and set(value) <= set("01234567"):
            mode = int(value, 8)
        elif word == "ro":
            read_only = True
        elif equals and key in ("size", *TMPFS_KEYS):
            raise NotSupported(
                f"this engine can't give a tmpfs {word}: of its options it takes size in bytes, and mode"
            )
        elif word not in TMPFS_WORDS:
            raise BadParameter(
                f'invalid tmpfs option ["{key}" "{value}"]' if equals else f'invalid tmpfs option ["{word}"]'
            )
    return Tmpfs(size_bytes, mode, read_only)


def require_propagation(mode: str) -> None:
    """Refuse to pass mounts on between the container and this machine.

    Raises:
        NotSupported: That is asked for.
    """
    if mode not in ("", "private", "rprivate"):
        raise NotSupported(f"this engine can't pass mounts on: bind propagation {mode} is not to be had, only rprivate")


def _is_mode(text: str) -> bool:
    words = text.split(",") if text else []
    return all(any(word in group for group in GROUPS) for word in words) and all(
        sum(word in group for word in words) <= 1 for group in GROUPS
    )
