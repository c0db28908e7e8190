"""Live state: what changes is told, in few words, also after the engine went away."""

import threading
import time

import pytest

import dockyard
from dockyard.live import GATHER_S, KINDS, REST_S, Watch
from embedded import until

pytestmark = pytest.mark.engine


class Listener:
    def __init__(self):
        self.news = []

    def __call__(self, news):
        self.news.append(news)

    @property
    def kinds(self):
        return set().union(*(each.kinds for each in self.news))


@pytest.fixture
def listener(client):
    """One that has heard the first news already."""
    heard = Listener()
    watch = Watch(client)
    stop = watch.listen(heard)
    until(lambda: heard.news and heard.news[-1].is_connected)
    time.sleep(0.5)  # the stream's own beginning is told too
    heard.news.clear()
    yield heard
    stop()
    assert not watch.is_running


def test_at_first_everything_is_news(client):
    heard = Listener()
    stop = Watch(client).listen(heard)
    until(lambda: heard.news)
    assert heard.news[0].kinds == KINDS
    stop()


def test_what_changed_is_told_by_kind_and_soon(client, listener):
    began = time.monotonic()
    client.api.create_volume("watched")
    until(lambda: "volume" in listener.kinds)
    assert listener.kinds == {"volume"}
    assert time.monotonic() - began < 5
    client.api.remove_volume("watched")


def test_a_burst_is_told_in_few_words(client, listener):
    began = time.monotonic()
    for number in range(60):
        client.api.create_volume(f"burst-{number}")
    for number in range(60):
        client.api.remove_volume(f"burst-{number}", force=True)
    until(lambda: client.api.volumes()["Volumes"] is not None and listener.news)
    time.sleep(0.5)
    assert listener.kinds == {"volume"}
    assert len(listener.news) <= (time.monotonic() - began) / (GATHER_S + REST_S) + 2


def test_commands_inside_a_container_change_no_list(client, container, shell, listener):
    name = container()
    until(lambda: "container" in listener.kinds)
    time.sleep(0.5)
    listener.news.clear()
    shell(name, "true")
    time.sleep(0.5)
    assert not listener.news


def test_after_the_last_news_of_an_end_the_list_shows_it(client, container, listener):
    name = container()
    states = []
    stop = Watch(client).listen(
        lambda _: states.append([row["State"] for row in client.api.containers(all=True, filters={"name": name})])
    )
    until(lambda: states[-1:] == [["running"]])
    client.api.kill(name)
    until(lambda: states[-1] == ["exited"])
    stop()


def test_containers_that_changed_are_told_by_id(client, container, listener):
    name = container(start=False)
    identity = client.get_json("/containers/{}/json", name)["Id"]
    until(lambda: listener.news)
    client.api.start(name)
    until(lambda: "network" in listener.kinds or len(listener.news) > 1)
    assert all(news.containers == {identity} for news in listener.news)


def test_at_first_any_container_may_have_changed(client):
    heard = Listener()
    stop = Watch(client).listen(heard)
    until(lambda: heard.news)
    assert heard.news[0].containers is None
    stop()


def test_one_that_fails_is_logged_and_the_others_hear(client, listener, caplog):
    watch = Watch(client)
    other = Listener()

    def fail(news):
        raise RuntimeError("on purpose")

    stops = [watch.listen(fail), watch.listen(other)]
    until(lambda: other.news)
    for stop in stops:
        stop()
    assert "on purpose" in caplog.text


def test_nothing_runs_when_no_one_listens(client):
    def ours():
        return {each for each in threading.enumerate() if each.name in ("dockyard-events", "dockyard-watch")}

    before = ours()
    watch = dockyard.watch(client)
    assert dockyard.watch(client) is watch
    stops = [watch.listen(lambda _: None) for _ in range(3)]
    assert len(ours() - before) == 2
    for stop in stops:
        stop()
        stop()
    until(lambda: ours() == before)


def test_a_listener_can_end_itself(client):
    watch = Watch(client)
    heard = threading.Event()

    def once(news):
        stop()
        heard.set()

    stop = watch.listen(once)
    assert heard.wait(10)
    until(lambda: not watch.is_running)
