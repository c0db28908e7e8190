"""What COPY and ADD name: files and folders of a tree, found and digested before anything is copied."""

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dockyard.engine.build.patterns import has_wildcards, name_pattern
from dockyard.engine.build.tree import Entry, FileTree
from dockyard.engine.errors import BadParameter

__all__ = ["Source", "find_sources", "fingerprint", "whole_fingerprint"]

PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """Something to be copied.

    Attributes:
        tree: Where it is.
        entry: What it is there, links followed.
        name: What it is called in the folder that it goes to.
        fingerprint: ``file:`` or ``dir:`` and a digest of all of it.
        may_unpack: Whether ADD unpacks it if it is an archive.
        mode: What it gets instead of its own mode, if anything.
    """

    tree: FileTree
    entry: Entry
    name: str
    fingerprint: str
    may_unpack: bool = False
    mode: int | None = None


def find_sources(tree: FileTree, path: str, *, with_owners: bool, may_unpack: bool) -> list[Source]:
    """Return what a source of COPY or ADD names, which may be a pattern.

    Args:
        tree: Where to look.
        path: As it is written; nothing at all names the whole tree.
        with_owners: Whether whose the files are is part of what they are.
        may_unpack: Whether they are unpacked if they are archives.

    Raises:
        FileNotFoundError: There is no such file; no match of a pattern is no error.
        BadParameter: It leads out of the tree, or is a pattern that makes no sense.
    """
    if posixpath.normpath(path).split("/")[0] == "..":
        raise BadParameter(f"forbidden path outside the build context: {path} ()")
    bare = path.removeprefix("/").removeprefix("./")
    names = _matching(tree, bare) if has_wildcards(bare) else [bare]
    return [_source(tree, name, with_owners=with_owners, may_unpack=may_unpack) for name in names]


def fingerprint(tree: FileTree, entry: Entry, *, with_owners: bool) -> str:
    """Return ``file:`` or ``dir:`` and a digest of something's content, modes and links, but not its times."""
    if not entry.is_folder:
        return f"file:{_digest(tree, entry, entry.key, with_owners=with_owners)}"
    below = (
        f"{each.key[len(entry.key) :].lstrip('/')}\0{_digest(tree, each, each.key, with_owners=with_owners)}"
        for each in tree.below(entry.key)
    )
    return f"dir:{_joined(below)}"


def whole_fingerprint(sources: Sequence[Source]) -> str:
    """Return one for all sources of an instruction."""
    if len(sources) == 1:
        return sources[0].fingerprint
    return f"multi:{_joined(each.fingerprint for each in sources)}"


def _source(tree: FileTree, name: str, *, with_owners: bool, may_unpack: bool) -> Source:
    try:
        entry = tree.entry(tree.key(name))
    except NotADirectoryError:
        entry = None
    if entry is None:
        raise FileNotFoundError(f"stat {name}: file does not exist")
    if stat.S_ISSOCK(entry.status.st_mode):
        raise BadParameter(f"{name} is a socket, which can't be copied")
    found = fingerprint(tree, entry, with_owners=with_owners)
    return Source(tree, entry, posixpath.basename(posixpath.normpath(name)), found, may_unpack)


def _matching(tree: FileTree, pattern: str) -> list[str]:
    """All paths that match, part by part; links to folders are not followed."""
    found = [""]
    for part in pattern.split("/"):
        rule = name_pattern(part)
        found = [
            f"{folder}/{name}" if folder else name
            for folder in found
            for name in _names(tree, folder)
            if rule.fullmatch(name)
        ]
    return found


def _names(tree: FileTree, folder: str) -> Iterator[str]:
    entry = tree.entry(folder)
    if entry and entry.is_folder:
        yield from sorted(os.listdir(tree.path(folder)), key=os.fsencode)


def _digest(tree: FileTree, entry: Entry, key: str, *, with_owners: bool) -> str:
    owner = tree.owner(entry)
    facts = [stat.S_IFMT(entry.status.st_mode), owner.mode, entry.status.st_rdev]
    if with_owners:
        facts += [owner.uid, owner.gid]
    digest = hashlib.sha256(repr(facts).encode())
    if entry.is_link:
        digest.update(os.fsencode(os.readlink(tree.path(key))))
    elif entry.is_file:
        with tree.path(key).open("rb", buffering=0) as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
    return digest.hexdigest()


def _joined(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for each in texts:
        digest.update(each.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()
