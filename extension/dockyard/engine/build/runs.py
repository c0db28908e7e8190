"""The instruction RUN."""

import posixpath
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dockyard.engine.build.construction import Construction
from dockyard.engine.build.errors import BuildCancelled, CommandFailed
from dockyard.engine.build.instruction import Instruction
from dockyard.engine.build.run_mounts import MountFlag, mount_flags, volume_mounts
from dockyard.engine.build.state import DEFAULT_PATH, StageState
from dockyard.engine.build.syntax import heredoc_name
from dockyard.engine.build.tree import FileTree
from dockyard.engine.build.variables import BuildArguments, environment
from dockyard.engine.build.workbench import Job
from dockyard.engine.containers.users import find_user
from dockyard.engine.errors import ApiError, BadParameter, NotSupported, ServerError
from dockyard.engine.images.owners import Owner
from dockyard.engine.run.spec import Mount, Process

__all__ = ["run"]

NETWORKS = ("default", "none", "host")


@dataclass(frozen=True)
class _Command:
    """What one RUN runs.

    Attributes:
        words: The command, with the shell that reads it.
        script: A heredoc that begins with ``#!`` and is run itself instead; empty if there is none.
        flags: What is mounted.
        arguments: The build arguments that it sees.
        network: How it reaches others.
    """

    words: tuple[str, ...]
    script: str
    flags: tuple[MountFlag, ...]
    arguments: dict[str, str]
    network: str

    def recorded(self, arguments: BuildArguments) -> list[str]:
        """Return what the step is known by: the command after the build arguments that it sees, and what is mounted."""
        traced = sorted(f"{name}={value}" for name, value in self.arguments.items() if arguments.leaves_trace(name))
        seen = [f"|{len(traced)}", *traced] if self.arguments else []
        return [*(f"--mount={each.fingerprint}" for each in self.flags), *seen, *self.words]


def run(build: Construction, state: StageState, instruction: Instruction) -> None:
    """Carry out RUN.

    Raises:
        CommandFailed: The command ended with something other than 0.
        ApiError: It can't be started.
    """
    command = _command(build, state, instruction)
    record = state.noted(command.recorded(state.arguments), Entrypoint=None)
    if build.take_over(state, record):
        return
    container_id = build.begin_container()
    try:
        code = _executed(build, state, command, container_id)
        if code:
            raise CommandFailed(" ".join(command.words), code)
    except ApiError:
        if build.options.force_remove:
            build.end_container(container_id)
        raise
    layer = build.tree(state).commit(build.blobs, programs_ran=True, skip=build.workbench.own_paths)
    build.ledger.add(state, record, layer, container_id)
    build.end_container(container_id)


def _command(build: Construction, state: StageState, instruction: Instruction) -> _Command:
    security, network = instruction.flag("security"), instruction.flag("network")
    if security not in ("", "sandbox"):
        raise NotSupported(f"RUN --security={security} is not supported by this engine")
    if network not in ("", *NETWORKS):
        raise BadParameter(f"invalid network mode {network}, must be one of none, default, host")
    script = _script(instruction)
    return _Command(
        words=(*(() if instruction.is_json else state.shell), *([script] if script else _words(instruction))),
        script=script,
        flags=tuple(mount_flags(build, state, instruction)),
        arguments=state.arguments.beyond(environment(state.config["Env"] or ())),
        network=network if network not in ("", "default") else build.options.network,
    )


def _words(instruction: Instruction) -> tuple[str, ...]:
    """The command as it is written, or as a heredoc gives it."""
    if not instruction.heredocs or instruction.is_json:
        return instruction.arguments
    text = instruction.arguments[0]
    if heredoc_name(text):
        return (instruction.heredocs[0].content,)
    return ("\n".join([text, *(f"{each.text}{each.name}" for each in instruction.heredocs)]),)


def _script(instruction: Instruction) -> str:
    """The heredoc that is a program of its own; empty if there is none."""
    if len(instruction.heredocs) == 1 and instruction.arguments and heredoc_name(instruction.arguments[0]):
        content = instruction.heredocs[0].content
        return content if content.startswith("#!") else ""
    return ""


def _executed(build: Construction, state: StageState, command: _Command, container_id: str) -> int:
    """Run the command in the stage's files and return its exit code."""
    files = build.tree(state).files
    user = find_user(files.view, state.config["User"])
    usual = {"PATH": DEFAULT_PATH, "HOSTNAME": container_id[:12], "HOME": user.home}
    variables = {**usual, **environment(state.config["Env"] or ()), **command.arguments}
    with _written(files, command.script) as program:
        process = Process(
            argv=(program,) if program else command.words or _usual_command(state),
            env=tuple(f"{name}={value}" for name, value in variables.items()),
            cwd=posixpath.normpath(state.config["WorkingDir"] or "/"),
            uid=user.uid,
            gid=user.gid,
            groups=user.groups,
        )
        job = Job(
            id=container_id,
            root=files.root,
            owners=files.owners,
            process=process,
            mounts=tuple(_mounts(build, state, command, files)),
            network=command.network,
            hosts=build.options.hosts,
            ulimits=build.options.ulimits,
        )
        code = build.workbench.run(job, build.output.of_program(), build.cancelled)
    if build.cancelled():
        raise BuildCancelled
    return code


def _mounts(build: Construction, state: StageState, command: _Command, files: FileTree) -> list[Mount]:
    try:
        return [*volume_mounts(build, state, files), *(_placed(files, each.mount(build)) for each in command.flags)]
    except OSError as error:
        raise ServerError(f"failed to mount: {error}") from error


def _usual_command(state: StageState) -> tuple[str, ...]:
    """What ``RUN []`` runs: what a container would."""
    usual = (*(state.config["Entrypoint"] or ()), *(state.config["Cmd"] or ()))
    if not usual:
        raise BadParameter("No command specified")
    return usual


def _placed(files: FileTree, mount: Mount) -> Mount:
    """Make sure that there is something for a mount to cover, and name it with links followed."""
    key = files.key(mount.target)
    if files.entry(key) is None:
        if mount.kind == "bind" and not Path(mount.source).is_dir():
            files.make_folders(posixpath.dirname(key))
            files.path(key).touch()
        else:
            files.make_folders(key)
    return mount._replace(target=f"/{key}")


@contextmanager
def _written(files: FileTree, script: str) -> Iterator[str]:
    """Put a script among the files while it runs; give its path, or nothing where there is none."""
    if not script:
        yield ""
        return
    key = f".run-{secrets.token_hex(8)}"
    files.path(key).write_bytes(script.encode("utf-8", "surrogateescape"))
    files.settle(key, Owner(0, 0, 0o755))
    try:
        yield f"/{key}"
    finally:
        files.remove(key)
