"""What an engine has at one moment, and how two moments differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dockyard.connection import Client
from dockyard.tasks.change import Change
from dockyard.wording import short_id

__all__ = ["Snapshot", "difference", "name_of", "tags_of", "take"]


@dataclass(frozen=True)
class Snapshot:
    """An engine's things at one moment.

    Attributes:
        containers: ID to name and state.
        images: ID to size in bytes, which shared layers are a part of.
        tags: Image name to image ID.
        volumes: Name to driver.
        networks: ID to name.
    """

    containers: Mapping[str, tuple[str, str]]
    images: Mapping[str, int]
    tags: Mapping[str, str]
    volumes: Mapping[str, str]
    networks: Mapping[str, str]


def take(client: Client) -> Snapshot:
    """Ask the engine for its lists: four calls, however much there is.

    Raises:
        EngineError: It does not answer.
    """
    images = client.get_json("/images/json")
    return Snapshot(
        containers={row["Id"]: (name_of(row), row["State"]) for row in client.get_json("/containers/json", all=1)},
        images={row["Id"]: int(row["Size"]) for row in images},
        tags={name: row["Id"] for row in images for name in tags_of(row)},
        volumes={row["Name"]: row["Driver"] for row in client.get_json("/volumes")["Volumes"] or ()},
        networks={row["Id"]: row["Name"] for row in client.get_json("/networks")},
    )


def difference(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Return what came, changed and went between two moments, whoever did it.

    A container that changed its state or name and a tag that moved to another image are ``change``; ``reason`` says from what to what.
    """
    return (
        *_containers(before.containers, after.containers),
        *_sized("image", before.images, after.images),
        *_moved("tag", before.tags, after.tags),
        *_named("volume", {name: name for name in before.volumes}, {name: name for name in after.volumes}),
        *_named("network", before.networks, after.networks),
    )


def _containers(before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> Iterator[Change]:
    for container, (name, state) in after.items():
        if container not in before:
            yield Change("create", "container", name, reason=state)
        elif before[container] != (name, state):
            old_name, old_state = before[container]
            parts = ((old_name, name), (old_state, state))
            yield Change("change", "container", name, reason=", ".join(f"{a} → {b}" for a, b in parts if a != b))
    yield from (Change("remove", "container", before[each][0]) for each in before if each not in after)


def _sized(kind: str, before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[Change]:
    yield from (Change("create", kind, short_id(each), after[each]) for each in after if each not in before)
    yield from (Change("remove", kind, short_id(each), before[each]) for each in before if each not in after)


def _moved(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name, image in after.items():
        if name not in before:
            yield Change("create", kind, name, reason=short_id(image))
        elif before[name] != image:
            yield Change("change", kind, name, reason=f"{short_id(before[name])} → {short_id(image)}")
    yield from (Change("remove", kind, name, reason=short_id(before[name])) for name in before if name not in after)


def _named(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    yield from (Change("create", kind, after[each]) for each in after if each not in before)
    yield from (Change("remove", kind, before[each]) for each in before if each not in after)


def name_of(row: Mapping[str, Any]) -> str:
    """A listed container's name; its short ID while it has none."""
    return str(row["Names"][0]).removeprefix("/") if row["Names"] else short_id(row["Id"])


def tags_of(row: Mapping[str, Any]) -> list[str]:
    """A listed image's tags; none for one without a name, whatever the engine's version lists for it."""
    return [name for name in row.get("RepoTags") or () if name != "<none>:<none>"]
