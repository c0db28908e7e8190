"""Grids that follow an engine: while someone looks at them they show what is there, and nothing is asked while no one does."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from dockyard.connection import Client, current
from dockyard.errors import DockyardError
from dockyard.live import KINDS, News, watch
from dockyard.locale import N_, translate
from dockyard.panels.grid import Grid
from dockyard.panels.listings import CONTAINERS, Asked, Listing
from dockyard.tables import Table

__all__ = ["Follower", "ListingGrid"]

MOST_KNOWN = 50  # where more containers changed, all are asked for


class ListingGrid(Grid):
    """A grid over one of the engine's lists.

    Attributes:
        listing: Which.
        is_shown: Whether it is to be kept up to date; one in a tab that is not chosen need not be.
    """

    def __init__(
        self,
        listing: Listing,
        *,
        several: bool = True,
        on_chosen: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        self.listing, self.is_shown = listing, True
        super().__init__(translate(listing.title), listing.columns, listing.key, several=several, on_chosen=on_chosen)


class Follower:
    """Keeps grids as the engine is: one event stream an engine, one question a list and burst, however many grids show it.

    Args:
        client: The engine; by default the one in use.
        grids: Those that follow it.
        asked: Called after each question, with the lists that were asked for.
    """

    def __init__(
        self, client: Client | None, grids: Sequence[ListingGrid], asked: Callable[[Asked], None] | None = None
    ) -> None:
        self._client, self._grids, self._on_asked = client, tuple(grids), asked
        self._sizes: Mapping[str, int | None] = {}
        self._stale: set[ListingGrid] = set(self._grids)
        self._behind: set[ListingGrid] = set(self._grids)  # what was not shown when containers were asked for
        self._containers: Table | None = None  # as they were asked for last
        self._changed: set[str] | None = None  # which of them changed since; None where any may have
        self._asking = threading.Lock()
        self._changing = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self._is_closed = False
        for grid in self._grids:
            grid.on_seen = self._follow_if_seen

    @property
    def is_following(self) -> bool:
        """Whether it hears what happens on the engine."""
        return self._stop is not None

    def refresh(self, kinds: Collection[str] = KINDS, containers: Collection[str] | None = None) -> None:
        """Ask for what changed, and for what was not shown when it changed, and show it.

        Args:
            kinds: What changed.
            containers: The IDs of the containers that did, where all are known: they alone are asked for.
        """
        with self._asking:
            self._note(kinds, containers)
            due = [grid for grid in self._grids if grid.is_shown and grid in self._stale]
            if not due:
                return
            is_known = self.is_following and self._containers is not None and self._changed is not None
            changed = frozenset(self._changed or ())
            asked = Asked(self._client or current(), self._sizes, self._containers if is_known else None, changed)
            try:
                for grid in due:
                    is_near = is_known and grid.listing is CONTAINERS and grid not in self._behind
                    grid.show(grid.listing.of(asked), changed if is_near else None)
                    grid.says = ""
                    self._stale.discard(grid)
                    self._behind.discard(grid)
                if self._on_asked:
                    self._on_asked(asked)
            except DockyardError as error:
                for grid in due:
                    grid.says = str(error)
                self._behind |= set(due)
            if "containers" in vars(asked):  # it is there once it was asked for
                self._containers, self._changed = asked.containers, set()
                self._behind |= set(self._grids) - set(due)

    def _note(self, kinds: Collection[str], containers: Collection[str] | None) -> None:
        self._stale |= {grid for grid in self._grids if grid.listing.kinds & frozenset(kinds)}
        is_many = len(self._changed or ()) + len(containers or ()) > MOST_KNOWN
        # A container is listed with its image's name, which may have changed.
        if containers is None or self._changed is None or is_many or "image" in kinds:
            self._changed = None
        else:
            self._changed |= set(containers)

    def measured(self, sizes: Mapping[str, int | None], at: datetime) -> None:
        """Show sizes, and since when they are known; they do not follow the engine by themselves."""
        self._sizes = sizes
        for grid in self._grids:
            if grid.listing.measured:
                grid.set_columns(grid.listing.shown(is_measured=True))
                grid.as_of = at.timestamp()
        self.refresh()

    def close(self) -> None:
        """Follow no more."""
        self._is_closed = True
        self._follow_if_seen()

    def _follow_if_seen(self) -> None:
        with self._changing:
            is_seen = not self._is_closed and any(grid.is_seen for grid in self._grids)
            stop = None
            if is_seen and self._stop is None:
                self._stop = watch(self._client).listen(self._heard)
            elif not is_seen and self._stop is not None:
                stop, self._stop = self._stop, None
        if stop:
            stop()

    def _heard(self, news: News) -> None:
        if news.is_connected:
            self.refresh(news.kinds, news.containers)
            return
        for grid in self._grids:
            grid.says = translate(N_("The engine does not answer; the list is as it was."))
