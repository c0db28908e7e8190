"""A look into a volume, with nothing running.

>>> browse(client, "apa000vol1", "/css")                            # doctest: +SKIP
[Entry(name='style.css', kind='file', size_bytes=310, mode=420, changed=datetime(...))]
"""

import dataclasses
import posixpath
from dataclasses import dataclass
from datetime import UTC, datetime

from dockyard.connection import Client
from dockyard.connection.archive import download, stat_path
from dockyard.errors import NoSuchPath, NotADirectory
from dockyard.locale import N_, translate
from dockyard.tarstream import Kind, TarStream, changed_ns
from dockyard.tasks.base import NEVER, Cancel, check_cancel
from dockyard.tasks.holder import holding
from dockyard.tasks.volume_content import ROOT

__all__ = ["Entry", "browse", "inside"]


@dataclass(frozen=True)
class Entry:
    """One thing in a folder of a volume.

    Attributes:
        name: Without its folder.
        kind: What it is.
        size_bytes: Length of a file; of a folder, the sum of the files below it; 0 for everything else.
        mode: Permission bits, such as ``0o644``.
        changed: Its modification time, in UTC.
        link: Where a link leads, as it is written.
    """

    name: str
    kind: Kind
    size_bytes: int
    mode: int
    changed: datetime
    link: str = ""


def browse(client: Client, volume: str, path: str = "/", *, cancel: Cancel = NEVER) -> list[Entry]:
    """Return what is in a folder of a volume, folders first, by name.

    The engine has no listing, so the folder's stream is read once through.

    Args:
        client: The engine.
        volume: The volume's name.
        path: A folder in it; a relative one starts at the volume's root. A link is not followed.
        cancel: Looked at at each file.

    Raises:
        NoSuchVolume: There is no such volume.
        NoSuchPath: There is no such folder in it.
        NotADirectory: That is no folder.
    """
    folder = inside(path)
    with holding(client, {volume: ROOT}) as container:
        there = stat_path(client, container, folder)
        if there is None:
            raise NoSuchPath(path=path, where=translate(N_("in the volume {name!r}")).format(name=volume))
        if not there.is_dir:
            raise NotADirectory(path=path)
        found: dict[str, Entry] = {}
        with download(client, container, f"{folder}/.") as (_, reader):
            for member in TarStream(reader):
                check_cancel(cancel)
                top, _, below = member.name.partition("/")
                if below:
                    parent = found[top]
                    found[top] = dataclasses.replace(parent, size_bytes=parent.size_bytes + member.size_bytes)
                elif top:
                    changed = datetime.fromtimestamp(changed_ns(member.info) // 10**9, UTC)
                    mode = member.info.mode & 0o7777
                    found[top] = Entry(top, member.kind, member.size_bytes, mode, changed, member.link)
    return sorted(found.values(), key=lambda entry: (entry.kind != "folder", entry.name))


def inside(path: str) -> str:
    """A path of the volume as one of the container that holds it; ``..`` does not lead out."""
    clean = posixpath.normpath(posixpath.join("/", path)).lstrip("/")
    return f"{ROOT}/{clean}" if clean else ROOT
