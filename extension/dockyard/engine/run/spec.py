"""What is to run: all that the process which watches over a container has to know.

Named tuples, not dataclasses: that process starts with every container, and importing ``dataclasses`` would take a tenth of its time.
"""

from typing import Any, Literal, NamedTuple

__all__ = ["Exit", "Log", "Mount", "Network", "Process", "PublishedPort", "Runner", "Spec", "mapped_port"]

Network = Literal["own", "host", "none"]
Runner = Literal["namespaces", "proot"]

LOW_PORTS = 1024
SHIFT = 20000


class Mount(NamedTuple):
    """Something put over a path of the container.

    Attributes:
        source: An absolute path of the host; nothing for a tmpfs.
        target: Where, in the container.
        read_only: Whether writing is refused.
        kind: A file or folder of the host, or an empty folder in memory.
        size_bytes: The most that a tmpfs holds.
        mode: A tmpfs's permissions; 0o1777 where none are given.
    """

    source: str
    target: str
    read_only: bool = False
    kind: Literal["bind", "tmpfs"] = "bind"
    size_bytes: int | None = None
    mode: int | None = None


class Process(NamedTuple):
    """A program to start.

    Attributes:
        argv: The program, looked up in the container's PATH, and its words.
        env: ``NAME=value`` each.
        cwd: An absolute path of the container, created where it is missing.
        uid: The user.
        gid: The group.
        groups: More groups.
        tty: Whether it gets a terminal of its own.
        stdin: Whether its input stays open, for clients that attach; else it reads the end at once.
        stdin_once: Whether its input ends with the first client's; a terminal's never does.
        rows: The terminal's height at first; 0 for the usual one.
        columns: The terminal's width at first.
    """

    argv: tuple[str, ...]
    env: tuple[str, ...] = ()
    cwd: str = "/"
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    tty: bool = False
    stdin: bool = False
    stdin_once: bool = False
    rows: int = 0
    columns: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return self._asdict()

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Process":
        """Return what :meth:`to_json` gave."""
        words = {name: tuple(document[name]) for name in ("argv", "env", "groups")}
        return cls(**{**document, **words})


class PublishedPort(NamedTuple):
    """A port of the host that leads to one of the container."""

    host_ip: str
    host_port: int
    container_port: int
    protocol: str = "tcp"


class Log(NamedTuple):
    """Where output is kept, as Docker's json-file driver does.

    Attributes:
        path: The newest file; older ones are ``PATH.1``, ``PATH.2``. None keeps nothing.
        max_bytes: When a file is full; None for never.
        max_files: How many there are at most.
    """

    path: str | None = None
    max_bytes: int | None = None
    max_files: int = 1


class Spec(NamedTuple):
    """A container about to run.

    Attributes:
        id: Its 64 hexadecimal digits.
        root: The folder that is its root, the container's own copy.
        process: Its main process.
        runner: What gives it its view of the files.
        mounts: In the order in which they are put on top of each other.
        hostname: Its name for itself.
        network: ``own`` has an address of its own; ``host`` is left alone; ``none`` reaches nothing.
        address: Its ``127.x.y.z``.
        low_ports: Whether ports below 1024 may be bound, by the user of the main process too; else they are moved, see :func:`mapped_port`.
        init: Whether a small init collects zombies for the main process.
        read_only: Whether the root may not be written to.
        no_new_privileges: Whether setuid programs run as who starts them.
        ulimits: (name, soft, hard) each, such as ``("nofile", 1024, 4096)``; -1 for no limit.
        log: Where output is kept.
        ports: What is published.
    """

    id: str
    root: str
    process: Process
    runner: Runner = "proot"
    mounts: tuple[Mount, ...] = ()
    hostname: str = ""
    network: Network = "own"
    address: str = ""
    low_ports: bool = False
    init: bool = False
    read_only: bool = False
    no_new_privileges: bool = False
    ulimits: tuple[tuple[str, int, int], ...] = ()
    log: Log = Log()
    ports: tuple[PublishedPort, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return {
            **self._asdict(),
            "process": self.process.to_json(),
            "mounts": [each._asdict() for each in self.mounts],
            "ports": [each._asdict() for each in self.ports],
            "log": self.log._asdict(),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Spec":
        """Return what :meth:`to_json` gave."""
        parts = {
            "process": Process.from_json(document["process"]),
            "mounts": tuple(Mount(**each) for each in document["mounts"]),
            "ports": tuple(PublishedPort(**each) for each in document["ports"]),
            "log": Log(**document["log"]),
            "ulimits": tuple((name, soft, hard) for name, soft, hard in document["ulimits"]),
        }
        return cls(**{**document, **parts})


class Exit(NamedTuple):
    """How a container ended.

    Attributes:
        code: As Docker gives it: 128 and the signal's number where a signal ended it.
        finished_at: RFC 3339 with nanoseconds, in UTC.
        error: What went wrong with the container itself, if anything did.
    """

    code: int
    finished_at: str
    error: str = ""


def mapped_port(port: int, low_ports: bool) -> int:
    """Return the port that a container's ``port`` is on the host: moved by 20000 where low ones can't be bound."""
    return port if low_ports or not 0 < port < LOW_PORTS else port + SHIFT
