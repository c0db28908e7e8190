"""An image's layers: how large each is, which files it adds, changes or hides, and in what two images differ."""

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets as widgets

from dockyard import charts
from dockyard.connection import Client
from dockyard.errors import DockyardError, ImageMissing, LayersUnreadable
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Form, Value, required
from dockyard.panels.grid import Cell, Column, Grid, size
from dockyard.panels.looks import wide
from dockyard.panels.panel import changes_html, heading
from dockyard.panels.work import TellingPanel
from dockyard.panels.working import Faults, button
from dockyard.tables import Table, history
from dockyard.tasks import Change
from dockyard.tasks.image_compare import Comparison, FileDifference, compare_images
from dockyard.tasks.layers import Aspect, FileChange, ImageLayer, image_layers
from dockyard.tasks.snapshot import tags_of
from dockyard.wording import human_size

__all__ = ["LayersPanel", "layers"]

MOST_ROWS = 50
STYLE = """<style>.dockyard-panel td.dockyard-number { text-align: right; white-space: nowrap; }</style>"""


def _number(value: int) -> Cell:
    return (str(value), int(value))


COLUMNS = (
    Column("layer", N_("Layer"), _number, 70, "asc", "number"),
    Column("created_by", N_("Made by"), width=280),
    Column("size_bytes", N_("Size"), size, 90),
    Column("hidden_bytes", N_("Hides"), size, 90),
    Column("added", N_("Added"), _number, 80, filter="number"),
    Column("changed", N_("Changed"), _number, 90, filter="number"),
    Column("removed", N_("Hidden"), _number, 80, filter="number"),
)
ASPECTS: Mapping[Aspect, str] = {
    "kind": N_("kind"),
    "content": N_("content"),
    "mode": N_("mode"),
    "owner": N_("owner"),
    "link": N_("link"),
    "attributes": N_("attributes"),
    "time": N_("time"),
}
DIFFERENCES = {
    "only in a": N_("only in the first"),
    "only in b": N_("only in the second"),
    "content": N_("other content"),
    "metadata": N_("same content"),
}


class LayersPanel(TellingPanel):
    """A form that names an image, and what is in it.

    Attributes:
        form: The image, and one to compare it with.
        read_button, compare_button: What can be clicked.
        chart: How the image grew, step by step.
        says: The same in a sentence.
        sizes: Its layers in a sentence.
        layer: Its layers with their sizes; the key of the chosen row is the index of the one whose files are shown.
        search: Shows only paths with this text in them.
        files: What the chosen layer adds, changes and hides.
        comparison: In what the two images differ.
    """

    faults: ClassVar[Faults] = {ImageMissing: "image", LayersUnreadable: "image"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        self._layers: tuple[ImageLayer, ...] = ()
        self.form = Form(_fields(), values, self._on_change)
        super().__init__(client, [self.form])
        self.add_class("dockyard-layers")
        self.read_button = button(N_("Read the layers"), lambda: self._start(self._do_read), "primary")
        self.compare_button = button(N_("Compare the two"), lambda: self._start(self._do_compare))
        self.chart = widgets.Output()
        self.chart.add_class("dockyard-wide")
        self.says, self.sizes, self.files, self.comparison = (widgets.HTML() for _ in range(4))
        self.layer = Grid(
            translate(N_("Layers")), COLUMNS, ("layer",), several=False, on_chosen=lambda _: self._show_files()
        )
        self.search = widgets.Text(
            description=translate(N_("Filter")),
            placeholder=translate(N_("A part of a path")),
            style={"description_width": "auto"},
            layout=widgets.Layout(width="min(44em, 98%)"),
        )
        self.search.observe(lambda _: self._show_files(), "value")
        self._chooser = widgets.VBox([self.layer, self.search, self.files], layout=widgets.Layout(display="none"))
        self._set_busy(False)
        self.children = [
            heading(translate(N_("Layers of an image"))),
            widgets.HTML(
                STYLE + f"<style>{charts.figure_css('var(--jp-ui-font-color1, #333)', '.dockyard-panel')}</style>"
            ),
            self.form,
            widgets.HBox(
                [self.read_button, self.compare_button, self.cancel_button], layout=widgets.Layout(flex_flow="row wrap")
            ),
            self.doing,
            self.outcome,
            self.chart,
            self.says,
            self.sizes,
            self._chooser,
            self.comparison,
        ]
        self._suggest()

    def _suggest(self) -> None:
        try:
            names = sorted(name for row in self.client.get_json("/images/json") for name in tags_of(row))
        except DockyardError as error:
            self._show_error(error)
            return
        for field in ("image", "other"):
            self.form.suggest(field, names)

    def _on_change(self) -> None:
        self.form.show_fault("")

    def _image(self) -> str:
        return required(self.form.values, "image", translate(N_("Image")))

    # ------------------------------------------------------------ what the worker does

    def _do_read(self) -> None:
        self._clear()
        name = self._image()
        steps = history(name, self.client)
        self._layers = image_layers(self.client, name, report=self.report, cancel=self.cancel)
        self.sizes.value = _sizes_html(name, self._layers)
        self._draw(charts.layer_sizes(steps))
        self.layer.show(_table_of(self._layers))
        self.layer.chosen = [str(len(self._layers) - 1)] if self._layers else []
        self._show_files()
        self._chooser.layout.display = None

    def _do_compare(self) -> None:
        self.comparison.value = ""
        other = required(self.form.values, "other", translate(N_("Compare with")))
        if self.client.find_json("/images/{}/json", other) is None:
            raise ImageMissing(name=other, flag="other")
        found = compare_images(self.client, self._image(), other, report=self.report, cancel=self.cancel)
        self.comparison.value = _comparison_html(found)

    # ------------------------------------------------------------ what is shown

    def _clear(self) -> None:
        self._layers = ()
        self.sizes.value = self.files.value = ""
        self._draw(None)
        self.layer.show(_table_of(()))
        self._chooser.layout.display = "none"

    def _draw(self, figure: Any) -> None:
        """Show a figure in place of the one before."""
        self.chart.outputs = () if figure is None else (charts.as_output(figure),)
        self.says.value = "" if figure is None else f"<div>{html.escape(figure.layout.meta['alt'])}</div>"

    def _show_files(self) -> None:
        index = next((int(key) for key in self.layer.chosen), None)
        self.files.value = "" if index is None else _files_html(self._layers[index], self.search.value.strip())

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.read_button.disabled = self.compare_button.disabled = busy


def layers(image: str = "", other: str = "", *, client: Client | None = None) -> LayersPanel:
    """Return a panel over an image's layers and their files.

    Args:
        image: Name or ID.
        other: An image to compare it with.
        client: The engine; by default the one in use.
    """
    return LayersPanel({"image": image, "other": other}, client)


def _fields() -> list[Field]:
    return [
        Field("image", translate(N_("Image")), "suggest", translate(N_("Whose layers are read; nothing is stored")), "httpd"),
        Field("other", translate(N_("Compare with")), "suggest", translate(N_("Another image, or nothing")), "ex22_original1"),
    ]  # fmt: skip


def _table_of(layers: Sequence[ImageLayer]) -> Table:
    return Table(
        {
            "layer": [each.index for each in layers],
            "created_by": [each.created_by or each.diff_id for each in layers],
            "size_bytes": [each.size_bytes for each in layers],
            "hidden_bytes": [_hidden_bytes(each) for each in layers],
            "added": [len(each.added) for each in layers],
            "changed": [len(each.changed) for each in layers],
            "removed": [len(each.removed) for each in layers],
        }
    )


def _sizes_html(name: str, layers: Sequence[ImageLayer]) -> str:
    whole = human_size(sum(each.size_bytes for each in layers))
    hidden = human_size(sum(map(_hidden_bytes, layers)))
    says = translate(N_("{name}: {n} layers with {size}, the lowest first; {hidden} of it is hidden by layers above."))
    return f'<div role="status">{html.escape(says.format(name=name, n=len(layers), size=whole, hidden=hidden))}</div>'


def _hidden_bytes(layer: ImageLayer) -> int:
    """Bytes of the layers below that it replaces or hides, which frees nothing."""
    return sum(each.before.stored_bytes for each in (*layer.changed, *layer.removed) if each.before is not None)


def _files_html(layer: ImageLayer, part: str) -> str:
    found = [each for each in layer.changes if part.casefold() in each.path.casefold()]
    found.sort(key=lambda each: (-each.size_bytes, each.path))
    says = translate(N_("Layer {layer}: {added} paths added, {changed} changed, {removed} hidden; the largest first."))
    counts = {"added": len(layer.added), "changed": len(layer.changed), "removed": len(layer.removed)}
    told = says.format(layer=layer.index, **counts)
    if part:
        told += " " + translate(N_("{n} of them fit the filter.")).format(n=len(found))
    table = wide(told, changes_html([_change(each) for each in found])) if found else ""
    return f'<div role="status">{html.escape(told)}</div>{table}'


def _change(each: FileChange) -> Change:
    length = each.size_bytes if each.file.kind in ("file", "hard link") else None
    if each.action == "added":
        return Change("create", each.file.kind, each.path, length)
    if each.action == "removed":
        reason = translate(N_("hidden from here on; its bytes stay in the layer below"))
        return Change("remove", each.file.kind, each.path, length, reason)
    differs = ", ".join(_aspects(each.what)) or translate(N_("the same once more"))
    return Change("change", each.file.kind, each.path, length, differs)


def _comparison_html(found: Comparison) -> str:
    heads = (N_("Path"), N_("Difference"), N_("In what"), N_("First"), N_("Second"))
    largest = sorted(found.differences, key=lambda each: (-max(each.a_bytes, each.b_bytes), each.path))
    told = found.text
    if len(largest) > MOST_ROWS:
        told += " " + translate(N_("The largest first."))
    table = _table(told, heads, [_difference(each) for each in largest[:MOST_ROWS]])
    if (left := len(found.differences) - MOST_ROWS) > 0:
        more = translate(N_("and {n} more paths")).format(n=left)
        table += f"<div>{html.escape(more)}</div>"
    return table


def _difference(each: FileDifference) -> str:
    sizes = (
        human_size(count) if file and file.kind in ("file", "hard link") else ""
        for file, count in ((each.a, each.a_bytes), (each.b, each.b_bytes))
    )
    return _row((each.path, translate(DIFFERENCES[each.difference]), ", ".join(_aspects(each.what))), *sizes)


def _aspects(what: Sequence[Aspect]) -> Iterator[str]:
    return (translate(ASPECTS[each]) for each in what)


def _row(texts: Sequence[str], *numbers: str) -> str:
    cells = [f"<td>{html.escape(each)}</td>" for each in texts]
    cells += [f'<td class="dockyard-number">{html.escape(each)}</td>' for each in numbers]
    return f"<tr>{''.join(cells)}</tr>"


def _table(caption: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    """A table below a sentence; the sentence alone where there are no rows."""
    first = "".join(f'<th scope="col">{html.escape(translate(head))}</th>' for head in heads)
    table = wide(caption, f"<table><tr>{first}</tr>{''.join(rows)}</table>") if rows else ""
    return f'<div role="status">{html.escape(caption)}</div>{table}'
