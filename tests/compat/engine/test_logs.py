"""Logs: each stream, the end, since and until, times, and following."""

import re
import struct
import time

import pytest

from embedded import until

pytestmark = pytest.mark.engine

LINES = "for n in 1 2 3 4 5; do echo out $n; echo err $n >&2; done"
SLOW = "echo one; sleep 1.5; echo two; sleep 1.5; echo three"


@pytest.fixture(scope="module")
def talker(kept, api):
    name = kept("sh", "-c", LINES)
    api.wait(name)
    return name


@pytest.fixture(scope="module")
def five(kept, api):
    name = kept("sh", "-c", "for n in 1 2 3 4 5; do echo out $n; done")
    api.wait(name)
    return name


@pytest.fixture(scope="module")
def slow(kept, api):
    """Writes three lines, a second and a half apart."""
    name = kept("sh", "-c", SLOW)
    api.wait(name)
    return name


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"),
    [
        (True, False, [f"out {n}" for n in range(1, 6)]),
        (False, True, [f"err {n}" for n in range(1, 6)]),
        (True, True, sorted(f"{each} {n}" for each in ("out", "err") for n in range(1, 6))),
    ],
)
def test_each_stream_is_told_apart(api, talker, stdout, stderr, expected):
    lines = api.logs(talker, stdout=stdout, stderr=stderr).decode().splitlines()
    assert (sorted(lines) if stdout and stderr else lines) == expected


def test_frames_carry_the_stream_and_the_length(ask, talker):
    data, seen = ask("GET", f"/containers/{talker}/logs?stdout=1&stderr=1").body.encode(), []
    while data:
        kind, length = struct.unpack(">BxxxL", data[:8])
        seen.append((kind, data[8 : 8 + length].decode()))
        data = data[8 + length :]
    assert [text for kind, text in seen if kind == 1] == [f"out {n}\n" for n in range(1, 6)]
    assert [text for kind, text in seen if kind == 2] == [f"err {n}\n" for n in range(1, 6)]


def test_no_stream_at_all_is_refused(ask, talker):
    status, message = ask("GET", f"/containers/{talker}/logs").refusal
    assert (status, message) == (400, "Bad parameters: you must choose at least one stream")


@pytest.mark.parametrize(("tail", "count"), [(0, 0), (1, 1), (3, 3), (100, 5), ("all", 5)])
def test_the_last_lines_alone(api, five, tail, count):
    lines = api.logs(five, tail=tail).decode().splitlines()
    assert lines == [f"out {n}" for n in range(1, 6)][5 - count :]


def test_the_last_lines_count_over_both_streams(api, talker):
    assert len(api.logs(talker, tail=4).splitlines()) == 4


def test_times_stand_before_each_line(api, slow):
    lines = api.logs(slow, timestamps=True).decode().splitlines()
    for line, text in zip(lines, ["one", "two", "three"], strict=True):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z " + text, line)
    assert lines == sorted(lines)


def test_lines_since_and_until_a_moment(ask, api, slow):
    stamps = [line.split()[0] for line in api.logs(slow, timestamps=True).decode().splitlines()]
    moment = time.mktime(time.strptime(stamps[1][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    between = moment + float(stamps[1][19:29]) - 0.7

    def seen(**bounds):
        asked = "&".join(f"{name}={value:.9f}" for name, value in bounds.items())
        return re.findall("one|two|three", ask("GET", f"/containers/{slow}/logs?stdout=1&{asked}").body)

    assert seen(since=between) == ["two", "three"]
    assert seen(until=between) == ["one"]
    assert seen(since=between, until=between + 1.4) == ["two"]


def test_following_gives_lines_as_they_come_and_ends_with_the_container(api, box):
    name = box("sh", "-c", "echo one; sleep 0.7; echo two; sleep 0.7; echo three")
    seen = [(piece.decode(), time.monotonic()) for piece in api.logs(name, stream=True, follow=True)]
    assert "".join(text for text, _ in seen) == "one\ntwo\nthree\n"
    assert seen[-1][1] - seen[0][1] > 1


def test_following_the_end_gives_what_comes_after_it(api, box):
    name = box("sh", "-c", "echo old; sleep 1; echo new")
    until(lambda: b"old" in api.logs(name))
    assert b"".join(api.logs(name, stream=True, follow=True, tail=0)) == b"new\n"


def test_a_terminal_s_log_has_no_frames(ask, api, box):
    name = box("sh", "-c", "echo out; echo err >&2", Tty=True)
    api.wait(name)
    answer = ask("GET", f"/containers/{name}/logs?stdout=1&stderr=1")
    assert answer.body == "out\r\nerr\r\n"


def test_logs_are_there_while_it_runs_after_it_ended_and_after_a_restart(api, box):
    name = box("sh", "-c", "echo hello")
    api.wait(name)
    api.restart(name)
    api.wait(name)
    assert api.logs(name) == b"hello\nhello\n"


def test_a_container_that_never_ran_has_an_empty_log(api, box):
    assert api.logs(box(start=False)) == b""


def test_a_line_without_an_end_and_a_very_long_one_come_through(api, box):
    name = box("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; printf end")
    api.wait(name)
    assert api.logs(name) == b"x" * 100000 + b"\nend"


def test_bytes_that_are_no_text_come_through_as_docker_keeps_them(api, box):
    name = box("sh", "-c", "printf '\\303\\255 \\354\\225\\210\\n'")
    api.wait(name)
    assert api.logs(name).decode() == "í 안\n"


def test_no_log_is_kept_where_that_was_asked_for(ask, api, box):
    name = box("echo", "gone", HostConfig={"LogConfig": {"Type": "none"}})
    api.wait(name)
    status, message = ask("GET", f"/containers/{name}/logs?stdout=1").refusal
    assert (status, message) == (501, "configured logging driver does not support reading")


def test_the_log_is_cut_at_its_greatest_size(api, box):
    limits = {"Type": "json-file", "Config": {"max-size": "10k", "max-file": "1"}}
    name = box("sh", "-c", "for n in $(seq 1 2000); do echo line $n; done", HostConfig={"LogConfig": limits})
    api.wait(name)
    lines = api.logs(name).decode().splitlines()
    assert lines[-1] == "line 2000"
    assert len(lines) < 500
