"""Docker lines as people type them: carried out, and taken back. The ``docker`` program is not needed.

>>> do("docker run -d --name web -p 8080:80 httpd")         # doctest: +SKIP
>>> do("docker ps -a")                                      # doctest: +SKIP
"""

from typing import Any, NoReturn

from dockyard import queries
from dockyard.connection import Client, current
from dockyard.errors import CannotUndo, UnknownStep
from dockyard.locale import N_, translate
from dockyard.tables import Table
from dockyard.tasks import Attach, Result, Shell, parse
from dockyard.tasks.base import NEVER, Cancel, Report, ignore
from dockyard.tasks.record import Entry, entries

__all__ = ["Text", "conversation", "do", "standing", "undo"]


class Text(str):
    """What a line says that only looks: a string that stands in a cell as it is, without quotes (IPython, "Rich display")."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002  # a string has no cycles
        printer.text(self.removesuffix("\n"))


def do(
    line: str, client: Client | None = None, *, report: Report = ignore, cancel: Cancel = NEVER
) -> Result | Table | Text:
    """Do what a docker line says.

    Args:
        line: Such as ``docker run -d httpd``; ``docker`` itself may be left out.
        client: The engine; by default the one in use.
        report: Called as the work goes on.
        cancel: Looked at as the work goes on.

    Returns:
        What was done; for a line that only looks (``ps``, ``images``, ``logs``, ...) a table or a text.

    Raises:
        BadLine: The line can't be taken; the sentence names the word at fault.
        DockyardError: It could not be done; the sentence says why.
    """
    text = _whole(line)
    engine = client or current()
    if (query := queries.find(text)) is not None:
        answer = query(engine)
        return Text(answer) if isinstance(answer, str) else answer
    return parse(text).run(engine, report=report, cancel=cancel)


def conversation(line: str) -> Shell | Attach | None:
    """Return the task of a docker line that needs a terminal, as :func:`do` takes it; None for any other.

    Raises:
        BadLine: The line can't be taken; the sentence names the word at fault.
    """
    text = _whole(line)
    task = None if queries.find(text) else parse(text)
    return task if isinstance(task, Shell | Attach) else None


def undo(step: int | None = None, client: Client | None = None) -> Result:
    """Take a run of the journal back.

    Args:
        step: Its number in ``journal()``; by default the last run on this engine that stands.
        client: The engine; by default the one in use.

    Raises:
        UnknownStep: There is no such step of this engine.
        CannotUndo: It can't be taken back; the sentence says why.
    """
    engine = client or current()
    if step is None:
        done = [entry for entry in _of_engine(engine) if _stands(entry)]
        if not done:
            raise CannotUndo(command="undo", reason=translate(N_("nothing that was done on this engine is on record")))
        chosen = done[-1]
    else:
        chosen = standing(step, engine)
    return parse(chosen.command).undo(engine)


def standing(step: int, client: Client) -> Entry:
    """Return a run of the journal, if nothing in the journal is against taking it back. The run's task may still refuse.

    Args:
        step: Its number in ``journal()``.
        client: The engine.

    Raises:
        UnknownStep: There is no such step of this engine.
        CannotUndo: It did not end well, was taken back already, or the same line was run again later.
    """
    ours = _of_engine(client)
    chosen = next((entry for entry in ours if entry.step == step), None) or _unknown(step)
    if not _stands(chosen):
        raise CannotUndo(command=chosen.command, reason=translate(N_("it did not end well, or was taken back already")))
    later = [each.step for each in ours if each.step > step and _stands(each) and each.command == chosen.command]
    if later:
        reason = translate(N_("the same line was run again later; take step {step} back first"))
        raise CannotUndo(command=chosen.command, reason=reason.format(step=later[-1]))
    return chosen


def _of_engine(client: Client) -> list[Entry]:
    return [entry for entry in entries(client.data_dir) if entry.engine_id == client.engine_id]


def _stands(entry: Entry) -> bool:
    return entry.outcome == "done" and entry.undone_at is None


def _whole(line: str) -> str:
    text = line.strip()
    return text if text.startswith(("docker", "$", "sudo", "#", "%")) else f"docker {text}"


def _unknown(step: int) -> NoReturn:
    raise UnknownStep(step=step)
