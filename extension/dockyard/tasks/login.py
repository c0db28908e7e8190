"""Log in to a registry and out again: ``docker login`` and ``docker logout``.

The password is no part of a task: it is given to ``run``, goes to the engine and to where log-ins are kept, and nowhere else.
"""

from dataclasses import dataclass
from typing import ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.connection.secret import Secret
from dockyard.errors import (
    BadValue,
    CannotUndo,
    DockyardError,
    EngineRefused,
    LoginRefused,
    MissingValue,
    SecretNeeded,
    engine_errors,
)
from dockyard.locale import N_, translate
from dockyard.tasks.base import NEVER, Cancel, Change, Evidence, Plan, Report, Result, Task, check_cancel, ignore
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.logins import config_file, forget, helper_of, keep, key_of, known_login, place
from dockyard.tasks.names import DOCKER_HUB

__all__ = ["Login", "LoginResult", "Logout", "Secret", "login_from_words", "logout_from_words"]

FLAGS = (Flag("username", "u"), Flag("password-stdin", "", "switch"))


@dataclass(frozen=True)
class LoginResult(Result):
    """What a log-in left.

    Attributes:
        kept_in: A credential helper, or the path of docker's configuration file.
    """

    kept_in: str = ""


@dataclass(frozen=True)
class Login(Task):
    """Log in to a registry (``docker login``).

    Attributes:
        user: ``-u``.
        registry: Such as ``localhost:5000``; empty for Docker Hub.
    """

    verb: ClassVar[str] = "login"
    user: str
    registry: str = ""

    @property
    def command(self) -> str:
        """Such as ``docker login -u usagi --password-stdin localhost:5000``."""
        registry = [self.registry] if self.registry else []
        return line("docker", "login", "-u", self.user, "--password-stdin", *registry)

    @property
    def code(self) -> str:
        """Python that asks for the password as it runs, so that no cell holds it."""
        registry = f", registry={self.registry!r}" if self.registry else ""
        return (
            "import dockyard\nfrom dockyard.tasks import Login, Secret\n\n"
            f"Login(user={self.user!r}{registry}).run(dockyard.current(), secret=Secret.ask())"
        )

    def plan(self, client: Client) -> Plan:  # noqa: ARG002  # the engine keeps no log-in
        """Return where the log-in will be kept.

        Raises:
            ConfigBroken: Docker's configuration file can't be read.
        """
        if helper := helper_of(self.registry):
            reason = translate(N_("kept by {helper}, for the docker command line too"))
            return Plan((Change("change", "file", place(helper), reason=reason.format(helper=helper)),))
        path = config_file()
        reason = translate(N_("the log-in is kept there, for the docker command line too"))
        warning = translate(
            N_(
                "No credential helper is set up: the password is kept in {path}, readable for you alone, but not encrypted."
            )
        )
        return Plan(
            (Change("change" if path.exists() else "create", "file", str(path), reason=reason),),
            (warning.format(path=path),),
        )

    def run(
        self,
        client: Client,
        *,
        plan: Plan | None = None,
        report: Report = ignore,  # noqa: ARG002  # it is done at once
        cancel: Cancel = NEVER,
        secret: Secret | None = None,
    ) -> LoginResult:
        """Let the engine show the password to the registry, and keep it if the registry takes it.

        Args:
            client: The engine.
            plan: What was shown to the user.
            report: Not called.
            cancel: Heard before it begins.
            secret: The password or token, such as ``Secret.ask()``.

        Raises:
            SecretNeeded: None was given.
            LoginRefused: The registry does not take it; nothing was kept.
            EngineRefused: The registry can't be reached.
        """
        if not isinstance(secret, Secret) or not secret:
            raise SecretNeeded(registry=self._shown)
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        token, failure = _show(client, self.registry, self.user, secret)
        if failure is not None:
            raise failure
        before, _ = known_login(self.registry)
        kept_in = keep(self.registry, self.user, token or secret, is_token=bool(token))
        with Kept.of(client, self.command) as kept:
            kept.marks.append(Mark(self.registry, "login", before))
        return LoginResult(fresh.changes, fresh.warnings, kept_in=kept_in)

    def verify(self, client: Client) -> Evidence:  # noqa: ARG002  # the engine keeps no log-in
        """Look who is logged in."""
        user, _ = known_login(self.registry)
        is_token = user == "<token>"
        if not user:
            return Evidence(False, translate(N_("Nobody is logged in at {registry}.")).format(registry=self._shown))
        says = translate(N_("{user} is logged in at {registry}")).format(
            user=self.user if is_token else user, registry=self._shown
        )
        return Evidence(is_token or user == self.user, says, {"user": user, "registry": key_of(self.registry)})

    def undo(self, client: Client) -> Result:
        """Log out, if nobody was logged in before; a former password is not kept anywhere."""
        kept = last_kept(client, self.command)
        if kept.marks[0].state:
            reason = translate(N_("{user} was logged in before, and that password is not kept"))
            raise CannotUndo(command=self.command, reason=reason.format(user=kept.marks[0].state))
        forget(self.registry)
        kept.discard()
        return Result((Change("change", "file", helper_of(self.registry) or str(config_file())),))

    @property
    def _shown(self) -> str:
        return self.registry or DOCKER_HUB


@dataclass(frozen=True)
class Logout(Task):
    """Forget the log-in at a registry (``docker logout``).

    Attributes:
        registry: Such as ``localhost:5000``; empty for Docker Hub.
    """

    verb: ClassVar[str] = "logout"
    registry: str = ""

    @property
    def command(self) -> str:
        """Such as ``docker logout localhost:5000``."""
        return line("docker", "logout", *([self.registry] if self.registry else []))

    def plan(self, client: Client) -> Plan:  # noqa: ARG002  # the engine keeps no log-in
        """Return from where the log-in will be removed; nothing where there is none."""
        user, _ = known_login(self.registry)
        reason = translate(N_("the log-in of {user} is removed")).format(user=user)
        where = place(helper_of(self.registry))
        return Plan((Change("change", "file", where, reason=reason),) if user else ())

    def run(
        self,
        client: Client,
        *,
        plan: Plan | None = None,
        report: Report = ignore,  # noqa: ARG002  # it is done at once
        cancel: Cancel = NEVER,
    ) -> Result:
        """Log out. See :meth:`Task.run`."""
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        forget(self.registry)
        return Result(fresh.changes)

    def verify(self, client: Client) -> Evidence:  # noqa: ARG002  # the engine keeps no log-in
        """Look whether nobody is logged in."""
        user, _ = known_login(self.registry)
        shown = self.registry or DOCKER_HUB
        if user:
            return Evidence(False, translate(N_("{user} is logged in at {registry}")).format(user=user, registry=shown))
        return Evidence(True, translate(N_("Nobody is logged in at {registry}.")).format(registry=shown))

    def undo(self, client: Client) -> Result:  # noqa: ARG002  # nothing is done
        """Say why not.

        Raises:
            CannotUndo: Always.
        """
        raise CannotUndo(command=self.command, reason=translate(N_("the password is not kept; log in again")))


def login_from_words(given: tuple[str, ...]) -> Login:
    """Return the task of ``docker login`` with these words after ``login``. ``-p`` is refused: a line is no place for a password.

    Raises:
        BadLine: The words are not as ``docker login`` takes them here.
    """
    parsed = parse_flags("login", FLAGS, given)
    parsed.require_words("login", translate(N_("one registry at most")), 0, 1)
    if not parsed.values.get("username"):
        raise MissingValue(flag="docker login -u")
    return Login(parsed.values["username"], _registry("login", parsed.words))


def logout_from_words(given: tuple[str, ...]) -> Logout:
    """Return the task of ``docker logout`` with these words after ``logout``.

    Raises:
        BadLine: The words are not as ``docker logout`` takes them.
    """
    parsed = parse_flags("logout", (), given)
    parsed.require_words("logout", translate(N_("one registry at most")), 0, 1)
    return Logout(_registry("logout", parsed.words))


def _registry(command: str, given: tuple[str, ...]) -> str:
    if not given:
        return ""
    if "@" in given[0]:
        raise BadValue(
            flag=f"docker {command}", value=given[0], expected=translate(N_("a registry is HOST or HOST:PORT"))
        )
    return given[0]


def _show(client: Client, registry: str, user: str, secret: Secret) -> tuple[Secret | None, DockyardError | None]:
    """Show the password to the registry; return the token that stands for it from now on, or what went wrong.

    What went wrong is returned and made anew, so that the traceback of what the caller raises leads to no frame with the password in it.
    """
    shown = registry or DOCKER_HUB
    try:
        with engine_errors(client.address):
            answer = client.api.post(
                client.url("/auth"),
                json={"username": user, "password": secret.reveal(), "serveraddress": key_of(registry)},
                timeout=client.api.timeout,
            )
            answer.raise_for_status()
            token = str(answer.json().get("IdentityToken") or "")
    except EngineRefused as error:
        message, status = str(error.facts["message"]), error.facts["status"]
        hidden = message.replace(secret.reveal(), "***")
        if status in (401, 403) or "unauthorized" in message.lower():
            return None, LoginRefused(user=user, registry=shown, reason=hidden)
        return None, EngineRefused(message=hidden, status=status)
    except DockyardError as error:
        return None, type(error)(**error.facts)
    return (Secret(token) if token else None), None
