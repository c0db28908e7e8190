"""A box that goes with all that it holds: ipywidgets' own boxes go alone, and leave that to be sent and saved for ever."""

from collections.abc import Iterator

import ipywidgets as widgets

__all__ = ["Whole"]


class Whole(widgets.VBox):
    """A part of a notebook that is made, and goes, as one."""

    def close(self) -> None:
        """Go."""
        held = list(_held(self))
        super().close()
        for each in held:
            each.close()


def _held(box: widgets.Box) -> Iterator[widgets.Widget]:
    for each in box.children:
        yield each
        if isinstance(each, widgets.Box):
            yield from _held(each)
