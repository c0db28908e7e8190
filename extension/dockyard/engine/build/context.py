"""What a build is made from: the files that the client sent, without those that ``.dockerignore`` names, and the Dockerfile."""

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from dockyard.engine.build.patterns import Ignored
from dockyard.engine.build.tree import FileTree
from dockyard.engine.build.unpack import unpack
from dockyard.engine.errors import BadParameter, ServerError
from dockyard.tarstream import Reader

__all__ = ["Context", "read_context", "read_dockerfile"]

LARGEST_DOCKERFILE = 16 << 20


@dataclass(frozen=True)
class Context:
    """A build's files.

    Attributes:
        tree: They themselves.
        dockerfile: The Dockerfile's text.
    """

    tree: FileTree
    dockerfile: str


def read_context(reader: Reader, folder: Path, dockerfile: str) -> Context:
    """Unpack a context.

    Args:
        reader: A tar stream, compressed or not.
        folder: An empty folder that only this user can enter.
        dockerfile: The Dockerfile's path in it.

    Raises:
        BadParameter: It is no archive, or its Dockerfile or ``.dockerignore`` can't be used.
        ServerError: It has no such Dockerfile.
    """
    tree = FileTree(folder)
    unpack(reader, tree)
    text = read_dockerfile(tree, dockerfile)
    _leave_out(tree, dockerfile)
    return Context(tree, text)


def read_dockerfile(tree: FileTree, path: str) -> str:
    """Return a Dockerfile's text.

    Raises:
        ServerError: There is none of that name.
        BadParameter: It is empty.
    """
    inner = posixpath.normpath(path.lstrip("/"))
    if inner.startswith(".."):
        raise ServerError(f"forbidden path outside the build context: {path} ()")
    found = _read(tree, inner)
    if found is None and path == "Dockerfile":
        found = _read(tree, "dockerfile")
    if found is None:
        raise ServerError(f"Cannot locate specified Dockerfile: {path}")
    if not found:
        raise BadParameter(f"the Dockerfile ({path}) cannot be empty")
    return found.decode("utf-8", "surrogateescape")


def _leave_out(tree: FileTree, dockerfile: str) -> None:
    """Remove what the context's own rules leave out: as the clients do, for the sake of those that don't."""
    rules = _read(tree, f"{dockerfile}.dockerignore")
    if rules is None:
        rules = _read(tree, ".dockerignore") or b""
    ignored = Ignored(rules.decode("utf-8", "surrogateescape"))
    if not ignored:
        return
    for entry in reversed(list(tree.below(""))):
        if entry.key not in ignored:
            continue
        if not entry.is_folder:
            tree.remove(entry.key)
        elif not os.listdir(tree.path(entry.key)):
            tree.path(entry.key).rmdir()


def _read(tree: FileTree, path: str) -> bytes | None:
    """A file's content; None where there is none."""
    try:
        entry = tree.entry(tree.key(path))
        if entry is None or not entry.is_file:
            return None
        with tree.path(entry.key).open("rb") as file:
            return file.read(LARGEST_DOCKERFILE)
    except OSError:
        return None
