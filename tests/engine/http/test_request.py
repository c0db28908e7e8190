"""What a handler is given."""

import io
import json
from urllib.parse import quote

import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.http.request import Body, Query


def body(content: bytes, content_type: str = "application/json") -> Body:
    return Body(io.BytesIO(content).readinto, content_type)


@pytest.mark.parametrize("text", ["", "0", "no", "false", "none", "False", " NO "])
def test_a_switch_is_off_as_docker_reads_it(text):
    assert not Query(f"all={text}").flag("all")


@pytest.mark.parametrize("text", ["1", "true", "yes", "anything"])
def test_a_switch_is_on_with_any_other_word(text):
    assert Query(f"all={text}").flag("all")


def test_a_switch_that_is_not_given_is_as_the_call_has_it():
    assert Query("").flag("stdout", True)
    assert not Query("stdout=").flag("stdout", True)


def test_numbers_and_lists_are_read():
    query = Query("t=10&names=a&names=b%2Fc&empty=&minus=-1")
    assert query.number("t", None) == 10
    assert query.number("minus", 0) == -1
    assert query.number("empty", 5) == 5
    assert query.number("missing", None) is None
    assert query.all("names") == ["a", "b/c"]
    assert "empty" in query
    assert "missing" not in query


@pytest.mark.parametrize("text", ["x", "1.5", "--", "1" * 30, "%D9%A1"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(BadParameter, match="invalid syntax"):
        Query(f"t={text}").number("t", 0)


def test_more_names_than_any_call_has_are_refused():
    with pytest.raises(BadParameter):
        Query("&".join(f"a{n}=1" for n in range(2000)))


def test_a_body_is_read_in_the_size_asked_for():
    content = bytes(200_000)
    whole = body(content)
    assert len(whole.read(150_000)) == 150_000
    assert len(whole.read(150_000)) == 50_000
    assert whole.read(1) == b""


def test_an_object_is_read():
    assert body(b'{"Name": "x"}').json() == {"Name": "x"}
    assert body(b"{}", "application/json; charset=utf-8").json() == {}
    assert body(b"", "").json() == {}


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"3", b'{"a": NaN}', b"\xff", b'{"a":' * 100_000, b"[" * 5_000_000, b" " * (16 << 20) + b"{}"],
    ids=range(8),
)
def test_what_is_no_object_is_refused(content):
    with pytest.raises(BadParameter):
        body(content).json()


def test_a_body_that_says_it_is_something_else_is_refused_in_dockers_words():
    with pytest.raises(
        BadParameter, match=r"unsupported Content-Type header \(text/plain\): must be 'application/json'"
    ):
        body(json.dumps({}).encode(), "text/plain").json()


@pytest.mark.parametrize("text", ["+-5", "--5", "5-", "1_0", "\u0665", "9" * 30])
def test_what_only_looks_like_a_number_is_none(text):
    with pytest.raises(BadParameter, match="invalid syntax"):
        Query(f"t={quote(text)}").number("t", 0)
