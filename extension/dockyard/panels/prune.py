"""The panel over every ``docker ... prune``."""

import html
from collections.abc import Mapping, Sequence
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import BadValue
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value, lines_of, required
from dockyard.panels.panel import Faults, Panel, changes_html, warnings_html
from dockyard.tasks import Plan, Prune, PruneResult, Result, Task
from dockyard.tasks.prune import SCOPES, WITH_ALL, prune_from_words
from dockyard.wording import human_size

__all__ = ["PrunePanel", "prune"]


class PrunePanel(Panel):
    """A form over a prune. Nothing goes before what goes, what stays and why were on screen."""

    faults: ClassVar[Faults] = {BadValue: "filters"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        super().__init__(translate(N_("Clean up (docker prune)")), _fields(), values, _task, client, _values)

    def plan_html(self, plan: Plan) -> str:
        """What goes, before what stays, with the bytes in all."""
        going = [change for change in plan.changes if change.action == "remove"]
        total = translate(N_("{n} of {all} would go, and {size} would be free."))
        says = total.format(n=len(going), all=len(plan.changes), size=human_size(plan.size_bytes))
        rows = sorted(plan.changes, key=lambda change: change.action == "keep")
        return f"{warnings_html(plan.warnings)}<div><b>{html.escape(says)}</b></div>{changes_html(rows)}"

    def asks_first(self, plan: Plan) -> bool:
        """Whether anything goes."""
        return any(change.action == "remove" for change in plan.changes)

    def after_run(self, task: Task, result: Result) -> None:
        """Say what is free now."""
        assert isinstance(task, Prune)
        assert isinstance(result, PruneResult)
        says = translate(N_("{size} were freed: what the engine uses now is less by that."))
        shown = html.escape(says.format(size=human_size(result.freed_bytes)))
        self.more.children = (widgets.HTML(f'<div role="status">{shown}</div>{changes_html(result.changes)}'),)


def prune(
    scope: str = "system",
    *,
    all: bool = False,  # noqa: A002  # docker's word
    volumes: bool = False,
    filters: str | Sequence[str] = (),
    keep: bool = True,
    client: Client | None = None,
) -> PrunePanel:
    """Return a panel that removes what nothing needs.

    Args:
        scope: ``container``, ``image``, ``volume``, ``network``, ``builder`` or ``system``.
        all: Also what has a name (``-a``).
        volumes: With ``system``, also volumes without a name.
        filters: Values of ``--filter``.
        keep: Keep images and volumes, so that they can be brought back.
        client: The engine; by default the one in use.
    """
    lines = filters if isinstance(filters, str) else "\n".join(filters)
    return PrunePanel({"scope": scope, "all": all, "volumes": volumes, "filters": lines, "keep": keep}, client)


def _fields() -> list[Field]:
    return [
        Field("scope", translate(N_("What")), "suggest", translate(N_("One kind, or system for all of them but volumes")), "system", tuple(SCOPES), flag="SCOPE"),
        Field("all", translate(N_("All (-a)")), "switch", translate(N_("Also images with a name, volumes with a name, or all build cache")), flag="-a"),
        Field("volumes", translate(N_("Volumes too (--volumes)")), "switch", translate(N_("With system: also volumes without a name")), flag="--volumes"),
        Field("filters", translate(N_("Only those")), "lines", translate(N_("until=24h, label=KEY or label!=KEY, one a line (--filter)")), "until=24h", flag="--filter"),
        Field("keep", translate(N_("Keep for undo")), "switch", translate(N_("Keep images and volumes on this machine, up to 2 GiB, so that they can be brought back"))),
    ]  # fmt: skip


def _task(values: Mapping[str, Value]) -> Task:
    text = required(values, "scope", translate(N_("What")))
    scope = next((each for each in SCOPES if each == text), None)
    if scope is None:
        raise BadValue(
            flag="SCOPE", value=text, expected=translate(N_("it is one of {kinds}")).format(kinds=", ".join(SCOPES))
        )
    for name, flag, takes in (("all", "-a", WITH_ALL), ("volumes", "--volumes", ("system",))):
        if values[name] and scope not in takes:
            expected = translate(N_("`docker {scope} prune` does not take it")).format(scope=scope)
            raise BadValue(flag=flag, value=translate(N_("on")), expected=expected)
    given = ["-a"] if values["all"] else []
    given += ["--volumes"] if values["volumes"] else []
    task = prune_from_words(
        scope, (*given, *(word for each in lines_of(values["filters"]) for word in ("--filter", each)))
    )
    return Prune(task.scope, task.all, task.volumes, task.filters, keep=bool(values["keep"]))


def _values(task: Task) -> Mapping[str, Value] | None:
    if not isinstance(task, Prune):
        return None
    return {
        "scope": task.scope,
        "all": task.all,
        "volumes": task.volumes,
        "filters": "\n".join(task.filters),
        "keep": task.keep,
    }
