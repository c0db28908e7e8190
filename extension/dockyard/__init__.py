"""Dockyard: a Docker lab inside the notebook.

>>> import dockyard
>>> dockyard.connect()                      # doctest: +SKIP
>>> dockyard.containers()                   # doctest: +SKIP
>>> dockyard.panels.copy()                  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dockyard import lessons as lessons
    from dockyard import panels as panels
    from dockyard import tasks as tasks
    from dockyard.connection import Client as Client
    from dockyard.connection import connect as connect
    from dockyard.connection import current as current
    from dockyard.errors import DockyardError as DockyardError
    from dockyard.locale import language as language
    from dockyard.tables import containers as containers
    from dockyard.tables import images as images
    from dockyard.tables import volumes as volumes
    from dockyard.tasks import parse as parse

__version__ = "0.1.0"

# Loaded when first used, so that `import dockyard` costs next to nothing.
_NAMES = {
    "Client": "dockyard.connection",
    "DockyardError": "dockyard.errors",
    "connect": "dockyard.connection",
    "containers": "dockyard.tables",
    "current": "dockyard.connection",
    "images": "dockyard.tables",
    "language": "dockyard.locale",
    "parse": "dockyard.tasks",
    "volumes": "dockyard.tables",
}
_MODULES = ("lessons", "panels", "tasks")

__all__ = [*_NAMES, *_MODULES]  # noqa: PLE0604  # all of them are names of strings


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(import_module(_NAMES[name]), name)
    elif name in _MODULES:
        value = import_module(f"dockyard.{name}")
    else:
        raise AttributeError(f"module 'dockyard' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
