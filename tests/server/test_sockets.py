"""A container's output, and a terminal in it, over websockets."""

import json

import pytest

from dockyard.waiting import eventually
from server_reader import news

pytestmark = pytest.mark.engine


def read_until(listening, text):
    """Bytes up to a text."""
    seen = b""
    while text not in seen:
        piece = listening.recv()
        seen += piece if isinstance(piece, bytes) else b""
    return seen


@pytest.mark.parametrize("tty", [False, True])
def test_output_is_followed_to_its_end(reader, client, container, tty):
    name = container("busybox", "sh", "-c", "echo before; while [ ! -e /go ]; do sleep 0.1; done; echo after", Tty=tty)
    listening = reader.listen(f"logs?container={name}")
    read_until(listening, b"before")
    client.api.exec_start(client.api.exec_create(name, ["touch", "/go"])["Id"])
    read_until(listening, b"after")
    assert news(listening, bool) == {"ended": True}


def test_no_output_of_a_container_that_is_not_there(reader):
    told = json.loads(reader.listen("logs?container=nothing-of-that-name&language=ko").recv())
    assert (told["error"]["kind"], "컨테이너" in told["error"]["message"]) == ("NoSuchContainer", True)


def test_only_the_last_lines_are_sent_where_that_is_asked(reader, container):
    name = container("busybox", "sh", "-c", "seq 1000; sleep 1000")
    listening = eventually(lambda: reader.listen(f"logs?container={name}&tail=2"), AssertionError)
    assert read_until(listening, b"1000\n") == b"999\n1000\n"


def terminal(reader, name):
    plan = reader.post("plans", kind="container", action="shell", name=name)
    assert plan["container"] == name
    talking = reader.listen(f"terminal?plan={plan['id']}")
    assert json.loads(talking.recv())["line"] == plan["command"]
    talking.send(json.dumps({"do": "ready", "rows": 30, "columns": 90}))
    news(talking, lambda told: told == {"is_open": True})
    return talking


def test_a_shell_is_typed_at_and_left(reader, container):
    talking = terminal(reader, container())
    talking.send_binary(b"stty size; touch /mine; exit 3\n")
    assert b"30 90" in read_until(talking, b"30 90")
    told = news(talking, lambda told: "outcome" in told)
    assert told["outcome"]["exit_code"] == 3
    assert [each["name"] for each in told["outcome"]["changes"]] == ["/mine"]


def test_the_program_ends_with_its_page(reader, client, container):
    name = container()
    talking = terminal(reader, name)
    talking.send_binary(b"sleep 4242\n")
    eventually(lambda: runs(client, name, "sleep 4242"), AssertionError)
    talking.close()
    eventually(lambda: runs_not(client, name, "sleep 4242"), AssertionError, timeout_s=20)


def runs(client, name, words):
    listed = client.get_json("/containers/{}/top", name)["Processes"]
    assert any(words in column for row in listed for column in row)


def runs_not(client, name, words):
    listed = client.get_json("/containers/{}/top", name)["Processes"]
    assert not any(words in column for row in listed for column in row)


def test_a_plan_opens_one_terminal(reader, container):
    plan = reader.post("plans", kind="container", action="shell", name=container())
    reader.listen(f"terminal?plan={plan['id']}").recv()
    told = json.loads(reader.listen(f"terminal?plan={plan['id']}").recv())
    assert told["error"]["kind"] == "NoSuchPlan"
