"""Everything that an engine has, live, in tabs: containers, images, volumes, networks and published ports."""

import html

import ipywidgets as widgets

from dockyard import tables
from dockyard.connection import Client, current
from dockyard.errors import DockyardError
from dockyard.locale import N_, translate
from dockyard.panels.following import Follower, ListingGrid
from dockyard.panels.listings import CONTAINERS, IMAGES, NETWORKS, PORTS, VOLUMES
from dockyard.panels.panel import engine_html, heading
from dockyard.panels.whole import Whole
from dockyard.panels.work import Work
from dockyard.panels.working import button, says_html
from dockyard.wording import human_size

__all__ = ["Dashboard", "dashboard"]

LISTINGS = (CONTAINERS, IMAGES, VOLUMES, NETWORKS, PORTS)


class Dashboard(Whole):
    """The engine's lists, each in a tab of its own, as they are now.

    Attributes:
        grids: The name of a list, such as ``"containers"``, to its grid.
        tabs: Holds them; the list that is on screen is the one that is kept up to date.
        measure_button: Asks the engine for sizes, for which it walks everything (``docker system df``). Nothing else asks it.
        work: How far that has come.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self.grids = {listing.name: ListingGrid(listing) for listing in LISTINGS}
        self.engine = widgets.HTML()
        self.work = Work()
        self.measure_button = button(N_("Measure sizes"), lambda: self.work.start(self._measure))
        self.measure_button.tooltip = "docker system df"
        self.tabs = widgets.Tab(list(self.grids.values()), titles=[translate(each.title) for each in LISTINGS])
        self.tabs.selected_index = 0
        self.tabs.observe(lambda _: self._turn(), "selected_index")
        self._follower = Follower(client, tuple(self.grids.values()))
        super().__init__(
            [
                widgets.HBox([heading(translate(N_("What there is on the engine"))), self.engine]),
                self.tabs,
                widgets.HBox([self.measure_button, self.work], layout=widgets.Layout(flex_flow="row wrap")),
            ]
        )
        self.add_class("dockyard-panel")
        self._turn()
        try:
            self.engine.value = engine_html(self.client)
        except DockyardError as error:
            self.engine.value = says_html(str(error), "bad")

    @property
    def client(self) -> Client:
        """The engine that it shows."""
        return self._client or current()

    def close(self) -> None:
        """Stop what is being measured, stop following the engine, and go."""
        self.work.close()
        self._follower.close()
        super().close()

    def _turn(self) -> None:
        """Keep the list that is on screen up to date, and it alone."""
        for place, grid in enumerate(self.grids.values()):
            grid.is_shown = place == self.tabs.selected_index
        self._follower.refresh((), ())

    def _measure(self) -> str:
        table = tables.disk(self.client)
        own = table["size_bytes"].where(table["kind"] != "image", table["unique_bytes"])
        self._follower.measured(dict(zip(table["id"], own, strict=True)), table.attrs["at"])
        total = translate(N_("{size} in all, of which {free} could be freed"))
        free = int(table["reclaimable_bytes"].sum())
        whole = int(own[table["kind"] != "image"].sum()) + table.attrs["layers_bytes"]
        return html.escape(total.format(size=human_size(whole), free=human_size(free)))


def dashboard(client: Client | None = None) -> Dashboard:
    """Return a panel of everything that the engine has, live, sorted and filtered as one likes.

    Args:
        client: The engine; by default the one in use.
    """
    return Dashboard(client)
