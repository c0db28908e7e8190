"""The panel over ``docker cp``: into a container, out of one, or from one to another."""

from collections.abc import Mapping

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value, required
from dockyard.panels.panel import Panel
from dockyard.panels.preview import PagePreview
from dockyard.tables import containers
from dockyard.tasks import CopyBetween, CopyIn, CopyOut, Result, Task
from dockyard.tasks.copy import copy_from_words

__all__ = ["CopyPanel", "copy"]

Copy = CopyIn | CopyOut | CopyBetween


class CopyPanel(Panel):
    """A form over a copy. After a copy into a container that serves pages, its page is fetched before and after."""

    def __init__(self, source: str, target: str, follow_link: bool, archive: bool, client: Client | None) -> None:
        values: dict[str, Value] = {"source": source, "target": target, "follow_link": follow_link, "archive": archive}
        super().__init__(translate(N_("Copy files (docker cp)")), _fields(), values, _task, client, _values)
        self.suggest(lambda: [f"{name}:" for name in containers(self.client)["name"]], "source", "target")

    def before_run(self, task: Task) -> None:
        """Fetch the page as it is now, for the side-by-side view."""
        self.more.children = ()
        self._before = self._page(task)

    def after_run(self, task: Task, result: Result) -> None:  # noqa: ARG002  # what every panel is told
        """Show the container's page before and after."""
        if self._before is None:
            return
        after = self._page(task)
        if after is None:
            return
        titles = [
            widgets.HTML(f"<b>{translate(text)}</b>")
            for text in (N_("Page before the copy"), N_("Page after the copy"))
        ]
        self.more.children = (titles[0], self._before, titles[1], after)

    def _page(self, task: Task) -> PagePreview | None:
        container = (
            task.container if isinstance(task, CopyIn) else task.to_container if isinstance(task, CopyBetween) else None
        )
        if container is None:
            return None
        shown = PagePreview(container, client=self._client)
        return None if shown.fault else shown


def copy(
    source: str = "",
    target: str = "",
    *,
    follow_link: bool = False,
    archive: bool = False,
    client: Client | None = None,
) -> CopyPanel:
    """Return a panel that copies files.

    Args:
        source: A path of this machine, or ``CONTAINER:PATH``.
        target: The same.
        follow_link: Copy what a link leads to (``-L``).
        archive: Keep or give the owner (``-a``).
        client: The engine; by default the one in use.
    """
    return CopyPanel(source, target, follow_link, archive, client)


def _fields() -> list[Field]:
    side = translate(N_("A path of this machine, or CONTAINER:PATH"))
    return [
        Field("source", translate(N_("From")), "suggest", side, "index.html"),
        Field("target", translate(N_("To")), "suggest", side, "apa000ex19:/usr/local/apache2/htdocs/"),
        Field(
            "follow_link",
            translate(N_("Follow links (-L)")),
            "switch",
            translate(N_("Copy what a link leads to, not the link")),
        ),
        Field("archive", translate(N_("Keep owner (-a)")), "switch", translate(N_("Copy user and group along"))),
    ]


def _values(task: Task) -> Mapping[str, Value] | None:
    """The fields that make a task; None where the form can't show it."""
    if isinstance(task, CopyIn):
        sides = {"source": task.source, "target": f"{task.container}:{task.path}"}
    elif isinstance(task, CopyOut):
        sides = {"source": f"{task.container}:{task.path}", "target": task.target}
    elif isinstance(task, CopyBetween):
        sides = {
            "source": f"{task.container}:{task.path}",
            "target": f"{task.to_container}:{task.to_path}",
        }
    else:
        return None
    return {**sides, "follow_link": task.follow_link, "archive": task.archive}


def _task(values: Mapping[str, Value]) -> Task:
    for name, label in (("source", N_("From")), ("target", N_("To"))):
        required(values, name, translate(label))
    switches = [*(["-L"] if values["follow_link"] else []), *(["-a"] if values["archive"] else [])]
    return copy_from_words((*switches, "--", str(values["source"]), str(values["target"])))
