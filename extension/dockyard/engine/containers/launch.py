"""From a container's configuration to what its runner has to know."""

import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockyard.engine.containers.container import Container
from dockyard.engine.containers.limits import forbids_new_privileges
from dockyard.engine.containers.users import find_user
from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.engine.run.spec import Log, Network, Process, PublishedPort, Runner, Spec

__all__ = ["Launcher", "check_ulimits", "log_file"]

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
ULIMITS = frozenset(
    "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split()  # noqa: SIM905  # a list of words reads as one
)


@dataclass(frozen=True)
class Launcher:
    """Makes what the runner needs, for every container of one engine.

    Attributes:
        runner: What runs containers here.
        low_ports: Whether ports below 1024 may be bound.
    """

    runner: Runner
    low_ports: bool

    def spec(self, container: Container, *, network: Network, address: str, ports: Sequence[PublishedPort]) -> Spec:
        """Return what starts a container.

        Args:
            container: Which.
            network: How it reaches others.
            address: Its own, ``127.x.y.z``; empty where it has none.
            ports: What is published.

        Raises:
            BadParameter: Its user is not known in it.
        """
        config, host = container.config, container.host_config
        rows, columns = host["ConsoleSize"]
        process = self.process(
            container,
            argv=container.command,
            env=config["Env"],
            user=config["User"],
            cwd=config["WorkingDir"],
            tty=config["Tty"],
        )
        return Spec(
            id=container.id,
            root=str(container.root),
            process=process._replace(
                stdin=config["OpenStdin"], stdin_once=config["StdinOnce"], rows=rows, columns=columns
            ),
            runner=self.runner,
            mounts=tuple(container.mounts),
            hostname=config["Hostname"],
            network=network,
            address=address,
            low_ports=self.low_ports,
            init=bool(host.get("Init")),
            read_only=container.read_only,
            no_new_privileges=forbids_new_privileges(host["SecurityOpt"]),
            ulimits=tuple((each["Name"], each["Soft"], each["Hard"]) for each in host["Ulimits"] or ()),
            log=log_file(container.log, host["LogConfig"]),
            ports=tuple(ports),
        )

    def process(
        self, container: Container, *, argv: Sequence[str], env: Sequence[str], user: str, cwd: str, tty: bool
    ) -> Process:
        """Return a program of a container: its main one, or one that joins it.

        Raises:
            BadParameter: The user is not known in it.
            NotSupported: It is to be in more groups, and the runner can't do that.
        """
        if container.host_config["GroupAdd"] and (self.runner == "proot" or os.geteuid() != 0):
            raise NotSupported(
                "--group-add is not supported by this engine here: without root and namespaces a program has the engine's own groups"
            )
        found = find_user(container.view(), user, container.host_config["GroupAdd"] or ())
        named = {each.partition("=")[0] for each in env}
        usual = [
            PATH,
            f"HOSTNAME={container.config['Hostname']}",
            *(["TERM=xterm"] if tty else []),
            f"HOME={found.home}",
        ]
        return Process(
            argv=tuple(argv),
            env=(*(each for each in usual if each.partition("=")[0] not in named), *env),
            cwd=os.path.normpath(cwd or "/"),
            uid=found.uid,
            gid=found.gid,
            groups=found.groups,
            tty=tty,
        )


def log_file(path: Path, config: Mapping[str, Any]) -> Log:
    """Return where a container's output is kept.

    Raises:
        BadParameter: A size or count can't be read.
    """
    if config["Type"] == "none":
        return Log()
    options = config["Config"]
    files = str(options.get("max-file", "1"))
    if not files.isdecimal() or int(files) < 1:
        raise BadParameter("max-file cannot be less than 1")
    size = options.get("max-size")
    if int(files) > 1 and size is None:
        raise BadParameter("max-file cannot be set without max-size")
    return Log(str(path), _size(size) if size is not None else None, int(files))


def check_ulimits(limits: Sequence[Mapping[str, Any]] | None) -> None:
    """Refuse limits that do not exist, or that this engine may not give.

    Raises:
        BadParameter: No such limit, or the soft one above the hard one.
        NotSupported: Above what the engine itself has.
    """
    for limit in limits or ():
        name, soft, hard = limit["Name"], limit["Soft"], limit["Hard"]
        if name not in ULIMITS:
            raise BadParameter(f"invalid ulimit type: {name}")
        if soft > hard >= 0:
            raise BadParameter(f"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}")
        _, most = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}", resource.RLIMIT_NOFILE))
        if os.geteuid() != 0 and most != resource.RLIM_INFINITY and not 0 <= hard <= most:
            raise NotSupported(
                f"--ulimit {name}={hard} is not supported by this engine: its own user has no more than {most}"
            )


def _size(text: str) -> int:
    number = text.lower().rstrip("bkmg")
    unit = text.lower().removeprefix(number)[:1]
    if not number.isdecimal() or unit not in UNITS:
        raise BadParameter(f"invalid size: '{text}'")
    return int(number) * UNITS[unit]
