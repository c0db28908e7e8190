"""Which layers are under which images: each layer once, as it is on the disk."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from dockyard.connection import Client, current
from dockyard.errors import ImageMissing
from dockyard.tables.frame import Table
from dockyard.tables.image import HistoryStep, history_steps
from dockyard.tasks.snapshot import tags_of
from dockyard.wording import short_id

__all__ = ["shared_layers"]

ASKED_AT_ONCE = 8


@dataclass
class _Layer:
    parent: str
    depth: int
    diff_id: str
    created_by: str
    size_bytes: int
    images: list[str] = field(default_factory=list)


def shared_layers(images: Sequence[str] = (), client: Client | None = None) -> Table:
    """Return the layers of images, each once, with the names of all that have it: what is on the disk once, however many images use it.

    ``id`` is the layer's chain ID, which is of it and of all below it; ``parent`` that of the one below it, empty for the lowest. The same files upon
    other layers are another layer. Two calls to the engine an image, several at once; ``docker system df`` is not asked.

    Args:
        images: Names or IDs; by default all of them.
        client: The engine; by default the one in use.

    Raises:
        ImageMissing: The engine does not have one of those that are named.

    Source: OCI image specification, "Layer ChainID".
    """
    engine = client or current()
    listed = {row["Id"]: tags_of(row)[:1] or [short_id(row["Id"])] for row in engine.get_json("/images/json")}
    asked = {name: name for name in images} if images else {identity: tags[0] for identity, tags in listed.items()}
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        found = pool.map(partial(_steps, engine, is_needed=bool(images)), asked)
        steps = {name: each for name, each in zip(asked.values(), found, strict=True) if each}
    layers: dict[str, _Layer] = {}
    for name, brought in steps.items():
        parent = ""
        for depth, step in enumerate(brought):
            key = _chain_id(parent, step.diff_id)
            layer = layers.setdefault(key, _Layer(parent, depth, step.diff_id, step.created_by, step.size_bytes))
            layer.images.append(name)
            parent = key
    rows = list(layers.values())
    table = Table(
        {
            "id": list(layers),
            "parent": [row.parent for row in rows],
            "depth": [row.depth for row in rows],
            "diff_id": [row.diff_id for row in rows],
            "created_by": [row.created_by for row in rows],
            "size_bytes": [row.size_bytes for row in rows],
            "images": [tuple(row.images) for row in rows],
        }
    )
    text = dict.fromkeys(("id", "parent", "diff_id", "created_by"), "str")
    return Table(table.astype({**text, "depth": "int64", "size_bytes": "int64", "images": "object"}))


def _steps(client: Client, image: str, *, is_needed: bool) -> list[HistoryStep]:
    """The steps that brought an image's layers, the lowest first; nothing where it has gone meanwhile."""
    try:
        return [step for step in history_steps(client, image)[1] if step.layer is not None]
    except ImageMissing:
        if is_needed:
            raise
        return []


def _chain_id(parent: str, diff_id: str) -> str:
    return f"sha256:{hashlib.sha256(f'{parent} {diff_id}'.encode()).hexdigest()}" if parent else diff_id
