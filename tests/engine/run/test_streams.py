"""What goes between a process and its clients."""

import os
import socket
import threading
import time

import pytest

from dockyard.engine.run.loop import READABLE, Loop
from dockyard.engine.run.spec import Process
from dockyard.engine.run.streams import STDOUT, Client, Ends, Streams


@pytest.mark.parametrize("size_bytes", [10, 64 << 10, 200_000, 5_000_000])
def test_what_was_typed_before_the_process_began_reaches_it_whole(size_bytes):
    ours, theirs = socket.socketpair()
    sender = threading.Thread(target=lambda: (theirs.sendall(bytes(size_bytes)), theirs.shutdown(socket.SHUT_WR)))
    sender.start()
    time.sleep(0.1)
    loop = Loop()
    streams = Streams(loop, Process(("cat",), (), stdin=True, stdin_once=True), None)
    streams.attach(Client(ours, stdin=True, outputs={STDOUT}, framed=False, keys=b"", typed=b""))
    input_end, stdin = os.pipe()
    stdout, output_end = os.pipe()
    got = bytearray()

    def read():
        with os.fdopen(input_end, "rb") as file:
            got.extend(file.read())

    reader = threading.Thread(target=read)
    reader.start()
    streams.connect(Ends(stdin, {STDOUT: stdout}))
    deadline = time.monotonic() + 10
    loop.after(10, lambda: None)
    while reader.is_alive() and time.monotonic() < deadline:
        loop.after(0.01, lambda: None)
        turns = iter((False, True))
        loop.run(lambda turns=turns: next(turns))
    os.close(output_end)
    streams.finish()
    reader.join(5)
    sender.join(5)
    theirs.close()
    assert len(got) == size_bytes


def test_what_happened_to_a_descriptor_that_was_closed_is_not_told_to_the_next_of_its_number():
    loop = Loop()
    first, wakes_first = os.pipe()
    second, wakes_second = os.pipe()
    told = []

    def replace(gone, other):
        def act(_):
            for each in (gone, other):
                loop.forget(each)
            os.close(gone)
            again = os.dup(other)
            assert again == gone
            loop.watch(again, 0, told.append)

        return act

    loop.watch(first, READABLE, replace(second, first))
    loop.watch(second, READABLE, replace(first, second))
    for each in (wakes_first, wakes_second):
        os.write(each, b"x")
    turns = iter((False, True))
    loop.run(lambda: next(turns))
    assert not told
