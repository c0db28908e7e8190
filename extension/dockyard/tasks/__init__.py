"""What to do with Docker: one frozen dataclass a task, callable from plain Python, with no user interface.

>>> parse("docker cp index.html apa000ex19:/usr/local/apache2/htdocs/")
CopyIn(source='index.html', container='apa000ex19', path='/usr/local/apache2/htdocs/', follow_link=False, archive=False)
"""

import re
from collections.abc import Callable

from dockyard.command import words
from dockyard.errors import UnknownCommand
from dockyard.tasks.base import Change, Evidence, Plan, Progress, Result, Task
from dockyard.tasks.copy import CopyBetween, CopyIn, CopyOut, copy_from_words
from dockyard.tasks.run import Mount, Port, Run, RunResult, run_from_words

__all__ = [
    "Change",
    "CopyBetween",
    "CopyIn",
    "CopyOut",
    "Evidence",
    "Mount",
    "Plan",
    "Port",
    "Progress",
    "Result",
    "Run",
    "RunResult",
    "Task",
    "parse",
]

_COMMANDS: dict[str, Callable[[tuple[str, ...]], Task]] = {
    "cp": copy_from_words,
    "run": run_from_words,
}
_LONG_FORMS = re.compile(r"^container (cp|run)$")


def parse(text: str) -> Task:
    """Return the task that a docker line stands for; the reverse of ``task.command``.

    The pipe ``docker cp A:PATH - | docker cp - B:PATH`` is taken too: it is what :class:`CopyBetween` stands for.

    Raises:
        BadLine: The line can't be taken; the sentence names the word at fault.
    """
    if piped := re.fullmatch(r"(docker cp .+) - \| docker cp (?:-[La]+ )*- (.+)", text.strip()):
        text = f"{piped[1]} {piped[2]}"
    given = words(text)
    if _LONG_FORMS.match(" ".join(given[:2])):
        given = given[1:]
    command = _COMMANDS.get(given[0] if given else "")
    if command is None:
        raise UnknownCommand(name=" ".join(given[:1]), known=", ".join(sorted(_COMMANDS)))
    return command(given[1:])
