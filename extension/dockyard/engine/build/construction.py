"""One build under way: what every instruction may need."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dockyard.engine.build.context import Context
from dockyard.engine.build.ledger import Ledger
from dockyard.engine.build.options import BuildOptions
from dockyard.engine.build.output import Output, Report
from dockyard.engine.build.stage_tree import StageTree, Unpacker
from dockyard.engine.build.state import StageState
from dockyard.engine.build.tree import FileTree
from dockyard.engine.build.workbench import Workbench
from dockyard.engine.errors import NotFound
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.reference import Reference

__all__ = ["Construction", "Pull"]


class Pull(Protocol):
    """Gets an image from its registry."""

    def __call__(self, reference: Reference, report: Report) -> Image:
        """Return the image.

        Raises:
            ApiError: It is not to be had.
        """
        ...


@dataclass
class Construction:
    """A build under way.

    Attributes:
        options: What the client asked for.
        context: Its files.
        output: What the client is told.
        images: Those of the engine.
        blobs: Their content.
        ledger: Makes the images of steps, and knows those made before.
        unpacker: Unpacks images.
        workbench: Runs commands.
        pull: Gets images from registries.
        cancelled: Whether the client hung up.
        folder: A private folder for whatever the build needs, removed at its end.
        caches: Where cache mounts are kept between builds.
        finished: The stages that are done.
    """

    options: BuildOptions
    context: Context
    output: Output
    images: Images
    blobs: Blobs
    ledger: Ledger
    unpacker: Unpacker
    workbench: Workbench
    pull: Pull
    cancelled: Callable[[], bool]
    folder: Path
    caches: Path
    finished: list[StageState] = field(default_factory=list)

    def note(self, state: StageState, text: str) -> None:
        """Carry out a step that changes the configuration alone, which has been changed already.

        Args:
            state: The stage.
            text: What the step was, for the image's history.
        """
        record = state.noted(state.comment(text))
        if self.take_over(state, record):
            return
        container_id = self.begin_container()
        self.ledger.add(state, record, None, container_id)
        self.end_container(container_id)

    def take_over(self, state: StageState, record: dict[str, Any]) -> bool:
        """Go on from what the same step made before, if it did; return whether that is so."""
        found = self.ledger.take_over(state, record)
        if found:
            self.output.text(" ---> Using cache\n")
        return found

    def begin_container(self) -> str:
        """Tell of the container that a step would run in under Docker, and return its ID."""
        container_id = secrets.token_hex(32)
        self.output.text(f" ---> Running in {container_id[:12]}\n")
        return container_id

    def end_container(self, container_id: str) -> None:
        """Tell that it is gone."""
        if self.options.remove:
            self.output.text(f"Removing intermediate container {container_id[:12]}\n")

    def tree(self, state: StageState) -> StageTree:
        """Return a stage's files, ready to be changed."""
        if state.tree is None:
            state.tree = StageTree.of(state.image, self.unpacker, self.scratch("stage"))
        return state.tree

    def scratch(self, name: str) -> Path:
        """Return where a new file or folder of the build may be made."""
        return self.folder / f"{name}-{secrets.token_hex(4)}"

    def image(self, name: str) -> Image:
        """Return an image by its name, pulled where it is not here or where the client wants it pulled.

        Raises:
            ApiError: It is not to be had.
        """
        if not self.options.pull:
            try:
                return self.images.resolve(name)
            except NotFound:
                pass
        return self.pull(Reference.parse(name), self.output.send)

    def stage(self, name: str) -> StageState | None:
        """Return a finished stage by its name or its number; None where there is none of that name."""
        return next((each for each in self.finished if name.lower() == each.name or name == str(each.number)), None)

    def files_of(self, name: str) -> FileTree:
        """Return the files of a finished stage or of an image, to be read.

        Raises:
            ApiError: There is no such stage, and the image is not to be had.
        """
        state = self.stage(name)
        if state and state.tree:
            return state.tree.files
        image = state.image if state else self.image(name)
        if image is None:
            empty = self.scratch("empty")
            empty.mkdir()
            return FileTree(empty)
        unpacked = self.unpacker.base(image)
        return FileTree(unpacked.path, unpacked.owners)
