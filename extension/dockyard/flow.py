"""How a terminal's output gets to a browser: not faster than it is drawn, and once more for a page that comes later."""

import threading

__all__ = ["Flow", "Replay"]

MOST_UNDRAWN_BYTES = 256 * 1024
KEPT_BYTES = 256 * 1024


class Flow:
    """What was sent and is not drawn yet; whoever sends waits while that is much.

    Args:
        most_bytes: How much may be on its way.
    """

    def __init__(self, most_bytes: int = MOST_UNDRAWN_BYTES) -> None:
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._undrawn: dict[int, int] = {}
        self._number = 0
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nobody will draw anything any more."""
        return self._is_closed

    def sent(self, size_bytes: int) -> int:
        """Note that a message goes out, and return its number."""
        with self._changed:
            self._number += 1
            self._undrawn[self._number] = size_bytes
            return self._number

    def drawn(self, number: int) -> None:
        """Note that a message was drawn, and with it all before it, of which one may have been lost."""
        with self._changed:
            for each in [each for each in self._undrawn if each <= number]:
                del self._undrawn[each]
            self._changed.notify_all()

    def wait_for_room(self, timeout_s: float) -> bool:
        """Wait until more may be sent; return whether it may."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._is_closed or sum(self._undrawn.values()) < self._most_bytes, timeout_s
            )

    def restart(self) -> None:
        """Begin anew: nothing is on its way, since whoever was to draw it is gone."""
        with self._changed:
            self._undrawn.clear()
            self._is_closed = False
            self._changed.notify_all()

    def close(self) -> None:
        """Let everyone go on who waits: nobody will draw anything any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class Replay:
    """The last of what was printed, for a page that is loaded anew. It stays in memory.

    Args:
        most_bytes: How much is kept.
    """

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept = bytearray()

    @property
    def content(self) -> bytes:
        """What is kept; where something before it is lost, from the beginning of a line, so that no character is torn."""
        return bytes(self._kept)

    def add(self, piece: bytes) -> None:
        """Keep what was printed."""
        self._kept += piece
        if (surplus := len(self._kept) - self._most_bytes) > 0:
            line_end = self._kept.find(b"\n", surplus - 1)
            del self._kept[: surplus if line_end < 0 else line_end + 1]

    def clear(self) -> None:
        """Forget it."""
        self._kept.clear()
