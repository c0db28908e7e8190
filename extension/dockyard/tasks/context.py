"""The context of a build: the files of a folder that are sent to the engine, as one tar stream.

What ``.dockerignore`` leaves out is decided by docker-py (``docker.utils.build``), which does it as the docker command line does.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from docker.utils.build import exclude_paths

from dockyard.connection.parts import Part
from dockyard.errors import NoContext, NoDockerfile, SourceUnreadable
from dockyard.locale import N_, translate
from dockyard.tasks.pack import Entry, packed_size_bytes, parts, scan_some
from dockyard.wording import human_size

__all__ = ["Context", "read_text"]

IGNORE = ".dockerignore"
MOST_NAMED = 3
LARGE_BYTES = 1_000_000


@dataclass(frozen=True)
class Context:
    """What is sent.

    Attributes:
        entries: Files and folders, names relative to the context, sorted.
        left_out: How many files and folders ``.dockerignore`` leaves out; of a folder that is left out whole, itself alone.
        dockerfile: What the Dockerfile is called in the stream.
        text: The Dockerfile.
        extra: Files that are sent beside those of the folder, or instead of one of the same name: name to content.
    """

    entries: tuple[Entry, ...] = field(repr=False)
    left_out: int
    dockerfile: str
    text: str = field(repr=False)
    extra: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    @classmethod
    def of_text(cls, text: str) -> "Context":
        """Return a context that has nothing but a Dockerfile (``docker build -``)."""
        return cls((), 0, "Dockerfile", text, (("Dockerfile", _encoded(text)),))

    @classmethod
    def read(cls, folder: str, dockerfile: str = "", text: str | None = None) -> "Context":
        """Look at a folder; of its files, only the Dockerfile and ``.dockerignore`` are read.

        Args:
            folder: The context.
            dockerfile: Its path as ``-f`` takes it, from the working folder; empty for ``Dockerfile`` in the context.
            text: A Dockerfile to take instead.

        Raises:
            NoContext, NoDockerfile: They are not there.
            SourceUnreadable: They can't be read.
        """
        root = Path(folder).resolve()
        if not root.is_dir():
            raise NoContext(path=folder)
        if text is None:
            path = Path(dockerfile) if dockerfile else Path(folder) / "Dockerfile"
            if not path.is_file():
                raise NoDockerfile(path=str(path))
            if root in path.resolve().parents:
                name = path.resolve().relative_to(root).as_posix()
                return cls(*_scanned(root, _patterns(root), name), name, read_text(path))
            text = read_text(path)
        return cls._beside(root, text)

    @classmethod
    def _beside(cls, root: Path, text: str) -> "Context":
        """A folder with a Dockerfile that is not in it: that gets a name, which ``COPY .`` does not see."""
        patterns = _patterns(root)
        name = f".dockerfile.{hashlib.sha256(_encoded(text)).hexdigest()[:16]}"
        ignore = "\n".join([*(patterns or [IGNORE]), name])
        entries, left_out = _scanned(root, patterns, name)
        kept = tuple(each for each in entries if each.name not in (name, IGNORE))
        return cls(kept, left_out, name, text, ((IGNORE, _encoded(ignore)), (name, _encoded(text))))

    @property
    def names(self) -> tuple[str, ...]:
        """The files and folders that instructions can copy."""
        return tuple(each.name for each in self.entries)

    @property
    def file_count(self) -> int:
        """How many files, links included."""
        return sum(each.kind != "folder" for each in self.entries)

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(each.size_bytes for each in self.entries)

    @property
    def stream_bytes(self) -> int:
        """The length of :meth:`parts`, exactly."""
        return packed_size_bytes(list(self.entries), "") + sum(len(_member(*each)) for each in self.extra)

    def largest(self, most: int = MOST_NAMED) -> tuple[Entry, ...]:
        """Return the largest files, the largest first."""
        return tuple(sorted(self.entries, key=lambda each: -each.size_bytes)[:most])

    @property
    def about(self) -> str:
        """A sentence for people: how much is sent, and what of it is large."""
        says = translate(N_("{n} files, {size} in all, are sent to the engine.")).format(
            n=self.file_count, size=human_size(self.size_bytes)
        )
        if self.left_out:
            says += " " + translate(N_(".dockerignore leaves {n} out.")).format(n=self.left_out)
        if self.size_bytes >= LARGE_BYTES:
            named = ", ".join(f"{each.name} ({human_size(each.size_bytes)})" for each in self.largest())
            says += " " + translate(N_("The largest: {files}.")).format(files=named)
        return says

    def parts(self) -> Iterator[Part]:
        """Return the tar stream, part by part.

        Raises:
            SourceUnreadable: A file can't be read.
            SourceChanged: A file is no longer what it was when the folder was read.
        """
        for extra in self.extra:
            yield _member(*extra)
        yield from parts(list(self.entries), "")


def read_text(path: Path) -> str:
    """Return a text file, whatever bytes are in it.

    Raises:
        SourceUnreadable: It can't be read.
    """
    try:
        return path.read_text("utf-8", errors="surrogateescape")
    except OSError as error:
        raise SourceUnreadable(path=str(path), reason=error.strerror) from error


def _patterns(root: Path) -> list[str]:
    file = root / IGNORE
    lines = (each.strip() for each in read_text(file).splitlines()) if file.is_file() else ()
    return [each for each in lines if each and not each.startswith("#")]


def _scanned(root: Path, patterns: Sequence[str], dockerfile: str) -> tuple[tuple[Entry, ...], int]:
    try:
        names = sorted(exclude_paths(str(root), list(patterns), dockerfile=dockerfile))  # it adds to what it is given
    except OSError as error:
        raise SourceUnreadable(path=error.filename or str(root), reason=error.strerror) from error
    entries = tuple(replace(each, uid=0, gid=0) for each in scan_some(str(root), names))
    return entries, _count_left_out(root, set(names)) if patterns else 0


def _count_left_out(root: Path, names: set[str]) -> int:
    has_some = {parent for name in names for parent in _parents(name)}
    count = 0
    for folder, folders, files in os.walk(root):
        inner = os.path.relpath(folder, root)
        for name in [*folders, *files]:
            path = name if inner == "." else f"{inner}/{name}"
            count += path not in names
            if name in folders and path not in names and path not in has_some:
                folders.remove(name)
    return count


def _parents(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _member(name: str, content: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info.tobuf() + content + b"\0" * (-len(content) % tarfile.BLOCKSIZE)
