"""Logs as Docker's json-file driver writes them."""

import json
from pathlib import Path

from dockyard.engine.run.jsonlog import JsonLog
from dockyard.engine.run.spec import Log


def lines(path: Path) -> list[str]:
    return [json.loads(line)["log"] for line in path.read_text().splitlines()]


def test_a_line_is_kept_when_it_is_whole(tmp_path: Path) -> None:
    log = JsonLog(Log(str(tmp_path / "log")))
    log.write("stdout", b"one\ntw")
    log.write("stderr", b"other\n")
    assert lines(tmp_path / "log") == ["one\n", "other\n"]
    log.write("stdout", b"o\n")
    log.write("stdout", b"rest")
    log.finish("stdout")
    log.close()
    assert lines(tmp_path / "log") == ["one\n", "other\n", "two\n", "rest"]


def test_a_long_line_is_kept_in_parts_of_16_kib(tmp_path: Path) -> None:
    log = JsonLog(Log(str(tmp_path / "log")))
    log.write("stdout", b"x" * 40_000)
    log.write("stdout", b"\ny\n")
    log.close()
    assert [len(line) for line in lines(tmp_path / "log")] == [16384, 16384, 40_000 - 32768 + 1, 2]


def test_what_is_not_text_is_marked(tmp_path: Path) -> None:
    log = JsonLog(Log(str(tmp_path / "log")))
    log.write("stdout", "한글 \xff<&>\n".encode() + b"\xff\n")
    log.close()
    assert lines(tmp_path / "log") == ["한글 \xff<&>\n", "\ufffd\n"]


def test_full_files_move_on_and_the_oldest_goes(tmp_path: Path) -> None:
    log = JsonLog(Log(str(tmp_path / "log"), max_bytes=300, max_files=3))
    log.write("stdout", b"".join(b"%d\n" % number for number in range(20)))
    log.close()
    kept = [lines(tmp_path / name) for name in ("log.2", "log.1", "log")]
    assert not (tmp_path / "log.3").exists()
    assert all((tmp_path / name).stat().st_size <= 300 for name in ("log", "log.1", "log.2"))
    assert [int(line) for part in kept for line in part] == list(range(20 - sum(map(len, kept)), 20))


def test_a_single_file_begins_anew_when_it_is_full(tmp_path: Path) -> None:
    log = JsonLog(Log(str(tmp_path / "log"), max_bytes=300, max_files=1))
    for number in range(20):
        log.write("stdout", b"%d\n" % number)
    log.close()
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert lines(tmp_path / "log")[-1] == "19\n"


def test_without_a_path_nothing_is_kept(tmp_path: Path) -> None:
    log = JsonLog(Log())
    log.write("stdout", b"one\n")
    log.close()
    assert list(tmp_path.iterdir()) == []
