"""A registry of one's own: started open or with a password and TLS, and removed again."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import ipywidgets as widgets

from dockyard.command import line
from dockyard.connection import Client
from dockyard.errors import (
    BadSecret,
    BadValue,
    DockyardError,
    EngineRefused,
    ImageMissing,
    MissingField,
    PortTaken,
    SourceUnreadable,
    engine_errors,
)
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Form, Value, required
from dockyard.panels.login import password_field
from dockyard.panels.panel import heading
from dockyard.panels.working import Faults, WorkingPanel, button, says_html
from dockyard.tasks import start_registry as start

__all__ = ["StartRegistryPanel", "start_registry"]


class StartRegistryPanel(WorkingPanel):
    """A form that starts a registry.

    Attributes:
        form: What it will be like.
        line: The docker line for an open one; what more is done for another.
        start_button: Starts it.
        remove_button: Removes it, and what was pushed to it unless a named volume keeps that.
        outcome: What came of it.
    """

    faults: ClassVar[Faults] = {
        BadSecret: "password",
        EngineRefused: "name",
        ImageMissing: "name",
        PortTaken: "port",
        SourceUnreadable: "certificate",
    }

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        self._started = ""
        self.form = Form(_fields(), values, self._on_change)
        super().__init__(client, [self.form])
        self.line = widgets.HTML()
        self.start_button = button(N_("Start the registry"), lambda: self._start(self._do_start), "primary")
        self.remove_button = button(N_("Remove it again"), lambda: self._start(self._do_remove))
        self._set_busy(False)
        self.children = [
            heading(translate(N_("Start a registry of your own"))),
            self.form,
            self.line,
            widgets.HBox([self.start_button, self.remove_button], layout=widgets.Layout(flex_flow="row wrap")),
            self.outcome,
        ]
        self._on_change()

    def _on_change(self) -> None:
        self.form.show_fault("")
        self.line.value = ""
        try:
            self.line.value = _lines(self.form.values)
        except DockyardError as error:
            self._show_error(error)

    def _do_start(self) -> None:
        values = self.form.values
        name, port = required(values, "name", translate(N_("Name"))), _port(values)
        user, secret = str(values["user"]).strip(), self.form.fields["password"].take()
        if secret and not user:
            raise MissingField(label=translate(N_("User")), flag="user")
        certificate = _certificate(values)
        self.outcome.value = says_html(translate(N_("starting the registry")), "warning")
        volume = str(values["volume"]).strip()
        done = start(
            self.client, name=name, port=port, volume=volume, user=user, secret=secret, certificate=certificate
        )
        self._started = done.container_id
        says = translate(N_("The registry {address} answers. Names that lead to it begin so: {address}/nyappacchi:13"))
        self.outcome.value = says_html(says.format(address=done.address), "good")

    def _do_remove(self) -> None:
        with engine_errors(self.client.address):
            self.client.api.remove_container(self._started, force=True, v=True)
        self._started = ""
        self.outcome.value = says_html(translate(N_("The registry was removed.")), "good")

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.start_button.disabled = busy
        self.remove_button.disabled = busy or not self._started


def start_registry(
    name: str = "registry", *, port: int = 5000, volume: str = "", user: str = "", client: Client | None = None
) -> StartRegistryPanel:
    """Return a panel that starts a registry. The password is typed into it, and can't be given here.

    Args:
        name: The container's name.
        port: On the engine's machine, for this machine alone.
        volume: A named volume for what is pushed; empty for one that goes with the container.
        user: Who may log in; empty for everyone.
        client: The engine; by default the one in use.
    """
    return StartRegistryPanel({"name": name, "port": str(port), "volume": volume, "user": user}, client)


def _fields() -> list[Field]:
    paths = translate(N_("Files of this machine (PEM), for https; both or none"))
    return [
        Field("name", translate(N_("Name")), "text", translate(N_("The container's name")), "registry"),
        Field("port", translate(N_("Port")), "text", translate(N_("It is published for this machine alone")), "5000", flag="-p"),
        Field("volume", translate(N_("Volume")), "text", translate(N_("Keeps what is pushed; without one it goes with the container")), "registry-data"),
        Field("user", translate(N_("User")), "text", translate(N_("Who may log in; empty for everyone")), "usagi"),
        password_field(translate(N_("The user's, at most 72 bytes"))),
        Field("certificate", translate(N_("Certificate")), "text", paths, "registry.crt"),
        Field("key", translate(N_("Key")), "text", paths, "registry.key"),
    ]  # fmt: skip


def _port(values: Mapping[str, Value]) -> int:
    text = required(values, "port", translate(N_("Port")))
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise BadValue(flag="-p", value=text, expected=translate(N_("a number from 1 to 65535")))
    return int(text)


def _certificate(values: Mapping[str, Value]) -> tuple[Path, Path] | None:
    names = {"certificate": translate(N_("Certificate")), "key": translate(N_("Key"))}
    if not any(str(values[name]).strip() for name in names):
        return None
    certificate, key = (Path(required(values, name, label)) for name, label in names.items())
    return certificate, key


def _lines(values: Mapping[str, Value]) -> str:
    """The docker line that does the same, as HTML, and what is put into the container before it starts."""
    name, port = required(values, "name", translate(N_("Name"))), _port(values)
    volume = ("-v", f"{str(values['volume']).strip()}:/var/lib/registry") if str(values["volume"]).strip() else ()
    published = f"127.0.0.1:{port}:5000"
    words = ("--name", name, "-p", published, "-e", "REGISTRY_STORAGE_DELETE_ENABLED=true", *volume, "registry")
    added = []
    if str(values["user"]).strip():
        added.append(translate(N_("REGISTRY_AUTH=htpasswd, and the password's bcrypt hash in /auth/htpasswd")))
    if _certificate(values):
        added.append(translate(N_("REGISTRY_HTTP_TLS_CERTIFICATE and _KEY, and both files in /certs")))
    shown = f"<code>{html.escape(line('docker', 'run', '-d', *words))}</code>"
    return shown + "".join(f"<div>+ {html.escape(each)}</div>" for each in added)
