"""Every error a user can act on. Each is one sentence that names the thing and the way out.

::

    DockyardError
    ├── EngineError              the engine, or the way to it
    │   ├── NoEngine
    │   ├── EngineUnreachable
    │   │   ├── SocketDenied  SocketMissing  EngineDead  EngineSilent
    │   │   ├── WrongAddress  HostUnknown  NotAnEngine  TlsRefused  SshRefused
    │   │   └── UnknownContext
    │   ├── ApiTooOld  OwnEngineFailed  EmbeddedFailed  EmbeddedUnavailable
    │   └── EngineRefused        the engine's own words
    ├── NotFound
    │   └── NoSuchContainer  NoSuchImage  NoSuchPath  NoSuchVolume  NotFoundByAnyKind  NoSuchRun
    │       ImageMissing
    ├── BadLine                  a command line that can't be taken as it is
    │   └── NotDocker  UnknownCommand  UnknownFlag  MissingValue  BadValue  WrongCount  ShellSyntax
    ├── BadTask                  a task that can't be done as it is asked
    │   └── MissingField  NameTaken  NameInvalid  PortTaken  BindSourceMissing  TerminalNeeded
    │       NothingPublished  NoPage  UnknownLesson  UnknownStep  NothingToExport  NothingStands  OtherTask
    │       ImageNameInvalid  ImageInUse  ImageHasNames  ArchiveBroken
    │       LayersUnreadable  NoSuchLayer
    │       VolumeNameInvalid  VolumeExists  VolumeInUse  TooLargeToKeep
    │       WrongState  PortHeld  ContainerRuns
    │       VolumeNotEmpty  VolumeHeld  VolumeOutside  VolumeNotMounted  WouldVanish
    │       TerminalForExec  StillRunning  MountSourceUnclear  NoTerminal  NoShell  NotAttachable
    │       PathOutside  UnknownAction
    ├── CopyError
    │   └── NotADirectory  FolderOntoFile  ParentMissing  KindClash  HostileArchive  Truncated
    │       SourceChanged  SourceUnreadable  TargetUnwritable  DiskWouldFill  LeftBehind
    │       CopyDiffers  WouldReplace  BackupBroken  ContentKept
    ├── RegistryError            a registry, or the way to it
    │   └── RegistryUnreachable  RegistryRefused  NotInRegistry  DeletingDisabled  PushRefused
    │       LoginRefused  SecretNeeded  BadSecret  ConfigBroken  CredentialStoreFailed
    ├── BuildError               a Dockerfile, or what is built of it
    │   └── UnknownInstruction  NoContext  NoDockerfile  DockerfileNotGiven  BuildFailed
    ├── ComposeError             a Compose file, or what is made by it
    │   └── NoComposeFile  ComposeFileBroken  ProjectNameInvalid  NoSuchService  NoSuchNetwork
    │       NotOfThisProject  NotInBackground  NothingThere  ServiceFailed
    ├── ClusterError             Kubernetes
    │   └── NoKubectl  NoCluster  KubectlFailed
    ├── PlanOutdated  CannotUndo  Cancelled  JournalBroken
    │   ├── NoSuchPlan           a PlanOutdated
    │   └── LeftRunning          a Cancelled
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
        "No container engine was found, and the embedded one can't stand in: {reason}. Three ways out: install Docker and start it (on Debian or Ubuntu: "
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


class EmbeddedFailed(EngineError):
    """The embedded engine could not be started, stopped or removed."""

    sentence = N_("The embedded engine failed: {reason}. `dockyard engine logs` may say more.")


class EmbeddedUnavailable(EngineError):
    """The embedded engine can't run on this machine, or is switched off."""

    sentence = N_("The embedded engine can't run here: {reason}.")


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


class ImageMissing(NotFound):
    """The engine has no such image, and the task does not pull one."""

    sentence = N_(
        "The engine has no image {name!r}. `docker images` lists those there are; `docker pull` brings one from its registry."
    )


class NoSuchVolume(NotFound):
    """The engine knows no volume of that name."""

    sentence = N_("There is no volume {name!r}. `docker volume ls` lists them.")


class NotFoundByAnyKind(NotFound):
    """Nothing has that name."""

    sentence = N_(
        "There is nothing called {name!r}. `docker ps -a`, `docker images` and `docker volume ls` list what there is."
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


class PortHeld(BadTask):
    """A container that is to start publishes a port that is in use."""

    sentence = N_(
        "Port {port}, which {name!r} publishes, is in use on the engine's machine (by {holder}). Stop that first, then start {name!r} again."
    )


class WrongState(BadTask):
    """A container is in a state in which the command can't be done."""

    sentence = N_("`docker {verb}` can't be done with {name!r}, which is {status}. First: {way_out}")


class StillRunning(BadTask):
    """A program that was told to end has not."""

    sentence = N_(
        "What runs in {name!r} did not end within {seconds} s of being told to. `docker rm -f {name}` ends and removes it."
    )


class TerminalForExec(BadTask):
    """``docker exec -i`` or ``-t`` needs someone at a terminal."""

    sentence = N_(
        "`docker exec -i` and `-t` wait for a person at a terminal, which a cell is not. Leave them off and give the whole command: docker exec {name} sh -c 'COMMANDS'"
    )


class ContainerRuns(BadTask):
    """A container that runs is not removed."""

    sentence = N_(
        "{name!r} is {status}, and is not removed while it runs. Stop it first (docker stop {name}), or remove it all the same with -f."
    )


class BindSourceMissing(BadTask):
    """``--mount type=bind`` needs its source to exist."""

    sentence = N_("The folder {path!r} does not exist, and --mount does not make it. Make it first: mkdir -p {path}")


class MountSourceUnclear(BadTask):
    """The source of a mount has slashes, so that it can't name a volume, and does not begin as a path does."""

    sentence = N_(
        "{source!r} is neither a volume's name nor a whole path. A folder is given from the root on: -v {path}:{target}"
    )


class TerminalNeeded(BadTask):
    """An interactive foreground run needs a terminal."""

    sentence = N_(
        "`docker run -it` without -d waits for a person at a terminal, which a cell is not. Add -d, and open its terminal in a cell: dockyard.panels.attach({name!r})"
    )


class NoTerminal(BadTask):
    """The task is a conversation, and there is no one to have it with."""

    sentence = N_("`{command}` needs a terminal. Open one in a cell with {code}, or with %docker and that line.")


class NoShell(BadTask):
    """The container has no shell that is known."""

    sentence = N_(
        "{name!r} has neither /bin/bash nor /bin/sh, so no shell can be opened in it. Name a program that it has: dockyard.shell({name!r}, command=PROGRAM)"
    )


class NotAttachable(BadTask):
    """The container's program has no terminal to sit down at."""

    sentence = N_(
        "{name!r} was not started with -it, so its program has no terminal to attach to. Open a shell beside it: dockyard.shell({name!r})"
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


class ImageNameInvalid(BadTask):
    """The text can't name an image."""

    sentence = N_("{name!r} can't name an image: {reason}.")


class ImageInUse(BadTask):
    """A container needs the image."""

    sentence = N_("The image {name!r} is in use by {containers}. Remove them first: docker rm -f {containers}")


class ImageHasNames(BadTask):
    """An image can't be removed by its ID while it has names in several repositories."""

    sentence = N_("The image {name!r} has several names: {names}. Remove it by its names, or all at once with -f.")


class ArchiveBroken(BadTask):
    """The file is no archive of images, or is damaged."""

    sentence = N_("{path!r} is not an archive as `docker save` makes it ({reason}). Nothing was loaded.")


class LayersUnreadable(BadTask):
    """What the engine sends of an image can't be taken apart into its layers."""

    sentence = N_("The layers of {name!r} can't be read: {reason}. `docker history {name}` still lists its steps.")


class NoSuchLayer(BadTask):
    """The image has no layer of that number."""

    sentence = N_("The image {name!r} has no layer {index}; its {count} layers are numbered from 0, the lowest.")


class UnknownLesson(BadTask):
    """There is no such lesson, or no such step in it."""

    sentence = N_("There is no {name!r} among the lessons and steps: {known}.")


class UnknownStep(BadTask):
    """The journal has no such step of this engine."""

    sentence = N_("There is no step {step} of this engine in the journal. dockyard.journal() lists the steps.")


class OtherTask(BadTask):
    """A pasted line is right, but another panel's."""

    sentence = N_(
        "This panel can't show all of that `docker {verb}` line. Run it with %docker in a cell, or open the panel for it."
    )


class NothingToExport(BadTask):
    """A Compose file needs at least one container."""

    sentence = N_(
        "No container was started in the background, so there is nothing for a Compose file. Start one first: docker run -d IMAGE"
    )


class NothingStands(BadTask):
    """Of the runs that are to be written out none ended well and stands."""

    sentence = N_("None of these runs ended well and stands, so there is nothing to run again. Show others.")


class VolumeNameInvalid(BadTask):
    """The name has characters no volume may have."""

    sentence = N_(
        "{name!r} can't name a volume: use letters, digits, '_', '.' and '-', two or more, beginning with a letter or digit."
    )


class VolumeExists(BadTask):
    """Another volume has the name."""

    sentence = N_(
        "A volume named {name!r} exists already. Choose another name, or remove it first: docker volume rm {name}"
    )


class VolumeInUse(BadTask):
    """Containers have the volume."""

    sentence = N_("The volume {name!r} is in use by {containers}. Remove those containers first, or leave the volume.")


class TooLargeToKeep(BadTask):
    """What would be removed does not fit into what is kept for undo."""

    sentence = N_(
        "{name!r} is larger than what is kept for undo ({limit}), so it was not removed. Remove it for good with keep=False."
    )


class VolumeNotEmpty(BadTask):
    """Files would be mixed with those that a volume has."""

    sentence = N_(
        "The volume {name!r} is not empty. Restore into a new volume, or have its content replaced (replace=True); undo brings it back."
    )


class VolumeHeld(BadTask):
    """A volume can be exchanged only while no container has it."""

    sentence = N_(
        "The volume {name!r} belongs to the containers {holders}, and its content can be exchanged only while none has it. Remove them first (docker rm), or restore into a new volume."
    )


class VolumeOutside(BadTask):
    """A volume that stands for a folder or a share can be neither emptied nor renamed through Docker."""

    sentence = N_(
        "The volume {name!r} only names a place outside of Docker, which Docker can neither empty nor move. Take another volume, or make one with the same options."
    )


class VolumeNotMounted(BadTask):
    """The container does not have the volume."""

    sentence = N_(
        "The container {container!r} does not have the volume {name!r}. `docker inspect {container}` lists its mounts."
    )


class WouldVanish(BadTask):
    """A container that removes itself when it ends can't be stopped for a while."""

    sentence = N_(
        "{name!r} was started with --rm: stopped, it would be gone and could not be started again. Stop it yourself, or back up without stopping."
    )


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

    sentence = N_("The archive is not safe: {member!r} {reason}. Nothing was written.")


class BackupBroken(CopyError):
    """A backup is cut, damaged, no tar archive at all, or not what its manifest says."""

    sentence = N_("{path!r} is not a whole backup ({reason}). Nothing was changed; make it or fetch it again.")


class ContentKept(CopyError):
    """A restore broke off, and what the volume had before could not be put back at once."""

    sentence = N_(
        "The restore broke off, and the volume {name!r} may be incomplete ({reason}). When the engine answers, undo the restore: what it had before is kept."
    )


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


class CopyDiffers(CopyError):
    """What arrived in a volume is not what was sent."""

    sentence = N_(
        "What arrived in the volume {name!r} is not what was sent: {n} of its files differ, the first is {first!r}. Something may have written to one of the two; try again when nothing does."
    )


class WouldReplace(CopyError):
    """Something would be replaced for good."""

    sentence = N_(
        "{path!r} exists already, and replacing it could not be undone. Nothing was written; allow it with replace=True."
    )


class RegistryError(DockyardError):
    """A registry, or the way to it, failed."""


class RegistryUnreachable(RegistryError):
    """Nothing answers there as a registry does."""

    sentence = N_(
        "The registry {address} could not be reached ({reason}). Check its name and port, and whether it runs: docker ps"
    )


class RegistryRefused(RegistryError):
    """The registry said no; ``message`` is its own words."""

    sentence = N_("The registry {address} refused: {message}. If it wants a log-in: docker login {address}")


class NotInRegistry(RegistryError):
    """The registry has no such thing."""

    sentence = N_("The registry {address} has no {what} ({reason}). A repository is there from its first push on.")


class DeletingDisabled(RegistryError):
    """The registry does not permit deleting."""

    sentence = N_(
        "The registry {address} does not permit deleting. Start it with -e REGISTRY_STORAGE_DELETE_ENABLED=true"
    )


class PushRefused(RegistryError):
    """The push failed; ``reason`` is the engine's or the registry's own words."""

    sentence = N_(
        "{name!r} could not be pushed to {registry} ({reason}). If it wants a log-in: docker login {registry}. The name says where a push goes: docker tag gives another."
    )


class LoginRefused(RegistryError):
    """The registry does not take the name and password."""

    sentence = N_(
        "{registry} does not take this password of {user!r} ({reason}). Nothing was kept. Check both; Docker Hub takes access tokens too."
    )


class SecretNeeded(RegistryError):
    """A log-in was run without a password."""

    sentence = N_(
        "A log-in at {registry} needs the password, which no line and no cell should hold: .run(client, secret=Secret.ask())."
    )


class BadSecret(RegistryError):
    """The name or password can't be used for a registry's account."""

    sentence = N_(
        "An account needs a name without ':' and spaces, and a password of 1 to {longest} bytes; that of {user!r} is not so."
    )


class ConfigBroken(RegistryError):
    """Docker's configuration file can't be read or written."""

    sentence = N_(
        "Docker's configuration {path!r} can't be used ({reason}). Nothing was changed; repair the file, or move it away."
    )


class CredentialStoreFailed(RegistryError):
    """The credential helper that the configuration names failed."""

    sentence = N_(
        "The credential helper {helper} failed ({reason}). Install it, or take credsStore out of docker's configuration."
    )


class BuildError(DockyardError):
    """A Dockerfile, or what is built of it, is not as it must be."""


class UnknownInstruction(BuildError):
    """A Dockerfile has no such instruction."""

    sentence = N_("There is no instruction {name!r} in a Dockerfile. There are: {known}.")


class NoContext(BuildError):
    """The context is no folder."""

    sentence = N_("There is no folder {path!r} to build from. Make it first: mkdir -p {path}")


class NoDockerfile(BuildError):
    """There is no Dockerfile where one is looked for."""

    sentence = N_("There is no Dockerfile {path!r}. Write one, or say with -f where it is.")


class DockerfileNotGiven(BuildError):
    """The line reads the Dockerfile from its standard input, and has none."""

    sentence = N_(
        "`{command}` reads the Dockerfile from its input, which a line here does not have. Write it in a cell below %%dockerfile."
    )


class BuildFailed(BuildError):
    """An instruction could not be carried out; ``message`` is the engine's own sentence."""

    sentence = N_("Line {line} of the Dockerfile failed, `{instruction}`: {message}")


class ComposeError(DockyardError):
    """A Compose file, or what is made by it, is not as it must be."""


class NoComposeFile(ComposeError):
    """There is no Compose file where one is looked for."""

    sentence = N_("There is no Compose file {path!r}. Write one, or say with -f where it is.")


class ComposeFileBroken(ComposeError):
    """Something is wrong with a Compose file; ``findings`` has all of it."""

    sentence = N_("{path}: {finding}")


class ProjectNameInvalid(ComposeError):
    """The name can't name a project."""

    sentence = N_(
        "{name!r} can't name a project: use lower-case letters, digits, '-' and '_', beginning with a letter or digit. -p NAME gives another."
    )


class NoSuchService(ComposeError):
    """The file has no such service."""

    sentence = N_("There is no service {name!r} in the file. There are: {known}.")


class NoSuchNetwork(ComposeError):
    """An external network is not there."""

    sentence = N_(
        "There is no network {name!r}, which the file calls external. Make it first: docker network create {name}"
    )


class NotOfThisProject(ComposeError):
    """Something else has the name that a part of the project would get."""

    sentence = N_(
        "There is a {kind} {name!r} already that is not of the project {project!r}. Remove it, give the project another name (-p), or call it `external: true` in the file."
    )


class NotInBackground(ComposeError):
    """``docker compose up`` without ``-d`` shows the logs until someone stops it."""

    sentence = N_("`docker compose up` without -d holds the terminal, which a cell is not. Write: docker compose up -d")


class NothingThere(ComposeError):
    """The project has nothing on the engine."""

    sentence = N_("Nothing of the project {name!r} is on this engine. Bring it up first: docker compose up -d")


class ServiceFailed(ComposeError):
    """A service that another one waits for ended or is not healthy."""

    sentence = N_(
        "{waiting!r} waits for {service!r}, which {state}. Nothing of this run was left; what it said last: {output}"
    )


class ClusterError(DockyardError):
    """Kubernetes, or the way to it, failed."""


class NoKubectl(ClusterError):
    """The program is not there."""

    sentence = N_(
        "The program kubectl is not on this machine, so nothing can be applied. The manifests are whole without it; on Debian or Ubuntu: apt-get install kubernetes-client"
    )


class NoCluster(ClusterError):
    """kubectl knows no cluster."""

    sentence = N_(
        "kubectl knows no cluster here ({reason}). Name one in ~/.kube/config, for example by starting kind or minikube, and try again."
    )


class KubectlFailed(ClusterError):
    """kubectl said no; ``message`` is its own words."""

    sentence = N_("kubectl refused: {message}")


class PlanOutdated(DockyardError):
    """What the plan was made for is no longer so."""

    sentence = N_("Since the plan was made, {what} changed. Nothing was done; make the plan again.")


class NoSuchPlan(PlanOutdated):
    """A plan was done already, or was made too long ago."""

    sentence = N_(
        "This plan is no longer kept: it was done already, or is too old. Nothing was done; make the plan again."
    )


class NoSuchRun(NotFound):
    """There is no run of that name, or no longer."""

    sentence = N_("This run is no longer remembered; the journal has it.")


class UnknownAction(BadTask):
    """A thing was asked for what can't be done with it."""

    sentence = N_("There is no {action!r} for a {kind}.")


class PathOutside(BadTask):
    """A path does not lie where the reader may take files from."""

    sentence = N_("{path!r} does not lie in the folder that JupyterLab shows, or that folder is not on this machine.")


class CannotUndo(DockyardError):
    """This can't be taken back; the sentence says why."""

    sentence = N_("{command!r} can't be undone: {reason}")


class Cancelled(DockyardError):
    """The user stopped the task."""

    sentence = N_("Stopped. Nothing was left half-made.")


class LeftRunning(Cancelled):
    """The user stopped a command inside a container, and it could not be ended there."""

    sentence = N_(
        "Stopped waiting. {command!r} may still run in {name!r}, where it could not be ended ({reason}). `docker restart {name}` ends it."
    )


class JournalBroken(DockyardError):
    """The journal can't be read."""

    sentence = N_(
        "The journal {path!r} can't be read ({reason}). Move the file away; a new one is begun with the next run."
    )


class SamplesBroken(DockyardError):
    """The record of what the disk held can't be read."""

    sentence = N_(
        "The measurements of the disk in {path!r} can't be read ({reason}). Move the file away; a new one is begun with the next measurement."
    )


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
