"""The panels over ``docker tag`` and ``docker rmi``, which show that names and images are two things; and a name taken apart."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.errors import DockyardError, ImageHasNames, ImageInUse, ImageMissing, ImageNameInvalid
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value, required
from dockyard.panels.images import image_names
from dockyard.panels.listings import IMAGES
from dockyard.panels.panel import Faults, Panel, heading
from dockyard.panels.picking import PickingPanel
from dockyard.panels.whole import Whole
from dockyard.panels.working import says_html
from dockyard.tasks import Result, Tag, Task, Untag, UntagResult, explain
from dockyard.tasks.tagged import names_of, new_name
from dockyard.wording import short_id

__all__ = ["NamePanel", "TagPanel", "UntagPanel", "name", "tag", "untag"]


class TagPanel(Panel):
    """A form over a tag. Afterwards it draws every name of the image: several names, one ID."""

    faults: ClassVar[Faults] = {ImageMissing: "image", ImageNameInvalid: "name"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Give an image one more name (docker tag)"))
        super().__init__(title, _tag_fields(), values, _tag_task, client, _tag_values)
        self.suggest(lambda: image_names(self.client), "image")

    def after_run(self, task: Task, result: Result) -> None:  # noqa: ARG002  # the engine is asked what is so now
        """Draw the names that the image has now."""
        assert isinstance(task, Tag)
        found = self.client.get_json("/images/{}/json", new_name(task.name).familiar)
        names = names_of(found)
        self.more.children = (widgets.HTML(_picture(str(found["Id"]), names, names)),)


class UntagPanel(PickingPanel):
    """A form over a removal, with the images to choose from. Afterwards it tells "untagged" from "deleted", and draws the names that went and those that are left."""

    faults: ClassVar[Faults] = {
        ImageMissing: "names",
        ImageInUse: "names",
        ImageHasNames: "names",
        ImageNameInvalid: "names",
    }

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Take a name off an image (docker rmi)"))
        super().__init__(IMAGES, title, _untag_fields(), values, _untag_task, client, _untag_values)
        self._before: dict[str, tuple[str, ...]] = {}
        self.suggest(lambda: image_names(self.client), "names")

    def pick(self, names: tuple[str, ...]) -> None:
        """Name them in the form."""
        self.form.fields["names"].value = " ".join(names)

    def before_run(self, task: Task) -> None:
        """Note the images that the names stand for, and what else each is called."""
        assert isinstance(task, Untag)
        found = [self.client.find_json("/images/{}/json", each) for each in task.names]
        self._before = {str(each["Id"]): names_of(each) for each in found if each}
        self.more.children = ()

    def after_run(self, task: Task, result: Result) -> None:  # noqa: ARG002  # the result says it
        """Show the engine's answer with what it means, and each image with its names."""
        assert isinstance(result, UntagResult)
        shown = [_answer(result)]
        for image_id, before in self._before.items():
            found = self.client.find_json("/images/{}/json", image_id)
            shown.append(_picture(image_id, before, names_of(found) if found else None))
        self.more.children = (widgets.HTML("".join(shown)),)


class NamePanel(Whole):
    """A name taken apart as it is typed.

    Attributes:
        field: The name.
        parts: Each part of it, with what it means.
    """

    def __init__(self, text: str) -> None:
        self.field = widgets.Text(
            value=text,
            description=translate(N_("Image name")),
            placeholder="zoozoousagi/nyappacchi:13",
            style={"description_width": "9em"},
            layout=widgets.Layout(width="min(44em, 98%)"),
        )
        self.parts = widgets.HTML()
        super().__init__([heading(translate(N_("What an image's name means"))), self.field, self.parts])
        self.add_class("dockyard-panel")
        self.field.observe(lambda _: self._show(), "value")
        self._show()

    def _show(self) -> None:
        text = self.field.value.strip()
        try:
            self.parts.value = _parts_html(text) if text else ""
        except DockyardError as error:
            self.parts.value = says_html(str(error), "bad")


def tag(image: str = "", name: str = "", *, client: Client | None = None) -> TagPanel:
    """Return a panel that gives an image one more name.

    Args:
        image: The image's name or ID.
        name: The new name.
        client: The engine; by default the one in use.
    """
    return TagPanel({"image": image, "name": name}, client)


def untag(names: str | Sequence[str] = (), *, force: bool = False, client: Client | None = None) -> UntagPanel:
    """Return a panel that takes names off images.

    Args:
        names: The names.
        force: Also where a stopped container was made from the image (``-f``).
        client: The engine; by default the one in use.
    """
    given = names if isinstance(names, str) else " ".join(names)
    return UntagPanel({"names": given, "force": force}, client)


def name(text: str = "") -> NamePanel:
    """Return a panel that takes an image's name apart.

    Args:
        text: The name.
    """
    return NamePanel(text)


def _picture(image_id: str, names: Sequence[str], left: Sequence[str] | None) -> str:
    """Names at the left, each with an arrow to the one image at the right; what is gone is struck out.

    Args:
        image_id: The image's.
        names: All that are drawn.
        left: Those that it still has; None where the image is gone itself.
    """
    rows = [_named(each, each in (left or ())) for each in names]
    nameless = html.escape(translate(N_("(without a name)")))
    rows = rows or [f"<td><i>{nameless}</i></td><td></td>"]
    image = f"<code>{short_id(image_id)}</code>"
    if left is None:
        deleted = html.escape(translate(N_("deleted")))
        image = f"<s>{image}</s> {deleted}"
    box = f'<td rowspan="{len(rows)}" class="dockyard-box">{image}</td>'
    heads = "".join(f"<th>{html.escape(text)}</th>" for text in (translate(N_("Name")), "", translate(N_("Image ID"))))
    first, *others = rows
    body = "".join(f"<tr>{row}</tr>" for row in (first + box, *others))
    return f'<table class="dockyard-names"><tr>{heads}</tr>{body}</table>'


def _named(name: str, is_left: bool) -> str:
    shown = f"<code>{html.escape(name)}</code>"
    if is_left:
        return f'<td>{shown}</td><td aria-hidden="true">⟶</td>'
    untagged = html.escape(translate(N_("untagged")))
    return f"<td><s>{shown}</s></td><td>{untagged}</td>"


def _answer(result: UntagResult) -> str:
    """What the engine said, line by line as ``docker rmi`` prints it, and what each word means."""
    untagged = translate(N_("Untagged: a name went; an image that has another name stays."))
    deleted = translate(N_("Deleted: an image or a layer went; no name needs it any more."))
    return _told(untagged, "Untagged", result.untagged) + _told(deleted, "Deleted", result.deleted)


def _told(says: str, word: str, given: Iterable[str]) -> str:
    lines = "\n".join(f"{word}: {each}" for each in given)
    return f"<div>{html.escape(says)}</div><pre>{html.escape(lines)}</pre>" if lines else ""


def _parts_html(text: str) -> str:
    found = explain(text)
    rows = []
    for part in found.parts:
        shown = html.escape(part.text or "-")
        written = f"<code>{shown}</code>" if part.is_written else f"<i>{shown}</i>"
        rows.append(
            f"<tr><th>{html.escape(translate(part.kind))}</th><td>{written}</td><td>{html.escape(part.says)}</td></tr>"
        )
    whole = html.escape(translate(N_("In full: {name}")).format(name=found.name.full))
    return f"<table>{''.join(rows)}</table><div>{whole}</div>"


# The parts of a name, for the catalogues.
PARTS = (N_("registry"), N_("namespace"), N_("repository"), N_("tag"), N_("digest"))


def _tag_fields() -> list[Field]:
    return [
        Field("image", translate(N_("Image")), "suggest", translate(N_("Name or ID")), "ex22_original2"),
        Field("name", translate(N_("New name")), "text", translate(N_("REGISTRY/REPOSITORY:TAG, or HUB-ID/REPOSITORY:TAG")), "localhost:5000/nyappacchi:13"),
    ]  # fmt: skip


def _tag_task(values: Mapping[str, Value]) -> Task:
    image, name = (
        required(values, field, translate(label)) for field, label in (("image", N_("Image")), ("name", N_("New name")))
    )
    new_name(name)
    return Tag(image, name)


def _tag_values(task: Task) -> Mapping[str, Value] | None:
    return {"image": task.image, "name": task.name} if isinstance(task, Tag) else None


def _untag_fields() -> list[Field]:
    return [
        Field("names", translate(N_("Names")), "suggest", translate(N_("One or more, with spaces between")), "localhost:5000/nyappacchi:13"),
        Field("force", translate(N_("Force (-f)")), "switch", translate(N_("Also where a stopped container was made from it"))),
    ]  # fmt: skip


def _untag_task(values: Mapping[str, Value]) -> Task:
    return Untag(tuple(required(values, "names", translate(N_("Names"))).split()), bool(values["force"]))


def _untag_values(task: Task) -> Mapping[str, Value] | None:
    return {"names": " ".join(task.names), "force": task.force} if isinstance(task, Untag) else None
