"""What to do with Docker: one frozen dataclass a task, callable from plain Python, with no user interface.

>>> parse("docker cp index.html apa000ex19:/usr/local/apache2/htdocs/")
CopyIn(source='index.html', container='apa000ex19', path='/usr/local/apache2/htdocs/', follow_link=False, archive=False)
"""

import re
from collections.abc import Callable
from functools import partial

from dockyard.command import look_up, words
from dockyard.errors import UnknownCommand
from dockyard.tasks.backup import Backup, Restore, run_or_backup_from_words
from dockyard.tasks.base import Change, Evidence, Plan, Progress, Result, Task
from dockyard.tasks.build import Build, BuildPlan, BuildProgress, BuildResult, build_from_words
from dockyard.tasks.commit import Commit, CommitResult, commit_from_words
from dockyard.tasks.compose_down import ComposeDown
from dockyard.tasks.compose_up import ComposeUp, ComposeUpResult
from dockyard.tasks.compose_words import compose_from_words
from dockyard.tasks.copy import CopyBetween, CopyIn, CopyOut, copy_from_words
from dockyard.tasks.exec import Exec, ExecResult, exec_from_words
from dockyard.tasks.life_task import LifeResult, LifeTask, ProcessLists
from dockyard.tasks.lifecycle import (
    Kill,
    Pause,
    Restart,
    Start,
    Stop,
    Unpause,
    kill_from_words,
    pause_from_words,
    restart_from_words,
    start_from_words,
    stop_from_words,
    unpause_from_words,
)
from dockyard.tasks.login import Login, LoginResult, Logout, Secret, login_from_words, logout_from_words
from dockyard.tasks.names import ImageName, explain
from dockyard.tasks.private_registry import collect_garbage, start_registry
from dockyard.tasks.prune import SCOPES, Prune, PruneResult, prune_from_words
from dockyard.tasks.pull import Pull, PullResult, pull_from_words
from dockyard.tasks.push import Push, PushResult, push_from_words
from dockyard.tasks.remove import RemoveContainer, remove_from_words
from dockyard.tasks.rename import RenameContainer, rename_from_words
from dockyard.tasks.run import Mount, Port, Run, RunResult
from dockyard.tasks.save import Load, LoadResult, Save, load_from_words, save_from_words
from dockyard.tasks.shell import Attach, Shell, ShellResult, attach_from_words
from dockyard.tasks.tag import Tag, tag_from_words
from dockyard.tasks.untag import Untag, UntagResult, untag_from_words
from dockyard.tasks.volume_copies import VolumeClone, VolumeRename, clone_of, rename_of
from dockyard.tasks.volume_files import VolumeGet, VolumePut, files_of
from dockyard.tasks.volume_proof import content_sha256, verify_volume
from dockyard.tasks.volumes import VolumeCreate, VolumeRemove, volume_create_from_words, volume_rm_from_words

__all__ = [
    "Attach",
    "Backup",
    "Build",
    "BuildPlan",
    "BuildProgress",
    "BuildResult",
    "Change",
    "Commit",
    "CommitResult",
    "ComposeDown",
    "ComposeUp",
    "ComposeUpResult",
    "CopyBetween",
    "CopyIn",
    "CopyOut",
    "Evidence",
    "Exec",
    "ExecResult",
    "ImageName",
    "Kill",
    "LifeResult",
    "LifeTask",
    "Load",
    "LoadResult",
    "Login",
    "LoginResult",
    "Logout",
    "Mount",
    "Pause",
    "Plan",
    "Port",
    "ProcessLists",
    "Progress",
    "Prune",
    "PruneResult",
    "Pull",
    "PullResult",
    "Push",
    "PushResult",
    "RemoveContainer",
    "RenameContainer",
    "Restart",
    "Restore",
    "Result",
    "Run",
    "RunResult",
    "Save",
    "Secret",
    "Shell",
    "ShellResult",
    "Start",
    "Stop",
    "Tag",
    "Task",
    "Unpause",
    "Untag",
    "UntagResult",
    "VolumeClone",
    "VolumeCreate",
    "VolumeGet",
    "VolumePut",
    "VolumeRemove",
    "VolumeRename",
    "collect_garbage",
    "content_sha256",
    "explain",
    "parse",
    "start_registry",
    "verify_volume",
]

# A command's own words, one or two of them, and what makes the task of the words after them.
_COMMANDS: dict[str, Callable[[tuple[str, ...]], Task]] = {
    "attach": attach_from_words,
    "build": build_from_words,
    "commit": commit_from_words,
    "compose": compose_from_words,
    "cp": copy_from_words,
    "exec": exec_from_words,
    "kill": kill_from_words,
    "load": load_from_words,
    "login": login_from_words,
    "logout": logout_from_words,
    "pause": pause_from_words,
    "pull": pull_from_words,
    "push": push_from_words,
    "rename": rename_from_words,
    "restart": restart_from_words,
    "rm": remove_from_words,
    "rmi": untag_from_words,
    "run": run_or_backup_from_words,
    "save": save_from_words,
    "start": start_from_words,
    "stop": stop_from_words,
    "tag": tag_from_words,
    "unpause": unpause_from_words,
    "volume create": volume_create_from_words,
    "volume rm": volume_rm_from_words,
    **{f"{scope} prune": partial(prune_from_words, scope) for scope in SCOPES},
}
# The other name that docker itself has for a command.
_ALSO = {
    "builder build": "build",
    "container attach": "attach",
    "container commit": "commit",
    "container cp": "cp",
    "container exec": "exec",
    "container kill": "kill",
    "container pause": "pause",
    "container rename": "rename",
    "container restart": "restart",
    "container rm": "rm",
    "container run": "run",
    "container start": "start",
    "container stop": "stop",
    "container unpause": "unpause",
    "image build": "build",
    "image load": "load",
    "image pull": "pull",
    "image push": "push",
    "image rm": "rmi",
    "image save": "save",
    "image tag": "tag",
    "volume remove": "volume rm",
}


def parse(text: str) -> Task:
    """Return the task that a docker line stands for; the reverse of ``task.command``.

    The pipe ``docker cp A:PATH - | docker cp - B:PATH`` is taken too: it is what :class:`CopyBetween` stands for; and so are
    the lines that :class:`VolumeClone`, :class:`VolumeRename`, :class:`VolumePut` and :class:`VolumeGet` stand for.

    Raises:
        BadLine: The line can't be taken; the sentence names the word at fault.
    """
    if piped := re.fullmatch(r"(docker cp .+) - \| docker cp (?:-[La]+ )*- (.+)", text.strip()):
        text = f"{piped[1]} {piped[2]}"
    if renamed := rename_of(text):
        return renamed
    given = words(text)
    if found := look_up(given, _COMMANDS, _ALSO):
        make, rest = found
        task = make(rest)
        return (clone_of(task) or files_of(task) or task) if isinstance(task, Run) else task
    named = " ".join(given[: 2 if given[:1] and any(each.startswith(f"{given[0]} ") for each in _COMMANDS) else 1])
    raise UnknownCommand(name=named, known=", ".join(sorted(_COMMANDS)))
