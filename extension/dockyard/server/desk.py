"""The engine that the server talks to, and what is under way there: one for all readers of a server."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dockyard.connection import Client, connect, in_use
from dockyard.errors import EngineError, PathOutside
from dockyard.server.news import Newsroom
from dockyard.server.work import Work

__all__ = ["Desk"]

QUESTIONS_AT_ONCE = 8
LOOKED_S = 3  # how long the answer "no engine" counts, so that a page of lists looks for one once


class Desk:
    """What routes are given.

    Attributes:
        pool: Where calls to the engine are made; the server's own loop waits for none.
        news: Tells the browsers what changed.
        work: Plans that were shown, and runs.
    """

    def __init__(self, root: str | Path) -> None:
        """Name the folder whose files a reader sees in JupyterLab; it may be empty, where they are none of this machine's."""
        self._root = Path(root).expanduser().resolve() if str(root) else None
        self._looking = threading.Lock()
        self._failed: tuple[float, EngineError] | None = None
        self.pool = ThreadPoolExecutor(QUESTIONS_AT_ONCE, thread_name_prefix="dockyard-server")
        self.news = Newsroom()
        self.work = Work(self.news.tell)

    def client(self) -> Client:
        """Return the engine in use; look for one first where there is none yet.

        Raises:
            EngineError: There is none; the sentence says why.
        """
        with self._looking:
            found = in_use()
            if found is None:
                if self._failed and time.monotonic() < self._failed[0] + LOOKED_S:
                    raise self._failed[1]
                found = self._look()
            self.news.follow(found)
            return found

    def look_again(self) -> Client:
        """Look for an engine anew, as after Docker was started or ended.

        Raises:
            EngineError: There is none; the sentence says why.
        """
        with self._looking:
            found = self._look()
            self.news.follow(found)
            return found

    @property
    def root(self) -> Path:
        """The folder whose files a reader sees in JupyterLab.

        Raises:
            PathOutside: They are none of this machine's.
        """
        if self._root is None:
            raise PathOutside(path="/")
        return self._root

    def file(self, path: str) -> str:
        """Return where a file of JupyterLab's file browser lies on this machine.

        Raises:
            PathOutside: It lies outside of the folder that JupyterLab shows, or that is none of this machine's.
        """
        whole = (self.root / path.strip("/")).absolute()
        if not whole.resolve().is_relative_to(self.root):
            raise PathOutside(path=path)
        return str(whole)

    def shown(self, file: Path) -> str:
        """Return how JupyterLab calls a file of this machine."""
        return file.resolve().relative_to(self.root).as_posix()

    def _look(self) -> Client:
        try:
            found = connect()
        except EngineError as error:
            self._failed = (time.monotonic(), error)
            raise
        self._failed = None
        return found
