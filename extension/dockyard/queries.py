"""Docker lines that only look: ``ps``, ``images``, ``history``, ``logs``, ``inspect`` and their like, answered with a table or a text."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from dockyard.command import Flag, Parsed, look_up, parse_flags, words
from dockyard.compose import load, read
from dockyard.connection import Client
from dockyard.errors import BadValue, NotFoundByAnyKind, engine_errors
from dockyard.locale import N_, translate
from dockyard.tables import Filters, Table, containers, history, images, networks, volumes
from dockyard.tasks.compose_project import PROJECT
from dockyard.tasks.compose_words import ComposeWords, split

__all__ = ["find"]

Query = Callable[[Client], Table | str]

FILTER, QUIET = Flag("filter", "f", "list"), Flag("quiet", "q", "switch")
ALL = Flag("all", "a", "switch")
KINDS = ("containers", "images", "volumes", "networks")
PATHS = {kind: f"/{kind}/{{}}/json" if kind in KINDS[:2] else f"/{kind}/{{}}" for kind in KINDS}


def find(text: str) -> Query | None:
    """Return what answers a docker line; None where the line does more than look.

    Raises:
        BadLine: The line can't be taken; the sentence names the word at fault.
    """
    found = look_up(words(text), _QUERIES, _ALSO)
    if found is None:
        return None
    make, rest = found
    return make(rest)


def _compose(given: Sequence[str]) -> Query | None:
    """``docker compose ps`` and ``docker compose config``; the commands that do something are tasks."""
    line = split(given)
    if line.command == "ps":
        return _compose_ps(line)
    return _compose_config(line) if line.command == "config" else None


def _compose_ps(line: ComposeWords) -> Query:
    parsed = _parsed("compose ps", (ALL, QUIET), line.rest, most=0)

    def ask(client: Client) -> Table:
        project = load(line.file, name=line.project, env_files=line.env_files)
        filters = {"label": [f"{PROJECT}={project.name}"]}
        return containers(client, all="all" in parsed.switches, filters=filters)

    return _listing(parsed, ask, "id")


def _compose_config(line: ComposeWords) -> Query:
    _parsed("compose config", (), line.rest, most=0)

    def ask(_: Client) -> str:
        reading = read(line.file, name=line.project, env_files=line.env_files)
        reading.require()
        return reading.text

    return ask


def _ps(given: Sequence[str]) -> Query:
    parsed = _parsed("ps", (ALL, FILTER, QUIET), given, most=0)
    return _listing(
        parsed, lambda client: containers(client, all="all" in parsed.switches, filters=_filters(parsed)), "id"
    )


def _images(given: Sequence[str]) -> Query:
    parsed = _parsed("images", (FILTER, QUIET), given, most=1)
    filters = {**_filters(parsed), **({"reference": list(parsed.words)} if parsed.words else {})}
    return _listing(parsed, lambda client: images(client, filters=filters), "id")


def _volumes(given: Sequence[str]) -> Query:
    parsed = _parsed("volume ls", (FILTER, QUIET), given, most=0)
    return _listing(parsed, lambda client: volumes(client, filters=_filters(parsed)), "name")


def _networks(given: Sequence[str]) -> Query:
    parsed = _parsed("network ls", (FILTER, QUIET), given, most=0)
    return _listing(parsed, lambda client: networks(client, filters=_filters(parsed)), "id")


def _listing(parsed: Parsed, table: Callable[[Client], Table], key: str) -> Query:
    if "quiet" not in parsed.switches:
        return table
    return lambda client: "".join(f"{each}\n" for each in dict.fromkeys(table(client)[key]))


def _inspect(*kinds: str) -> Callable[[Sequence[str]], Query]:
    def make(given: Sequence[str]) -> Query:
        names = _parsed("inspect", (), given, least=1, most=None).words
        return lambda client: _as_json([_found(client, name, kinds) for name in names])

    return make


def _logs(given: Sequence[str]) -> Query:
    flags = (Flag("tail", "n"), Flag("timestamps", "t", "switch"), Flag("since"), Flag("until"))
    parsed = _parsed("logs", flags, given, least=1, most=1)
    tail = parsed.values.get("tail", "all")
    if tail != "all" and not tail.isdecimal():
        raise BadValue(flag="--tail", value=tail, expected=translate(N_("write a number of lines, or all")))

    def ask(client: Client) -> str:
        _found(client, parsed.words[0], KINDS[:1])
        with engine_errors(client.address):
            told = client.api.logs(
                parsed.words[0],
                tail="all" if tail == "all" else int(tail),
                timestamps="timestamps" in parsed.switches,
                since=_moment("--since", parsed),
                until=_moment("--until", parsed),
            )
        return bytes(told).decode(errors="replace")

    return ask


def _moment(flag: str, parsed: Parsed) -> float | None:
    value = parsed.values.get(flag.removeprefix("--"))
    if value is None:
        return None
    try:
        return float(value)
    except ValueError as error:
        expected = translate(N_("write seconds since 1970, such as 1750000000"))
        raise BadValue(flag=flag, value=value, expected=expected) from error


def _top(given: Sequence[str]) -> Query:
    name, *options = _parsed("top", (), given, least=1, most=None).words

    def ask(client: Client) -> Table:
        answer = client.get_json("/containers/{}/top", name, **({"ps_args": " ".join(options)} if options else {}))
        return Table(answer["Processes"] or [], columns=[title.lower() for title in answer["Titles"]])

    return ask


def _diff(given: Sequence[str]) -> Query:
    (name,) = _parsed("diff", (), given, least=1, most=1).words

    def ask(client: Client) -> Table:
        rows = client.get_json("/containers/{}/changes", name) or []
        return Table({"kind": ["CAD"[row["Kind"]] for row in rows], "path": [row["Path"] for row in rows]}).astype(
            "str"
        )

    return ask


def _history(given: Sequence[str]) -> Query:
    (name,) = _parsed("history", (), given, least=1, most=1).words
    return lambda client: history(name, client)


def _port(given: Sequence[str]) -> Query:
    (name,) = _parsed("port", (), given, least=1, most=1).words

    def ask(client: Client) -> str:
        ports = client.get_json("/containers/{}/json", name)["NetworkSettings"]["Ports"] or {}
        rows = ((inner, each) for inner, bound in ports.items() for each in bound or ())
        return "".join(f"{inner} -> {each['HostIp']}:{each['HostPort']}\n" for inner, each in rows)

    return ask


def _plain(command: str, path: str) -> Callable[[Sequence[str]], Query]:
    def make(given: Sequence[str]) -> Query:
        _parsed(command, (), given, most=0)
        return lambda client: _as_json(client.get_json(path))

    return make


def _parsed(command: str, flags: Sequence[Flag], given: Sequence[str], *, least: int = 0, most: int | None) -> Parsed:
    parsed = parse_flags(command, flags, given)
    needed = N_("a name") if least else N_("no name") if most == 0 else N_("one name at most")
    parsed.require_words(command, translate(needed), least, most)
    return parsed


def _filters(parsed: Parsed) -> Filters:
    filters: dict[str, list[str]] = {}
    for each in parsed.lists.get("filter", ()):
        key, sign, value = each.partition("=")
        if not sign:
            raise BadValue(
                flag="--filter", value=each, expected=translate(N_("write KEY=value, such as status=running"))
            )
        filters.setdefault(key, []).append(value)
    return filters


def _found(client: Client, name: str, kinds: Sequence[str]) -> Any:
    for kind in kinds:
        if (found := client.find_json(PATHS[kind], name)) is not None:
            return found
    raise NotFoundByAnyKind(name=name)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=4, ensure_ascii=False) + "\n"


_QUERIES: dict[str, Callable[[Sequence[str]], Query | None]] = {
    "compose": _compose,
    "diff": _diff,
    "history": _history,
    "images": _images,
    "info": _plain("info", "/info"),
    "inspect": _inspect(*KINDS),
    "container inspect": _inspect("containers"),
    "image inspect": _inspect("images"),
    "logs": _logs,
    "network inspect": _inspect("networks"),
    "network ls": _networks,
    "port": _port,
    "ps": _ps,
    "top": _top,
    "version": _plain("version", "/version"),
    "volume inspect": _inspect("volumes"),
    "volume ls": _volumes,
}
# The other names that docker itself has for them.
_ALSO = {
    "container ls": "ps", "container list": "ps", "container ps": "ps", "image ls": "images", "image list": "images", "image history": "history",
    "volume list": "volume ls", "network list": "network ls", "system info": "info",
    **{f"container {name}": name for name in ("diff", "logs", "port", "top")},
}  # fmt: skip
