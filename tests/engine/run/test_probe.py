"""What this machine lets an engine do."""

import socket

from dockyard.engine.run import probe


def test_every_reason_is_a_sentence_or_nothing() -> None:
    report = dict(probe.report())
    assert set(report) == {"seccomp", "namespaces", "proot"}
    assert all("\n" not in reason and "Traceback" not in reason for reason in report.values())


def test_the_first_that_works_is_chosen() -> None:
    reasons = dict(probe.report())
    expected = "namespaces" if not reasons["namespaces"] else "proot" if not reasons["proot"] else None
    assert probe.choose().runner == expected


def test_low_ports_are_allowed_where_one_can_be_bound() -> None:
    with socket.socket() as trial:
        try:
            trial.bind(("127.255.255.253", 7))
        except PermissionError:
            assert not probe.low_ports_allowed()
        else:
            assert probe.low_ports_allowed()
