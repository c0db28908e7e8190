"""The bytes of HTTP, with no socket."""

import io

import pytest

from dockyard.engine.http.wire import BadBody, BadHead, ClientGone, Wire


class Line:
    """Both directions of a connection: what comes in, in pieces of one size, and what went out."""

    def __init__(self, incoming: bytes, piece: int = 1 << 20):
        self._incoming = io.BytesIO(incoming)
        self._piece = piece
        self.sent = bytearray()
        self.wire = Wire(self._receive, self.sent.extend, self._send_file)

    def _receive(self, buffer):
        return self._incoming.readinto(buffer[: self._piece])

    def _send_file(self, descriptor, offset, count):
        self.sent += b"<file %d %d %d>" % (descriptor, offset, count)


def everything(wire: Wire, size: int = 100) -> bytes:
    found = bytearray()
    buffer = memoryview(bytearray(size))
    while count := wire.readinto(buffer):
        found += buffer[:count]
    return bytes(found)


def headers_of(sent: bytes) -> list[str]:
    return [line.decode().lower() for line in bytes(sent).partition(b"\r\n\r\n")[0].split(b"\r\n")]


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_a_head_and_a_body_of_known_length_are_read_however_they_arrive(piece):
    line = Line(
        b"PUT /v1.41/x?path=/a HTTP/1.1\r\nHost: d\r\nContent-Length: 11\r\nX-Two: a\r\nX-Two: b\r\n\r\nhello world",
        piece,
    )
    head = line.wire.next_head()
    assert (head.method, head.target) == ("PUT", "/v1.41/x?path=/a")
    assert head.headers["x-two"] == "a, b"
    assert everything(line.wire) == b"hello world"


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize("size", [1, 3, 1 << 17])
def test_a_body_in_chunks_is_read_however_it_arrives(piece, size):
    body = b"5\r\nhello\r\n6;name=value\r\n world\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    line = Line(
        b"POST / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
        + body
        + b"GET /next HTTP/1.1\r\nHost: d\r\n\r\n",
        piece,
    )
    line.wire.next_head()
    assert everything(line.wire, size) == b"hello world0123456789"
    line.wire.answer(200, [], b"")
    assert line.wire.settle()
    assert line.wire.next_head().target == "/next"


def test_big_chunks_are_read_whole():
    content = bytes(range(256)) * 4096
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(part), part)
        for part in (content[at : at + 32768] for at in range(0, len(content), 32768))
    )
    line = Line(b"POST / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n", 50_001)
    line.wire.next_head()
    assert everything(line.wire, 1 << 20) == content


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n",
        b"-1\r\n",
        b"5\r\nhello!\r\n",
        b"11111111111111111\r\n",
        b"\r\n",
        b"5" + b" " * 10000,
        b"0\r\n" + b"a: b\r\n" * 200,
    ],
)
def test_chunks_that_make_no_sense_end_the_connection(body):
    line = Line(b"POST / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"\r\n" * 10)
    line.wire.next_head()
    with pytest.raises(BadBody):
        everything(line.wire)
    line.wire.answer(400, [], b"no")
    assert "connection: close" in headers_of(line.sent)
    assert not line.wire.settle()


@pytest.mark.parametrize("framing", [b"Content-Length: 10", b"Transfer-Encoding: chunked"])
def test_a_body_that_breaks_off_is_not_taken_for_whole(framing):
    line = Line(b"POST / HTTP/1.1\r\nHost: d\r\n" + framing + b"\r\n\r\n5\r\nhel")
    line.wire.next_head()
    with pytest.raises(ClientGone):
        everything(line.wire)


def test_a_client_that_waits_to_be_told_is_told_when_its_body_is_wanted():
    line = Line(b"PUT / HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi")
    line.wire.next_head()
    assert line.sent == b""
    assert everything(line.wire) == b"hi"
    assert line.sent.startswith(b"HTTP/1.1 100 Continue\r\n")
    line.wire.answer(200, [], b"")
    assert line.wire.settle()


def test_a_client_that_was_not_told_to_send_is_not_waited_for():
    line = Line(b"PUT / HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    line.wire.next_head()
    line.wire.answer(404, [], b"none")
    assert line.sent.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert not line.wire.settle()


def test_an_answer_of_unknown_length_goes_in_chunks():
    line = Line(b"GET / HTTP/1.1\r\nHost: d\r\n\r\n")
    line.wire.next_head()
    line.wire.start(200, [("Content-Type", "text/plain")])
    line.wire.write(b"hello")
    line.wire.write(b"")
    line.wire.write(memoryview(b"x" * 40000))
    line.wire.write_file(3, 10, 20)
    line.wire.finish()
    head, _, body = bytes(line.sent).partition(b"\r\n\r\n")
    assert "transfer-encoding: chunked" in headers_of(head)
    assert body == b"5\r\nhello\r\n9c40\r\n" + b"x" * 40000 + b"\r\n14\r\n<file 3 10 20>\r\n0\r\n\r\n"
    assert line.wire.settle()


def test_an_old_client_gets_no_chunks_and_the_connection_ends():
    line = Line(b"GET / HTTP/1.0\r\n\r\n")
    line.wire.next_head()
    line.wire.start(200, [])
    line.wire.write(b"hello")
    line.wire.write_file(3, 0, 5)
    line.wire.finish()
    head, _, body = bytes(line.sent).partition(b"\r\n\r\n")
    assert "connection: close" in headers_of(head)
    assert body == b"hello<file 3 0 5>"
    assert not line.wire.settle()


def test_a_known_length_spares_the_chunks():
    line = Line(b"GET / HTTP/1.1\r\nHost: d\r\n\r\n")
    line.wire.next_head()
    line.wire.start(200, [("Content-Length", "5")])
    line.wire.write(b"hello")
    line.wire.finish()
    assert line.sent.endswith(b"\r\n\r\nhello")


def test_the_answer_to_head_has_no_body():
    line = Line(b"HEAD / HTTP/1.1\r\nHost: d\r\n\r\n")
    line.wire.next_head()
    line.wire.answer(200, [], b"hello")
    assert "content-length: 5" in headers_of(line.sent)
    assert line.sent.endswith(b"\r\n\r\n")
    assert line.wire.settle()


def test_what_a_client_sends_unasked_is_dropped_before_its_next_request():
    line = Line(b"POST /a HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: d\r\n\r\n")
    line.wire.next_head()
    line.wire.answer(400, [], b"no")
    assert line.wire.settle()
    assert line.wire.next_head().target == "/b"
    line.wire.answer(200, [], b"")
    assert line.wire.settle()
    assert line.wire.next_head() is None


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: d\r\nX: " + b"x" * 70000, 431),
    ],
)
def test_what_is_no_request_is_refused_with_a_status(request_bytes, status):
    line = Line(request_bytes, 4096)
    with pytest.raises(BadHead) as caught:
        line.wire.next_head()
    assert caught.value.status == status
    line.wire.answer(status, [], b"no")
    assert line.sent.startswith(b"HTTP/1.1 %d " % status)


def test_an_answer_can_not_be_given_headers_of_the_clients_making():
    line = Line(b"GET / HTTP/1.1\r\nHost: d\r\n\r\n")
    line.wire.next_head()
    with pytest.raises(Exception, match="header"):
        line.wire.answer(200, [("Location", "x\r\nSet-Cookie: y")], b"")


def test_a_connection_is_taken_over_with_what_was_sent_ahead():
    line = Line(
        b"POST /attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}typed ahead"
    )
    line.wire.next_head()
    assert everything(line.wire) == b"{}"
    assert line.wire.switch("application/vnd.docker.raw-stream") == b"typed ahead"
    assert bytes(line.sent).split(b"\r\n") == [
        b"HTTP/1.1 101 UPGRADED",
        b"Content-Type: application/vnd.docker.raw-stream",
        b"Connection: Upgrade",
        b"Upgrade: tcp",
        b"",
        b"",
    ]


def test_a_connection_is_taken_over_from_a_client_that_knows_no_upgrade():
    line = Line(b"POST /attach HTTP/1.1\r\nHost: d\r\n\r\n")
    line.wire.next_head()
    assert line.wire.switch("application/vnd.docker.raw-stream") == b""
    assert line.sent == b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
