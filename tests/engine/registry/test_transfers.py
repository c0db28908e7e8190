import threading
from collections.abc import Callable
from typing import Any

import pytest

from dockyard.engine.errors import ServerError
from dockyard.engine.registry.progress import Report
from dockyard.engine.registry.refusals import Dropped
from dockyard.engine.registry.transfers import Cancelled, Stop, retried, transfer


def never() -> bool:
    return False


def test_each_job_gives_what_it_gives_and_its_records_come_first() -> None:
    def job(number: int) -> Callable[[Report, Stop], int]:
        def run(report: Report, stop: Stop) -> int:
            report({"id": number})
            return number * 10

        return run

    records: list[dict[str, Any]] = []
    done = transfer({number: job(number) for number in range(7)}, report=records.append, cancelled=never)
    assert done == {number: number * 10 for number in range(7)}
    assert sorted(each["id"] for each in records) == list(range(7))


def test_nothing_to_do_is_done() -> None:
    assert transfer({}, report=lambda _: None, cancelled=never) == {}


def test_three_run_at_once() -> None:
    barrier = threading.Barrier(3, timeout=10)
    transfer(dict.fromkeys("abcdef", lambda _, __: barrier.wait()), report=lambda _: None, cancelled=never)


def test_the_first_failure_ends_the_others_and_is_told() -> None:
    def wait(_: Report, stop: Stop) -> None:
        stop.sleep(60)

    def fail(_: Report, __: Stop) -> None:
        raise ServerError("no")

    jobs = {"a": wait, "b": wait, "c": fail, "d": wait}
    with pytest.raises(ServerError, match="no"):
        transfer(jobs, report=lambda _: None, cancelled=never)


def test_nobody_waits_for_what_is_cancelled() -> None:
    with pytest.raises(Cancelled):
        transfer({"a": lambda _, stop: stop.sleep(60)}, report=lambda _: None, cancelled=lambda: True)


def test_a_drop_is_tried_again_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stop, "sleep", lambda *_: None)
    tries: list[int] = []

    def attempt() -> None:
        tries.append(1)
        raise Dropped("unexpected EOF")

    records: list[dict[str, Any]] = []
    with pytest.raises(Dropped, match="unexpected EOF"):
        retried(attempt, record_id="abc", report=records.append, stop=Stop())
    assert len(tries) == 5
    assert [each["status"] for each in records[:3]] == [
        "Retrying in 1 second",
        "Retrying in 2 seconds",
        "Retrying in 1 second",
    ]


def test_what_gets_further_each_time_is_tried_for_as_long_as_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stop, "sleep", lambda *_: None)
    left = [1] * 20

    def attempt() -> str:
        if left:
            left.pop()
            error = Dropped("unexpected EOF")
            error.further = True
            raise error
        return "done"

    assert retried(attempt, record_id="abc", report=lambda _: None, stop=Stop()) == "done"
