"""Layers unpacked and stacked: the files of images, and private copies of them for containers."""

import errno
import logging
import os
import secrets
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dockyard.engine.durable import discard, read_each, stage, write_bytes
from dockyard.engine.errors import ApiError, NotFound, ServerError
from dockyard.engine.folders import Folders
from dockyard.engine.images.blobs import Blobs, hex_of
from dockyard.engine.images.image import Image, chain_ids
from dockyard.engine.images.layers import open_layer, unpack_layer
from dockyard.engine.images.owners import Owners

__all__ = ["Tree", "Trees"]

log = logging.getLogger(__name__)

MOST_SPARES = 3
ROOM_FOR_SPARES_BYTES = 2 << 30
EMPTY = "empty"  # the tree of an image without layers


@dataclass(frozen=True)
class Tree:
    """The files of an image, only to be read: trees share files by hard links.

    Attributes:
        path: The root.
        owners: Of its files; to be copied before they are changed.
    """

    path: Path
    owners: Owners


class Trees:
    """Trees are made when they are first asked for, and kept. Thread-safe.

    ::

        trees/CHAIN/root  owners.json     the layers up to one, stacked
        trees/spares/CHAIN.XXXX/root      a copy that waits for the next container; "since" says when it was made

    Args:
        folders: Of the engine.
        blobs: Where the layers are.
    """

    def __init__(self, folders: Folders, blobs: Blobs) -> None:
        self._folders, self._blobs = folders, blobs
        self._spares = folders.trees / "spares"
        self._spares.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._users: Counter[str] = Counter()
        self._known: dict[str, Tree] = {}
        self._spare_maker: threading.Thread | None = None
        self._wanted: list[Image] = []

    def base(self, image: Image) -> Tree:
        """Return an image's files, unpacked now if they are not yet.

        Raises:
            BadParameter: A layer is broken or could reach outside.
            NotFound: A layer is gone.
        """
        chain = _name(image.chain_id)
        with self._lock:
            making = self._making.setdefault(chain, threading.Lock())
        with self._using(chain), making:
            return self._load(chain) or self._make(image, chain)

    def known(self, chain_id: str) -> Tree:
        """Return the files of an image that may be gone, for a container that was made of it.

        Raises:
            NotFound: They are gone, too.
        """
        if tree := self._load(_name(chain_id)):
            return tree
        raise NotFound(f"layer does not exist: {chain_id}")

    def copy(self, image: Image, target: Path) -> tuple[Owners, int]:
        """Make a private copy of an image's files, which may be written to.

        Args:
            image: Which.
            target: Where; there is nothing yet. On the same file system a spare is just moved there.

        Returns:
            The copy's owners, and a moment after the copy and before any change to it, for :func:`changes`.
        """
        with self._using(_name(image.chain_id)):
            tree = self.base(image)
            since_ns = self._take_spare(_name(image.chain_id), target)
            if since_ns is None:
                _copy(tree.path, target)
                since_ns = _moment_after(target)
        return tree.owners.copy(), since_ns

    def spare(self, image: Image) -> None:
        """Prepare a copy in the background for the next container, if there is room; returns at once."""
        with self._lock:
            if all(each.id != image.id for each in self._wanted):
                self._wanted.append(image)
            if self._spare_maker is None:
                self._spare_maker = threading.Thread(target=self._make_spares, name="spares", daemon=True)
                self._spare_maker.start()

    def wait(self) -> None:
        """Return when no spare is being prepared any more."""
        while maker := self._spare_maker:
            maker.join()

    def trim(self, keep: Callable[[], Collection[str]]) -> None:
        """Drop all trees and spares but those that are still needed.

        Args:
            keep: Returns the chain IDs of all images, and of all containers. It is asked once it is known what is there: an image is older
                than its tree, so none that came meanwhile is missed.
        """
        there = [*self._trees(), *self._spares.iterdir()]
        kept = {_name(chain) for chain in keep()}
        for path in there:
            if path.name.split(".")[0] not in kept:
                self._drop(path)

    def evict(self, keep: Collection[str] = ()) -> None:
        """Make room: drop all spares, and all trees but those of the chain IDs in ``keep``; they can be made again from their layers."""
        for path in self._spares.iterdir():
            self._drop(path)
        self.trim(lambda: keep)

    def size_bytes(self) -> int:
        """Return how much of the disk trees and spares take."""
        blocks: dict[tuple[int, int], int] = {}
        for folder, folders, files in os.walk(self._folders.trees):
            for name in folders + files:
                with suppress(FileNotFoundError):
                    status = os.lstat(os.path.join(folder, name))
                    blocks[status.st_dev, status.st_ino] = status.st_blocks
        return sum(blocks.values()) * 512

    # ------------------------------------------------------------ trees

    def _load(self, chain: str) -> Tree | None:
        with self._lock:
            if chain not in self._known:
                path = self._folders.trees / chain
                if not path.is_dir():
                    return None
                for owners in read_each([path / "owners.json"], Owners.load):
                    self._known[chain] = Tree(path / "root", owners)
                if chain not in self._known:
                    discard(path, self._folders.trash)  # damaged, such as by a loss of power: it is made again
            return self._known.get(chain)

    def _make(self, image: Image, chain: str) -> Tree:
        chains = chain_ids(image.diff_ids)
        with stage(self._folders.staging, self._folders.trees / chain) as draft:
            root = draft / "root"
            start, owners = self._below(chains, root)
            for layer in image.layers[start:]:
                with open_layer(self._blobs, layer) as reader:
                    unpack_layer(reader, root, owners)
            owners.save(draft / "owners.json")
        tree = self._load(chain)
        assert tree is not None
        return tree

    def _below(self, chains: Sequence[str], root: Path) -> tuple[int, Owners]:
        """Begin with the tree of as many of the layers as there is one for; return how many, and the owners of its files."""
        for count in range(len(chains) - 1, 0, -1):
            with self._using(below := _name(chains[count - 1])):
                if tree := self._load(below):
                    _copy(tree.path, root, linked=True)
                    return count, tree.owners.copy()
        root.mkdir(mode=0o755)
        return 0, Owners()

    def _trees(self) -> list[Path]:
        return [path for path in self._folders.trees.iterdir() if path != self._spares]

    def _drop(self, path: Path) -> None:
        with self._lock:
            if self._users[path.name]:
                return  # the next time
            if path.parent != self._spares:
                self._known.pop(path.name, None)
            doomed = self._folders.trash / secrets.token_hex(8)
            with suppress(FileNotFoundError):
                path.rename(doomed)
        discard(doomed, self._folders.trash)

    @contextmanager
    def _using(self, chain: str) -> Iterator[None]:
        """Keep a tree, or the one that is made, from being dropped: its image may be removed meanwhile."""
        with self._lock:
            self._users[chain] += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= Counter([chain])  # which leaves out what nobody uses

    # ------------------------------------------------------------ spares

    def _take_spare(self, chain: str, target: Path) -> int | None:
        with self._lock:
            for spare in self._spares.glob(f"{chain}.*"):
                try:
                    since_ns = int((spare / "since").read_text())
                    (spare / "root").rename(target)
                except OSError as error:
                    if error.errno == errno.EXDEV:
                        return None  # a target on another file system is copied to
                    if error.errno == errno.ENOENT:
                        continue  # it was dropped just now
                    raise
                except ValueError:
                    discard(spare, self._folders.trash)  # damaged, such as by a loss of power
                    continue
                discard(spare, self._folders.trash)
                return since_ns
        return None

    def _make_spares(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._spare_maker = None
                    return
                image = self._wanted.pop(0)
            try:
                with self._using(_name(image.chain_id)):
                    self._make_spare(image)
            except (OSError, ApiError) as error:  # whoever makes the copy instead is told it too
                log.warning("no spare of %s could be made: %s", image.short_id, error)

    def _make_spare(self, image: Image) -> None:
        chain = _name(image.chain_id)
        there = sorted(self._spares.iterdir(), key=lambda path: path.stat().st_mtime)
        if any(path.name.startswith(f"{chain}.") for path in there):
            return
        tree = self.base(image)
        if shutil.disk_usage(self._spares).free - image.size_bytes < ROOM_FOR_SPARES_BYTES:
            return
        for path in there[: max(len(there) - MOST_SPARES + 1, 0)]:
            self._drop(path)
        with stage(self._folders.staging, self._spares / f"{chain}.{secrets.token_hex(4)}") as draft:
            _copy(tree.path, draft / "root", gently=True)
            write_bytes(draft / "since", str(_moment_after(draft / "root")).encode(), sync=False)


def _name(chain_id: str) -> str:
    return hex_of(chain_id) if chain_id else EMPTY


def _copy(source: Path, target: Path, *, linked: bool = False, gently: bool = False) -> None:
    """Copy a tree with owners, modes, times and links as they are; ``linked``: its files are the same files.

    Raises:
        ServerError: It can't be copied, such as for want of room.
    """
    words = ["cp", "-a", "--link" if linked else "--reflink=auto", "-T", os.fspath(source), os.fspath(target)]
    done = subprocess.run(["nice", *words] if gently else words, capture_output=True, text=True, check=False)
    if done.returncode and linked:
        shutil.rmtree(target, ignore_errors=True)
        _copy(source, target)  # a file system without hard links
    elif done.returncode:
        raise ServerError(f"the image's files can't be copied: {done.stderr.strip()}")


def _moment_after(root: Path) -> int:
    """Return the present as the file system stamps it, once it stamps later moments differently.

    Its clock moves in steps of some milliseconds: a change within the same step would look as old as the copy.
    """
    probe = root.with_name(f".{root.name}.{secrets.token_hex(4)}")
    probe.touch()
    try:
        since_ns = probe.stat().st_ctime_ns
        while probe.stat().st_ctime_ns <= since_ns:
            time.sleep(0.001)
            os.utime(probe)
    finally:
        probe.unlink()
    return since_ns
