"""Dockyard: a Docker lab inside the notebook.

>>> import dockyard
>>> dockyard.connect()                      # doctest: +SKIP
>>> dockyard.containers()                   # doctest: +SKIP
>>> dockyard.panels.copy()                  # doctest: +SKIP
"""

import sys
from importlib import import_module

TYPE_CHECKING = False  # type checkers know better; to load typing for it would be half of what this module costs
if TYPE_CHECKING:
    from typing import Any

    from dockyard import charts as charts
    from dockyard import compose as compose
    from dockyard import kubernetes as kubernetes
    from dockyard import lessons as lessons
    from dockyard import panels as panels
    from dockyard import tasks as tasks
    from dockyard.connection import Client as Client
    from dockyard.connection import connect as connect
    from dockyard.connection import current as current
    from dockyard.errors import DockyardError as DockyardError
    from dockyard.kubernetes import manifests as manifests
    from dockyard.lines import do as do
    from dockyard.lines import undo as undo
    from dockyard.live import watch as watch
    from dockyard.locale import language as language
    from dockyard.panels.shell import shell as shell
    from dockyard.tables import compare_images as compare_images
    from dockyard.tables import containers as containers
    from dockyard.tables import disk as disk
    from dockyard.tables import disk_samples as disk_samples
    from dockyard.tables import events as events
    from dockyard.tables import history as history
    from dockyard.tables import images as images
    from dockyard.tables import journal as journal
    from dockyard.tables import layers as layers
    from dockyard.tables import networks as networks
    from dockyard.tables import ports as ports
    from dockyard.tables import shared_layers as shared_layers
    from dockyard.tables import stats as stats
    from dockyard.tables import volumes as volumes
    from dockyard.tasks import parse as parse

__version__ = "0.1.0"

# Loaded when first used, so that `import dockyard` costs next to nothing.
_NAMES = {
    "Client": "dockyard.connection",
    "DockyardError": "dockyard.errors",
    "compare_images": "dockyard.tables",
    "connect": "dockyard.connection",
    "containers": "dockyard.tables",
    "current": "dockyard.connection",
    "do": "dockyard.lines",
    "stats": "dockyard.tables",
    "ports": "dockyard.tables",
    "events": "dockyard.tables",
    "disk": "dockyard.tables",
    "disk_samples": "dockyard.tables",
    "history": "dockyard.tables",
    "images": "dockyard.tables",
    "journal": "dockyard.tables",
    "language": "dockyard.locale",
    "manifests": "dockyard.kubernetes",
    "layers": "dockyard.tables",
    "networks": "dockyard.tables",
    "parse": "dockyard.tasks",
    "shared_layers": "dockyard.tables",
    "shell": "dockyard.panels.shell",
    "undo": "dockyard.lines",
    "volumes": "dockyard.tables",
    "watch": "dockyard.live",
}
_MODULES = ("charts", "compose", "kubernetes", "lessons", "panels", "tasks")

__all__ = [*_NAMES, *_MODULES]  # noqa: PLE0604  # all of them are names of strings


def __getattr__(name: str) -> "Any":
    if name in _NAMES:
        value = getattr(import_module(_NAMES[name]), name)
    elif name in _MODULES:
        value = import_module(f"dockyard.{name}")
    else:
        raise AttributeError(f"module 'dockyard' has no attribute {name!r}")
    globals()[name] = value
    return value


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """What Jupyter's server is to load (Jupyter Server, "Distributing a server extension")."""
    return [{"module": "dockyard.server"}]


def load_ipython_extension(shell: "Any") -> None:
    """What ``%load_ext dockyard`` does (IPython, "Writing extensions")."""
    from dockyard.panels.magic import register

    register(shell)
    _show_results(shell)


def _show_results(shell: "Any") -> None:
    """Have a shell show the results of tasks as tables, not as code; what draws them is loaded with the first (IPython, ``for_type_by_name``)."""

    def shown(result: "Any") -> str:
        from dockyard.panels.magic import result_html

        return result_html(result)

    shell.display_formatter.formatters["text/html"].for_type_by_name("dockyard.tasks.base", "Result", shown)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()) is not None:
    _show_results(_shell)
