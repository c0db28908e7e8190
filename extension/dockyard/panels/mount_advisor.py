"""The panel that finds the kind of mount that fits: questions, the answer with its reasons, the line that does it, and what each kind really did here."""

import html
from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import DockyardError
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value, lines_of
from dockyard.panels.looks import wide
from dockyard.panels.panel import Panel
from dockyard.panels.working import button
from dockyard.tasks import Port, Task
from dockyard.tasks.mount_advice import Advice, Needs, advise
from dockyard.tasks.mount_trial import MountTrial, try_mounts
from dockyard.tasks.tmpfs_speed import Speeds, measure_tmpfs
from dockyard.wording import human_size

__all__ = ["MountAdvisor", "mount_advisor"]


class MountAdvisor(Panel):
    """A form over the questions; what it runs is the line that it recommends.

    Attributes:
        advice: The kind that fits, and why.
        try_button, measure_button: Try the three kinds on the engine; measure a tmpfs beside the disk.
        comparison, speeds: What came of that.
    """

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        self.advice = widgets.HTML()
        super().__init__(translate(N_("Which mount fits?")), _fields(), values, _task, client)
        self.try_button = button(N_("Try all three here"), lambda: self._start(self._do_try))
        self.measure_button = button(N_("Measure tmpfs beside the disk"), lambda: self._start(self._do_measure))
        self.comparison, self.speeds = widgets.HTML(), widgets.HTML()
        shown = [*self.children]
        place = shown.index(self.form) + 1
        buttons = widgets.HBox([self.try_button, self.measure_button], layout=widgets.Layout(flex_flow="row wrap"))
        self.children = [*shown[:place], self.advice, *shown[place:], buttons, self.comparison, self.speeds]

    def _on_change(self) -> None:
        super()._on_change()
        try:
            self.advice.value = _advice_html(_advice(self.form.values))
        except DockyardError:
            self.advice.value = ""  # what is wrong stands beside its field

    def _do_try(self) -> None:
        self.comparison.value = _trials_html(
            try_mounts(self.client, report=self._report, cancel=self._cancel), str(self.client.engine)
        )

    def _do_measure(self) -> None:
        self.speeds.value = _speeds_html(measure_tmpfs(self.client, report=self._report, cancel=self._cancel))


def mount_advisor(
    *,
    lasts: bool = True,
    simple: bool = False,
    edited: bool = False,
    independent: bool = False,
    image: str = "httpd",
    client: Client | None = None,
) -> MountAdvisor:
    """Return a panel that recommends a kind of mount.

    Args:
        lasts: Whether the data must be there when the container is not any more.
        simple: Whether a name is to be enough, with no place to look after.
        edited: Whether they are edited on the host.
        independent: Whether it must work on any machine.
        image: What to run.
        client: The engine; by default the one in use.
    """
    answers: dict[str, Value] = {"lasts": lasts, "simple": simple, "edited": edited, "independent": independent}
    return MountAdvisor({**answers, "image": image}, client)


def _fields() -> list[Field]:
    return [
        Field("lasts", translate(N_("Must it last?")), "switch", translate(N_("The data must be there when the container is not any more"))),
        Field("simple", translate(N_("Is it to be simple?")), "switch", translate(N_("A name is to be enough, with no place to look after"))),
        Field("edited", translate(N_("Edited on the host?")), "switch", translate(N_("With the host's own programs, often"))),
        Field("independent", translate(N_("Anywhere?")), "switch", translate(N_("It must work on any machine, whatever its folders are called"))),
        Field("image", translate(N_("Image")), "text", translate(N_("The image to start a container from")), "httpd"),
        Field("source", translate(N_("Source")), "text", translate(N_("The folder, or the volume's name"))),
        Field("target", translate(N_("Target")), "text", translate(N_("Where it is mounted in the container")), "/usr/local/apache2/htdocs"),
        Field("name", translate(N_("Name")), "text", translate(N_("What the container is called (--name)")), flag="--name"),
        Field("ports", translate(N_("Ports")), "lines", translate(N_("HOST:CONTAINER, one a line (-p)")), flag="-p"),
    ]  # fmt: skip


def _advice(values: Mapping[str, Value]) -> Advice:
    needs = Needs(*(bool(values[name]) for name in ("lasts", "simple", "edited", "independent")))
    ports = tuple(Port.parse(text) for text in lines_of(values["ports"]))
    text = {name: str(values[name]).strip() for name in ("image", "target", "source", "name")}
    return advise(
        needs,
        image=text["image"] or "httpd",
        target=text["target"],
        source=text["source"],
        name=text["name"],
        ports=ports or None,
    )


def _task(values: Mapping[str, Value]) -> Task:
    return _advice(values).task


def _advice_html(advice: Advice) -> str:
    title = html.escape(translate(N_("Take a {kind}.")).format(kind=translate(SHOWN[advice.kind])))
    reasons = "".join(f"<li>{html.escape(each)}</li>" for each in advice.reasons)
    cautions = "".join(f'<li class="dockyard-warning">{html.escape(each)}</li>' for each in advice.cautions)
    first = ""
    if advice.first:
        says = html.escape(translate(N_("Make it first:")))
        first = f"<div>{says} <code>{html.escape(advice.first)}</code></div>"
    return f'<div role="status"><b>{title}</b><ul>{reasons}{cautions}</ul>{first}</div>'


def _trials_html(trials: Sequence[MountTrial], engine: str) -> str:
    heads = (
        N_("Kind"),
        N_("Where its files are"),
        N_("After a restart"),
        N_("In a new container"),
        N_("Edited on the host"),
    )
    rows = []
    for trial in trials:
        where = trial.lives_at or translate(N_("in memory") if trial.kind == "tmpfs" else N_("not tried"))
        cells = [
            translate(SHOWN[trial.kind]),
            where,
            *(_there(each) for each in (trial.after_restart, trial.after_removal)),
        ]
        seen = {True: N_("seen in the container"), False: N_("can't be reached"), None: N_("not tried")}[
            trial.from_host
        ]
        cells.append(translate(seen))
        row = "".join(f"<td>{html.escape(each)}</td>" for each in cells)
        rows.append(
            f"<tr>{row}</tr>"
            + (f"<tr><td></td><td colspan=4>{html.escape(trial.note)}</td></tr>" if trial.note else "")
        )
    title = translate(N_("What each kind did on {engine}:")).format(engine=engine)
    first = "".join(f"<th>{html.escape(translate(head))}</th>" for head in heads)
    warning = translate(
        N_("A volume's files are the engine's own: where this user can reach them at all, leave them to containers.")
    )
    table = f"<table><tr>{first}</tr>{''.join(rows)}</table>"
    return f"<div>{html.escape(title)}</div>{wide(title, table)}<div>{html.escape(warning)}</div>"


def _there(found: bool | None) -> str:
    return translate({True: N_("still there"), False: N_("gone"), None: N_("not tried")}[found])


def _speeds_html(found: Speeds) -> str:
    rows = []
    for way, label in (("write", N_("Write")), ("read", N_("Read"))):
        cells = "".join(f"<td>{found.mib_per_s(place, way):,.0f} MiB/s</td>" for place in ("tmpfs", "disk"))
        shown = html.escape(translate(label))
        rows.append(f"<tr><th>{shown}</th>{cells}<td>{found.times_as_fast(way):.1f} ×</td></tr>")
    heads = "".join(
        f"<th>{html.escape(head)}</th>" for head in ("", "tmpfs", translate(N_("disk")), translate(N_("tmpfs : disk")))
    )
    says = translate(N_("{size} each time, medians of {n} rounds. On a busy machine the two come near each other."))
    told = says.format(size=human_size(found.size_bytes), n=found.rounds)
    if not found.read_past_cache:
        told += translate(N_(" The disk can't be read past the machine's memory here, so both are read from memory."))
    mark, style = ("✔", "good") if found.after_restart.ok else ("✘", "bad")
    evidence = f'<div class="dockyard-{style}" role="status">{mark} {html.escape(found.after_restart.says)}</div>'
    return f"<table><tr>{heads}</tr>{''.join(rows)}</table><div>{html.escape(told)}</div>{evidence}"


SHOWN = {"bind": N_("bind mount (a folder of the host)"), "volume": N_("volume"), "tmpfs": N_("tmpfs (memory)")}
