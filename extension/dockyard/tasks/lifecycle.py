"""Containers started, stopped, restarted, killed, paused and let go on: one task a command, each over several containers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from docker.utils import version_lt

from dockyard.command import Flag, parse_flags
from dockyard.connection import Client
from dockyard.errors import BadValue, CannotUndo, WrongState
from dockyard.locale import N_, translate
from dockyard.tasks.base import Change, Plan, Result
from dockyard.tasks.container import name_in, published_ports
from dockyard.tasks.kept import last_kept
from dockyard.tasks.life_task import UP, LifeTask, becomes, closing, lost_in_memory, opening, stays

__all__ = [
    "Kill",
    "Pause",
    "Restart",
    "Start",
    "Stop",
    "Unpause",
    "kill_from_words",
    "pause_from_words",
    "restart_from_words",
    "start_from_words",
    "stop_from_words",
    "unpause_from_words",
]

SIGNAL, TIME = Flag("signal", "s"), Flag("time", "t", also="timeout")
SIGNAL_SINCE = "1.42"  # of the Engine API, for stop and restart
ENDS = ("SIGKILL", "KILL", "9")


@dataclass(frozen=True)
class Start(LifeTask):
    """Start containers that do not run (``docker start``)."""

    verb: ClassVar[str] = "start"

    def _changes(self, client: Client, found: Mapping[str, Any]) -> Iterator[Change]:
        status, name = found["State"]["Status"], name_in(found)
        if status in UP:
            yield stays(name, status)
            return
        if status == "paused":
            raise WrongState(name=name, status=status, verb=self.verb, way_out=f"docker unpause {name}")
        yield becomes(name, status, "running")
        yield from opening(client, found)

    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "/containers/{}/start", {}

    def _is_done(self, state: Mapping[str, Any]) -> bool:
        return bool(state["Running"])


@dataclass(frozen=True)
class _Ending(LifeTask):
    """One that ends what runs."""

    def _changes(self, client: Client, found: Mapping[str, Any]) -> Iterator[Change]:  # noqa: ARG002  # the engine knows it all
        status, name = found["State"]["Status"], name_in(found)
        if not found["State"]["Running"]:
            yield stays(name, status)
        elif found["HostConfig"].get("AutoRemove"):
            reason = translate(N_("it was started with --rm, so it goes when it ends, with its unnamed volumes"))
            yield Change("remove", "container", name, reason=reason)
            yield from closing(found)
        else:
            yield becomes(name, status, "exited")
            yield from closing(found)

    def _warnings(self, found: Mapping[str, Any]) -> Iterator[str]:
        if found["State"]["Running"] and found["HostConfig"].get("AutoRemove"):
            text = N_("{name} will be removed at its end (--rm), so this can't be undone.")
            yield translate(text).format(name=name_in(found))

    @property
    def _may_be_gone(self) -> bool:
        return True

    def _is_done(self, state: Mapping[str, Any]) -> bool:
        return not state["Running"]


@dataclass(frozen=True)
class Stop(_Ending):
    """Ask containers to end, and kill those that do not in time (``docker stop``).

    Attributes:
        time_s: ``-t``: seconds until they are killed; -1 waits for ever, None takes the container's own or 10.
        signal: ``-s``: the signal to ask with; empty for the container's own.
    """

    verb: ClassVar[str] = "stop"
    time_s: int | None = None
    signal: str = ""

    def plan(self, client: Client) -> Plan:
        """See :meth:`LifeTask.plan`."""
        _check_signal(client, self.signal)
        return super().plan(client)

    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "/containers/{}/stop", _timing(self)

    def _flag_words(self) -> Iterator[str]:
        yield from _timing_words(self)


@dataclass(frozen=True)
class Kill(_Ending):
    """Send containers a signal (``docker kill``), which ends them unless told otherwise.

    Attributes:
        signal: ``-s``, such as ``SIGHUP``.
    """

    verb: ClassVar[str] = "kill"
    signal: str = "SIGKILL"

    def _changes(self, client: Client, found: Mapping[str, Any]) -> Iterator[Change]:
        status, name = found["State"]["Status"], name_in(found)
        if not found["State"]["Running"]:
            raise WrongState(name=name, status=status, verb=self.verb, way_out=f"docker start {name}")
        if self.signal in ENDS:
            yield from super()._changes(client, found)
            return
        reason = translate(N_("receives {signal}; what it does then is its own business"))
        yield Change("change", "container", name, reason=reason.format(signal=self.signal))

    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "/containers/{}/kill", {"signal": self.signal}

    def _is_done(self, state: Mapping[str, Any]) -> bool:
        return self.signal not in ENDS or not state["Running"]

    def _flag_words(self) -> Iterator[str]:
        yield from () if self.signal == "SIGKILL" else ("-s", self.signal)


@dataclass(frozen=True)
class Restart(LifeTask):
    """Stop containers and start them again (``docker restart``).

    Attributes:
        time_s: ``-t``: seconds until they are killed; -1 waits for ever, None takes the container's own or 10.
        signal: ``-s``: the signal to ask with; empty for the container's own.
    """

    verb: ClassVar[str] = "restart"
    time_s: int | None = None
    signal: str = ""

    def plan(self, client: Client) -> Plan:
        """See :meth:`LifeTask.plan`."""
        _check_signal(client, self.signal)
        return super().plan(client)

    def undo(self, client: Client) -> Result:
        """Stop those that did not run before.

        Raises:
            CannotUndo: All ran before; what they were doing can't be brought back.
        """
        if all(mark.state in UP for mark in last_kept(client, self.command).marks):
            reason = translate(N_("what ran before is over, and can't be brought back"))
            raise CannotUndo(command=self.command, reason=reason)
        return super().undo(client)

    def _changes(self, client: Client, found: Mapping[str, Any]) -> Iterator[Change]:
        status, name = found["State"]["Status"], name_in(found)
        yield becomes(name, status, "running")
        if found["State"]["Running"]:
            yield from lost_in_memory(found)
        else:
            yield from opening(client, found)

    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "/containers/{}/restart", _timing(self)

    def _is_done(self, state: Mapping[str, Any]) -> bool:
        return bool(state["Running"])

    def _flag_words(self) -> Iterator[str]:
        yield from _timing_words(self)


@dataclass(frozen=True)
class Pause(LifeTask):
    """Hold all processes of containers where they are (``docker pause``)."""

    verb: ClassVar[str] = "pause"
    shows_processes: ClassVar[bool] = False

    def _changes(self, client: Client, found: Mapping[str, Any]) -> Iterator[Change]:  # noqa: ARG002  # the engine knows it all
        status, name = found["State"]["Status"], name_in(found)
        if status == "paused":
            yield stays(name, status)
            return
        if status != "running":
            raise WrongState(name=name, status=status, verb=self.verb, way_out=f"docker start {name}")
        yield becomes(name, status, "paused")
        silent = translate(N_("takes connections, and does not answer"))
        for port in published_ports(found):
            yield Change("change", "port", port.text, reason=silent)

    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "/containers/{}/pause", {}

    def _is_done(self, state: Mapping[str, Any]) -> bool:
        return bool(state["Paused"])


@dataclass(frozen=True)
class Unpause(LifeTask):
    """Let paused containers go on (``docker unpause``)."""

    verb: ClassVar[str] = "unpause"
    shows_processes: ClassVar[bool] = False

    def _changes(self, client: Client, found: Mapping[str, Any]) -> Iterator[Change]:  # noqa: ARG002  # the engine knows it all
        status, name = found["State"]["Status"], name_in(found)
        if status == "running":
            yield stays(name, status)
            return
        if status != "paused":
            raise WrongState(name=name, status=status, verb=self.verb, way_out=f"docker start {name}")
        yield becomes(name, status, "running")
        for port in published_ports(found):
            yield Change("change", "port", port.text, reason=translate(N_("answers again")))

    def _calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "/containers/{}/unpause", {}

    def _is_done(self, state: Mapping[str, Any]) -> bool:
        return bool(state["Running"]) and not state["Paused"]


def _check_signal(client: Client, signal: str) -> None:
    if signal and version_lt(client.api.api_version, SIGNAL_SINCE):
        raise BadValue(
            flag="-s", value=signal, expected=translate(N_("this engine is too old for it; docker kill -s takes one"))
        )


def _timing(task: Stop | Restart) -> dict[str, Any]:
    return {
        **({} if task.time_s is None else {"t": task.time_s}),
        **({"signal": task.signal} if task.signal else {}),
    }


def _timing_words(task: Stop | Restart) -> Iterator[str]:
    yield from ("-s", task.signal) if task.signal else ()
    yield from () if task.time_s is None else ("-t", str(task.time_s))


def _names(verb: str, given: tuple[str, ...], *flags: Flag) -> tuple[tuple[str, ...], dict[str, str]]:
    parsed = parse_flags(verb, flags, given)
    parsed.require_words(verb, translate(N_("a container")), 1)
    return parsed.words, parsed.values


def _seconds(values: Mapping[str, str]) -> int | None:
    value = values.get("time")
    if value is None:
        return None
    try:
        return int(value)
    except ValueError as error:
        raise BadValue(flag="-t", value=value, expected=translate(N_("write a number of seconds"))) from error


def start_from_words(given: tuple[str, ...]) -> Start:
    """Return the task of ``docker start`` with these words after ``start``.

    Raises:
        BadLine: The words are not as ``docker start`` takes them; to attach (``-a``, ``-i``) is not supported.
    """
    return Start(_names("start", given)[0])


def stop_from_words(given: tuple[str, ...]) -> Stop:
    """The same for ``docker stop``."""
    names, values = _names("stop", given, TIME, SIGNAL)
    return Stop(names, _seconds(values), values.get("signal", ""))


def restart_from_words(given: tuple[str, ...]) -> Restart:
    """The same for ``docker restart``."""
    names, values = _names("restart", given, TIME, SIGNAL)
    return Restart(names, _seconds(values), values.get("signal", ""))


def kill_from_words(given: tuple[str, ...]) -> Kill:
    """The same for ``docker kill``."""
    names, values = _names("kill", given, SIGNAL)
    return Kill(names, values.get("signal", "SIGKILL"))


def pause_from_words(given: tuple[str, ...]) -> Pause:
    """The same for ``docker pause``."""
    return Pause(_names("pause", given)[0])


def unpause_from_words(given: tuple[str, ...]) -> Unpause:
    """The same for ``docker unpause``."""
    return Unpause(_names("unpause", given)[0])
