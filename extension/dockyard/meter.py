"""What running containers use, as the engine streams it: a reading a container every second, the latest of each at any time.

>>> meter = Meter(client)                       # doctest: +SKIP
>>> meter.readings                              # doctest: +SKIP
>>> meter.close()                               # doctest: +SKIP
"""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from dockyard.connection import Client
from dockyard.connection.stats import Usage, UsageStream
from dockyard.errors import EngineError
from dockyard.live import News, watch

__all__ = ["MOST_STREAMS", "Meter"]

MOST_STREAMS = 64  # one connection and thread each; beyond, the newest containers are read and the others counted


class Meter:
    """Reads what every running container uses, from when it is made until it is closed; containers come and go meanwhile."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._changed = threading.Lock()
        self._streams: dict[str, _Stream] = {}
        self._is_closed = False
        self._running = 0
        self._stop = watch(client).listen(self._heard)

    @property
    def readings(self) -> Mapping[str, Usage]:
        """The latest reading of each container that runs, by its ID; one without a reading yet is not there."""
        with self._changed:
            return {key: stream.latest for key, stream in self._streams.items() if stream.latest}

    @property
    def left_out(self) -> int:
        """How many run that are not read, since there are more than :data:`MOST_STREAMS`."""
        return max(0, self._running - MOST_STREAMS)

    def close(self) -> None:
        """Read no more; every connection is closed when this returns."""
        self._stop()
        with self._changed:
            self._is_closed = True
            ending, self._streams = [*self._streams.values()], {}
        _end(ending)

    def _heard(self, news: News) -> None:
        if not news.is_connected:
            self._follow([])
        elif "container" in news.kinds:
            with suppress(EngineError):  # the watch tells when it answers again
                self._follow([str(row["Id"]) for row in self._client.get_json("/containers/json")])

    def _follow(self, running: list[str]) -> None:
        """Read these and no others; the newest come first."""
        wanted = running[:MOST_STREAMS]
        with self._changed:
            if self._is_closed:
                return
            self._running = len(running)
            ended = [
                self._streams.pop(key) for key in [*self._streams] if key not in wanted or self._streams[key].is_over
            ]
            for key in wanted:
                if key not in self._streams:
                    self._streams[key] = _Stream(self._client, key)
        _end(ended)


class _Stream:
    """One container's readings, of which the latest is kept."""

    def __init__(self, client: Client, container: str) -> None:
        self.latest: Usage | None = None
        self._client, self._container = client, container
        self._guard = threading.Lock()
        self._ended = False
        self._stream: UsageStream | None = None
        self._thread = threading.Thread(target=self._read, name="dockyard-usage", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether nothing comes any more: the engine ended it."""
        return not self._thread.is_alive()

    def end(self) -> None:
        with self._guard:
            self._ended = True
            if self._stream:
                self._stream.close()

    def join(self) -> None:
        self._thread.join(1)  # over ssh it takes some seconds, and is not waited for

    def _read(self) -> None:
        with suppress(EngineError):  # the container or the engine is gone, of which the watch tells
            stream = UsageStream(self._client, self._container)
            with self._guard:
                self._stream = stream
                if self._ended:
                    stream.close()
            for found in stream:
                self.latest = found
        self.latest = None


def _end(streams: Sequence[_Stream]) -> None:
    for stream in streams:
        stream.end()
    for stream in streams:
        stream.join()
