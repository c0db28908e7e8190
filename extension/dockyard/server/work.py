"""Plans that were shown, and runs that do exactly what they list."""

import contextvars
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

from dockyard.connection import Client
from dockyard.errors import Cancelled, DockyardError, NoSuchPlan, NoSuchRun
from dockyard.locale import translate
from dockyard.pace import Pace
from dockyard.tasks import Attach, Change, Plan, Progress, Result, Shell, Task
from dockyard.tasks.push import PublicPush
from dockyard.wording import human_size

__all__ = ["Work", "changes_json"]

MOST_PLANS = 200
MOST_RUNS = 50
MOST_CHANGES = 200
REPORTS_PER_S = 4

_log = logging.getLogger(__name__)


class Work:
    """What readers of one server plan and run.

    Args:
        tell: Called with news of a run, from its thread.
    """

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell = tell
        self._guard = threading.Lock()
        self._plans: dict[str, tuple[Client, Task, Plan]] = {}
        self._runs: dict[str, _Run] = {}

    def plan(self, client: Client, task: Task) -> dict[str, Any]:
        """Make a task's plan, keep it, and return it as a reader sees it.

        Raises:
            DockyardError: The run can't succeed; the sentence says why.
        """
        plan = task.plan(client)
        key = secrets.token_hex(8)
        with self._guard:
            self._plans[key] = (client, task, plan)
            for oldest in list(self._plans)[:-MOST_PLANS]:
                del self._plans[oldest]
        return {
            "id": key,
            "command": task.command,
            "code": task.code,
            "changes": changes_json(plan.changes),
            "more": max(0, len(plan.changes) - MOST_CHANGES),
            "warnings": [str(each) for each in plan.warnings],
            "asks": asks_first(plan),
            "container": task.container if isinstance(task, Shell | Attach) else None,
        }

    def run(self, key: str) -> dict[str, Any]:
        """Begin to do what a plan lists; its end is told as news. A plan is done once.

        Raises:
            NoSuchPlan: It was done already, or is too old.
        """
        with self._guard:
            found = self._plans.pop(key, None)
            if found is None:
                raise NoSuchPlan
            run = _Run(*found, self._tell)
            self._runs[run.key] = run
            over = [each for each in self._runs.values() if not each.is_running]
            for each in over[: max(0, len(self._runs) - MOST_RUNS)]:
                del self._runs[each.key]
        run.start()
        return run.as_json()

    def take_terminal(self, key: str) -> tuple[Client, Task]:
        """Return the task of a plan that a terminal carries out, once.

        Raises:
            NoSuchPlan: It was done already, or is too old.
        """
        with self._guard:
            found = self._plans.pop(key, None)
        if found is None:
            raise NoSuchPlan
        return found[:2]

    def runs(self) -> list[dict[str, Any]]:
        """Return every run that is remembered, oldest first."""
        with self._guard:
            return [run.as_json() for run in self._runs.values()]

    def cancel(self, key: str) -> dict[str, Any]:
        """Ask a run to stop; one that is over stays as it is.

        Raises:
            NoSuchRun: There is none of that name.
        """
        run = self._found(key)
        run.cancel.set()
        return run.as_json()

    def undo(self, key: str) -> dict[str, Any]:
        """Take a run back, and return what that changed.

        Raises:
            NoSuchRun: There is none of that name.
            CannotUndo: It can't be taken back; the sentence says why.
        """
        run = self._found(key)
        result = run.task.undo(run.client)
        return {"changes": changes_json(result.changes), "warnings": [str(each) for each in result.warnings]}

    def _found(self, key: str) -> "_Run":
        with self._guard:
            if key not in self._runs:
                raise NoSuchRun
            return self._runs[key]


class _Run:
    """One run, in a thread of its own."""

    def __init__(self, client: Client, task: Task, plan: Plan, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self.key = secrets.token_hex(8)
        self.client, self.task, self._plan, self._tell = client, task, plan, tell
        self.cancel = threading.Event()
        self._outcome, self._says = "running", ""
        self._progress: Progress | None = None
        self._result: Result | None = None
        self._pace = Pace(self._tell_all, REPORTS_PER_S)

    @property
    def is_running(self) -> bool:
        return self._outcome == "running"

    def start(self) -> None:
        """Begin; what is said on the way is in the language of whoever began it."""
        work = contextvars.copy_context()
        threading.Thread(target=work.run, args=(self._work,), name="dockyard-run", daemon=True).start()

    def as_json(self) -> dict[str, Any]:
        result, progress = self._result, self._progress
        return {
            "id": self.key,
            "command": self.task.command,
            "outcome": self._outcome,
            "says": self._says,
            "progress": None
            if progress is None
            else {"text": progress.text, "done": progress.done, "total": progress.total},
            "changes": changes_json(result.changes) if result else [],
            "warnings": [str(each) for each in result.warnings] if result else [],
        }

    def _work(self) -> None:
        try:
            self._result = self.task.run(self.client, plan=self._plan, report=self._report, cancel=self.cancel)
            self._outcome = "done"
        except Cancelled as error:
            self._outcome, self._says = "cancelled", str(error)
        except DockyardError as error:
            self._outcome, self._says = "failed", str(error)
        except Exception as error:  # noqa: BLE001  # whoever waits for the end is told; the log has the traceback
            self._outcome, self._says = "failed", repr(error)
            _log.exception("dockyard: %s", self.task.command)
        finally:
            self._pace.end()
            self._tell_all()

    def _report(self, progress: Progress) -> None:
        self._progress = progress
        self._pace.news()

    def _tell_all(self) -> None:
        self._tell({"run": self.as_json()})


def asks_first(plan: Plan) -> bool:
    """Whether a reader is to see the plan before it is done: something goes, a file is replaced, or an image becomes public.

    A port that goes silent is open again with the next start.
    """
    is_public = any(isinstance(warning, PublicPush) for warning in plan.warnings)
    return is_public or any(
        (change.action == "remove" and change.kind != "port") or (change.action, change.kind) == ("change", "file")
        for change in plan.changes
    )


def changes_json(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """Changes as they are shown, with words in the reader's language; at most :data:`MOST_CHANGES`."""
    return [
        {
            "action": change.action,
            "word": change.word,
            "kind": translate(change.kind),
            "name": change.name,
            "size": "" if change.size_bytes is None else human_size(change.size_bytes),
            "reason": change.reason,
        }
        for change in changes[:MOST_CHANGES]
    ]
