"""The instructions that change nothing but the configuration, and the table of all instructions."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dockyard.engine.build.construction import Construction
from dockyard.engine.build.copies import copy
from dockyard.engine.build.instruction import Instruction
from dockyard.engine.build.quoting import listed
from dockyard.engine.build.rules import healthcheck
from dockyard.engine.build.runs import run
from dockyard.engine.build.state import StageState
from dockyard.engine.build.variables import environment
from dockyard.engine.containers.signals import signal_number
from dockyard.engine.errors import BadParameter, ServerError

__all__ = ["STEPS", "Step", "label"]

Step = Callable[[Construction, StageState, Instruction], None]

PROTOCOLS = ("tcp", "udp", "sctp")
LAST_PORT = 65535
MINUTE_NS, SECOND_NS = 60 * 10**9, 10**9


def label(build: Construction, state: StageState, labels: Sequence[tuple[str, str]]) -> None:
    """Put labels on the image."""
    state.config["Labels"] = {**(state.config["Labels"] or {}), **dict(labels)}
    build.note(state, " ".join(["LABEL", *(f"{name}={value}" for name, value in labels)]))


def _label(build: Construction, state: StageState, instruction: Instruction) -> None:
    label(build, state, [(state.expand(name), state.expand(value)) for name, value in instruction.pairs])


def _env(build: Construction, state: StageState, instruction: Instruction) -> None:
    new = [(state.expand(name), state.expand(value)) for name, value in instruction.pairs]
    variables = {**environment(state.config["Env"] or ()), **dict(new)}
    state.config["Env"] = [f"{name}={value}" for name, value in variables.items()]
    build.note(state, " ".join(["ENV", *(f"{name}={value}" for name, value in new)]))


def _arg(build: Construction, state: StageState, instruction: Instruction) -> None:
    words = []
    for word in instruction.arguments:
        name, equals, value = word.partition("=")
        name, default = state.expand(name), state.expand(value) if equals else None
        words.append(name if default is None else f"{name}={default}")
        state.arguments.declare(name, default)
    build.note(state, " ".join(["ARG", *words]))


def _maintainer(build: Construction, state: StageState, instruction: Instruction) -> None:
    state.author = instruction.arguments[0]
    build.note(state, f"MAINTAINER {state.author}")


def _user(build: Construction, state: StageState, instruction: Instruction) -> None:
    state.config["User"] = state.expand(instruction.arguments[0])
    build.note(state, f"USER {state.config['User']}")


def _shell(build: Construction, state: StageState, instruction: Instruction) -> None:
    state.config["Shell"] = list(instruction.arguments)
    build.note(state, f"SHELL {listed(instruction.arguments)}")


def _stopsignal(build: Construction, state: StageState, instruction: Instruction) -> None:
    name = state.expand(instruction.arguments[0])
    if not name.isdecimal() or int(name) == 0:
        signal_number(name or " ")
    state.config["StopSignal"] = name
    build.note(state, f"STOPSIGNAL {name}")


def _volume(build: Construction, state: StageState, instruction: Instruction) -> None:
    paths = [state.expand(path).strip() for path in instruction.arguments]
    if not all(paths):
        raise BadParameter("VOLUME specified can not be an empty string")
    state.config["Volumes"] = {**(state.config["Volumes"] or {}), **{path: {} for path in paths}}
    build.note(state, f"VOLUME {listed(paths)}")


def _expose(build: Construction, state: StageState, instruction: Instruction) -> None:
    words = sorted(word for each in instruction.arguments for word in state.expand_words(each))
    ports: dict[str, dict[str, str]] = {port: {} for word in words for port in _ports(word)}
    state.config["ExposedPorts"] = {**(state.config.get("ExposedPorts") or {}), **ports}
    build.note(state, " ".join(["EXPOSE", *words]))


def _ports(word: str) -> list[str]:
    """The ports that ``80``, ``80/udp``, ``80-82`` or ``8080:80`` exposes, as ``80/tcp``."""
    span, slash, protocol = word.rpartition(":")[2].partition("/")
    first, dash, last = span.partition("-")
    try:
        low, high = int(first), int(last if dash else first)
    except ValueError:
        low, high = -1, -1
    if not 0 <= low <= high <= LAST_PORT:
        raise BadParameter(f"Invalid containerPort: {span}")
    protocol = protocol.lower() if slash else "tcp"
    if protocol not in PROTOCOLS:
        raise BadParameter(f"Invalid proto: {protocol}")
    return [f"{port}/{protocol}" for port in range(low, high + 1)]


def _workdir(build: Construction, state: StageState, instruction: Instruction) -> None:
    path = state.expand(instruction.arguments[0])
    if not path:
        raise BadParameter("cannot normalize nothing")
    if not path.startswith("/"):
        path = posixpath.normpath(f"/{state.config['WorkingDir']}/{path}")
        path = f"/{path.lstrip('/')}"
    state.config["WorkingDir"] = path
    record = state.noted([*state.shell, f"#(nop) WORKDIR {path}"])
    if build.take_over(state, record):
        return
    stage = build.tree(state)
    try:
        stage.files.make_folders(stage.files.key(path))
    except OSError as error:
        raise ServerError(f"Cannot mkdir: {path} is not a directory") from error
    container_id = build.begin_container()
    build.ledger.add(state, record, stage.commit(build.blobs), container_id)
    build.end_container(container_id)


def _cmd(build: Construction, state: StageState, instruction: Instruction) -> None:
    state.config["Cmd"] = _command(state, instruction)
    state.has_command = state.has_command or bool(instruction.arguments)
    build.note(state, f"CMD {listed(state.config['Cmd'], quotes=True)}")


def _entrypoint(build: Construction, state: StageState, instruction: Instruction) -> None:
    command = _command(state, instruction) if instruction.arguments else []
    state.config["Entrypoint"] = command or None
    if not state.has_command:
        state.config["Cmd"] = None
    build.note(state, f"ENTRYPOINT {listed(command, quotes=True)}")


def _command(state: StageState, instruction: Instruction) -> list[str]:
    return [*(() if instruction.is_json else state.shell), *instruction.arguments]


def _onbuild(build: Construction, state: StageState, instruction: Instruction) -> None:
    texts = [instruction.value, *(f"{each.text}{each.name}" for each in instruction.heredocs)]
    trigger = "\n".join(texts)
    state.config["OnBuild"] = [*(state.config["OnBuild"] or ()), trigger]
    build.note(state, f"ONBUILD {trigger}")


def _healthcheck(build: Construction, state: StageState, instruction: Instruction) -> None:
    before: Mapping[str, Any] = state.config.get("Healthcheck") or {}
    check = healthcheck(instruction)
    if check["Test"] != ["NONE"] and before.get("Test") and before["Test"][0] != "NONE":
        build.output.text(f"Note: overriding previous HEALTHCHECK: {listed(before['Test'])}\n")
    # What the new one leaves open stays as it was: under Docker each step's container takes it from the image before.
    state.config["Healthcheck"] = {**before, **check}
    spans = " ".join(f'"{_span(int(check.get(name, 0)))}"' for name in ("Interval", "Timeout", "StartPeriod"))
    build.note(
        state, f"HEALTHCHECK &{{{listed(check['Test'], quotes=True)} {spans} {_character(check.get('Retries', 0))}}}"
    )


def _span(span_ns: int) -> str:
    """A span as Go writes it: ``1h0m0s``, ``3m0s``, ``5s``, ``500ms``."""
    if span_ns and span_ns < SECOND_NS:
        return f"{span_ns / 10**6:g}ms"
    minutes, rest_ns = divmod(span_ns, MINUTE_NS)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest_ns / SECOND_NS:.9f}".rstrip("0").rstrip(".")
    return f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _character(number: int) -> str:
    """A number as Go's ``%q`` writes it."""
    return f"'{chr(number)}'" if chr(number).isprintable() else f"'\\x{number:02x}'"


STEPS: Mapping[str, Step] = {
    "ADD": copy,
    "ARG": _arg,
    "CMD": _cmd,
    "COPY": copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "MAINTAINER": _maintainer,
    "ONBUILD": _onbuild,
    "RUN": run,
    "SHELL": _shell,
    "STOPSIGNAL": _stopsignal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
