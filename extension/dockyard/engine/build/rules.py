"""What each instruction takes: which flags, how many arguments, of which form. The sentences are Docker's."""

import re
from collections.abc import Callable, Collection
from typing import Any

from dockyard.engine.build.errors import DockerfileError
from dockyard.engine.build.instruction import Instruction
from dockyard.engine.build.quoting import quoted
from dockyard.engine.build.syntax import heredoc_name
from dockyard.engine.timestamps import parse_duration_ns

__all__ = ["KEYWORDS", "check", "healthcheck"]

LEAST_INTERVAL_NS = 1_000_000
SWITCHES = {"link", "keep-git-dir"}

_STAGE_NAME = re.compile(r"[a-z][a-z0-9\-_.]*")
_SPANS = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start-period": "StartPeriod",
    "start-interval": "StartInterval",
}


def check(instruction: Instruction) -> None:
    """Refuse an instruction that can't be followed.

    Raises:
        DockerfileError: What is wrong with it.
    """
    known = KEYWORDS.get(instruction.keyword)
    try:
        if known is None:
            raise ValueError(f"unknown instruction: {instruction.keyword}")
        flags, rule = known
        _check_flags(instruction, flags)
        rule(instruction)
    except ValueError as error:
        raise DockerfileError(instruction.line, str(error)) from error


def healthcheck(instruction: Instruction) -> dict[str, Any]:
    """Return what HEALTHCHECK says, as an image's configuration holds it.

    Raises:
        ValueError: It makes no sense.
    """
    kind, *command = instruction.arguments
    if kind.upper() == "NONE":
        if command:
            raise ValueError("HEALTHCHECK NONE takes no arguments")
        return {"Test": ["NONE"]}
    if kind.upper() != "CMD":
        raise ValueError(f"Unknown type {quoted(kind.upper())} in HEALTHCHECK (try CMD)")
    if not command:
        raise ValueError("Missing command after HEALTHCHECK CMD")
    health: dict[str, Any] = {"Test": ["CMD" if instruction.is_json else "CMD-SHELL", *command]}
    flags = dict(instruction.flags)
    for name, key in _SPANS.items():
        if (text := flags.get(name)) and (span_ns := _span_ns(name, text)):
            health[key] = span_ns
    if text := flags.get("retries"):
        health["Retries"] = _retries(text)
    return health


def _check_flags(instruction: Instruction, known: Collection[str]) -> None:
    seen = set()
    for name, value in instruction.flags:
        if name not in known:
            raise ValueError(f"Unknown flag: {name}")
        if name in seen and name != "mount":
            raise ValueError(f"Duplicate flag specified: {name}")
        seen.add(name)
        if name in SWITCHES:
            if value not in (None, "true", "false"):
                raise ValueError(f"Expecting boolean value for flag {name}, not: {value}")
        elif value is None:
            raise ValueError(f"Missing a value on flag: {name}")


def _any_number(_instruction: Instruction) -> None:
    pass


def _at_least_one(instruction: Instruction) -> None:
    if not instruction.arguments:
        raise ValueError(f"{instruction.keyword} requires at least one argument")


def _exactly_one(instruction: Instruction) -> None:
    if len(instruction.arguments) != 1:
        raise ValueError(f"{instruction.keyword} requires exactly one argument")


def _pairs(instruction: Instruction) -> None:
    _at_least_one(instruction)
    if not all(instruction.arguments[::2]):
        raise ValueError(f"{instruction.keyword} names can not be blank")


def _arg(instruction: Instruction) -> None:
    _at_least_one(instruction)
    if any(each.startswith("=") for each in instruction.arguments):
        raise ValueError("ARG names can not be blank")


def _copy(instruction: Instruction) -> None:
    if len(instruction.arguments) < 2:
        raise ValueError(
            f"{instruction.keyword} requires at least two arguments, but only one was provided."
            " Destination could not be determined"
        )
    if instruction.heredocs and heredoc_name(instruction.arguments[-1]):
        raise ValueError(f"{instruction.keyword} cannot accept a heredoc as a destination")


def _from(instruction: Instruction) -> None:
    arguments = instruction.arguments
    if len(arguments) == 3 and arguments[1].lower() == "as":
        if not _STAGE_NAME.fullmatch(arguments[2].lower()):
            raise ValueError(
                f"invalid name for build stage: {quoted(arguments[2])}, name can't start with a number or contain symbols"
            )
    elif len(arguments) != 1:
        raise ValueError("FROM requires either one or three arguments")


def _onbuild(instruction: Instruction) -> None:
    _at_least_one(instruction)
    trigger = instruction.arguments[0].upper()
    if trigger == "ONBUILD":
        raise ValueError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger in ("MAINTAINER", "FROM"):
        raise ValueError(f"{trigger} isn't allowed as an ONBUILD trigger")


def _shell(instruction: Instruction) -> None:
    if instruction.arguments and not instruction.is_json:
        raise ValueError("SHELL requires the arguments to be in JSON form")
    _at_least_one(instruction)


def _volume(instruction: Instruction) -> None:
    _at_least_one(instruction)
    if not all(each.strip() for each in instruction.arguments):
        raise ValueError("VOLUME specified can not be an empty string")


def _healthcheck(instruction: Instruction) -> None:
    _at_least_one(instruction)
    healthcheck(instruction)


def _span_ns(name: str, text: str) -> int:
    span_ns = parse_duration_ns(text)
    if span_ns is None:
        bare = text.lstrip("+-").replace(".", "", 1).isdecimal()
        raise ValueError(f"time: {'missing unit in' if bare else 'invalid'} duration {quoted(text)}")
    if span_ns and span_ns < LEAST_INTERVAL_NS:
        raise ValueError(f"Interval {quoted(name)} cannot be less than 1ms")
    return span_ns


def _retries(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise ValueError(f"strconv.ParseInt: parsing {quoted(text)}: invalid syntax")
    if int(text) < 1:
        raise ValueError(f"--retries must be at least 1 (not {int(text)})")
    return int(text)


KEYWORDS: dict[str, tuple[Collection[str], Callable[[Instruction], None]]] = {
    "ADD": ({"chown", "chmod", "checksum", "keep-git-dir", "link"}, _copy),
    "ARG": ((), _arg),
    "CMD": ((), _any_number),
    "COPY": ({"from", "chown", "chmod", "link"}, _copy),
    "ENTRYPOINT": ((), _any_number),
    "ENV": ((), _pairs),
    "EXPOSE": ((), _at_least_one),
    "FROM": ({"platform"}, _from),
    "HEALTHCHECK": ({*_SPANS, "retries"}, _healthcheck),
    "LABEL": ((), _pairs),
    "MAINTAINER": ((), _exactly_one),
    "ONBUILD": ((), _onbuild),
    "RUN": ({"mount", "network", "security"}, _any_number),
    "SHELL": ((), _shell),
    "STOPSIGNAL": ((), _exactly_one),
    "USER": ((), _exactly_one),
    "VOLUME": ((), _volume),
    "WORKDIR": ((), _exactly_one),
}
"""Each instruction with the flags it knows and the rule its arguments follow."""
