import threading
import time

import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.events import Events
from dockyard.engine.filters import Filters


def present() -> bool:
    return False


def past(events, filters=None, since="0"):
    return list(events.stream(since, str(time.time()), Filters.parse(filters), present))


def test_an_event_has_the_shape_of_dockers():
    events = Events()
    events.publish("container", "start", "c" * 64, {"image": "busybox", "name": "web", "tier": "front"})
    events.publish("volume", "create", "data", {"driver": "local"})
    container, volume = past(events)
    moment_ns = container.pop("timeNano")
    assert container == {
        "status": "start",
        "id": "c" * 64,
        "from": "busybox",
        "Type": "container",
        "Action": "start",
        "Actor": {"ID": "c" * 64, "Attributes": {"image": "busybox", "name": "web", "tier": "front"}},
        "scope": "local",
        "time": moment_ns // 10**9,
    }
    assert "status" not in volume
    assert volume["timeNano"] > moment_ns


def test_the_last_256_are_remembered():
    events = Events()
    for number in range(300):
        events.publish("volume", "create", str(number))
    assert [event["Actor"]["ID"] for event in past(events)] == [str(number) for number in range(44, 300)]


def test_since_and_until_cut():
    events = Events()
    events.publish("volume", "create", "a")
    between = str(time.time())
    time.sleep(0.01)
    events.publish("volume", "create", "b")
    assert [event["Actor"]["ID"] for event in past(events, since=between)] == ["b"]
    assert [event["Actor"]["ID"] for event in events.stream("0", between, Filters(), present)] == ["a"]
    with pytest.raises(BadParameter, match=r"`since` time \(9\) cannot be after `until` time \(2\)"):
        events.stream("9", "2", Filters(), present)


def test_nothing_is_missed_between_the_call_and_the_first_read():
    events = Events()
    events.publish("volume", "create", "before")
    stream = events.stream(None, None, Filters(), present)
    events.publish("volume", "create", "after")
    assert next(stream)["Actor"]["ID"] == "after"


def test_a_stream_ends_at_until_and_when_the_client_goes():
    events = Events()
    assert list(events.stream(None, str(time.time() + 0.2), Filters(), present)) == []
    gone = threading.Event()
    stream = events.stream(None, None, Filters(), gone.is_set)
    threading.Timer(0.1, gone.set).start()
    assert list(stream) == []


def test_a_stream_that_nobody_reads_blocks_nobody_and_is_forgotten():
    events = Events()
    stream = events.stream(None, None, Filters(), present)
    started = time.monotonic()
    for number in range(5000):
        events.publish("volume", "create", str(number))
    assert time.monotonic() - started < 2
    assert next(stream)["Actor"]["ID"] == "0"
    del stream
    assert not list(events._listeners)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ('{"type": ["volume"]}', ["mount"]),
        ('{"event": ["start"]}', ["start"]),
        ('{"event": ["exec_create"]}', ["exec_create: sh"]),
        ('{"event": ["start", "mount"]}', ["start", "mount"]),
        ('{"container": ["web"]}', ["start", "exec_create: sh"]),
        ('{"container": ["cccc"]}', ["start", "exec_create: sh"]),
        ('{"image": ["busybox"]}', ["start", "exec_create: sh", "pull"]),
        ('{"image": ["busybox:latest"]}', ["pull"]),
        ('{"volume": ["data"]}', ["mount"]),
        ('{"label": ["tier=front"]}', ["start"]),
        ('{"scope": ["swarm"]}', []),
        ('{"scope": ["local"], "network": ["x"]}', []),
        ('{"plugin": ["x"]}', []),
    ],
)
def test_filters_narrow_as_docker_does(filters, expected):
    events = Events()
    events.publish("container", "start", "c" * 64, {"image": "busybox", "name": "web", "tier": "front"})
    events.publish("container", "exec_create: sh", "c" * 64, {"image": "busybox", "name": "web"})
    events.publish("image", "pull", "busybox:latest", {"name": "busybox"})
    events.publish("volume", "mount", "data", {"driver": "local"})
    assert [event["Action"] for event in past(events, filters)] == expected
