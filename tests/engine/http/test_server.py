"""The server on a real socket, with calls made for the tests."""

import http.client
import json
import logging
import os
import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from dockyard.engine.errors import Conflict, NotFound, NotModified
from dockyard.engine.http.response import ClientGone, Empty, Hijack, Json, Progress, Stream, Text
from dockyard.engine.http.server import Server

MEBIBYTE = 1 << 20


class Toy:
    """What the toy calls work on."""

    def __init__(self, folder):
        self.big = folder / "big"
        self.big.write_bytes(os.urandom(MEBIBYTE) * 3)
        self.left = threading.Event()


def ping(toy, request):
    return Text("OK")


def remove(toy, request):
    return Empty()


def echo(toy, request):
    return Json({"version": request.version, "params": dict(request.params), "body": request.body.json()}, 201)


def absorb(toy, request):
    buffer = memoryview(bytearray(MEBIBYTE))
    total = 0
    while count := request.body.readinto(buffer):
        total += count
    return Json({"bytes": total})


def fail(toy, request):
    raise {"conflict": Conflict("it is in use"), "same": NotModified(), "bug": RuntimeError("oh")}[
        request.params["how"]
    ]


def send_big(toy, request):
    def produce(sink):
        with toy.big.open("rb") as file:
            sink.write(b"head")
            sink.send_file(file, 0, toy.big.stat().st_size)

    return Stream(produce, "application/x-tar", headers={"X-Docker-Container-Path-Stat": "e30="})


def break_off(toy, request):
    def produce(sink):
        if request.query.flag("late"):
            sink.write(b"some")
        raise NotFound("No such image: x")

    return Stream(produce)


def follow(toy, request):
    def produce(sink):
        sink.start()
        try:
            while not sink.gone:
                toy.left.wait(0.01)
        finally:
            toy.left.set()

    return Stream(produce)


def babble(toy, request):
    def produce(sink):
        try:
            while True:
                sink.write(bytes(MEBIBYTE))
        except ClientGone:
            toy.left.set()
            raise

    return Stream(produce)


def pull(toy, request):
    def produce(record):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: record({"status": "Downloading", "id": str(n)}), range(100)))
        if request.query.flag("fail"):
            raise NotFound("manifest unknown")

    def refuse(record):
        raise NotFound("pull access denied")

    return Progress(refuse if request.query.flag("refuse") else produce)


def attach(toy, request):
    def take(connection, leftover):
        with closing(connection):
            connection.sendall(b"ahead " + leftover + b"; ")
            while data := connection.recv(100):
                connection.sendall(data.upper())
            connection.sendall(b" bye")

    return Hijack(take)


ROUTES = [
    ("GET", "/_ping", ping),
    ("POST", "/echo/{id}", echo),
    ("PUT", "/absorb", absorb),
    ("GET", "/fail/{how}", fail),
    ("GET", "/big", send_big),
    ("HEAD", "/big", send_big),
    ("GET", "/break", break_off),
    ("GET", "/follow", follow),
    ("GET", "/babble", babble),
    ("POST", "/pull", pull),
    ("POST", "/attach", attach),
    ("DELETE", "/x", remove),
]


class Caller(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=20)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path)


@pytest.fixture
def path(tmp_path, toy):
    path = tmp_path / "docker.sock"
    server = Server(path, toy, ROUTES)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield path
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def caller(path):
    with closing(Caller(path)) as caller:
        yield caller


def ask(caller, method, target, body=None, **headers):
    caller.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = caller.getresponse()
    return answer, answer.read()


def test_only_its_user_can_open_the_socket(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_answers_carry_dockers_headers(caller):
    answer, content = ask(caller, "GET", "/v1.41/_ping")
    assert (answer.status, content) == (200, b"OK")
    assert answer.headers["Api-Version"] == "1.47"
    assert answer.headers["Docker-Experimental"] == "false"
    assert answer.headers["Ostype"] == "linux"
    assert answer.headers["Server"].startswith("Dockyard/")


def test_a_connection_carries_many_requests(caller):
    for n in range(3):
        answer, content = ask(caller, "POST", f"/v1.41/echo/a%20{n}", b'{"x": 1}', content_type="application/json")
        assert answer.status == 201
        assert json.loads(content) == {"version": [1, 41], "params": {"id": f"a {n}"}, "body": {"x": 1}}
        assert ask(caller, "DELETE", "/x")[0].status == 204


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("/fail/conflict", 409, "it is in use"),
        ("/nothing", 404, "page not found"),
        ("/v1.99/_ping", 400, "client version 1.99 is too new. Maximum supported API version is 1.47"),
        ("/break", 404, "No such image: x"),
    ],
)
def test_errors_are_a_message_with_a_status(caller, target, status, message):
    answer, content = ask(caller, "GET", target)
    assert (answer.status, json.loads(content)) == (status, {"message": message})
    assert ask(caller, "GET", "/_ping")[1] == b"OK"


def test_what_is_already_so_has_no_body(caller):
    answer, content = ask(caller, "GET", "/fail/same")
    assert (answer.status, content) == (304, b"")
    assert ask(caller, "GET", "/_ping")[1] == b"OK"


def test_a_bug_is_told_in_a_sentence_and_its_traceback_is_logged(caller, caplog):
    with caplog.at_level(logging.ERROR):
        answer, content = ask(caller, "GET", "/fail/bug")
    assert answer.status == 500
    assert json.loads(content)["message"] == "the engine failed at this (RuntimeError: oh); its log says more"
    assert "Traceback" in caplog.text


def test_a_stream_is_whole(caller, toy):
    answer, content = ask(caller, "GET", "/big")
    assert answer.headers["X-Docker-Container-Path-Stat"] == "e30="
    assert content == b"head" + toy.big.read_bytes()


def test_head_tells_the_same_without_a_body(caller):
    answer, content = ask(caller, "HEAD", "/big")
    assert answer.headers["X-Docker-Container-Path-Stat"] == "e30="
    assert content == b""
    assert ask(caller, "GET", "/_ping")[1] == b"OK"


def test_a_stream_that_fails_half_way_is_not_taken_for_whole(caller):
    with pytest.raises(http.client.IncompleteRead):
        ask(caller, "GET", "/break?late=1")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_big_body_arrives(caller, toy, chunked):
    content = toy.big.read_bytes()
    body = iter([content[:100], content[100:]]) if chunked else content
    assert json.loads(ask(caller, "PUT", "/absorb", body)[1]) == {"bytes": len(content)}


def test_a_client_that_is_refused_while_it_sends_gets_the_answer(caller):
    answer, _ = ask(caller, "POST", "/nothing", bytes(4 * MEBIBYTE))
    assert answer.status == 404
    assert ask(caller, "GET", "/_ping")[1] == b"OK"


def test_records_from_many_threads_are_a_line_each(caller):
    answer, content = ask(caller, "POST", "/pull")
    assert answer.headers["Content-Type"] == "application/json"
    assert {json.loads(line)["id"] for line in content.splitlines()} == {str(n) for n in range(100)}


def test_an_error_after_the_first_record_is_the_last_record(caller):
    answer, content = ask(caller, "POST", "/pull?fail=1")
    assert answer.status == 200
    assert json.loads(content.splitlines()[-1]) == {
        "errorDetail": {"message": "manifest unknown"},
        "error": "manifest unknown",
    }


def test_an_error_before_the_first_record_is_an_answer(caller):
    answer, content = ask(caller, "POST", "/pull?refuse=1")
    assert (answer.status, json.loads(content)) == (404, {"message": "pull access denied"})


def test_a_silent_stream_starts_at_once_and_ends_when_its_client_hangs_up(path, toy):
    caller = Caller(path)
    caller.request("GET", "/follow")
    answer = caller.getresponse()
    assert answer.status == 200
    caller.sock.shutdown(socket.SHUT_WR)
    assert not toy.left.wait(0.2), "a client that only ends its input still listens"
    answer.close()
    caller.close()
    assert toy.left.wait(5)


def test_a_stream_that_nobody_reads_any_more_ends(path, toy):
    caller = Caller(path)
    caller.request("GET", "/babble")
    with closing(caller.getresponse()) as answer:
        answer.read(10)
    caller.close()
    assert toy.left.wait(5)


@pytest.mark.parametrize("upgrade", ["Connection: Upgrade\r\nUpgrade: tcp\r\n", ""])
def test_a_connection_is_taken_over_and_its_client_may_end_its_input_first(path, upgrade):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(f"POST /v1.41/attach HTTP/1.1\r\nHost: d\r\n{upgrade}\r\ntyped".encode())
        client.sendall(b" more")
        client.shutdown(socket.SHUT_WR)
        got = bytearray()
        while data := client.recv(1000):
            got += data
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 UPGRADED" if upgrade else b"HTTP/1.1 200 OK")
    assert body.lower().replace(b"; ", b"") == b"ahead typed more bye"


def test_what_follows_the_head_is_not_sent_before_the_head_is_read(path):
    """For docker-py drops what it reads together with the head."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(b"POST /v1.41/attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        time.sleep(0.1)
        assert client.recv(10_000).endswith(b"\r\n\r\n")
        assert client.recv(10_000) == b"ahead ; "


def test_fifty_clients_are_served_at_once(path):
    together = threading.Barrier(50)

    def one(n):
        with closing(Caller(path)) as caller:
            caller.connect()
            together.wait(20)
            return json.loads(ask(caller, "POST", f"/echo/{n}", b"{}", content_type="application/json")[1])["params"]

    with ThreadPoolExecutor(50) as pool:
        assert [found["id"] for found in pool.map(one, range(50))] == [str(n) for n in range(50)]


def test_nonsense_is_answered_and_hung_up_on(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 400
        assert answer.read().startswith(b'{"message":')
        assert client.recv(1) == b""


def test_nothing_is_left_of_clients_that_are_gone(path, toy):
    before = set(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with closing(Caller(path)) as caller:
            ask(caller, "GET", "/_ping")
    for thread in threading.enumerate():
        if thread.name == "connection":
            thread.join(5)
    assert len(set(os.listdir("/proc/self/fd")) - before) <= 1


def test_a_server_that_stops_hangs_up_on_everyone(tmp_path, toy):
    path = tmp_path / "other.sock"
    server = Server(path, toy, ROUTES)
    thread = threading.Thread(target=server.serve)
    thread.start()
    with closing(Caller(path)) as caller:
        ask(caller, "GET", "/_ping")
        server.stop()
        thread.join(5)
        assert caller.sock.recv(1) == b""
    with pytest.raises(ConnectionRefusedError), closing(Caller(path)) as late:
        late.connect()


@pytest.mark.parametrize("target", ["//[", "//x/_ping", "/%00", "/_ping/../_ping", "/" + "x" * 10_000])
def test_a_strange_path_is_not_found(path, target):
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(path.as_posix())
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n".encode())
        assert client.recv(64).startswith(b"HTTP/1.1 404 ")


def test_a_server_without_threads_to_spare_goes_on(path, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(path.as_posix())
            assert client.recv(1) == b""
    with closing(Caller(path)) as caller:
        assert ask(caller, "GET", "/_ping")[1] == b"OK"
