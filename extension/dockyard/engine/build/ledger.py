"""The images that steps make, and those that the same steps made before: the build cache.

As in Docker's classic builder, every step makes an image whose parent is the image of the step before. Its configuration keeps what the step
was (``container_config``: the command, or a comment with the digest of what was copied). A step whose parent has a child with the same
record is not carried out again.
"""

from collections.abc import Mapping
from typing import Any

from dockyard.engine.build.state import StageState
from dockyard.engine.images.image import Image, Layer
from dockyard.engine.images.images import Images
from dockyard.engine.images.making import child

__all__ = ["Ledger"]

COMPARED = ("User", "Cmd", "Env", "Labels", "ExposedPorts", "Entrypoint", "Volumes")


class Ledger:
    """Keeps the images of one build's steps."""

    def __init__(self, images: Images, *, use_cache: bool) -> None:
        """Begin.

        Args:
            images: Where they go.
            use_cache: Whether steps that were carried out before are taken over.
        """
        self._images, self._use_cache = images, use_cache

    def take_over(self, state: StageState, record: Mapping[str, Any]) -> bool:
        """Go on from the image that the same step made before, if there is one; return whether there was."""
        found = self._find(state.image_id, record) if self._use_cache and state.may_use_cache else None
        if found is None:
            state.may_use_cache = False
            return False
        state.image = found
        return True

    def add(self, state: StageState, record: Mapping[str, Any], layer: Layer | None, container_id: str = "") -> None:
        """Make the image of a step, and go on from it.

        Args:
            state: The stage.
            record: What the step was.
            layer: What it changed in the files, if anything.
            container_id: What stands for the container that it ran in.
        """
        state.image = child(
            self._images,
            state.image,
            layer,
            state.config,
            created_by=" ".join(record["Cmd"] or ()),
            author=state.author,
            container=container_id,
            container_config={**record, "Hostname": container_id[:12]},
        )

    def _find(self, parent: str, record: Mapping[str, Any]) -> Image | None:
        """The newest image that this step made of this parent."""
        wanted = _compared(record)
        matching = [
            image
            for image in self._images.children(parent)
            if (kept := image.config.get("container_config")) and _compared(kept) == wanted
        ]
        return max(matching, key=lambda image: image.created, default=None)


def _compared(record: Mapping[str, Any]) -> list[Any]:
    """What makes a step the same; nothing at all is the same as an empty list."""
    return [record.get(name) or None for name in COMPARED]
