"""A registry to look into: its repositories, their tags, what a tag stands for; and a tag deleted, and its bytes freed."""

import html
from collections.abc import Callable, Mapping
from itertools import islice
from typing import ClassVar

import ipywidgets as widgets

from dockyard.connection import Client
from dockyard.connection.registry import Manifest, Registry
from dockyard.errors import EngineRefused, NoSuchContainer, RegistryRefused, RegistryUnreachable
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Form, Value, required
from dockyard.panels.panel import heading
from dockyard.panels.working import Faults, WorkingPanel, button, says_html
from dockyard.tasks import collect_garbage
from dockyard.tasks.logins import known_login
from dockyard.wording import human_size

__all__ = ["RegistryPanel", "registry"]

MOST_REPOSITORIES = 500


class RegistryPanel(WorkingPanel):
    """What is in a registry, asked with the log-in that Docker's configuration has for it.

    Attributes:
        form: The registry's address, and a certificate to trust.
        look_button: Asks for the repositories.
        repositories, tags: To be chosen from.
        details: What the chosen tag stands for.
        delete_button, confirm_button: Say what would go, and let it go.
        cleaning: The registry's container, whose garbage can be collected.
        collect_button: Collects it.
        outcome: What came of it.
    """

    faults: ClassVar[Faults] = {
        RegistryUnreachable: "address",
        RegistryRefused: "address",
        NoSuchContainer: "container",
        EngineRefused: "container",
    }

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        self._doomed = ("", "")
        self.form, self.cleaning = (Form(fields, values, self._on_change) for fields in (_fields(), _cleaning_fields()))
        super().__init__(client, [self.form, self.cleaning])
        self.look_button = button(N_("Show the repositories"), lambda: self._start(self._look), "primary")
        self.repositories, self.tags = _select(N_("Repositories")), _select(N_("Tags"))
        self.repositories.observe(lambda _: self._chosen(self._show_tags), "value")
        self.tags.observe(lambda _: self._chosen(self._show_details), "value")
        self.details = widgets.HTML()
        self.delete_button = button(N_("Delete this tag"), lambda: self._start(self._ask_delete))
        self.confirm_button = button(N_("Yes, delete"), lambda: self._start(self._delete), "danger")
        self.collect_button = button(N_("Collect garbage"), lambda: self._start(self._collect))
        self._set_busy(False)
        wrapped = widgets.Layout(flex_flow="row wrap")
        self.children = [
            heading(translate(N_("Look into a registry"))),
            self.form,
            self.look_button,
            widgets.HBox([self.repositories, self.tags], layout=wrapped),
            self.details,
            widgets.HBox([self.delete_button, self.confirm_button], layout=wrapped),
            self.cleaning,
            self.collect_button,
            self.outcome,
        ]

    # ------------------------------------------------------------ what is clicked

    def _on_change(self) -> None:
        for form in self._forms:
            form.show_fault("")

    def _chosen(self, work: Callable[[], None]) -> None:
        if not self.is_busy:  # else it is the work itself that chooses
            self._start(work)

    # ------------------------------------------------------------ what the worker does

    def _look(self) -> None:
        with self._registry() as asked:
            found = tuple(islice(asked.catalog(), MOST_REPOSITORIES))
        _fill(self.repositories, found)
        self._show_tags()
        says = N_("{n} repositories in {address}")
        if len(found) == MOST_REPOSITORIES:
            says = N_("The first {n} repositories in {address}")
        self._tell(translate(says).format(n=len(found), address=self.form.values["address"]))

    def _show_tags(self) -> None:
        repository, found = self.repositories.value, []
        if repository is not None:
            with self._registry() as asked:
                found = asked.tags(repository)
            if not found:
                self._tell(translate(N_("No tag is left in this repository.")))
        _fill(self.tags, tuple(found))
        self._show_details()

    def _show_details(self) -> None:
        self._doomed = ("", "")
        self.details.value = ""
        if self.tags.value is not None:
            with self._registry() as asked:
                self.details.value = _manifest_html(asked.manifest(self.repositories.value, self.tags.value))

    def _ask_delete(self) -> None:
        repository = self.repositories.value
        with self._registry() as asked:
            digest = asked.manifest(repository, self.tags.value).digest
            going = asked.tags_of(repository, digest)
        self._doomed = (repository, digest)
        says = translate(
            N_("This deletes the manifest {digest}, and with it {tags}. Layers stay until garbage is collected.")
        )
        self._tell(says.format(digest=digest[:19], tags=", ".join(going)), "warning")

    def _delete(self) -> None:
        repository, digest = self._doomed
        with self._registry() as asked:
            asked.delete(repository, digest)
        self._show_tags()
        self._tell(translate(N_("Deleted: {digest}")).format(digest=f"{repository}@{digest[:19]}"))

    def _collect(self) -> None:
        values = self.cleaning.values
        container = required(values, "container", translate(N_("Container")))
        self._tell(translate(N_("collecting garbage")), "warning")
        done = collect_garbage(self.client, container, untagged=bool(values["untagged"]))
        says = translate(N_("{freed} freed: {before} before, {after} after. The registry was restarted."))
        sizes = {"freed": done.freed_bytes, "before": done.before_bytes, "after": done.after_bytes}
        self._tell(says.format(**{name: human_size(size) for name, size in sizes.items()}))

    def _registry(self) -> Registry:
        address = required(self.form.values, "address", translate(N_("Registry")))
        user, secret = known_login(address)
        return Registry(address, user=user, secret=secret, ca=str(self.form.values["ca"]).strip())

    # ------------------------------------------------------------ what is shown

    def _tell(self, sentence: str, style: str = "good") -> None:
        self.outcome.value = says_html(sentence, style)

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        for each in (self.look_button, self.repositories, self.tags, self.collect_button):
            each.disabled = busy
        self.delete_button.disabled = busy or self.tags.value is None
        self.confirm_button.disabled = busy
        self.confirm_button.layout.display = None if self._doomed[1] else "none"


def registry(
    address: str = "localhost:5000", *, container: str = "registry", ca: str = "", client: Client | None = None
) -> RegistryPanel:
    """Return a panel that looks into a registry.

    Args:
        address: Such as ``localhost:5000``.
        container: Its container, where it is one's own.
        ca: A file with a certificate to trust, where it is one's own too.
        client: The engine that the container is on; by default the one in use.
    """
    return RegistryPanel({"address": address, "container": container, "ca": ca}, client)


def _fields() -> list[Field]:
    trusted = translate(N_("A certificate to trust beside the system's, for a registry with TLS of one's own"))
    return [
        Field("address", translate(N_("Registry")), "text", "HOST:PORT", "localhost:5000"),
        Field("ca", translate(N_("Certificate")), "text", trusted, "ca.crt"),
    ]


def _cleaning_fields() -> list[Field]:
    label, text = translate(N_("Without a tag, too")), translate(N_("Also what a push of the same tag left behind"))
    whose = translate(N_("The registry's container. Nobody may push meanwhile, and it is restarted"))
    return [
        Field("container", translate(N_("Container")), "text", whose, "registry"),
        Field("untagged", label, "switch", text),
    ]


def _fill(select: widgets.Select, options: tuple[str, ...]) -> None:
    """Offer other options; the first one is chosen."""
    select.options = options
    select.value = options[0] if options else None


def _manifest_html(found: Manifest) -> str:
    rows: list[tuple[str, str, int | None]] = [(translate(N_("manifest")), found.digest, None)]
    rows += [(each.name, each.digest, None) for each in found.platforms]
    rows += [(translate(N_("configuration")), found.config_digest, None)] if found.config_digest else []
    rows += [(translate(N_("layer")), each.digest, each.size_bytes) for each in found.layers]
    shown = "".join(
        f"<tr><td>{html.escape(kind)}</td><td><code>{html.escape(digest)}</code></td><td>{'' if size is None else human_size(size)}</td></tr>"
        for kind, digest, size in rows
    )
    total = html.escape(translate(N_("{size} compressed")).format(size=human_size(found.size_bytes)))
    return f"<table>{shown}</table>" + (f"<div>{total}</div>" if found.layers else "")


def _select(label: str) -> widgets.Select:
    return widgets.Select(
        options=(),
        description=translate(label),
        rows=5,
        style={"description_width": "9em"},
        layout=widgets.Layout(width="min(30em, 98%)"),
    )
