"""The panels over ``docker login`` and ``docker logout``: the password passes through and stays nowhere."""

from collections.abc import Mapping
from typing import ClassVar

from dockyard.connection import Client
from dockyard.errors import EngineRefused, LoginRefused, MissingField
from dockyard.locale import N_, translate
from dockyard.panels.form import Field, Value, required
from dockyard.panels.panel import Faults, Panel
from dockyard.tasks import Login, Logout, Plan, Result, Task
from dockyard.tasks.login import login_from_words, logout_from_words

__all__ = ["LoginPanel", "LogoutPanel", "login", "logout", "password_field"]


class LoginPanel(Panel):
    """A form over a log-in. The password is the field ``password``, and is taken from it as the run begins."""

    faults: ClassVar[Faults] = {LoginRefused: "password", EngineRefused: "registry"}

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        fields = [
            _registry_field("docker login"),
            Field("user", translate(N_("User")), "text", translate(N_("The name there (-u); on Docker Hub its ID")), "zoozoousagi", flag="-u"),
            password_field(translate(N_("Password or access token"))),
        ]  # fmt: skip
        super().__init__(translate(N_("Log in to a registry (docker login)")), fields, values, _task, client, _values)

    def carry_out(self, task: Task, plan: Plan) -> Result:
        """Run with the password, which is gone from here by then.

        Raises:
            MissingField: None was typed.
        """
        assert isinstance(task, Login)
        secret = self.form.fields["password"].take()
        if secret is None:
            raise MissingField(label=translate(N_("Password")), flag="password")
        return task.run(self.client, plan=plan, report=self._report, cancel=self._cancel, secret=secret)


class LogoutPanel(Panel):
    """A form over a log-out."""

    def __init__(self, values: Mapping[str, Value], client: Client | None) -> None:
        title = translate(N_("Log out of a registry (docker logout)"))
        super().__init__(title, [_registry_field("docker logout")], values, _logout_task, client, _logout_values)


def login(registry: str = "", user: str = "", *, client: Client | None = None) -> LoginPanel:
    """Return a panel that logs in to a registry. The password is typed into it, and can't be given here.

    Args:
        registry: Such as ``localhost:5000``; empty for Docker Hub.
        user: The name there.
        client: The engine; by default the one in use.
    """
    return LoginPanel({"registry": registry, "user": user}, client)


def logout(registry: str = "", *, client: Client | None = None) -> LogoutPanel:
    """Return a panel that forgets the log-in at a registry.

    Args:
        registry: Such as ``localhost:5000``; empty for Docker Hub.
        client: The engine; by default the one in use.
    """
    return LogoutPanel({"registry": registry}, client)


def password_field(placeholder: str) -> Field:
    """The field that a password is typed into."""
    tooltip = translate(N_("Neither the notebook nor its saved state ever holds it"))
    return Field("password", translate(N_("Password")), "secret", tooltip, placeholder)


def _registry_field(command: str) -> Field:
    label, text = translate(N_("Registry")), translate(N_("HOST:PORT; empty for Docker Hub"))
    return Field("registry", label, "text", text, "localhost:5000", flag=command)


def _words(values: Mapping[str, Value]) -> tuple[str, ...]:
    registry = str(values["registry"]).strip()
    return (registry,) if registry else ()


def _task(values: Mapping[str, Value]) -> Task:
    return login_from_words(("-u", required(values, "user", translate(N_("User"))), *_words(values)))


def _values(task: Task) -> Mapping[str, Value] | None:
    return {"registry": task.registry, "user": task.user} if isinstance(task, Login) else None


def _logout_task(values: Mapping[str, Value]) -> Task:
    return logout_from_words(_words(values))


def _logout_values(task: Task) -> Mapping[str, Value] | None:
    return {"registry": task.registry} if isinstance(task, Logout) else None
