"""What a stage has come to: its image so far and the configuration that the next one gets."""

import copy
from dataclasses import dataclass, field
from typing import Any

from dockyard.engine.build.stage_tree import StageTree
from dockyard.engine.build.variables import BuildArguments, environment
from dockyard.engine.build.words import expand, expand_text, expand_words
from dockyard.engine.images.describe import run_config
from dockyard.engine.images.image import Image

__all__ = ["DEFAULT_PATH", "StageState"]

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_SHELL = ["/bin/sh", "-c"]


@dataclass
class StageState:
    """One stage while it is built.

    Attributes:
        number: Which one, counted from 0.
        name: As other stages call it; empty if it has none.
        image: Its image so far; None where it began from scratch and has none yet.
        config: What a container of the next image will run with, as image configurations hold it.
        arguments: Those of the build, as the stage declares them.
        escape: The character that escapes others.
        author: From MAINTAINER.
        has_command: Whether the stage itself has set CMD, which a later ENTRYPOINT then keeps.
        may_use_cache: Whether every step so far was built before.
        tree: Its files, once an instruction needed them.
    """

    number: int
    name: str
    arguments: BuildArguments
    escape: str
    image: Image | None = None
    config: dict[str, Any] = field(default_factory=lambda: run_config({}))
    author: str = ""
    has_command: bool = False
    may_use_cache: bool = True
    tree: StageTree | None = None

    def begin(self, image: Image | None) -> None:
        """Start from an image; None starts from scratch."""
        self.image = image
        self.config = copy.deepcopy(run_config(image.run_config if image else {}))
        if "PATH" not in environment(self.config["Env"] or ()):
            self.config["Env"] = [*(self.config["Env"] or ()), f"PATH={DEFAULT_PATH}"]
        self.follow()

    def follow(self) -> None:
        """Note in the configuration which image the next one is made from."""
        self.config["Image"] = self.image_id

    @property
    def image_id(self) -> str:
        """ID of the image so far; empty where there is none."""
        return self.image.id if self.image else ""

    @property
    def short_id(self) -> str:
        """The same as the build's output shows it."""
        return self.image.short_id if self.image else ""

    @property
    def shell(self) -> list[str]:
        """What runs commands that are not JSON arrays."""
        return list(self.config.get("Shell") or DEFAULT_SHELL)

    @property
    def variables(self) -> dict[str, str]:
        """What ``$NAME`` stands for in an instruction."""
        set_here = environment(self.config["Env"] or ())
        return {**self.arguments.beyond(set_here), **set_here}

    def expand(self, word: str) -> str:
        """Return a word with its variables replaced."""
        return expand(word, self.variables, self.escape)

    def expand_words(self, word: str) -> list[str]:
        """Return the words that a word becomes."""
        return expand_words(word, self.variables, self.escape)

    def expand_text(self, text: str) -> str:
        """Return a heredoc with its variables replaced."""
        return expand_text(text, self.variables, self.escape)

    def noted(self, command: list[str], **changed: object) -> dict[str, Any]:
        """Return the configuration as a step's record has it: what was run instead of what will be."""
        return {**copy.deepcopy(self.config), "Cmd": command, **changed}

    def comment(self, text: str) -> list[str]:
        """Return what stands for a command where an instruction runs none."""
        return [*self.shell, "#(nop) ", text]
