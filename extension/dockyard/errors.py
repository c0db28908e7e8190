"""Every error a user can act on. Each is one sentence that names the thing and the way out.

::

    DockyardError
    ├── EngineError              the engine, or the way to it
    │   ├── NoEngine
    │   ├── EngineUnreachable
    │   │   ├── SocketDenied  SocketMissing  EngineDead  EngineSilent
    │   │   ├── WrongAddress  HostUnknown  NotAnEngine  TlsRefused  SshRefused
    │   │   └── UnknownContext
    │   ├── ApiTooOld  OwnEngineFailed
    │   └── EngineRefused        the engine's own words
    ├── NotFound
    │   └── NoSuchContainer  NoSuchImage  NoSuchPath
    ├── BadLine                  a command line that can't be taken as it is
    │   └── NotDocker  UnknownCommand  UnknownFlag  MissingValue  BadValue  WrongCount  ShellSyntax
    ├── BadTask                  a task that can't be done as it is asked
    │   └── MissingField  NameTaken  NameInvalid  PortTaken  BindSourceMissing  TerminalNeeded
    │       NothingPublished  NoPage  UnknownLesson
    ├── CopyError
    │   └── NotADirectory  FolderOntoFile  ParentMissing  KindClash  HostileArchive  Truncated
    │       SourceChanged  SourceUnreadable  TargetUnwritable  DiskWouldFill  LeftBehind
    ├── PlanOutdated  CannotUndo  Cancelled
    └── KitError                 lab images
        └── PackagesUnavailable  BundleBroken
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dockyard.locale import N_, translate

if TYPE_CHECKING:
    import requests

__all__ = ["DockyardError", "EngineError", "engine_errors"]  # and every class below, by its name


class DockyardError(Exception):
    """The user can act on this. ``str()`` gives the sentence in the language in use.

    Attributes:
        facts: What the sentence names, such as ``{"name": "apa000ex19"}``.
    """

    sentence = ""

    def __init__(self, **facts: object) -> None:
        super().__init__(facts)
        self.facts = facts

    def __str__(self) -> str:
        return translate(self.sentence).format_map(self.facts)


class EngineError(DockyardError):
    """The engine, or the way to it, failed."""


class NoEngine(EngineError):
    """No engine answered anywhere it was looked for."""

    sentence = N_(
        "No container engine was found. Three ways out: install Docker and start it (on Debian or Ubuntu: "
        "`apt-get install docker.io`); point DOCKER_HOST or a docker context at an engine elsewhere; "
        "or, as root, let `dockyard lab` start one of its own. `dockyard doctor` lists where it was looked for."
    )


class EngineUnreachable(EngineError):
    """An engine's address is known, but nothing usable answers there."""


class SocketMissing(EngineUnreachable):
    """The socket does not exist."""

    sentence = N_(
        "There is no socket at {address}: the engine is not running, or listens elsewhere. Start it and try again."
    )


class SocketDenied(EngineUnreachable):
    """The socket exists; this user may not use it."""

    sentence = N_(
        "You may not use the engine's socket {address}. Join its group (`sudo usermod -aG docker $USER`, then log in again) or use a rootless engine."
    )


class EngineDead(EngineUnreachable):
    """The address exists, but nothing listens."""

    sentence = N_(
        "Nothing answers at {address}: the engine has stopped. Start it (`sudo systemctl start docker`) and try again."
    )


class EngineSilent(EngineUnreachable):
    """Something accepted the connection and then said nothing."""

    sentence = N_(
        "The engine at {address} took the connection but did not answer in time. It may be starting or stuck; try again, or restart it."
    )


class WrongAddress(EngineUnreachable):
    """The address can't be an engine's."""

    sentence = N_(
        "{address!r} is not an engine's address. Write it like unix:///var/run/docker.sock, tcp://HOST:2375 or ssh://USER@HOST."
    )


class HostUnknown(EngineUnreachable):
    """The host in the address has no address of its own."""

    sentence = N_("The host in {address} can't be found. Check its spelling and your network.")


class NotAnEngine(EngineUnreachable):
    """Something answers, but not a container engine."""

    sentence = N_("What answers at {address} is not a container engine. Check the address and the port.")


class TlsRefused(EngineUnreachable):
    """TLS failed: the certificates do not fit, or one side does not speak it."""

    sentence = N_(
        "The engine at {address} could not be reached over TLS ({reason}). Check DOCKER_CERT_PATH or the context's certificates, and whether that port speaks TLS at all."
    )


class SshRefused(EngineUnreachable):
    """The ssh connection failed."""

    sentence = N_(
        "The engine at {address} could not be reached over ssh ({reason}). Check that `ssh` logs in there without asking, and that `docker` is on that machine."
    )


class UnknownContext(EngineUnreachable):
    """The docker context that is asked for does not exist."""

    sentence = N_(
        "There is no docker context {name!r}. `docker context ls` lists those there are; choose one with DOCKER_CONTEXT or `docker context use`."
    )


class ApiTooOld(EngineError):
    """The engine speaks only an API older than Dockyard needs."""

    sentence = N_(
        "The engine at {address} speaks API {version}; Dockyard needs {needed} or newer (Docker 20.10). Update the engine."
    )


class OwnEngineFailed(EngineError):
    """An engine of one's own could not be started."""

    sentence = N_("No engine could be started here: {reason}")


class EngineRefused(EngineError):
    """The engine said no; ``message`` is its own sentence."""

    sentence = N_("The engine refused: {message}")


class NotFound(DockyardError):
    """A named thing does not exist."""


class NoSuchContainer(NotFound):
    """No container has this name or ID."""

    sentence = N_("There is no container {name!r}. `docker ps -a` lists those there are.")


class NoSuchImage(NotFound):
    """The engine has no such image, and none could be pulled."""

    sentence = N_(
        "The engine has no image {name!r}, and it could not be pulled ({reason}). Check the name, or run `dockyard images prepare` for the lab's own images."
    )


class NoSuchPath(NotFound):
    """No such file or folder; ``where`` says on which side."""

    sentence = N_("There is no {path!r} {where}. Check the path; Linux tells upper from lower case.")


class BadLine(DockyardError):
    """A command line can't be taken as it is."""


class NotDocker(BadLine):
    """The line does not begin with ``docker``."""

    sentence = N_("{line!r} is not a docker line: it must begin with `docker`.")


class UnknownCommand(BadLine):
    """There is no task for this docker command."""

    sentence = N_("`docker {name}` is not among the tasks of this version. There are: {known}.")


class UnknownFlag(BadLine):
    """The flag is not known, or not supported; it is never dropped."""

    sentence = N_("`docker {command}` here does not take {flag}. It takes: {known}.")


class MissingValue(BadLine):
    """A flag that needs a value stands last."""

    sentence = N_("{flag} needs a value after it.")


class BadValue(BadLine):
    """A flag's value does not fit."""

    sentence = N_("{value!r} is no value for {flag}: {expected}.")


class WrongCount(BadLine):
    """Too few or too many words."""

    sentence = N_("`docker {command}` needs {needed}; this line has {found}.")


class ShellSyntax(BadLine):
    """The line uses the shell, and no shell runs it."""

    sentence = N_("{token!r} is for the shell, and no shell runs this line. Write one docker command with plain words.")


class BadTask(DockyardError):
    """The task can't be done as it is asked."""


class MissingField(BadTask):
    """A field that a task needs is empty."""

    sentence = N_("Fill in {label!r} first.")


class NameTaken(BadTask):
    """Another container has the name."""

    sentence = N_(
        "A container named {name!r} exists already ({status}). Choose another name, or remove it first: docker rm -f {name}"
    )


class NameInvalid(BadTask):
    """The name has characters no container may have."""

    sentence = N_(
        "{name!r} can't name a container: use letters, digits, '_', '.' and '-', two or more, beginning with a letter or digit."
    )


class PortTaken(BadTask):
    """The host's port is in use."""

    sentence = N_(
        "Port {port} is in use on the engine's machine (by {holder}). Choose another: -p OTHER:{container_port}"
    )


class BindSourceMissing(BadTask):
    """``--mount type=bind`` needs its source to exist."""

    sentence = N_("The folder {path!r} does not exist, and --mount does not make it. Make it first: mkdir -p {path}")


class TerminalNeeded(BadTask):
    """An interactive foreground run needs a terminal."""

    sentence = N_(
        "`docker run -it` without -d waits for a person at a terminal, which a cell is not. Add -d, and use `docker exec -it {name} bash` in a terminal."
    )


class NothingPublished(BadTask):
    """The container shows no port to the outside."""

    sentence = N_(
        "{name!r} publishes no port now: it does not run, or was started without -p. Start it, or run it with -p 8080:80."
    )


class NoPage(BadTask):
    """No web page answers at a published port."""

    sentence = N_(
        "No web page answers at {url}: {name!r} may still be starting, or serve something else there. Try again in a moment; `docker logs {name}` tells more."
    )


class UnknownLesson(BadTask):
    """There is no such lesson, or no such step in it."""

    sentence = N_("There is no {name!r} among the lessons and steps: {known}.")


class CopyError(DockyardError):
    """A copy can't be done, or was given up; nothing half-made stays under its final name unless the sentence says so."""


class NotADirectory(CopyError):
    """The path ends as a folder's does, but is none."""

    sentence = N_("{path!r} is written as a folder, but it is not one. Leave the last '/' or '/.' off.")


class FolderOntoFile(CopyError):
    """A folder can't take the place of a file."""

    sentence = N_(
        "{source!r} is a folder and {target!r} is a file; a folder can't be copied onto a file. Choose a folder as the target."
    )


class ParentMissing(CopyError):
    """The folder that would hold the copy does not exist."""

    sentence = N_(
        "The folder {path!r} does not exist {where}; a copy makes no folders above its target. Make it first."
    )


class KindClash(CopyError):
    """A folder and a file of the same name meet inside the copy."""

    sentence = N_(
        "{path!r} is a {there} at the target and a {here} in the copy; one does not replace the other. Nothing was changed."
    )


class HostileArchive(CopyError):
    """The engine's archive holds a member that could write outside the target."""

    sentence = N_("The archive from the container is not safe: {member!r} {reason}. Nothing was written.")


class Truncated(CopyError):
    """The stream ended too early."""

    sentence = N_("The engine's stream ended before the copy was whole. Nothing was written; try again.")


class SourceChanged(CopyError):
    """A file changed while it was copied."""

    sentence = N_("{path!r} changed while it was being copied. Copy it again when nothing writes to it.")


class SourceUnreadable(CopyError):
    """A file can't be read."""

    sentence = N_("{path!r} can't be read ({reason}).")


class TargetUnwritable(CopyError):
    """Nothing can be written there, by this user or at all."""

    sentence = N_("{path!r} can't be written ({reason}). Choose a folder of your own with room in it.")


class DiskWouldFill(CopyError):
    """The copy is larger than the room for it."""

    sentence = N_("{what!r} would need {needed} and only {free} is free at {path!r}. Nothing was written.")


class LeftBehind(CopyError):
    """A copy into a container broke off, and it could not be taken back at once; undo can do so later."""

    sentence = N_(
        "The copy broke off, and {path!r} in {container!r} may be incomplete ({reason}). When the engine answers and the container runs, undo the copy, or copy again."
    )


class PlanOutdated(DockyardError):
    """What the plan was made for is no longer so."""

    sentence = N_("Since the plan was made, {what} changed. Nothing was done; make the plan again.")


class CannotUndo(DockyardError):
    """This can't be taken back; the sentence says why."""

    sentence = N_("{command!r} can't be undone: {reason}")


class Cancelled(DockyardError):
    """The user stopped the task."""

    sentence = N_("Stopped. Nothing was left half-made.")


class KitError(DockyardError):
    """A lab image could not be made."""


class PackagesUnavailable(KitError):
    """The distribution's packages can't be had."""

    sentence = N_(
        "The lab image {name!r} is not in the engine and could not be pulled or built ({reason}). With a network, try again; without one, load a bundle: dockyard images load FILE"
    )


class BundleBroken(KitError):
    """The file is no bundle of lab images, or is damaged."""

    sentence = N_(
        "{path!r} is not a whole bundle of lab images ({reason}). Make a new one: dockyard images bundle FILE"
    )


@contextmanager
def engine_errors(address: str) -> Iterator[None]:
    """Turn docker-py's errors inside the block into Dockyard's. The only place where that happens.

    Args:
        address: The engine's, as errors name it.

    Raises:
        EngineRefused: The engine answered with an error, or docker-py could not ask.
        EngineSilent: It did not answer in time.
        EngineDead: The connection broke.
    """
    import docker.errors
    import requests.exceptions
    import urllib3.exceptions

    try:
        yield
    except docker.errors.APIError as error:
        raise EngineRefused(message=error.explanation or str(error), status=error.status_code) from error
    except docker.errors.DockerException as error:
        raise EngineRefused(message=str(error), status=None) from error
    except requests.exceptions.HTTPError as error:
        raise EngineRefused(message=_message(error.response), status=error.response.status_code) from error
    except requests.exceptions.Timeout as error:
        raise EngineSilent(address=address) from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise EngineDead(address=address) from error


def _message(answer: "requests.Response") -> str:
    """The engine's own sentence in an error answer (Docker Engine API, ErrorResponse)."""
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text.strip() or f"HTTP {answer.status_code}"
