"""What each layer of an image adds, changes and hides, and how the contents of two differ.

>>> for layer in image_layers(client, "ex22_original1"):              # doctest: +SKIP
...     print(layer.index, layer.created_by, len(layer.added), len(layer.changed), len(layer.removed))
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from dockyard.connection import Client
from dockyard.errors import LayersUnreadable, NoSuchLayer
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Report, ignore
from dockyard.tasks.layer_files import LayerContent, LayerFile, SavedImage, read_image

__all__ = [
    "ASPECTS",
    "Action",
    "Aspect",
    "FileChange",
    "ImageLayer",
    "Step",
    "Where",
    "differing",
    "empty_steps",
    "image_layers",
    "layer_of",
    "layers_of",
    "step_text",
    "steps_of",
    "tree_of",
]

Action = Literal["added", "changed", "removed"]
Aspect = Literal["kind", "content", "mode", "owner", "link", "attributes", "time"]
ASPECTS: tuple[Aspect, ...] = ("kind", "content", "mode", "owner", "link", "attributes", "time")
Where = Mapping[str, LayerFile]

# How builders and commits write down a shell's line, an instruction and BuildKit's own mark.
INSTRUCTION = re.compile(r"^(?:\S+ )*?#\(nop\)\s+")
SHELL_LINE = re.compile(r"^(?:\|\d+ .*?)?(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c ", re.DOTALL)
BUILDKIT = re.compile(r"\s+# buildkit$")

# Instructions that change an image's configuration alone.
METADATA = re.compile(
    r"(ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)


@dataclass(frozen=True)
class Step:
    """One step of an image's making.

    Attributes:
        created: When; None where the image does not say.
        created_by: The step as the image has it.
        comment: Such as a commit's message.
        is_empty: Whether it brought no layer.
    """

    created: datetime | None
    created_by: str
    comment: str
    is_empty: bool


@dataclass(frozen=True)
class FileChange:
    """What a layer does to one path.

    Attributes:
        action: ``added``, ``changed`` or ``removed`` (hidden: what is below keeps its bytes).
        file: As it is afterwards; what is hidden, as it was.
        before: As the layers below have it; None for what is added.
        what: In what a changed file differs; nothing where the layer holds the same once more.
    """

    action: Action
    file: LayerFile
    before: LayerFile | None = None
    what: tuple[Aspect, ...] = ()

    @property
    def path(self) -> str:
        """From the image's root."""
        return self.file.path

    @property
    def size_bytes(self) -> int:
        """What the layer holds for it, or, of what is removed, what lies hidden below."""
        return self.file.stored_bytes


@dataclass(frozen=True)
class ImageLayer:
    """One layer.

    Attributes:
        index: 0 is the lowest.
        diff_id: Its digest, unpacked.
        step: What made it; None where the image does not say.
        content: What its archive holds.
        added, changed, removed: What it does to the layers below it, by path. A folder that is only passed through is not listed.
    """

    index: int
    diff_id: str
    step: Step | None
    content: LayerContent
    added: tuple[FileChange, ...]
    changed: tuple[FileChange, ...]
    removed: tuple[FileChange, ...]

    @property
    def size_bytes(self) -> int:
        """Sum of the lengths of the files that it holds."""
        return sum(file.stored_bytes for file in self.content.files.values())

    @property
    def created_by(self) -> str:
        """The step that made it, as a Dockerfile would have it; empty where that is not known."""
        return step_text(self.step.created_by) if self.step else ""

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """All of them."""
        return (*self.added, *self.changed, *self.removed)


def image_layers(
    client: Client, name: str, *, contents: bool = True, report: Report = ignore, cancel: Cancel = NEVER
) -> tuple[ImageLayer, ...]:
    """Return an image's layers, the lowest first. The image is read once through: see :func:`.layer_files.read_image` for all else."""
    return layers_of(read_image(client, name, contents=contents, report=report, cancel=cancel))


def layers_of(image: SavedImage) -> tuple[ImageLayer, ...]:
    """Return what each layer of a read image does to those below it, the lowest first.

    Raises:
        LayersUnreadable: The image's history makes no sense.
    """
    steps = [step for step in steps_of(image.config, image.name) if not step.is_empty]
    tree: dict[str, LayerFile] = {}
    made = []
    for index, content in enumerate(image.layers):
        step = steps[index] if index < len(steps) else None
        changes = tuple(_apply(tree, content))
        chosen = {
            action: tuple(each for each in changes if each.action == action)
            for action in ("added", "changed", "removed")
        }
        made.append(ImageLayer(index, image.diff_ids[index], step, content, **chosen))
    return tuple(made)


def layer_of(layers: Sequence[ImageLayer], index: int, name: str) -> ImageLayer:
    """Return the layer of that number.

    Raises:
        NoSuchLayer: There is none.
    """
    if not 0 <= index < len(layers):
        raise NoSuchLayer(name=name, index=index, count=len(layers))
    return layers[index]


def tree_of(image: SavedImage) -> dict[str, LayerFile]:
    """Return what a container of the image sees, by path: all layers on top of each other."""
    tree: dict[str, LayerFile] = {}
    for content in image.layers:
        for _ in _apply(tree, content):
            pass
    return tree


def steps_of(config: Mapping[str, Any], name: str) -> tuple[Step, ...]:
    """Return the steps that an image's configuration lists, the oldest first.

    Raises:
        LayersUnreadable: They make no sense.
    """
    try:
        return tuple(
            Step(
                datetime.fromisoformat(str(each["created"])) if each.get("created") else None,
                str(each.get("created_by") or ""),
                str(each.get("comment") or ""),
                bool(each.get("empty_layer")),
            )
            for each in config.get("history") or ()
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise LayersUnreadable(name=name, reason=translate(N_("its history makes no sense"))) from error


def empty_steps(history: Sequence[Mapping[str, Any]], layers: int) -> list[bool] | None:
    """Return which steps of an image brought no layer; None where the engine's history alone does not tell.

    The answer of the Engine API ("Get the history of an image") does not say it, and a layer may hold no bytes: a ``RUN`` that only removes.

    Args:
        history: The answer, in any order.
        layers: How many layers the image has.
    """
    with_bytes = [bool(each["Size"]) for each in history]
    may_be = [
        has_bytes or not METADATA.match(step_text(str(each["CreatedBy"])))
        for each, has_bytes in zip(history, with_bytes, strict=True)
    ]
    known = next((each for each in (with_bytes, may_be) if sum(each) == layers), None)
    return None if known is None else [not each for each in known]


def step_text(created_by: str) -> str:
    """Return a step as a Dockerfile would have it, on one line.

    >>> step_text('/bin/sh -c #(nop)  CMD ["sh"]')
    'CMD ["sh"]'
    >>> step_text("RUN |1 A=b /bin/sh -c apt-get update # buildkit")
    'RUN apt-get update'
    """
    text = BUILDKIT.sub("", created_by.strip())
    if INSTRUCTION.match(text):
        text = INSTRUCTION.sub("", text)
    elif SHELL_LINE.match(text):
        text = f"RUN {SHELL_LINE.sub('', text)}"
    return " ".join(text.split())


def differing(before: LayerFile, after: LayerFile) -> tuple[Aspect, ...]:
    """Return in what two files of one path differ. Of a folder, its time does not count: every file that comes or goes changes that."""
    if _kind(before) != _kind(after):
        return ("kind",)
    return tuple(_aspects(before, after))


def _aspects(before: LayerFile, after: LayerFile) -> Iterator[Aspect]:
    hashed = before.sha256 and after.sha256
    if before.size_bytes != after.size_bytes or (hashed and before.sha256 != after.sha256):
        yield "content"
    if before.mode != after.mode and after.kind != "link":  # that of a link means nothing
        yield "mode"
    if (before.uid, before.gid) != (after.uid, after.gid):
        yield "owner"
    if _kind(after) != "file" and before.link != after.link:
        yield "link"
    if before.attributes != after.attributes:
        yield "attributes"
    if before.changed_ns != after.changed_ns and after.kind != "folder":
        yield "time"


def _kind(file: LayerFile) -> str:
    return "file" if file.kind == "hard link" else file.kind


def _apply(tree: dict[str, LayerFile], content: LayerContent) -> Iterator[FileChange]:
    """Put a layer on top of what is below it, and return what that does; whiteouts are for what is below alone."""
    files = {path: _linked(file, content.files, tree) for path, file in content.files.items()}
    gone = sorted(_gone(tree, content))
    hidden = {path: tree.pop(path) for path in gone}
    for path in sorted(files):
        file, before = files[path], hidden.pop(path, None) or tree.get(path)
        tree[path] = file
        if before is None:
            yield FileChange("added", file)
        else:
            what = differing(before, file)
            if what or file.kind != "folder":
                yield FileChange("changed", file, before, what)
    for file in hidden.values():
        yield FileChange("removed", file, file)


def _linked(file: LayerFile, files: Where, tree: Where) -> LayerFile:
    """A hard link with what its target holds, wherever in the layer or below it that is."""
    target = files.get(file.link) or tree.get(file.link)
    if file.kind != "hard link" or file.sha256 or target is None or target.kind == "hard link":
        return file
    return replace(file, size_bytes=target.size_bytes, sha256=target.sha256)


def _gone(tree: Where, content: LayerContent) -> Iterator[str]:
    """What is no longer seen: what is hidden, what stands in an opaque folder, and what was in a folder that is none now."""
    replaced = {path for path, file in content.files.items() if file.kind != "folder" and path in tree}
    whole = content.hidden | {path for path in replaced if tree[path].kind == "folder"}
    if not whole and not content.opaque:
        return
    for path in tree:
        if path in content.hidden or any(each in whole or each in content.opaque for each in _above(path)):
            yield path


def _above(path: str) -> Iterator[str]:
    """The folders that a path is in; the root is empty."""
    while path:
        path = path.rpartition("/")[0]
        yield path
