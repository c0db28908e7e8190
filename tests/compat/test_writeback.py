"""An upload that comes onto the engine's disk as it goes on."""

import threading

import pytest

from dockyard.connection.archive import stat_path
from dockyard.tasks import writeback
from dockyard.tasks.writeback import STRETCH_BYTES, writing_back
from volumes import everything

pytestmark = pytest.mark.engine

PATIENCE_S = 60


@pytest.fixture
def asked(monkeypatch):
    """Which containers the engine was asked about; each question waits for ``answer``, and ``came`` and ``done`` count them."""

    class Asked(list):
        came, answer, done = threading.Semaphore(0), threading.Semaphore(0), threading.Semaphore(0)

        def question(self, client, container, path):
            self.append(container)
            self.came.release()
            assert self.answer.acquire(timeout=PATIENCE_S)
            try:
                return stat_path(client, container, path)
            finally:
                self.done.release()

    made = Asked()
    monkeypatch.setattr(writeback, "stat_path", made.question)
    return made


def test_the_engine_is_asked_once_for_each_stretch_and_nobody_waits_for_it(client, asked):
    before, threads = everything(client), threading.active_count()
    with writing_back(client) as sent:
        sent(STRETCH_BYTES - 1)
        assert everything(client) == before  # a short upload costs nothing
        sent(STRETCH_BYTES)
        assert asked.came.acquire(timeout=PATIENCE_S)
        sent(5 * STRETCH_BYTES)  # the last answer is still to come
        assert len(asked) == 1
        asked.answer.release(2)
        assert asked.done.acquire(timeout=PATIENCE_S)
        while not asked.came.acquire(timeout=0.01):  # the thread is done a moment after the question is
            sent(6 * STRETCH_BYTES)
    assert len(asked) == 2
    assert len(set(asked)) == 1
    assert everything(client) == before
    assert threading.active_count() == threads


def test_what_it_asks_about_may_be_gone(client, asked):
    before = everything(client)
    with writing_back(client) as sent:
        sent(STRETCH_BYTES)
        assert asked.came.acquire(timeout=PATIENCE_S)
        client.api.remove_container(asked[0])
        asked.answer.release()
    assert everything(client) == before
