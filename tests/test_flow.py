"""A terminal's output on its way to a browser."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from dockyard.flow import Flow, Replay


def test_whoever_sends_waits_until_enough_is_drawn():
    flow = Flow(10)
    assert flow.wait_for_room(0)
    first, second = flow.sent(6), flow.sent(6)
    assert not flow.wait_for_room(0)
    flow.drawn(first)
    assert flow.wait_for_room(0)
    flow.drawn(second)
    assert flow.wait_for_room(0)


def test_what_was_drawn_stands_for_all_before_it():
    flow = Flow(10)
    flow.sent(6)
    flow.sent(6)
    lost_before = flow.sent(0)
    flow.drawn(lost_before)
    assert flow.wait_for_room(0)


def test_one_who_waits_goes_on_when_the_browser_is_gone():
    for go_on in (Flow.close, Flow.restart, lambda flow: flow.drawn(1)):
        flow = Flow(1)
        flow.sent(5)
        waiting = threading.Thread(target=flow.wait_for_room, args=(30,))
        waiting.start()
        go_on(flow)
        waiting.join(5)
        assert not waiting.is_alive()


@given(st.lists(st.text("한글ab\n", min_size=1).map(str.encode), max_size=30), st.integers(1, 40))
def test_what_is_shown_again_is_the_end_and_whole_characters(lines, most_bytes):
    whole = b"\n".join(lines)
    replay = Replay(most_bytes)
    for start in range(0, len(whole), 3):  # pieces that tear characters apart
        replay.add(whole[start : start + 3])
    assert whole.endswith(replay.content)
    assert len(replay.content) <= most_bytes
    begins = len(whole) - len(replay.content)
    if begins and b"\n" in whole[begins - 1 :]:
        assert whole[begins - 1 : begins] == b"\n"
        replay.content.decode()
