"""What is shown of news that come too often."""

import threading
import time

from dockyard.pace import Pace
from embedded import until

PER_S = 20


class Shown:
    """What a reader would have seen."""

    def __init__(self, takes_s=0.0):
        self.now, self.seen, self.at_once, self._takes_s = 0, [], 0, takes_s
        self._busy = threading.Lock()

    def show(self):
        assert self._busy.acquire(blocking=False), "shown twice at once"
        self.seen.append(self.now)
        time.sleep(self._takes_s)
        self._busy.release()

    def burst(self, pace, count):
        for _ in range(count):
            self.now += 1
            pace.news()


def test_the_first_is_shown_at_once_and_the_last_of_a_burst_soon():
    shown = Shown()
    pace = Pace(shown.show, PER_S)
    shown.burst(pace, 1000)
    assert shown.seen[0] == 1
    until(lambda: shown.seen[-1] == 1000)
    time.sleep(3 / PER_S)
    assert len(shown.seen) < 100
    assert shown.seen.count(1000) == 1


def test_news_of_several_threads_are_shown_one_at_a_time():
    shown = Shown(takes_s=0.002)
    pace = Pace(shown.show, 1000)
    threads = [threading.Thread(target=shown.burst, args=(pace, 200)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    until(lambda: shown.seen[-1] == shown.now)


def test_what_waits_is_let_go_of_at_the_end_and_news_may_come_again():
    shown = Shown()
    pace = Pace(shown.show, PER_S)
    shown.burst(pace, 5)
    pace.end()
    time.sleep(3 / PER_S)
    assert shown.seen == [1]
    shown.burst(pace, 1)
    assert shown.seen == [1, 6]
    assert not any(each.name == "dockyard-pace" for each in threading.enumerate())


def test_nothing_is_shown_of_what_is_soon_over():
    shown = Shown()
    pace = Pace(shown.show, PER_S, quiet_s=0.2)
    began = time.monotonic()
    shown.burst(pace, 3)
    assert shown.seen == []
    until(lambda: shown.seen == [3])
    assert time.monotonic() - began >= 0.2
