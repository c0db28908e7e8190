"""Where a copy lands: the rules of ``docker cp``, as one pure function.

Source: the docker command line reference for ``docker container cp``; checked against the real command in ``tests/compat``.
"""

import posixpath
from dataclasses import dataclass

from dockyard.errors import FolderOntoFile, NotADirectory, ParentMissing

__all__ = ["Placement", "Source", "Target", "names_folder", "place", "split"]


@dataclass(frozen=True)
class Source:
    """What is copied.

    Attributes:
        path: As the user wrote it.
        name: The name that it has when copied into a folder.
        is_dir: Whether it is a folder (a link to one is not, unless it is followed).
    """

    path: str
    name: str
    is_dir: bool

    @property
    def contents_only(self) -> bool:
        """``SRC/.``: the folder's contents, not the folder itself."""
        return posixpath.basename(self.path) == "."


@dataclass(frozen=True)
class Target:
    """Where it goes.

    Attributes:
        path: As the user wrote it, links at its end resolved.
        exists: Whether something is there.
        is_dir: Whether that is a folder.
        where: The side, for errors: ``in the container 'web'`` or ``on this machine``.
    """

    path: str
    exists: bool
    is_dir: bool
    where: str


@dataclass(frozen=True)
class Placement:
    """Where the copy lands.

    Attributes:
        directory: The existing folder into which it is put.
        name: What it is called there; empty when a folder's contents go straight into ``directory``.
    """

    directory: str
    name: str

    @property
    def path(self) -> str:
        """The copy's own path."""
        return posixpath.join(self.directory, self.name) if self.name else self.directory


def place(source: Source, target: Target) -> Placement:
    """Return where ``source`` lands when it is copied to ``target``.

    | source | target | result |
    |---|---|---|
    | file | nothing there | the file, under that name |
    | file | nothing there, ends in ``/`` | refused |
    | file | file | replaced |
    | either | folder | inside it, under the source's name |
    | folder | nothing there | that folder, with the contents |
    | folder | file | refused |
    | ``folder/.`` | folder | the contents, merged into it |

    Raises:
        FolderOntoFile: A folder can't replace a file.
        NotADirectory: The target is written as a folder, and is a file.
        ParentMissing: The target is written as a folder, and is not there.
    """
    if target.exists and target.is_dir:
        return Placement(target.path, "" if source.contents_only else source.name)
    if target.exists and source.is_dir:
        raise FolderOntoFile(source=source.path, target=target.path)
    if target.exists and names_folder(target.path):
        raise NotADirectory(path=target.path)
    if not target.exists and not source.is_dir and names_folder(target.path):
        raise ParentMissing(path=target.path, where=target.where)
    return Placement(*split(target.path))


def names_folder(path: str) -> bool:
    """Whether ``path`` is written as a folder: it ends in ``/`` or ``/.``."""
    return path.endswith("/") or posixpath.basename(path) == "."


def split(path: str) -> tuple[str, str]:
    """Return the folder that holds ``path`` and its name in it; trailing ``/`` and ``/.`` are no name.

    >>> split("/srv/www/.")
    ('/srv', 'www')
    >>> split("/")
    ('/', '')
    """
    head, name = posixpath.split(posixpath.normpath(path))
    return head or ".", "" if name == "." else name
