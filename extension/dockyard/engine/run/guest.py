"""A program in a container, from its exec to its end."""

import os
import struct
from collections.abc import Callable

from dockyard.engine.run import memory
from dockyard.engine.run.gate import Gate
from dockyard.engine.run.launch import Launched, LaunchFailed, failure
from dockyard.engine.run.listener import Listener, Question
from dockyard.engine.run.loop import GONE, READABLE, Loop
from dockyard.engine.run.proot import OWN, PREFIX
from dockyard.engine.run.streams import Streams

__all__ = ["KILLED", "Guest", "TracedGuest"]

KILLED = 137
MOST_VARIABLES = 1 << 15
POINTER_BYTES = 8
STDOUT, STDERR = 1, 2


class Guest:
    """A program that was launched.

    Attributes:
        pid: Its number on the host; 0 as long as the runner has not started it.
        runner: The number of the runner that stands between; 0 for none.
        code: How it ended; None while it runs.
    """

    def __init__(self, loop: Loop, gate: Gate, streams: Streams, launched: Launched) -> None:
        self.streams = streams
        self.pid, self.runner = launched.pid, 0
        self.code: int | None = None
        self.on_start: Callable[[LaunchFailed | None], None] = lambda _: None
        self.on_end: Callable[[], None] = lambda: None
        self._failed = False
        self._loop, self._gate = loop, gate
        self._report = launched.report
        self._listener = Listener(launched.listener) if launched.listener is not None else None
        if self._listener is not None:
            loop.watch(self._listener.fileno(), READABLE, self._asked)
        loop.watch(self._report.fileno(), READABLE, lambda _: self._reported())
        streams.connect(launched.ends)

    def reaped(self, pid: int, status: int) -> None:
        """A child of ours has ended; it may be this one."""
        if pid == self.pid:
            self._reported()
            code = os.waitstatus_to_exitcode(status)
            self._end(code if code >= 0 else 128 - code)

    def abandon(self) -> None:
        """It was killed along with the container, if it still ran."""
        self._end(KILLED)

    def close(self) -> None:
        """Stop to answer, once none of its processes is left."""
        if self._listener is not None:
            self._loop.forget(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def _reported(self) -> None:
        """What was launched has become a program, or says why it could not."""
        if self._report.fileno() >= 0:
            self._loop.forget(self._report.fileno())
            error = failure(self._report)
            self._report.close()
            self._executed(error)

    def _executed(self, error: LaunchFailed | None) -> None:
        self._started(error)

    def _started(self, error: LaunchFailed | None) -> None:
        self._failed = error is not None
        self.on_start(error)

    def _asked(self, events: int) -> None:
        if self._listener is None:
            return
        if events & READABLE:
            question = self._listener.receive()
            if question is not None:
                self._answer(self._listener, question)
        elif events & GONE:
            self.close()

    def _answer(self, listener: Listener, question: Question) -> None:
        self._gate.answer(listener, question)

    def _end(self, code: int) -> None:
        if self.code is None:
            self.code = code
            if not self._failed:
                self.on_end()


class TracedGuest(Guest):
    """A program under proot, which is its parent and tracer: only proot learns how it ended, and says so in its notes.

    The first process but proot itself to exec is the program. It is stopped there for a moment, to get its own error output in place of
    proot's, and an environment without proot's variables.
    """

    def __init__(self, loop: Loop, gate: Gate, streams: Streams, launched: Launched, execve: int) -> None:
        super().__init__(loop, gate, streams, launched)
        self.pid, self.runner = 0, launched.pid
        self._execve = execve
        self._errors = launched.errors
        self._notes = launched.notes
        self._unfinished = b""
        self.complaints: list[str] = []
        if self._notes is not None:
            os.set_blocking(self._notes, False)
            loop.watch(self._notes, READABLE, self._read_more)

    def reaped(self, pid: int, status: int) -> None:  # noqa: ARG002  # proot's own status is that of the last process to end
        """The runner has ended: so has the program, and if nothing was said of how, it was killed."""
        if pid != self.runner:
            return
        while self._read_notes():
            continue
        self.runner = 0
        self._close_errors()
        if not self.pid and not self._failed:
            self._started(LaunchFailed("; ".join(self.complaints) or "proot", 0))
        self._end(KILLED)

    def _executed(self, error: LaunchFailed | None) -> None:
        if error is not None:  # proot itself can't be run
            self._started(error)

    def _answer(self, listener: Listener, question: Question) -> None:
        if question.number != self._execve:
            self._gate.answer(listener, question)
            return
        if not self.pid and question.pid != self.runner:
            self.pid = question.pid
            self._dress(listener, question)
            listener.go_on(question)
            self._started(None)
        else:
            listener.go_on(question)

    def _dress(self, listener: Listener, question: Question) -> None:
        """Make proot's first child the program."""
        if self._errors is None:  # it has a terminal
            self._errors = os.open(f"/proc/{question.pid}/fd/{STDOUT}", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        listener.replace(question, STDERR, self._errors)
        self._close_errors()
        kept = b""
        start, place = question.arguments[2], question.arguments[2]
        for _ in range(MOST_VARIABLES):
            (pointer,) = struct.unpack("=Q", memory.read(question.pid, place, POINTER_BYTES))
            place += POINTER_BYTES
            if not pointer:
                break
            word = memory.read(question.pid, pointer, max(map(len, OWN)))
            if not word.startswith(OWN):
                kept += struct.pack("=Q", pointer + len(PREFIX) if word.startswith(PREFIX) else pointer)
        memory.write(question.pid, start, kept + bytes(POINTER_BYTES))

    def _read_more(self, _: int) -> None:
        self._read_notes()

    def _read_notes(self) -> bool:
        """Read what proot says, such as ``proot info: pid 1234: exited with status 3``; return whether there may be more."""
        if self._notes is None:
            return False
        try:
            content = os.read(self._notes, 65536)
        except BlockingIOError:
            return False
        if not content:
            self._loop.forget(self._notes)
            os.close(self._notes)
            self._notes = None
            return False
        *lines, self._unfinished = (self._unfinished + content).split(b"\n")
        for line in lines:
            self._note(line.decode(errors="replace"))
        return True

    def _note(self, line: str) -> None:
        kind, _, text = line.partition(": ")
        subject, _, what = text.partition(": ")
        if kind != "proot info":
            self.complaints.append(text)
        elif subject in (f"pid {self.pid}", "vpid 1"):
            words = what.split()
            if what.startswith("exited with status "):
                self._end(int(words[-1]))
            elif what.startswith("terminated with signal "):
                self._end(128 + int(words[-1]))

    def _close_errors(self) -> None:
        if self._errors is not None:
            os.close(self._errors)
            self._errors = None
