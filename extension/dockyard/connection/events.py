"""The engine's events as they happen (Docker Engine API, ``GET /events``)."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from dockyard.connection.client import Client
from dockyard.connection.lines import JsonLines
from dockyard.connection.plain import has_plain_socket
from dockyard.errors import engine_errors

__all__ = ["EventStream"]

SLICE_S = 10  # how long one question lasts over a transport whose reading can't be broken off


class EventStream:
    """An open stream of events; iterating it waits for them, :meth:`close` ends that from any thread.

    Args:
        client: The engine.

    Raises:
        EngineError: The stream can't be opened.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._is_closed = False
        self._lines = JsonLines(client, "/events") if has_plain_socket(client) else None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Return each event as the engine tells it.

        Raises:
            EngineDead: The engine went away.
        """
        yield from self._lines or self._slices()

    def close(self) -> None:
        """End the stream: at once, or over ssh within :data:`SLICE_S` seconds."""
        self._is_closed = True
        if self._lines:
            self._lines.close()

    def _slices(self) -> Iterator[dict[str, Any]]:
        """Ask again and again for a few seconds of events, each from where the one before ended."""
        begin = time.time()
        while not self._is_closed:
            end = begin + SLICE_S
            span = urlencode({"since": f"{begin:.9f}", "until": f"{end:.9f}"})
            with engine_errors(self._client.address):
                url = f"{self._client.url('/events')}?{span}"
                answer = self._client.api.get(url, stream=True, timeout=SLICE_S + self._client.api.timeout)
                answer.raise_for_status()
                yield from (json.loads(line) for line in answer.iter_lines(chunk_size=1) if line)
            begin = end
