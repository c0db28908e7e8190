"""Lines of a Dockerfile that change a configuration alone: ``docker commit --change`` and ``docker import --change``."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, cast

from dockyard.engine.build.construction import Construction
from dockyard.engine.build.dockerfile import parse_trigger
from dockyard.engine.build.output import Output
from dockyard.engine.build.state import StageState
from dockyard.engine.build.steps import STEPS
from dockyard.engine.build.variables import BuildArguments
from dockyard.engine.errors import BadParameter

__all__ = ["edit"]

ALLOWED = (
    "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip


class _Unrecorded:
    """What stands in for a build where no image is made of each step: the steps in ``ALLOWED`` call nothing else of it."""

    output = Output(lambda _: None)

    def note(self, _state: StageState, _text: str) -> None:
        """Make no image."""

    def take_over(self, _state: StageState, _record: dict[str, Any]) -> bool:
        """Say that the step is done."""
        return True


def edit(config: Mapping[str, Any], lines: Sequence[str]) -> dict[str, Any]:
    """Return a configuration with changes.

    Args:
        config: A container's or an image's.
        lines: Such as ``CMD ["httpd"]``; one text may hold several.

    Raises:
        BadParameter: A line can't be followed, or is none of those that change a configuration alone.
    """
    state = StageState(0, "", BuildArguments({}, {}), "\\", config=copy.deepcopy(dict(config)))
    for line in (each for text in lines for each in text.splitlines() if each.strip()):
        instruction = parse_trigger(line)
        if instruction.keyword not in ALLOWED:
            raise BadParameter(f"{instruction.keyword} is not a valid change command")
        STEPS[instruction.keyword](cast(Construction, _Unrecorded()), state, instruction)
    return state.config
