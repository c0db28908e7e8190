"""The panels over ``docker pull`` and ``docker push``, with a bar for each layer."""

from collections.abc import Mapping
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import ImageMissing, ImageNameInvalid, NoSuchImage, PushRefused
from dockyard.locale import N_, translate
from dockyard.pace import Pace
from dockyard.panels.form import Field, Value, required
from dockyard.panels.images import image_names
from dockyard.panels.panel import REPORTS_PER_S, Faults, Panel
from dockyard.tasks import ImageName, Plan, Progress, Pull, Push, Result, Task
from dockyard.tasks.push import PublicPush
from dockyard.tasks.tagged import new_name
from dockyard.tasks.transfer import LayerProgress, TransferProgress
from dockyard.wording import human_size

__all__ = ["LayerBars", "PullPanel", "PushPanel", "pull", "push"]

MOST_BARS = 40


class LayerBars(widgets.VBox):
    """A bar for each layer, and beside it what is done with it, in the engine's words; they stay when it is over.

    Attributes:
        bars: By the layer's ID.
        words: What stands beside each bar.
    """

    def __init__(self) -> None:
        self._rows, self._rest = widgets.VBox(), widgets.Label()
        super().__init__([self._rows, self._rest])
        self.bars: dict[str, widgets.FloatProgress] = {}
        self.words: dict[str, widgets.Label] = {}
        self._last: tuple[LayerProgress, ...] = ()
        self._pace = Pace(self._draw, REPORTS_PER_S)

    def show(self, layers: tuple[LayerProgress, ...]) -> None:
        """Draw how far the layers are, but not more often than one can see."""
        self._last = layers
        self._pace.news()

    def end(self, *, well: bool) -> None:
        """Draw how far they came; what did not end stands out if it did not end well."""
        self._pace.end()
        self._draw()
        for layer in self._last[:MOST_BARS]:
            if not layer.has_ended and not well:
                self.bars[layer.id].bar_style = "danger"

    def _draw(self) -> None:
        for layer in self._last[:MOST_BARS]:
            if layer.id not in self.bars:
                self._add(layer.id)
            bar = self.bars[layer.id]
            bar.value = 1.0 if layer.has_ended else layer.done / layer.total if layer.total else 0.0
            bar.bar_style = "success" if layer.has_ended else ""
            of = f" {human_size(layer.done)} / {human_size(layer.total)}" if layer.total else ""
            self.words[layer.id].value = f"{layer.status}{of}"
        if (left := len(self._last) - MOST_BARS) > 0:
            self._rest.value = translate(N_("and {n} more layers")).format(n=left)

    def _add(self, layer_id: str) -> None:
        self.bars[layer_id] = widgets.FloatProgress(
            min=0,
            max=1,
            description=layer_id,
            style={"description_width": "9em"},
            layout=widgets.Layout(width="min(24em, 98%)"),
        )
        self.words[layer_id] = widgets.Label()
        row = widgets.HBox([self.bars[layer_id], self.words[layer_id]], layout=widgets.Layout(flex_flow="row wrap"))
        self._rows.children = (*self._rows.children, row)


class _TransferPanel(Panel):
    """A form over a transfer.

    Attributes:
        layers: How far each layer is, of the last run.
    """

    layers: LayerBars

    def before_run(self, task: Task) -> None:  # noqa: ARG002  # of any task
        """Begin with no bars."""
        self.layers = LayerBars()
        self.more.children = (self.layers,)

    def carry_out(self, task: Task, plan: Plan) -> Result:
        """Run, and draw the bars as they are at the end, however it ends."""
        try:
            result = super().carry_out(task, plan)
        except BaseException:
            self.layers.end(well=False)
            raise
        self.layers.end(well=True)
        return result

    def _report(self, progress: Progress) -> None:
        super()._report(progress)
        if isinstance(progress, TransferProgress):
            self.layers.show(progress.layers)


class PullPanel(_TransferPanel):
    """A form over a pull."""

    faults: ClassVar[Faults] = {NoSuchImage: "name", ImageNameInvalid: "name"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        fields = [
            Field("name", translate(N_("Image")), "text", translate(N_("The name says from which registry")), "localhost:5000/nyappacchi:13"),
            Field("platform", translate(N_("Platform")), "text", translate(N_("Instead of the engine's own (--platform)")), "linux/arm64", flag="--platform"),
        ]  # fmt: skip
        title = translate(N_("Download an image (docker pull)"))
        super().__init__(title, fields, values, _pull_task, client, _pull_values)


class PushPanel(_TransferPanel):
    """A form over a push. One to Docker Hub, where everyone can see it, is not made before its warning was shown."""

    faults: ClassVar[Faults] = {ImageMissing: "name", ImageNameInvalid: "name", PushRefused: "name"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        label, text = translate(N_("Image")), translate(N_("The name says to which registry"))
        fields = [Field("name", label, "suggest", text, "localhost:5000/nyappacchi:13")]
        title = translate(N_("Upload an image (docker push)"))
        super().__init__(title, fields, values, _push_task, client, _push_values)
        self.suggest(lambda: image_names(self.client), "name")

    def asks_first(self, plan: Plan) -> bool:
        """Whether it would be public."""
        return any(isinstance(each, PublicPush) for each in plan.warnings)


def pull(name: str = "", *, platform: str = "", client: Client | None = None) -> PullPanel:
    """Return a panel that downloads an image.

    Args:
        name: The image's name.
        platform: Such as ``linux/arm64``, instead of the engine's own.
        client: The engine; by default the one in use.
    """
    return PullPanel({"name": name, "platform": platform}, client)


def push(name: str = "", *, client: Client | None = None) -> PushPanel:
    """Return a panel that uploads an image.

    Args:
        name: The image's name, which says where it goes.
        client: The engine; by default the one in use.
    """
    return PushPanel({"name": name}, client)


def _pull_task(values: Mapping[str, Value]) -> Task:
    name = required(values, "name", translate(N_("Image")))
    ImageName.parse(name)
    return Pull(name, str(values["platform"]).strip())


def _pull_values(task: Task) -> Mapping[str, Value] | None:
    return {"name": task.name, "platform": task.platform} if isinstance(task, Pull) else None


def _push_task(values: Mapping[str, Value]) -> Task:
    name = required(values, "name", translate(N_("Image")))
    new_name(name)
    return Push(name)


def _push_values(task: Task) -> Mapping[str, Value] | None:
    return {"name": task.name} if isinstance(task, Push) else None
