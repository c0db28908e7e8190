import itertools
import json
import threading
import time

import pytest

from dockyard.engine.containers.logs import LogQuery, frame, read
from dockyard.engine.timestamps import parse_moment_ns

LINES = [("stdout", "one\n"), ("stderr", "oops\n"), ("stdout", "two\n"), ("stdout", "열\n")]


def line(number, stream, text):
    return json.dumps({"log": text, "stream": stream, "time": f"2026-01-02T03:04:{number:02}.5Z"}) + "\n"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(line(number, *each) for number, each in enumerate(LINES)))
    return path


def texts(path, over=lambda: True, **query):
    return [entry.content.decode() for entry in read(path, LogQuery(**query), over)]


def test_both_streams_come_in_the_order_in_which_they_were_written(log):
    assert texts(log) == ["one\n", "oops\n", "two\n", "열\n"]


def test_one_stream_can_be_had_alone(log):
    assert texts(log, stdout=False) == ["oops\n"]


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, ["열\n"]), (3, ["oops\n", "two\n", "열\n"]), (9, [text for _, text in LINES])]
)
def test_the_last_lines(log, count, expected):
    assert texts(log, tail=count) == expected


def test_the_last_lines_of_one_stream_count_that_stream_alone(log):
    assert texts(log, tail=1, stdout=False) == ["oops\n"]


def test_the_last_lines_reach_back_into_older_files(log):
    log.rename(log.with_name("log.jsonl.1"))
    log.write_text(line(9, "stdout", "new\n"))
    assert texts(log, tail=2) == ["열\n", "new\n"]
    assert len(texts(log)) == 5


def test_a_window_of_time(log):
    since = parse_moment_ns("2026-01-02T03:04:01Z")
    until = parse_moment_ns("2026-01-02T03:04:03Z")
    assert texts(log, since_ns=since, until_ns=until) == ["oops\n", "two\n"]


def test_times_stand_before_their_lines(log):
    assert texts(log, timestamps=True, tail=1) == ["2026-01-02T03:04:03.5Z 열\n"]


def test_a_line_that_is_being_written_is_left_for_later(log):
    with log.open("a") as file:
        file.write('{"log": "half')
    assert texts(log)[-1] == "열\n"
    assert texts(log, tail=1) == ["열\n"]


@pytest.mark.parametrize("tail", [None, 1])
def test_a_line_that_is_being_written_when_one_begins_to_follow_comes_whole(log, tail):
    rest = line(5, "stdout", "later\n")
    file = log.open("a")
    file.write(rest[:10])
    file.flush()

    def over() -> bool:
        """Asked before what follows is read; the line is finished then."""
        if file.closed:
            return True
        file.write(rest[10:])
        file.close()
        return False

    kept = [text for _, text in LINES][-(tail or 0) :]
    assert texts(log, over, follow=True, tail=tail) == [*kept, "later\n"]


def test_lines_that_are_written_while_one_begins_to_follow_are_neither_lost_nor_torn(log):
    enough = threading.Event()

    def write() -> None:
        with log.open("a") as file:
            for number in itertools.takewhile(lambda _: not enough.is_set(), itertools.count()):
                text = line(6, "stdout", f"{number}\n")
                for part in (text[:10], text[10:]):
                    file.write(part)
                    file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(60):
            entries = read(log, LogQuery(follow=True, tail=1), enough.is_set)
            first, second = (next(entries).content.decode() for _ in range(2))
            assert second == ("0\n" if first == "열\n" else f"{int(first) + 1}\n")
            entries.close()
    finally:
        enough.set()
        writer.join()


def test_following_goes_on_until_it_is_over(log):
    ended = threading.Event()
    seen = []
    follower = threading.Thread(target=lambda: seen.extend(texts(log, ended.is_set, follow=True, tail=1)))
    follower.start()
    with log.open("a") as file:
        rest = line(5, "stdout", "later\n")
        file.write(rest[:10])
        file.flush()
        time.sleep(0.15)
        file.write(rest[10:])
    log.rename(log.with_name("log.jsonl.1"))
    log.write_text(line(6, "stderr", "after it was set aside\n"))
    ended.set()
    follower.join(10)
    assert seen == ["열\n", "later\n", "after it was set aside\n"]


def test_a_log_that_was_never_written_is_empty(tmp_path):
    assert texts(tmp_path / "none") == []


def test_a_frame_tells_the_stream_and_the_length(log):
    entry = next(iter(read(log, LogQuery(stdout=False), lambda: True)))
    assert frame(entry) == b"\x02\0\0\0\0\0\0\x05oops\n"
