"""What a prune takes and what it leaves, and why: decided from what the engine says of itself, with nothing asked or changed.

Docker Engine API, "Get data usage information" (``/system/df``), images with ``all=1``, and networks.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from dockyard.locale import N_, translate
from dockyard.tasks.container import UNNAMED_VOLUME, is_unnamed
from dockyard.tasks.prune_filters import PruneFilters
from dockyard.tasks.snapshot import name_of, tags_of
from dockyard.wording import short_id

__all__ = ["KINDS", "Asked", "Facts", "Freeing", "Thing", "decide", "freeing", "reconcile"]

KINDS = ("container", "network", "volume", "image", "build cache")  # in the order in which they go, as docker's
STOPPED = ("created", "exited", "dead")
PREDEFINED = ("bridge", "host", "none")
KEPT_CACHE_TYPES = ("internal", "frontend")  # which BuildKit keeps unless all is asked for


@dataclass(frozen=True)
class Thing:
    """One thing of an engine, and whether a prune takes it.

    Attributes:
        kind: One of :data:`KINDS`.
        id: By which the engine removes it; a volume's name.
        name: As people know it.
        size_bytes: What would be free without it, as ``disk()`` has it; None for a network.
        goes: Whether it is removed.
        reason: Why, in the reader's language.
        state: What must still be so when it is removed.
    """

    kind: str
    id: str
    name: str
    size_bytes: int | None
    goes: bool
    reason: str
    state: str = ""


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes:
        kinds: Those of :data:`KINDS` that are looked at.
        named_images: Also images with a name (``docker image prune -a``).
        named_volumes: Also volumes with a name (``docker volume prune -a``).
        all_cache: Also build cache that docker keeps for later builds (``docker builder prune -a``).
        filters: What things must be like.
        whole_cache: Whether the engine removes its build cache only as a whole, as the embedded one does.
    """

    kinds: frozenset[str]
    named_images: bool = False
    named_volumes: bool = False
    all_cache: bool = False
    filters: PruneFilters = field(default_factory=PruneFilters)
    whole_cache: bool = False


@dataclass(frozen=True)
class Facts:
    """What the engine says.

    Attributes:
        usage: Its answer to ``/system/df``.
        images: To ``/images/json`` with ``all=1``: also those that others were made from.
        networks: To ``/networks``.
        now: When.
    """

    usage: Mapping[str, Any]
    images: Sequence[Mapping[str, Any]]
    networks: Sequence[Mapping[str, Any]]
    now: datetime


def decide(facts: Facts, asked: Asked) -> tuple[Thing, ...]:
    """Return everything of the kinds that are asked for; what only a container that goes has in use, goes with it."""
    containers = list(_containers(facts, asked)) if "container" in asked.kinds else []
    gone = {thing.id for thing in containers if thing.goes}
    staying = [row for row in facts.usage.get("Containers") or () if row["Id"] not in gone]
    find: dict[str, Callable[[], Iterable[Thing]]] = {
        "container": lambda: containers,
        "network": lambda: _networks(facts, asked, staying),
        "volume": lambda: _volumes(facts, asked, staying),
        "image": lambda: _images(facts, asked, staying),
        "build cache": lambda: _cache(facts, asked),
    }
    return tuple(thing for kind in KINDS if kind in asked.kinds for thing in find[kind]())


@dataclass(frozen=True)
class Freeing:
    """What would free a thing.

    Attributes:
        command: The docker line of the least prune that takes it.
        size_bytes: What would be free if it took this thing alone.
    """

    command: str
    size_bytes: int


def freeing(facts: Facts, *, whole_cache: bool) -> dict[tuple[str, str], Freeing]:
    """Return what would free each thing that a prune of its kind takes, by kind and ID; networks take up nothing.

    Args:
        facts: What the engine says; its networks are not looked at.
        whole_cache: As :attr:`Asked.whole_cache`.
    """
    found: dict[tuple[str, str], Freeing] = {}
    for kind, scope in (
        ("container", "container"),
        ("image", "image"),
        ("volume", "volume"),
        ("build cache", "builder"),
    ):
        for takes_all in (False, True) if kind != "container" else (False,):
            asked = Asked(
                frozenset({kind}),
                named_images=takes_all,
                named_volumes=takes_all,
                all_cache=takes_all,
                whole_cache=whole_cache,
            )
            command = f"docker {scope} prune{' -a' if takes_all else ''}"
            for thing in decide(facts, asked):
                if thing.goes:
                    found.setdefault((kind, thing.id), Freeing(command, thing.size_bytes or 0))
    return found


def reconcile(shown: Sequence[Thing], now: Sequence[Thing]) -> tuple[tuple[Thing, ...], tuple[str, ...]]:
    """Hold a plan that was shown against the state of things now.

    Returns:
        Of what was to go, that which may still go; and what changed since, a sentence each.
    """
    current = {(thing.kind, thing.id): thing for thing in now}
    planned = {(thing.kind, thing.id) for thing in shown if thing.goes}
    todo, changed = [], []
    for thing in shown:
        if not thing.goes:
            continue
        found = current.get((thing.kind, thing.id))
        if found is None:
            changed.append(translate(N_("{name} is gone already.")).format(name=thing.name))
        elif not found.goes:
            sentence = translate(N_("{name} stays, unlike planned: {reason}."))
            changed.append(sentence.format(name=thing.name, reason=found.reason))
        elif found.state != thing.state:
            sentence = translate(N_("{name} stays, unlike planned: it changed since the plan was made."))
            changed.append(sentence.format(name=thing.name))
        else:
            todo.append(thing)
    for thing in now:
        if thing.goes and (thing.kind, thing.id) not in planned:
            sentence = translate(N_("{name} could go too by now; it was not in the plan, and stays."))
            changed.append(sentence.format(name=thing.name))
    return tuple(todo), tuple(changed)


def _containers(facts: Facts, asked: Asked) -> Iterator[Thing]:
    stopped, in_use = translate(N_("it does not run ({state})")), translate(N_("it is in use ({state})"))
    for row in facts.usage.get("Containers") or ():
        size, state = int(row.get("SizeRw") or 0), str(row["State"])
        goes, reason = state in STOPPED, stopped.format(state=state)
        if not goes:
            reason = in_use.format(state=state)
        elif why := _filtered(facts, asked, row.get("Labels"), _seconds(row["Created"])):
            goes, reason = False, why
        yield Thing("container", row["Id"], name_of(row), size, goes, reason, f"{state} {size}")


def _networks(facts: Facts, asked: Asked, staying: Sequence[Mapping[str, Any]]) -> Iterator[Thing]:
    members: dict[str, list[tuple[str, bool]]] = {}
    for row in staying:
        for given in ((row.get("NetworkSettings") or {}).get("Networks") or {}).values():
            members.setdefault(str(given.get("NetworkID")), []).append((name_of(row), row["State"] not in STOPPED))
    for row in facts.networks:
        there = members.get(row["Id"], [])
        running = [name for name, runs in there if runs]
        goes = False
        if row["Name"] in PREDEFINED or row.get("Ingress"):
            reason = translate(N_("the engine's own"))
        elif running:
            reason = translate(N_("in use by {names}")).format(names=", ".join(running))
        elif why := _filtered(facts, asked, row.get("Labels"), _iso(row.get("Created"))):
            reason = why
        elif there:
            # docker takes it all the same, and the container can't be started afterwards.
            goes = True
            reason = translate(N_("nothing that runs is in it; {names} will not start without it"))
            reason = reason.format(names=", ".join(name for name, _ in there))
        else:
            goes, reason = True, translate(N_("no container is in it"))
        yield Thing("network", row["Id"], row["Name"], None, goes, reason)


def _volumes(facts: Facts, asked: Asked, staying: Sequence[Mapping[str, Any]]) -> Iterator[Thing]:
    users: dict[str, list[str]] = {}
    for row in staying:
        for mount in row.get("Mounts") or ():
            if mount.get("Type") == "volume":
                users.setdefault(str(mount.get("Name")), []).append(name_of(row))
    unnamed = translate(N_("no container has it, and it has no name of its own"))
    unused, named = (
        translate(N_("no container has it")),
        translate(N_("it has a name; docker volume prune -a takes it too")),
    )
    for row in facts.usage.get("Volumes") or ():
        name, labels = str(row["Name"]), row.get("Labels") or {}
        size = max(0, int((row.get("UsageData") or {}).get("Size", 0)))
        goes = False
        if name in users:
            reason = translate(N_("in use by {names}")).format(names=", ".join(users[name]))
        elif why := _filtered(facts, asked, labels, None):
            reason = why
        elif is_unnamed(row):
            goes, reason = True, unnamed
        elif asked.named_volumes:
            goes, reason = True, unused
        else:
            reason = named
        shown = short_id(name) if UNNAMED_VOLUME.fullmatch(name) else name
        yield Thing("volume", name, shown, size, goes, reason, str(size))


def _images(facts: Facts, asked: Asked, staying: Sequence[Mapping[str, Any]]) -> list[Thing]:
    users: dict[str, list[str]] = {}
    for row in staying:
        users.setdefault(row["ImageID"], []).append(name_of(row))
    found: dict[str, Thing] = {}
    for row in facts.usage.get("Images") or ():
        tags = sorted(tags_of(row))
        size = int(row["Size"]) - max(0, int(row.get("SharedSize", 0)))
        goes = False
        if row["Id"] in users:
            reason = translate(N_("in use by {names}")).format(names=", ".join(users[row["Id"]]))
        elif tags and not asked.named_images:
            reason = translate(N_("it has a name; -a takes it too"))
        elif why := _filtered(facts, asked, row.get("Labels"), _seconds(row["Created"])):
            reason = why
        else:
            goes, reason = True, translate(N_("no container has it, and it has no name"))
            reason = translate(N_("no container has it")) if tags else reason
        shown = ", ".join(tags) or short_id(row["Id"])
        found[row["Id"]] = Thing("image", row["Id"], shown, size, goes, reason, " ".join(tags))
    return _children_first(found, {row["Id"]: [row["ParentId"]] for row in facts.images if row.get("ParentId")})


def _children_first(found: dict[str, Thing], parents: Mapping[str, Sequence[str]]) -> list[Thing]:
    """Keep what a thing that stays was made from, and bring children before what they were made from."""
    depth: dict[str, int] = {}
    for identity in [*found]:
        line = set(_ancestors(identity, parents))
        depth[identity] = len(line)
        for each in line if not found[identity].goes else ():
            if each in found and found[each].goes:
                reason = translate(N_("{name} was made from it")).format(name=found[identity].name)
                found[each] = replace(found[each], goes=False, reason=reason)
    return sorted(found.values(), key=lambda thing: -depth[thing.id])


def _ancestors(identity: str, parents: Mapping[str, Sequence[str]]) -> Iterator[str]:
    seen, waiting = {identity}, list(parents.get(identity, ()))
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += parents.get(each, ())
            yield each


def _cache(facts: Facts, asked: Asked) -> list[Thing]:
    latest = asked.filters.latest(facts.now)
    found: dict[str, Thing] = {}
    parents: dict[str, list[str]] = {}
    for row in facts.usage.get("BuildCache") or ():
        used = _iso(row.get("LastUsedAt")) or _iso(row.get("CreatedAt"))
        goes = False
        if row["InUse"]:
            reason = translate(N_("in use by a build"))
        elif asked.filters.labels or asked.filters.not_labels:
            reason = translate(N_("build cache has no labels to filter by"))
        elif asked.whole_cache:
            goes = latest is None
            reason = translate(N_("it can be made again; what containers need of it stays"))
            if not goes:
                reason = translate(N_("this engine drops its build cache only as a whole, without a filter"))
        elif row["Shared"] and not asked.all_cache:
            reason = translate(N_("an image has it too"))
        elif row["Type"] in KEPT_CACHE_TYPES and not asked.all_cache:
            reason = translate(N_("kept for later builds; -a takes it too"))
        elif latest is not None and used is not None and used > latest:
            reason = translate(N_("used since {until}")).format(until=asked.filters.until)
        else:
            goes, reason = True, translate(N_("no build uses it; it can be made again"))
        name = f"{row['ID'][:12]} {row.get('Description') or row['Type']}"
        size = 0 if row["Shared"] else int(row["Size"])
        found[row["ID"]] = Thing("build cache", row["ID"], name, size, goes, reason)
        parents[row["ID"]] = [*(row.get("Parents") or ()), *([row["Parent"]] if row.get("Parent") else [])]
    return _children_first(found, parents)


def _filtered(facts: Facts, asked: Asked, labels: Mapping[str, str] | None, made: datetime | None) -> str:
    """Why the filters keep a thing; empty where they do not."""
    latest = asked.filters.latest(facts.now)
    if made is not None and latest is not None and made > latest:
        return translate(N_("made since {until}")).format(until=asked.filters.until)
    if not asked.filters.match_labels(labels):
        return translate(N_("its labels are not those of the filter"))
    return ""


def _seconds(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def _iso(text: str | None) -> datetime | None:
    """A moment as the engine writes it, with up to nine digits of a second."""
    if not text or text.startswith("0001"):
        return None
    found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
