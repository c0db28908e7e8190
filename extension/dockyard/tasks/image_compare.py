"""In what two images, or two of their layers, differ: file by file, by content and by all else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dockyard.connection import Client
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Report, ignore
from dockyard.tasks.layer_files import LayerFile, SavedImage, read_image
from dockyard.tasks.layers import Aspect, Where, differing, layer_of, layers_of, tree_of
from dockyard.wording import human_size

__all__ = ["DIFFERENCES", "Comparison", "Difference", "FileDifference", "compare_files", "compare_images"]

Difference = Literal["only in a", "only in b", "content", "metadata"]
DIFFERENCES: tuple[Difference, ...] = ("only in a", "only in b", "content", "metadata")
CONTENT: tuple[Aspect, ...] = ("kind", "content", "link")


@dataclass(frozen=True)
class FileDifference:
    """One path in which two sides differ.

    Attributes:
        path: From the root.
        difference: ``metadata`` where what it holds is the same, and only mode, owner, attributes or time are not.
        a, b: The file on each side; None where it is not there.
        what: In what it differs, where both have it.
    """

    path: str
    difference: Difference
    a: LayerFile | None
    b: LayerFile | None
    what: tuple[Aspect, ...] = ()

    @property
    def a_bytes(self) -> int:
        """Bytes that it has on the first side."""
        return self.a.stored_bytes if self.a else 0

    @property
    def b_bytes(self) -> int:
        """Bytes that it has on the second side."""
        return self.b.stored_bytes if self.b else 0


@dataclass(frozen=True)
class Comparison:
    """In what two sides differ.

    Attributes:
        a, b: What was compared, such as ``httpd`` or ``httpd, layer 3``.
        differences: By path.
        same: How many paths are the same on both sides.
    """

    a: str
    b: str
    differences: tuple[FileDifference, ...]
    same: int

    @property
    def text(self) -> str:
        """The whole in one sentence, in the reader's language."""
        counts = Counter(each.difference for each in self.differences)
        only_a = sum(each.a_bytes for each in self.differences if each.difference == "only in a")
        only_b = sum(each.b_bytes for each in self.differences if each.difference == "only in b")
        sentence = N_(
            "{a} and {b}: {only_a} paths only in the first ({a_size}), {only_b} only in the second ({b_size}), "
            "{content} with other content, {metadata} with other metadata alone; {same} are the same."
        )
        return translate(sentence).format(
            a=self.a,
            b=self.b,
            only_a=counts["only in a"],
            only_b=counts["only in b"],
            a_size=human_size(only_a),
            b_size=human_size(only_b),
            content=counts["content"],
            metadata=counts["metadata"],
            same=self.same,
        )


def compare_images(
    client: Client,
    a: str,
    b: str,
    *,
    a_layer: int | None = None,
    b_layer: int | None = None,
    report: Report = ignore,
    cancel: Cancel = NEVER,
) -> Comparison:
    """Return in what two images differ, as their containers see them, or two layers, by what each of these holds.

    Args:
        client: The engine.
        a: Name or ID of an image.
        b: Of another, or the same one.
        a_layer: Only what this layer of the first holds; 0 is the lowest.
        b_layer: Only what this layer of the second holds.
        report: Told the bytes read.
        cancel: Looked at at each piece.

    Raises:
        NoSuchLayer: An image has no layer of that number.
        DockyardError: As :func:`.layer_files.read_image`.
    """
    first = read_image(client, a, report=report, cancel=cancel)
    second = first if a == b else read_image(client, b, report=report, cancel=cancel)
    ours, theirs = _side(first, a_layer), _side(second, b_layer)
    differences = compare_files(ours, theirs)
    same = len(ours.keys() | theirs.keys()) - len(differences)
    return Comparison(_label(a, a_layer), _label(b, b_layer), tuple(differences), same)


def compare_files(a: Where, b: Where) -> Sequence[FileDifference]:
    """Return every path in which two trees or layers differ, in order. What a folder holds are paths of their own."""
    found = []
    for path in sorted(a.keys() | b.keys()):
        ours, theirs = a.get(path), b.get(path)
        if ours is None or theirs is None:
            found.append(FileDifference(path, "only in b" if ours is None else "only in a", ours, theirs))
        elif what := differing(ours, theirs):
            kind: Difference = "content" if set(what) & set(CONTENT) else "metadata"
            found.append(FileDifference(path, kind, ours, theirs, what))
    return found


def _side(image: SavedImage, layer: int | None) -> Where:
    return tree_of(image) if layer is None else layer_of(layers_of(image), layer, image.name).content.files


def _label(name: str, layer: int | None) -> str:
    return name if layer is None else translate(N_("{name}, layer {layer}")).format(name=name, layer=layer)
