"""Containers, from the start to the end, under each runner."""

import json
import os
import queue
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from dockyard.engine.errors import Conflict, NotSupported, ServerError
from dockyard.engine.run import tree
from dockyard.engine.run.running import Attachment, Running, StartFailed, last_exit
from dockyard.engine.run.spec import Exit, Log, Mount, PublishedPort

from .conftest import PATIENCE_S, Start, Started, read_all

FRAME = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {}: unknown"


def test_output_arrives_and_the_exit_code_is_the_programs(start: Start) -> None:
    container = start("sh", "-c", "echo out; exit 7")
    assert container.output() == b"out\n"
    assert container.ended().code == 7


def test_each_stream_is_framed_as_docker_frames_it(start: Start) -> None:
    container = start("sh", "-c", "echo out; sleep 0.2; echo err >&2", framed=True)
    assert container.output() == b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n"


def test_the_log_has_all_output_when_the_end_is_told(start: Start, tmp_path: Path) -> None:
    container = start("sh", "-c", "echo one; sleep 0.1; echo two >&2; sleep 0.1; printf three")
    container.ended()
    lines = [json.loads(line) for line in (tmp_path / "log1").read_text().splitlines()]
    assert [(line["log"], line["stream"]) for line in lines] == [
        ("one\n", "stdout"),
        ("two\n", "stderr"),
        ("three", "stdout"),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", lines[0]["time"])


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("foo", 'exec: "foo": executable file not found in $PATH', 127),
        ("", 'exec: "": executable file not found in $PATH', 127),
        ("/nothere", 'exec: "/nothere": stat /nothere: no such file or directory', 127),
        ("/etc/passwd", 'exec: "/etc/passwd": permission denied', 126),
        ("/etc", 'exec: "/etc": permission denied', 126),
    ],
)
def test_what_can_not_be_started_is_told_as_docker_tells_it(start: Start, name: str, said: str, code: int) -> None:
    with pytest.raises(StartFailed) as failed:
        start(name)
    assert (str(failed.value), failed.value.exit_code) == (FRAME.format(said), code)


def test_where_nothing_watches_over_it_the_error_has_the_last_words(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dockyard.engine.run.running.BOOT", "raise SystemExit('no memory is left')")
    with pytest.raises(ServerError, match="ended before its program ran: no memory is left"):
        start("true")


def test_the_environment_is_the_given_one(start: Start) -> None:
    env = ("A=1", "LD_LIBRARY_PATH=/nowhere", "PROOT_TMP_DIR=mine", "PWD=/mine", "EMPTY=")
    lines = start("env", env=env).output().decode().split()
    assert lines == ["PATH=/bin", *env]
    assert start("env").output() == b"PATH=/bin\n"


def test_it_has_its_own_name_its_working_folder_and_umask(start: Start) -> None:
    assert (
        start("sh", "-c", "hostname; pwd; umask", process={"cwd": "/new/folder"}).output()
        == b"box\n/new/folder\n0022\n"
    )


def test_its_user_is_the_given_one(start: Start) -> None:
    assert start("id", process={"uid": 33, "gid": 33}).output().startswith(b"uid=33(www) gid=33")


def test_a_signal_that_is_not_handled_does_not_end_the_main_process(start: Start) -> None:
    container = start("sleep", "100")
    container.running.signal(signal.SIGTERM)
    time.sleep(0.2)
    assert tree.state(container.running.pid) == "S"
    container.running.signal(signal.SIGKILL)
    assert container.ended().code == 137


def test_a_signal_that_is_handled_arrives(start: Start) -> None:
    container = start("sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    container.until(b"ready")
    container.running.signal(signal.SIGTERM)
    assert container.ended().code == 5


def test_with_an_init_a_signal_ends_the_program(start: Start) -> None:
    container = start("sleep", "100", init=True)
    container.running.signal(signal.SIGTERM)
    assert container.ended().code == 143


def test_everything_ends_with_the_main_process(start: Start) -> None:
    container = start("sh", "-c", "(setsid sh -c 'sleep 301 & sleep 302' &); sleep 0.3; exit 4")
    time.sleep(0.2)
    inside = container.running.processes()
    assert len(inside) >= 3
    assert container.ended().code == 4
    assert [pid for pid in inside if tree.state(pid) not in ("", "Z")] == []


def test_many_short_processes_are_all_collected(start: Start) -> None:
    container = start("sh", "-c", "i=0; while [ $i -lt 200 ]; do true & i=$((i+1)); done; wait; echo done; sleep 100")
    container.until(b"done")
    time.sleep(0.2)
    assert [tree.state(pid) for pid in container.running.processes() if tree.state(pid) == "Z"] == []


def test_input_goes_to_the_program_and_ends_with_the_client(start: Start) -> None:
    container = start("cat", process={"stdin": True, "stdin_once": True})
    content = os.urandom(300_000)
    container.client.sendall(content[:100_000])
    got = b""
    while len(got) < 100_000:
        got += container.client.recv(65536)
    container.client.sendall(content[100_000:])
    container.client.shutdown(socket.SHUT_WR)
    assert got + container.output() == content
    assert container.ended().code == 0


def test_without_input_it_reads_the_end(start: Start) -> None:
    assert start("sh", "-c", "cat; echo end").output() == b"end\n"


def test_a_terminal_is_one(start: Start) -> None:
    container = start(
        "sh",
        "-c",
        "tty; stty size; stty -echo; read x; stty size; echo got $x; exit 3",
        process={"tty": True, "stdin": True, "rows": 30, "columns": 90},
    )
    assert b"/dev/pts/" in container.until(b"30 90\r\n")
    container.running.resize(40, 100)
    container.client.sendall(b"word\n")
    assert container.output().endswith(b"40 100\r\ngot word\r\n")
    assert container.ended().code == 3


def test_keys_interrupt_what_runs_at_a_terminal(start: Start) -> None:
    container = start(
        "sh",
        "-c",
        "trap 'echo interrupted; exit 6' INT; echo ready; while :; do sleep 0.05; done",
        process={"tty": True, "stdin": True},
    )
    container.until(b"ready")
    container.client.sendall(b"\x03")
    assert container.ended().code == 6


def test_a_client_leaves_with_its_keys_and_the_container_runs_on(start: Start) -> None:
    container = start("sh", "-c", "echo ready; sleep 100", process={"tty": True, "stdin": True})
    container.until(b"ready")
    container.client.sendall(b"\x10")
    container.client.sendall(b"\x11")
    assert container.output() == b""
    assert tree.state(container.running.pid) in ("S", "R", "t")


def test_a_slow_client_makes_the_program_wait_and_one_that_leaves_does_not(start: Start) -> None:
    container = start("sh", "-c", "dd if=/dev/zero bs=64k count=200 2>/dev/null", log=Log())
    time.sleep(0.5)
    assert container.running.processes()
    container.client.close()
    assert container.ended().code == 0


def test_a_second_client_gets_what_comes_from_then_on(start: Start) -> None:
    container = start("sh", "-c", "while :; do echo x; sleep 0.05; done")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(PATIENCE_S)
        container.running.attach(Attachment(theirs, framed=True))
        assert ours.recv(10) == b"\x01\0\0\0\0\0\0\x02x\n"
    container.until(b"x\nx\n")


def test_a_program_runs_beside_the_main_process(start: Start) -> None:
    container = start("sleep", "100")
    output, code = container.exec("sh", "-c", "hostname; id -u; pwd; exit 3", uid=33, cwd="/tmp")
    assert (output, code) == (b"box\n33\n/tmp\n", 3)
    assert container.exec("sh", "-c", "kill -9 $$")[1] == 137
    assert container.exec("sh", "-c", "sleep 50 & echo started") == (b"started\n", 0)


def test_a_program_beside_it_has_a_terminal_of_its_own(start: Start) -> None:
    output, code = start("sleep", "100").exec("sh", "-c", "tty; stty size", tty=True, rows=11, columns=22)
    assert re.fullmatch(rb"/dev/pts/\d+\r\n11 22\r\n", output)
    assert code == 0


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("foo", {}, 'exec: "foo": executable file not found in $PATH'),
        ("/etc/passwd", {}, 'exec: "/etc/passwd": permission denied'),
        ("pwd", {"cwd": "/nope"}, 'chdir to cwd ("/nope") set in config.json failed: no such file or directory'),
    ],
)
def test_what_can_not_be_started_beside_it_is_told_as_docker_tells_it(
    start: Start, name: str, options: dict[str, str], said: str
) -> None:
    container = start("sleep", "100")
    with pytest.raises(StartFailed) as failed:
        container.exec(name, **options)
    assert (
        str(failed.value) == f"OCI runtime exec failed: exec failed: unable to start container process: {said}: unknown"
    )
    assert container.exec("true") == (b"", 0)


def test_thirty_programs_beside_it_all_end(start: Start) -> None:
    container = start("sleep", "100")
    assert [container.exec("sh", "-c", f"exit {number}")[1] for number in range(30)] == list(range(30))


def test_a_paused_container_does_nothing_and_loses_nobody(start: Start) -> None:
    container = start(
        "sh", "-c", "(while :; do :; done)& (while :; do sleep 0.01; done)& while :; do echo x; sleep 0.02; done"
    )
    container.until(b"x\n")
    for _ in range(3):
        container.running.pause()
        assert {tree.state(pid) for pid in container.running.processes()} <= {"T", "t", "Z"}
        time.sleep(0.1)
        drain(container)
        time.sleep(0.2)
        assert drain(container) == b""
        container.running.unpause()
        container.until(b"x\nx\n")
        assert len(container.running.processes()) >= 3


def drain(container: Started) -> bytes:
    container.client.setblocking(False)
    got = b""
    try:
        while piece := container.client.recv(65536):
            got += piece
    except BlockingIOError:
        return got
    finally:
        container.client.settimeout(PATIENCE_S)
    return got


def test_another_engine_finds_it_and_takes_over(start: Start) -> None:
    container = start("sh", "-c", "read x; exit 9", process={"stdin": True})
    container.exec("sh", "-c", "exit 4")
    found = Running.find(container.folder)
    assert found is not None
    assert (found.pid, found.started_at) == (container.running.pid, container.running.started_at)
    codes: list[int] = []
    found.on_exec_exit(lambda _, code: codes.append(code))
    assert codes == [4]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        found.attach(Attachment(theirs, stdin=True, framed=False))
        theirs.close()
        ours.sendall(b"go\n")
        assert read_all(ours) == b""
    ended = container.ended()
    assert ended.code == 9
    assert last_exit(container.folder) == ended


def test_it_outlives_its_engine(start: Start) -> None:
    container = start("sh", "-c", "while :; do sleep 0.05; done")
    pid = container.running.pid
    container.running._channel.shutdown()
    found = Running.find(container.folder)
    assert found is not None
    assert found.pid == pid
    ended: queue.SimpleQueue[Exit] = queue.SimpleQueue()
    found.on_exit(ended.put)
    found.signal(signal.SIGKILL)
    assert ended.get(timeout=PATIENCE_S).code == 137


def test_after_its_end_nothing_is_found_and_requests_are_refused(start: Start) -> None:
    container = start("true")
    container.ended()
    assert Running.find(container.folder) is None
    with pytest.raises(Conflict, match="is not running"):
        container.running.signal(signal.SIGTERM)


def test_a_folder_of_the_host_is_mounted(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "hosts").write_text("1.2.3.4 there\n")
    mounts = (Mount(str(tmp_path / "data"), "/var/data"), Mount(str(tmp_path / "hosts"), "/etc/hosts"))
    assert start("sh", "-c", "cat /etc/hosts; echo x >/var/data/new", mounts=mounts).output() == b"1.2.3.4 there\n"
    assert (tmp_path / "data/new").read_text() == "x\n"


def test_a_mounts_place_is_not_sought_outside_of_the_root(start: Start, root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (root / "out").symlink_to("/../../../../../../tmp")
    start("sh", "-c", "echo x >/out/inner/new", mounts=(Mount(str(tmp_path / "data"), "/out/inner"),)).ended()
    assert (tmp_path / "data/new").read_text() == "x\n"
    assert (root / "tmp/inner").is_dir()


WRITES = (
    "touch f",
    "touch new",
    "mkdir new",
    "rm -f f",
    "ln -s a new",
    "ln f new",
    "mv f new",
    "chmod 700 f",
    "echo a >>f",
    "rmdir d",
    "truncate -s 0 f",
)


@pytest.mark.parametrize("write", WRITES)
def test_a_read_only_mount_is_not_written_to(start: Start, tmp_path: Path, write: str) -> None:
    data = tmp_path / "data"
    (data / "d").mkdir(parents=True)
    (data / "f").write_text("kept")
    (data / "f").chmod(0o644)
    os.utime(data / "f", (1000, 1000))
    start("sh", "-c", f"cd /data; {write}", mounts=(Mount(str(data), "/data", read_only=True),)).ended()
    assert sorted(path.name for path in data.iterdir()) == ["d", "f"]
    about = (data / "f").stat()
    assert ((data / "f").read_text(), about.st_mode & 0o777, about.st_mtime) == ("kept", 0o644, 1000)


def test_a_read_only_root_is_not_written_to_and_mounts_in_it_are(start: Start, root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    script = "touch /new 2>/dev/null || echo refused; echo x >/data/new; echo x >/dev/null && echo fine"
    container = start("sh", "-c", script, mounts=(Mount(str(tmp_path / "data"), "/data"),), read_only=True)
    assert container.output().splitlines() == [b"refused", b"fine"]
    assert (tmp_path / "data/new").exists()
    assert not (root / "new").exists()


def test_a_tmpfs_is_empty_and_gone_afterwards(start: Start, root: Path) -> None:
    mounts = (Mount("", "/etc", kind="tmpfs", mode=0o711),)
    assert start("sh", "-c", "ls /etc; stat -c %a /etc; echo x >/etc/new", mounts=mounts).output() == b"711\n"
    assert (root / "etc/passwd").exists()
    assert not (root / "etc/new").exists()


def test_a_tmpfs_holds_no_more_than_it_may(start: Start, runner: str) -> None:
    mounts = (Mount("", "/tmp", kind="tmpfs", size_bytes=1 << 20),)
    if runner == "proot":
        with pytest.raises(NotSupported, match="can't be limited"):
            start("true", mounts=mounts)
    else:
        container = start(
            "sh", "-c", "dd if=/dev/zero of=/tmp/x bs=1k count=2000 2>/dev/null || wc -c </tmp/x", mounts=mounts
        )
        assert container.output() == b"1048576\n"


@pytest.mark.parametrize("forbidden", [True, False])
def test_new_privileges_can_be_forbidden(start: Start, runner: str, forbidden: bool) -> None:
    container = start("grep", "NoNewPrivs", "/proc/self/status", no_new_privileges=forbidden)
    held = forbidden or (runner == "proot" and os.geteuid() != 0)  # without privileges a filter needs it
    assert container.output().split() == [b"NoNewPrivs:", b"1" if held else b"0"]


def test_limits_are_set(start: Start) -> None:
    assert start("sh", "-c", "ulimit -Sn; ulimit -Hn", ulimits=(("nofile", 512, 1024),)).output() == b"512\n1024\n"


def test_a_published_port_leads_to_the_container(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        container = start(
            "sh",
            "-c",
            "nc -l -p 80 -e cat & echo ready; wait",
            listeners={PublishedPort("127.0.0.1", port, 80): listener},
        )
    container.until(b"ready")
    time.sleep(0.2)
    content = os.urandom(1_000_000)
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        client.sendall(content[:1000])
        assert client.recv(1000, socket.MSG_WAITALL) == content[:1000]
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    container.ended()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), PATIENCE_S)


def test_two_containers_listen_on_the_same_port(start: Start) -> None:
    for word in ("one", "two"):
        container = start("sh", "-c", f"(echo {word} | nc -l -p 80) & sleep 0.3; nc 127.0.0.1 80 </dev/null")
        assert container.output() == f"{word}\n".encode()


def test_without_a_network_nothing_is_reached_but_itself(start: Start) -> None:
    container = start(
        "sh", "-c", "nc 192.0.2.1 80; (echo me | nc -l -p 80) & sleep 0.3; nc 127.0.0.1 80 </dev/null", network="none"
    )
    assert container.output() == b"nc: can't connect to remote host (192.0.2.1): Network is unreachable\nme\n"


def test_only_tcp_is_published(start: Start) -> None:
    with pytest.raises(NotSupported, match="53/udp"):
        start("true", ports=(PublishedPort("127.0.0.1", 5353, 53, "udp"),))


def test_killing_the_watching_process_ends_the_container(start: Start) -> None:
    container = start("sh", "-c", "sleep 303 & while :; do :; done")
    time.sleep(0.2)
    inside = container.running.processes()
    watching = container.running._process
    assert watching is not None
    watching.kill()
    assert container.ended().code == 137
    time.sleep(0.3)
    assert [pid for pid in inside if tree.state(pid) not in ("", "Z")] == []


def test_whoever_is_attached_is_let_go_once_the_end_was_taken_in(start: Start) -> None:
    container = start("sh", "-c", "read x; echo bye", process={"stdin": True})
    heard, go_on = threading.Event(), threading.Event()
    container.running.on_exit(lambda _: (heard.set(), go_on.wait(PATIENCE_S)))
    container.client.sendall(b"\n")
    assert container.until(b"bye\n") == b"bye\n"
    assert heard.wait(PATIENCE_S)
    container.client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        container.client.recv(1)
    go_on.set()
    container.client.settimeout(PATIENCE_S)
    assert container.client.recv(1) == b""


def test_whoever_is_attached_is_let_go_of_an_engine_that_hangs(start: Start) -> None:
    container = start("true")
    go_on = threading.Event()
    container.running.on_exit(lambda _: go_on.wait(PATIENCE_S))
    assert container.output() == b""
    go_on.set()


def test_an_engine_that_finds_it_learns_whether_it_is_paused(start: Start) -> None:
    container = start("sleep", "1000")
    container.running.pause()
    found = Running.find(container.folder)
    assert found is not None
    assert found.paused
    found.unpause()
    found = Running.find(container.folder)
    assert found is not None
    assert not found.paused


def test_how_programs_beside_it_ended_is_not_kept_once_it_was_told(start: Start) -> None:
    container = start("sleep", "1000")
    container.running.on_exec_exit(lambda *_: None)
    for _ in range(3):
        container.exec("true")
    assert not container.running._codes
