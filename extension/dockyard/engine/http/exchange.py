"""One request and its answer: every kind of response as bytes, every error as ``{"message": ...}``."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Lock
from typing import Any, BinaryIO

import dockyard
from dockyard.engine.errors import ApiError
from dockyard.engine.http.response import Empty, Hijack, Json, Progress, Report, Response, Stream, Text
from dockyard.engine.http.router import NEWEST_API, version_text
from dockyard.engine.http.wire import ClientGone, Data, Wire

__all__ = ["Exchange", "encode"]

log = logging.getLogger(__name__)

JSON = ("Content-Type", "application/json")


def encode(data: Any) -> bytes:
    """Return a JSON document as a line."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


class Exchange:
    """Answers one request on a wire.

    Args:
        wire: Whose head was read.
        gone: Tells whether the client hung up.
    """

    def __init__(self, wire: Wire, gone: Callable[[], bool]) -> None:
        self._wire = wire
        self._gone = gone

    def run(self, answer: Callable[[], Response]) -> Hijack | None:
        """Call ``answer`` and send what it returns or raises; return a hijack for the caller to carry out.

        Raises:
            ClientGone: The client hung up, or must be cut off since what it has of the answer is all there will be.
        """
        try:
            response = answer()
            if isinstance(response, Hijack):
                return response
            self._send(response)
        except ApiError as error:
            if self._wire.started:
                log.warning("an answer broke off: %s", error)
                raise ClientGone from error
            self.refuse(error.status, str(error))
        except ClientGone:
            raise
        except Exception as error:
            log.exception("a request failed")
            if self._wire.started:
                raise ClientGone from error
            self.refuse(500, _sentence(error))
        return None

    def refuse(self, status: int, message: str) -> None:
        """Answer with an error."""
        self._wire.answer(status, [*_standing(), JSON], b"" if status == 304 else encode({"message": message}))

    def _send(self, response: Response) -> None:
        match response:
            case Json(data, status, headers):
                self._wire.answer(status, [*_standing(), JSON, *headers.items()], encode(data))
            case Text(text, status, headers):
                kind = ("Content-Type", "text/plain; charset=utf-8")
                self._wire.answer(status, [*_standing(), kind, *headers.items()], text.encode())
            case Empty(status, headers):
                self._wire.answer(status, [*_standing(), *headers.items()], b"")
            case Stream(produce, content_type, status, headers):
                sink = _WireSink(self._wire, self._gone, content_type, status, headers)
                produce(sink)
                sink.start()
                self._wire.finish()
            case Progress(produce, status, headers):
                sink = _WireSink(self._wire, self._gone, "application/json", status, headers)
                self._report(sink, produce)
                sink.start()
                self._wire.finish()

    def _report(self, sink: "_WireSink", produce: Callable[[Report], None]) -> None:
        """Let records come from any thread; an error after the first becomes the last."""
        send = _Lines(sink)
        try:
            produce(send)
        except ClientGone:
            raise
        except Exception as error:
            if not self._wire.started:
                raise
            if not isinstance(error, ApiError):
                log.exception("a request failed")
            message = str(error) if isinstance(error, ApiError) else _sentence(error)
            send({"errorDetail": {"message": message}, "error": message})


class _Lines:
    """A ``Report`` whose records go out a line each."""

    def __init__(self, sink: "_WireSink") -> None:
        self._sink = sink
        self._lock = Lock()

    @property
    def gone(self) -> bool:
        return self._sink.gone

    def __call__(self, record: Mapping[str, Any], /) -> None:
        line = encode(record)
        with self._lock:
            self._sink.write(line)


class _WireSink:
    """A ``Sink`` whose bytes go out on a wire."""

    def __init__(
        self, wire: Wire, gone: Callable[[], bool], content_type: str, status: int, headers: Mapping[str, str]
    ) -> None:
        self._wire = wire
        self._gone = gone
        self._status = status
        self._headers = [*_standing(), ("Content-Type", content_type), *headers.items()]

    @property
    def gone(self) -> bool:
        return self._gone()

    def start(self) -> None:
        if not self._wire.started:
            self._wire.start(self._status, self._headers)

    def write(self, data: Data, /) -> None:
        self.start()
        self._wire.write(data)

    def send_file(self, file: BinaryIO | int, offset: int, count: int) -> None:
        self.start()
        self._wire.write_file(file if isinstance(file, int) else file.fileno(), offset, count)


def _standing() -> list[tuple[str, str]]:
    """What Docker puts on every answer."""
    return [
        ("Api-Version", version_text(NEWEST_API)),
        ("Docker-Experimental", "false"),
        ("Ostype", "linux"),
        ("Server", f"Dockyard/{dockyard.__version__} (linux)"),
        ("Date", format_datetime(datetime.now(UTC), usegmt=True)),
    ]


def _sentence(error: Exception) -> str:
    """What the client reads of an exception that no handler foresaw: of the disk's, such as a full one, what the system says."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror.lower()}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"the engine failed at this ({type(error).__name__}: {error}); its log says more"
