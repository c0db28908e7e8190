"""Panels: a form over each task, to be shown in a notebook's cell."""

from dockyard.panels.copy import CopyPanel, copy
from dockyard.panels.panel import Panel
from dockyard.panels.preview import PagePreview, preview
from dockyard.panels.run import RunPanel, run

__all__ = ["CopyPanel", "PagePreview", "Panel", "RunPanel", "copy", "preview", "run"]
