"""The engine's process: opens what it keeps, serves the API, and ends when it is asked to. Containers run on without it."""

import faulthandler
import fcntl
import json
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

import dockyard
from dockyard.engine.clock import now
from dockyard.engine.durable import write_json
from dockyard.engine.engine import Engine
from dockyard.engine.folders import Folders
from dockyard.engine.http.routes import ROUTES
from dockyard.engine.http.server import Server
from dockyard.engine.log import BoundedLog

__all__ = ["serve"]

log = logging.getLogger("dockyard.engine")

STACK_BYTES = 4 << 20  # of a thread; with 1 MiB, JSON that is nested deeply ends CPython 3.13
OPEN_FILES = 65536


def serve(folders: Folders, say: Callable[[str], None]) -> int:
    """Run the engine until SIGTERM or SIGINT, and return its exit code.

    Args:
        folders: What it keeps, and its socket.
        say: Called once: with ``"ready"`` when it answers, or with a sentence that tells why it never will.
    """
    folders.make()
    lock = _lock(folders)
    if lock is None:
        say(f"another engine holds {folders.data}")
        return 1
    _settle(folders)
    try:
        engine = Engine.open(folders)
        server = Server(folders.socket, engine, ROUTES)
    except Exception as error:
        log.exception("the engine could not be opened")
        say(f"{type(error).__name__}: {error}")
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    address = f"unix://{folders.socket}"
    about = {"pid": os.getpid(), "address": address, "runtime": str(folders.runtime), "runner": engine.runner}
    _announce(folders, {**about, "version": dockyard.__version__, "started_at": now()})
    log.info(
        "Dockyard %s, Python %s, serves %s with %s",
        dockyard.__version__,
        sys.version.split()[0],
        address,
        engine.runner,
    )
    say("ready")
    server.serve()
    log.info("stopping")
    with suppress(FileNotFoundError):
        folders.socket.unlink()
    engine.close()
    logging.shutdown()
    lock.close()
    return 0


def _announce(folders: Folders, about: dict[str, Any]) -> None:
    """Say in the data folder where the engine answers."""
    file = folders.data / "engine.json"
    try:
        write_json(file, about, sync=False)
    except OSError:
        if not file.exists():
            raise
        # A full disk has no room for a draft, but for other words in the old place.
        with file.open("r+b") as opened:
            opened.write(json.dumps(about).encode())
            opened.truncate()


def _lock(folders: Folders) -> IO[bytes] | None:
    file = (folders.data / "lock").open("wb")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _settle(folders: Folders) -> None:
    """Make this process a fit home for an engine."""
    os.umask(0o022)  # what is made for a container has the modes that it would have under Docker
    threading.stack_size(STACK_BYTES)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = min(most, OPEN_FILES) if most != resource.RLIM_INFINITY else OPEN_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    faulthandler.enable()  # a crash of Python itself says where, in the log
    handler = BoundedLog(folders.data / "engine.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    threading.excepthook = lambda args: log.error(
        "thread %s failed",
        args.thread and args.thread.name,
        exc_info=(args.exc_type, args.exc_value or Exception(), args.exc_traceback),
    )
