"""Start a container: ``docker run``."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import (
    BadValue,
    CannotUndo,
    EngineRefused,
    NameInvalid,
    NameTaken,
    PortTaken,
    TerminalNeeded,
    engine_errors,
)
from dockyard.locale import N_, translate
from dockyard.tasks.base import (
    NEVER,
    Cancel,
    Change,
    Evidence,
    Plan,
    Progress,
    Report,
    Result,
    Task,
    check_cancel,
    ignore,
)
from dockyard.tasks.container import port_holder
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.mounting import look_at, mounted_in
from dockyard.tasks.output import pieces, until_cancelled
from dockyard.tasks.pull import has_image, pull
from dockyard.tasks.run_words import FORMS, Mount, Port

__all__ = ["Mount", "Port", "Run", "RunResult", "run_from_words"]

FLAGS = (
    Flag("name"),
    Flag("detach", "d", "switch"),
    Flag("publish", "p", "list"),
    Flag("volume", "v", "list"),
    Flag("mount", "", "list"),
    Flag("tmpfs", "", "list"),
    Flag("env", "e", "list"),
    Flag("rm", "", "switch"),
    Flag("interactive", "i", "switch"),
    Flag("tty", "t", "switch"),
    Flag("workdir", "w"),
    Flag("user", "u"),
    Flag("network", "", "value", also="net"),
    Flag("restart"),
    Flag("entrypoint"),
    Flag("label", "l", "list"),
    Flag("hostname", "h"),
)
KEPT_OUTPUT_BYTES = 1 << 20
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")  # as the engine checks it


@dataclass(frozen=True)
class RunResult(Result):
    """What a run did.

    Attributes:
        container_id: The container's full ID.
        exit_code: Of a foreground run; None for one in the background.
        output: What a foreground run printed, both streams in order; the last MiB.
    """

    container_id: str = ""
    exit_code: int | None = None
    output: bytes = b""


@dataclass(frozen=True)
class Run(Task):
    """Start a new container (``docker run``).

    Attributes:
        image: As ``docker run`` takes it, such as ``httpd``; pulled if the engine does not have it.
        words: The command to run instead of the image's own.
        name: The container's name; empty lets the engine choose.
        detach: ``-d``: leave it running. Otherwise the run lasts until the container ends.
        ports: ``-p``.
        mounts: ``-v``, ``--mount`` and ``--tmpfs``.
        env: ``-e``, each ``KEY=value``.
        remove: ``--rm``: remove the container when it ends.
        interactive: ``-i``: keep its input open.
        tty: ``-t``: give it a terminal.
        workdir: ``-w``.
        user: ``-u``.
        network: ``--network``.
        restart: ``--restart``, such as ``on-failure:3``.
        entrypoint: ``--entrypoint``; None keeps the image's own.
        labels: ``--label``, each ``KEY=value``.
        hostname: ``--hostname``.
    """

    verb: ClassVar[str] = "run"
    image: str
    words: tuple[str, ...] = ()
    name: str = ""
    detach: bool = False
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    env: tuple[str, ...] = ()
    remove: bool = False
    interactive: bool = False
    tty: bool = False
    workdir: str = ""
    user: str = ""
    network: str = ""
    restart: str = ""
    entrypoint: str | None = None
    labels: tuple[str, ...] = ()
    hostname: str = ""

    def __post_init__(self) -> None:
        # One order for mounts, so that a task equals the one its own line is parsed to.
        object.__setattr__(self, "mounts", tuple(sorted(self.mounts, key=lambda mount: FORMS.index(mount.form))))

    @property
    def command(self) -> str:
        """Such as ``docker run --name apa000ex19 -d -p 8080:80 httpd``."""
        return line("docker", "run", *self._flag_words(), self.image, *self.words)

    def plan(self, client: Client) -> Plan:
        """Return the container, and every image, volume and folder that would come into being with it.

        Raises:
            NameInvalid, NameTaken, PortTaken, BindSourceMissing, TerminalNeeded: It can't be run as it is asked.
        """
        self._check(client)
        changes, warnings = [], []
        if not has_image(client, self.image):
            changes.append(
                Change(
                    "create",
                    "image",
                    self.image,
                    reason=translate(N_("the engine does not have it; it will be pulled")),
                )
            )
        for mount in self.mounts:
            change, warning = look_at(client, mount)
            changes += [change] if change else []
            warnings += [warning] if warning else []
        changes.append(Change("create", "container", self.name or translate(N_("(the engine will choose a name)"))))
        changes += [Change("create", "port", port.text) for port in self.ports]
        return Plan(tuple(changes), tuple(warnings))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> RunResult:
        """Pull if needed, create, start; in the foreground wait for the end. See :meth:`Task.run`.

        Raises:
            NoSuchImage: It is not there and can't be pulled.
            EngineRefused: The engine could not start it; the container is not left behind.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        if any(change.kind == "image" for change in fresh.changes):
            pull(client, self.image, report=report, cancel=cancel)
        check_cancel(cancel)
        report(Progress(0, 2, "steps", translate(N_("creating"))))
        with Kept.of(client, self.command) as kept:
            container_id = self._create(client)
            try:
                result = self._start(client, container_id, fresh, report, cancel)
            except BaseException:
                _remove(client, container_id)
                raise
            kept.marks.append(Mark(container_id, "container"))
        return result

    def verify(self, client: Client) -> Evidence:
        """Look whether the container is there, in the state that was asked for, and has mounted what it was to mount."""
        name = self.name or last_kept(client, self.command).marks[0].path
        found = client.find_json("/containers/{}/json", name)
        if found is None:
            gone = translate(N_("{name}: no such container")).format(name=name[:12])
            return Evidence(self.remove and not self.detach, gone)
        state, config = found["State"], found["Config"]
        says = translate(N_("{name}: {status}, image {image}, command {command}")).format(
            name=name[:12] if not self.name else name,
            status=state["Status"],
            image=config["Image"],
            command=line(*(config["Entrypoint"] or []), *(config["Cmd"] or [])),
        )
        facts: dict[str, object] = {"status": state["Status"], "exit_code": state["ExitCode"]}
        ok = bool(state["Running"]) or not self.detach
        if self.mounts:
            mounted = mounted_in(found)
            shown = ", ".join(f"{source} → {target}" for target, source in mounted.items())
            says = translate(N_("{says}; mounted: {mounts}")).format(says=says, mounts=shown or "-")
            ok = ok and all(os.path.normpath(mount.target) in mounted for mount in self.mounts)
            facts["mounts"] = mounted
        return Evidence(ok, says, facts)

    def undo(self, client: Client) -> Result:
        """Remove the container that the last run made, with its unnamed volumes; named volumes and pulled images stay."""
        kept = last_kept(client, self.command)
        container_id = kept.marks[0].path
        if client.find_json("/containers/{}/json", container_id) is None:
            kept.discard()
            raise CannotUndo(command=self.command, reason=translate(N_("the container is gone already")))
        _remove(client, container_id)
        kept.discard()
        return Result((Change("remove", "container", self.name or container_id[:12]),))

    def _check(self, client: Client) -> None:
        if self.interactive and not self.detach:
            raise TerminalNeeded(name=self.name or "CONTAINER")
        if self.name:
            if not NAME.fullmatch(self.name):
                raise NameInvalid(name=self.name)
            found = client.find_json("/containers/{}/json", self.name)
            if found and found["Name"] == f"/{self.name}":
                raise NameTaken(name=self.name, status=found["State"]["Status"])
        for port in self.ports:
            if holder := port_holder(client, port):
                raise PortTaken(port=port.host_port, holder=holder, container_port=port.container_port)

    def _create(self, client: Client) -> str:
        with engine_errors(client.address):
            made = client.api.create_container_from_config(self.to_api(), self.name or None)  # type: ignore[no-untyped-call]
        return str(made["Id"])

    def _start(self, client: Client, container_id: str, plan: Plan, report: Report, cancel: Cancel) -> RunResult:
        report(Progress(1, 2, "steps", translate(N_("starting"))))
        if self.detach:
            with engine_errors(client.address):
                client.api.start(container_id)
            report(Progress(2, 2, "steps", translate(N_("running"))))
            return RunResult(plan.changes, plan.warnings, container_id)
        # Not "logs" as well: engines attach before they answer, so that nothing is missed, and what is in the log by then would come twice.
        attached = {"stdout": 1, "stderr": 1, "stream": 1}
        condition = {"condition": "removed" if self.remove else "next-exit"}
        kept = bytearray()
        with ExitStack() as stack, engine_errors(client.address):
            # Both are asked before the start: a short run would be over too soon, and with --rm gone.
            ended, output = (
                stack.enter_context(client.api.post(client.url(path, container_id), params=params, stream=True))
                for path, params in (("/containers/{}/wait", condition), ("/containers/{}/attach", attached))
            )
            ended.raise_for_status()
            output.raise_for_status()
            client.api.start(container_id)
            try:
                for piece in until_cancelled(pieces(output, self.tty), cancel):
                    kept += piece
                    del kept[:-KEPT_OUTPUT_BYTES]
                    report(Progress(1, 2, "steps", piece.decode(errors="replace").rstrip()))
            except BaseException:
                _remove(client, container_id)  # ends the stream, which could not be closed while it is being read
                raise
            code = int(ended.json()["StatusCode"])
        report(Progress(2, 2, "steps", translate(N_("ended with exit code {code}")).format(code=code)))
        return RunResult(plan.changes, plan.warnings, container_id, code, bytes(kept))

    def _flag_words(self) -> Iterator[str]:
        singles = (("--name", self.name), ("-w", self.workdir), ("-u", self.user), ("--network", self.network))
        more = (("--restart", self.restart), ("--hostname", self.hostname))
        for flag, value in singles[:1]:
            yield from (flag, value) if value else ()
        for flag, on in (("-d", self.detach), ("-i", self.interactive), ("-t", self.tty), ("--rm", self.remove)):
            yield from (flag,) if on else ()
        for port in self.ports:
            yield from ("-p", port.text)
        for mount in self.mounts:
            yield from (mount.form, mount.text)
        for pair in self.env:
            yield from ("-e", pair)
        for flag, value in (*singles[1:], *more):
            yield from (flag, value) if value else ()
        yield from ("--entrypoint", self.entrypoint) if self.entrypoint is not None else ()
        for pair in self.labels:
            yield from ("--label", pair)

    def to_api(self) -> dict[str, Any]:
        """The body of ``POST /containers/create`` (Docker Engine API, Container)."""
        policy, _, retries = self.restart.partition(":")
        host: dict[str, Any] = {
            "AutoRemove": self.remove,
            "NetworkMode": self.network or "default",
            "RestartPolicy": {"Name": policy or "no", "MaximumRetryCount": int(retries or 0)},
            "Binds": [_bind(mount) for mount in self.mounts if mount.form == "-v" and mount.source],
            "Mounts": [mount.to_api() for mount in self.mounts if mount.form == "--mount"],
            "Tmpfs": {mount.target: ",".join(mount.options) for mount in self.mounts if mount.form == "--tmpfs"},
            "PortBindings": _bindings(self.ports),
        }
        config: dict[str, Any] = {
            "Image": self.image,
            "Cmd": list(self.words) or None,
            "Env": list(self.env),
            "Labels": dict(label.partition("=")[::2] for label in self.labels),
            "Hostname": self.hostname,
            "User": self.user,
            "WorkingDir": self.workdir,
            "OpenStdin": self.interactive,
            "Tty": self.tty,
            "AttachStdout": not self.detach,
            "AttachStderr": not self.detach,
            "ExposedPorts": {port.key: {} for port in self.ports},
            "Volumes": {mount.target: {} for mount in self.mounts if mount.form == "-v" and not mount.source},
            "HostConfig": host,
        }
        if self.entrypoint is not None:
            config["Entrypoint"] = [self.entrypoint]
        return config


def run_from_words(given: tuple[str, ...]) -> Run:
    """Return the task of ``docker run`` with these words after ``run``.

    Raises:
        BadLine: The words are not as ``docker run`` takes them, or a flag is not supported; the sentence names it.
    """
    parsed = parse_flags("run", FLAGS, given, flags_first=True)
    parsed.require_words("run", translate(N_("an image")), 1)
    for pair in parsed.lists.get("env", ()):
        if "=" not in pair:
            raise BadValue(
                flag="-e", value=pair, expected=translate(N_("write KEY=value; no value is taken from elsewhere"))
            )
    restart = parsed.values.get("restart", "")
    if restart and not re.fullmatch(r"no|always|unless-stopped|on-failure(:\d+)?", restart):
        raise BadValue(
            flag="--restart",
            value=restart,
            expected=translate(N_("it is no, always, unless-stopped or on-failure[:N]")),
        )
    forms = (("-v", "volume"), ("--mount", "mount"), ("--tmpfs", "tmpfs"))
    return Run(
        image=parsed.words[0],
        words=parsed.words[1:],
        name=parsed.values.get("name", ""),
        detach="detach" in parsed.switches,
        ports=tuple(Port.parse(text) for text in parsed.lists.get("publish", ())),
        mounts=tuple(Mount.parse(form, text) for form, name in forms for text in parsed.lists.get(name, ())),  # type: ignore[arg-type]  # the forms are written above
        env=parsed.lists.get("env", ()),
        remove="rm" in parsed.switches,
        interactive="interactive" in parsed.switches,
        tty="tty" in parsed.switches,
        workdir=parsed.values.get("workdir", ""),
        user=parsed.values.get("user", ""),
        network=parsed.values.get("network", ""),
        restart=restart,
        entrypoint=parsed.values.get("entrypoint"),
        labels=parsed.lists.get("label", ()),
        hostname=parsed.values.get("hostname", ""),
    )


def _bindings(ports: Iterable[Port]) -> dict[str, list[dict[str, str]]]:
    made: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        host = "" if port.host_port is None else str(port.host_port)
        made.setdefault(port.key, []).append({"HostIp": port.host_ip, "HostPort": host})
    return made


def _bind(mount: Mount) -> str:
    source = mount.path if mount.kind == "bind" else mount.source
    options = [*(["ro"] if mount.read_only else []), *mount.options]
    return ":".join([source, mount.target, *([",".join(options)] if options else [])])


def _remove(client: Client, container_id: str) -> None:
    """Remove a container with its unnamed volumes; with --rm it may be gone, or going, by itself."""
    try:
        with engine_errors(client.address):
            client.api.remove_container(container_id, v=True, force=True)
    except EngineRefused as error:
        if error.facts["status"] not in (404, 409):
            raise
