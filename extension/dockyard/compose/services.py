"""One service of a Compose file, made of its values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as Folder
from typing import Any, TypeVar

from dockyard.compose.model import Attached, Build, Condition, Dependency, HealthCheck, Published, Service
from dockyard.compose.tree import Fault, Path
from dockyard.compose.values import (
    attached,
    duration_ns,
    is_true,
    pairs,
    published,
    texts,
    tmpfs,
    whole,
    words,
)
from dockyard.compose.variables import BadVariable, read_env_file
from dockyard.errors import SourceUnreadable
from dockyard.locale import N_, translate

__all__ = ["DEFAULT", "Surroundings", "service"]

DEFAULT = "default"  # the network of those that name none
RESTARTS = ("no", "always", "unless-stopped", "on-failure")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Surroundings:
    """What the values of a service are read against.

    Attributes:
        project: The project's name.
        folder: Where relative paths begin.
        variables: What variables there are.
        networks, volumes, services: The keys of those in the file.
        faults: Gets what is wrong.
        unset: Gets the variables that a service asks for, and that are not there, with the place.
    """

    project: str
    folder: Folder
    variables: Mapping[str, str]
    networks: frozenset[str]
    volumes: frozenset[str]
    services: frozenset[str]
    faults: list[Fault] = field(default_factory=list)
    unset: list[tuple[Path, str]] = field(default_factory=list)

    def take(self, instead: Value, make: Callable[..., Value], *words: object) -> Value:
        """What ``make`` makes of words; where that is at fault, the fault is noted, and ``instead`` stands for it."""
        try:
            return make(*words)
        except Fault as fault:
            self.faults.append(fault)
            return instead


def service(name: str, given: Mapping[str, Any], around: Surroundings) -> Service:
    """Return the service that values stand for; what is wrong with them goes to ``around.faults``."""
    path: Path = ("services", name)
    take = around.take
    if "image" not in given and "build" not in given:
        says = translate(N_("The service {name!r} needs an `image:` or a `build:`.")).format(name=name)
        around.faults.append(Fault(path, says))
    if name.startswith((".", "-", "_")):
        says = translate(
            N_("A service's name begins with a letter or digit, so that its container can be called by it.")
        )
        around.faults.append(Fault(path, says))

    def truth(key: str) -> bool:
        return take(False, is_true, given.get(key, False), (*path, key))

    grace = given.get("stop_grace_period")
    return Service(
        name=name,
        container_name=str(given.get("container_name") or f"{around.project}-{name}-1"),
        image=str(given.get("image") or f"{around.project}-{name}"),
        build=_build(given.get("build"), (*path, "build"), around),
        command=take(None, words, given.get("command"), (*path, "command")),
        entrypoint=take(None, words, given.get("entrypoint"), (*path, "entrypoint")),
        environment=take((), _environment, given, path, around),
        ports=tuple(dict.fromkeys(_ports(given, path, around))),
        expose=texts(given.get("expose")),
        mounts=tuple(_mounts(given, path, around)),
        networks=tuple(_networks(given, path, around)),
        network_mode=take("", _network_mode, given, path),
        depends_on=tuple(_dependencies(given, path, around)),
        restart=take("", _restart, given, path),
        labels=tuple(f"{key}={value or ''}" for key, value in pairs(given.get("labels")).items()),
        user=str(given.get("user", "")),
        working_dir=str(given.get("working_dir", "")),
        hostname=str(given.get("hostname", "")),
        healthcheck=take(None, _health, given.get("healthcheck"), (*path, "healthcheck")),
        stop_signal=str(given.get("stop_signal", "")),
        stop_grace_period_ns=None if grace is None else take(None, duration_ns, grace, (*path, "stop_grace_period")),
        stdin_open=truth("stdin_open"),
        tty=truth("tty"),
        init=truth("init") if "init" in given else None,
        read_only=truth("read_only"),
        extra_hosts=tuple(_hosts(given.get("extra_hosts"))),
    )


def _entries(given: Mapping[str, Any], key: str, path: Path) -> Iterator[tuple[Path, Any]]:
    """Each entry of a list, with its place."""
    return (((*path, key, place), value) for place, value in enumerate(given.get(key) or ()))


def _ports(given: Mapping[str, Any], path: Path, around: Surroundings) -> Iterator[Published]:
    nothing: tuple[Published, ...] = ()
    for at, value in _entries(given, "ports", path):
        yield from around.take(nothing, published, value, at)


def _build(value: Any, path: Path, around: Surroundings) -> Build | None:
    if value is None:
        return None
    given = {"context": value} if isinstance(value, str) else value
    context = around.folder / Folder(str(given.get("context", "."))).expanduser()
    dockerfile = given.get("dockerfile")
    args = _with_values(pairs(given.get("args")), (*path, "args"), around)
    return Build(
        str(context.resolve()),
        str((context / dockerfile).resolve()) if dockerfile else "",
        args,
        str(given.get("target", "")),
        around.take(False, is_true, given.get("no_cache", False), (*path, "no_cache")),
    )


def _environment(given: Mapping[str, Any], path: Path, around: Surroundings) -> tuple[str, ...]:
    """Variables of the files first, then those of the service itself; a name alone takes its value from the project's variables."""
    found: dict[str, str | None] = {}
    files = given.get("env_file") or ()
    for place, each in enumerate([files] if isinstance(files, str) else files):
        at = (*path, "env_file") if isinstance(files, str) else (*path, "env_file", place)
        name, required = (
            (each, True) if isinstance(each, str) else (each["path"], is_true(each.get("required", True), at))
        )
        file = around.folder / Folder(name).expanduser()
        if not file.exists() and not required:
            continue
        try:
            found |= read_env_file(file, around.variables)
        except (SourceUnreadable, BadVariable) as error:
            reason = error.facts["reason"] if isinstance(error, SourceUnreadable) else error
            raise Fault(
                at, translate(N_("The file {path!r} can't be used: {reason}.")).format(path=name, reason=reason)
            ) from error
    found |= pairs(given.get("environment"))
    return _with_values(found, (*path, "environment"), around)


def _with_values(found: Mapping[str, str | None], path: Path, around: Surroundings) -> tuple[str, ...]:
    """``KEY=value`` each; one without a value has that of the project's variable, and is left out and noted where there is none."""
    known = {key: around.variables.get(key) if value is None else value for key, value in found.items()}
    around.unset.extend((path, key) for key, value in known.items() if value is None)
    return tuple(f"{key}={value}" for key, value in known.items() if value is not None)


def _mounts(given: Mapping[str, Any], path: Path, around: Surroundings) -> Iterator[Attached]:
    seen: set[str] = set()
    memory = given.get("tmpfs")
    in_memory = {"tmpfs": [memory] if isinstance(memory, str) else memory}
    taken = [
        (at, around.take(None, attached, value, around.folder, at)) for at, value in _entries(given, "volumes", path)
    ]
    taken += [(at, around.take(None, tmpfs, value, at)) for at, value in _entries(in_memory, "tmpfs", path)]
    for at, mount in taken:
        if mount is None:
            continue
        if mount.target in seen:
            says = translate(N_("Two mounts have the same target {target}.")).format(target=mount.target)
            around.faults.append(Fault(at, says))
        if mount.kind == "volume" and mount.source and mount.source not in around.volumes:
            says = translate(
                N_("The volume {name!r} is not among the `volumes:` of the file. A folder is written ./{name}.")
            )
            around.faults.append(Fault(at, says.format(name=mount.source)))
        seen.add(mount.target)
        yield mount


def _networks(given: Mapping[str, Any], path: Path, around: Surroundings) -> Iterator[tuple[str, tuple[str, ...]]]:
    if "network_mode" in given:
        if given.get("networks"):
            says = translate(N_("`network_mode` and `networks` exclude each other."))
            around.faults.append(Fault((*path, "network_mode"), says))
        return
    wanted = given.get("networks") or [DEFAULT]
    for place, name in enumerate(wanted):
        at = (*path, "networks", place if isinstance(wanted, list) else name)
        if name not in around.networks and name != DEFAULT:
            says = translate(N_("The network {name!r} is not among the `networks:` of the file."))
            around.faults.append(Fault(at if given.get("networks") else path, says.format(name=name)))
        details = wanted[name] if isinstance(wanted, dict) else None
        yield name, tuple((details or {}).get("aliases", ()))


def _network_mode(given: Mapping[str, Any], path: Path) -> str:
    mode = str(given.get("network_mode", ""))
    if mode and mode not in ("host", "none", "bridge", "default") and not mode.startswith("container:"):
        says = translate(N_("The mode {mode!r} is not supported here: host, none, bridge and container:NAME are."))
        raise Fault((*path, "network_mode"), says.format(mode=mode))
    return mode


def _dependencies(given: Mapping[str, Any], path: Path, around: Surroundings) -> Iterator[Dependency]:
    wanted = given.get("depends_on") or {}
    for place, name in enumerate(wanted):
        at = (*path, "depends_on", place if isinstance(wanted, list) else name)
        if name not in around.services:
            says = translate(N_("There is no service {name!r} to depend on.")).format(name=name)
            around.faults.append(Fault(at, says))
            continue
        condition: Condition = wanted[name]["condition"] if isinstance(wanted, dict) else "service_started"
        yield Dependency(name, condition)


def _restart(given: Mapping[str, Any], path: Path) -> str:
    policy = str(given.get("restart", ""))
    name, colon, count = policy.partition(":")
    if policy and (name not in RESTARTS or (colon and (name != "on-failure" or not count.isdecimal()))):
        says = translate(N_("{policy!r} is no restart policy: it is no, always, unless-stopped or on-failure[:N]."))
        raise Fault((*path, "restart"), says.format(policy=policy))
    return policy


def _health(given: Mapping[str, Any] | None, path: Path) -> HealthCheck | None:
    if given is None:
        return None
    if is_true(given.get("disable", False), (*path, "disable")):
        return HealthCheck(("NONE",))
    test = given.get("test")
    if isinstance(test, list) and test[:1] not in (["NONE"], ["CMD"], ["CMD-SHELL"]):
        raise Fault((*path, "test"), translate(N_("The list of a `test` begins with CMD, CMD-SHELL or NONE.")))
    times = {
        key: duration_ns(given[key], (*path, key)) if key in given else 0
        for key in ("interval", "timeout", "start_period", "start_interval")
    }
    return HealthCheck(
        tuple(test) if isinstance(test, list) else ("CMD-SHELL", test) if test else (),
        times["interval"],
        times["timeout"],
        times["start_period"],
        times["start_interval"],
        whole(given["retries"], (*path, "retries")) if "retries" in given else 0,
    )


def _hosts(value: Any) -> Iterator[str]:
    """Lines for ``/etc/hosts``, as the Engine API takes them: ``NAME:ADDRESS``."""
    if isinstance(value, dict):
        for name, addresses in value.items():
            yield from (f"{name}:{each}" for each in texts(addresses))
    else:
        yield from (each if ":" in each.partition("=")[0] else each.replace("=", ":", 1) for each in value or ())
