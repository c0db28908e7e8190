"""A Compose file as text: read, checked, its variables filled in, and what it asks for as data. No engine is asked."""

from dockyard.compose.model import (
    Attached,
    Build,
    Dependency,
    HealthCheck,
    Network,
    Project,
    Published,
    Service,
    Volume,
)
from dockyard.compose.places import FILES, find_file, require_name
from dockyard.compose.reading import Reading, load, read

__all__ = [
    "FILES",
    "Attached",
    "Build",
    "Dependency",
    "HealthCheck",
    "Network",
    "Project",
    "Published",
    "Reading",
    "Service",
    "Volume",
    "find_file",
    "load",
    "read",
    "require_name",
]
