"""What an image is made of: the steps of its making, its layers, and in what two images differ."""

import html
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from dockyard.connection import Client, current
from dockyard.tables.frame import Table, moments
from dockyard.tasks import image_compare
from dockyard.tasks.base import NEVER, Cancel, Report, ignore
from dockyard.tasks.image_compare import DIFFERENCES
from dockyard.tasks.layer_files import read_image
from dockyard.tasks.layers import empty_steps, layers_of, step_text, steps_of
from dockyard.tasks.tagged import require_image

__all__ = ["HistoryStep", "ImageDifferences", "compare_images", "history", "history_steps", "layers"]


class ImageDifferences(Table):
    """A table of paths in which two images differ, with the whole in one sentence above it."""

    @property
    def _constructor(self) -> "type[ImageDifferences]":
        return ImageDifferences

    @property
    def text(self) -> str:
        """The sentence, in the language that it was made in. It is of the whole comparison, whichever rows are chosen."""
        return str(self.attrs["text"])

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.text)}</p>{super()._repr_html_()}"


def history(image: str, client: Client | None = None) -> Table:
    """Return the steps of an image's making, the newest first, as ``docker history``.

    ``layer`` and ``diff_id`` say which layer a step brought; ``empty`` is a step that brought none. Two calls to the engine. Only where its
    answers leave open which steps brought a layer without bytes, the image is read once through as well, for its configuration.

    Args:
        image: Name or ID.
        client: The engine; by default the one in use.

    Raises:
        ImageMissing: The engine does not have it.
    """
    image_id, steps = history_steps(client or current(), image)
    table = Table(
        {
            "image_id": [image_id] * len(steps),
            "step": range(len(steps)),
            "created": moments([step.created for step in steps]),
            "created_by": [step.created_by for step in steps],
            "size_bytes": [step.size_bytes for step in steps],
            "comment": [step.comment for step in steps],
            "empty": [step.layer is None for step in steps],
            "layer": pd.array([pd.NA if step.layer is None else step.layer for step in steps], dtype="Int64"),
            "diff_id": [step.diff_id for step in steps],
        }
    )
    text = dict.fromkeys(("image_id", "created_by", "comment", "diff_id"), "str")
    table = Table(table.astype({**text, "step": "int64", "size_bytes": "int64", "empty": "bool"}))
    return Table(table.iloc[::-1].reset_index(drop=True))


@dataclass(frozen=True)
class HistoryStep:
    """One step of an image's making, and the layer that it brought; None and an empty ``diff_id`` where it brought none."""

    created: datetime | None
    created_by: str
    size_bytes: int
    comment: str
    layer: int | None
    diff_id: str


def history_steps(client: Client, image: str) -> tuple[str, list[HistoryStep]]:
    """Return an image's ID and the steps of its making, the oldest first, without a table around them: see :func:`history`."""
    found = require_image(client, image)
    diff_ids = [str(each) for each in found["RootFS"].get("Layers") or ()]
    rows = client.get_json("/images/{}/history", found["Id"])[::-1]  # the oldest first, as layers are counted
    empty = empty_steps(rows, len(diff_ids))
    if empty is None:
        empty = [step.is_empty for step in steps_of(read_image(client, image, contents=False).config, image)]
    numbers = _numbers(empty, len(diff_ids))
    steps = [
        HistoryStep(
            _moment(int(row["Created"])),
            step_text(row["CreatedBy"]),
            int(row["Size"]),
            row.get("Comment") or "",
            number,
            "" if number is None else diff_ids[number],
        )
        for row, number in zip(rows, numbers, strict=True)
    ]
    return str(found["Id"]), steps


def layers(image: str, client: Client | None = None, *, report: Report = ignore, cancel: Cancel = NEVER) -> Table:
    """Return an image's layers, the lowest first, with how many paths each adds, changes and removes.

    ``size_bytes`` is the length of the files that a layer holds, and ``hidden_bytes`` of those below it that it replaces or hides, which free
    nothing. The image is read once through, as ``docker save`` would write it; nothing is stored.

    Args:
        image: Name or ID.
        client: The engine; by default the one in use.
        report: Told the bytes read.
        cancel: Looked at at each piece.

    Raises:
        ImageMissing: The engine does not have it.
        LayersUnreadable: What the engine sends is not as it should be.
    """
    saved = read_image(client or current(), image, contents=False, report=report, cancel=cancel)
    rows = layers_of(saved)
    hidden = [
        sum(each.before.stored_bytes for each in (*row.changed, *row.removed) if each.before is not None)
        for row in rows
    ]
    table = Table(
        {
            "image_id": [saved.image_id] * len(rows),
            "layer": [row.index for row in rows],
            "diff_id": [row.diff_id for row in rows],
            "created": moments([row.step.created if row.step else None for row in rows]),
            "created_by": [row.created_by for row in rows],
            "size_bytes": [row.size_bytes for row in rows],
            "hidden_bytes": hidden,
            "added": [len(row.added) for row in rows],
            "changed": [len(row.changed) for row in rows],
            "removed": [len(row.removed) for row in rows],
        }
    )
    numbers = ("layer", "size_bytes", "hidden_bytes", "added", "changed", "removed")
    text = ("image_id", "diff_id", "created_by")
    return Table(table.astype({**dict.fromkeys(text, "str"), **dict.fromkeys(numbers, "int64")}))


def compare_images(
    a: str,
    b: str,
    client: Client | None = None,
    *,
    a_layer: int | None = None,
    b_layer: int | None = None,
    report: Report = ignore,
    cancel: Cancel = NEVER,
) -> ImageDifferences:
    """Return the paths in which two images differ, by path; ``.text`` says the whole in a sentence.

    Without layers the images are compared as their containers see them. Both are read once through; nothing is stored.

    Args:
        a: Name or ID of an image.
        b: Of another, or the same one.
        client: The engine; by default the one in use.
        a_layer: Only what this layer of the first holds; 0 is the lowest.
        b_layer: Only what this layer of the second holds.
        report: Told the bytes read.
        cancel: Looked at at each piece.

    Raises:
        ImageMissing: The engine does not have one of them.
        NoSuchLayer: An image has no layer of that number.
        LayersUnreadable: What the engine sends is not as it should be.
    """
    found = image_compare.compare_images(
        client or current(), a, b, a_layer=a_layer, b_layer=b_layer, report=report, cancel=cancel
    )
    rows = found.differences
    table = ImageDifferences(
        {
            "path": [row.path for row in rows],
            "difference": pd.Categorical([row.difference for row in rows], categories=DIFFERENCES),
            "what": [row.what for row in rows],
            "a_size_bytes": [row.a_bytes for row in rows],
            "b_size_bytes": [row.b_bytes for row in rows],
        }
    )
    types = {"path": "str", "what": "object", "a_size_bytes": "int64", "b_size_bytes": "int64"}
    table = ImageDifferences(table.astype(types))
    table.attrs["text"] = found.text
    return table


def _numbers(empty: list[bool], layers: int) -> list[int | None]:
    """Each step's layer, the oldest first; None for one that brought none, or one that the image has no layer for."""
    left = iter(range(layers))
    return [None if is_empty else next(left, None) for is_empty in empty]


def _moment(seconds: int) -> datetime | None:
    """When a step was made; engines say year 1 where the image does not tell."""
    return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
