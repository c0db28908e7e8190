"""Charts of the engine's tables. They only draw: each takes a table, asks the engine nothing, and works offline.

Colours are those of Okabe and Ito, which colour-blind people tell apart, and nothing is told by colour alone: what could be freed is hatched, lines have
dashes of their own. ``figure.layout.meta["alt"]`` says the figure in a sentence, for those who can't see it. :func:`write_page` puts a figure with that
sentence in a file that needs nothing else, and the camera above each figure saves it as PNG.
"""

from dockyard.charts.disk import disk_rows, disk_sunburst, disk_treemap, image_sizes
from dockyard.charts.disk_time import disk_over_time
from dockyard.charts.layers import layer_sharing, layer_sizes
from dockyard.charts.lives import lives
from dockyard.charts.look import as_output, as_widget, figure_css, write_page
from dockyard.charts.usage import LiveUsage, usage

__all__ = [
    "LiveUsage",
    "as_output",
    "as_widget",
    "disk_over_time",
    "disk_rows",
    "disk_sunburst",
    "disk_treemap",
    "figure_css",
    "image_sizes",
    "layer_sharing",
    "layer_sizes",
    "lives",
    "usage",
    "write_page",
]
