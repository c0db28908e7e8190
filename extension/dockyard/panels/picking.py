"""A panel whose form is filled by choosing in a live grid above it."""

from collections.abc import Callable, Mapping, Sequence

from dockyard.connection import Client
from dockyard.panels.following import Follower, ListingGrid
from dockyard.panels.form import Field, Value
from dockyard.panels.listings import Listing
from dockyard.panels.panel import Panel
from dockyard.tasks import Task

__all__ = ["PickingPanel"]


class PickingPanel(Panel):
    """A panel with a grid between its heading and its form.

    Attributes:
        list: What can be chosen from, live.
    """

    def __init__(
        self,
        listing: Listing,
        title: str,
        fields: Sequence[Field],
        values: Mapping[str, Value],
        make: Callable[[Mapping[str, Value]], Task],
        client: Client | None,
        read: Callable[[Task], Mapping[str, Value] | None],
    ) -> None:
        # Made first: whatever freezes the form freezes it too.
        self.list = ListingGrid(listing, on_chosen=lambda _: self.pick(self.names))
        self._follower = Follower(client, [self.list])
        super().__init__(title, fields, values, make, client, read)
        first, *rest = self.children
        self.children = [first, self.list, *rest]
        self._follower.refresh()

    @property
    def names(self) -> tuple[str, ...]:
        """What is chosen in the grid, by name, or by ID where there is none."""
        rows = self.list.chosen_rows
        return tuple(str(name or identity) for name, identity in zip(rows["name"], rows["id"], strict=True))

    def pick(self, names: tuple[str, ...]) -> None:
        """Fill the form with what was chosen; each kind of panel knows its field."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop what runs, stop following the engine, and go."""
        super().close()
        self._follower.close()

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.list.disabled = busy
