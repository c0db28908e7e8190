"""The keys that take a client off a terminal."""

__all__ = ["DetachKeys"]


class DetachKeys:
    """Looks for a sequence in what is typed. What might become one is held back until it is clear."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._matched = 0

    def feed(self, typed: bytes) -> tuple[bytes, bool]:
        """Return what goes on to the process, and whether the sequence is complete."""
        if not self._keys:
            return typed, False
        passed = bytearray()
        for byte in typed:
            if byte != self._keys[self._matched]:
                passed += self._keys[: self._matched]
                self._matched = 0
            if byte == self._keys[self._matched]:
                self._matched += 1
                if self._matched == len(self._keys):
                    return bytes(passed), True
            else:
                passed.append(byte)
        return bytes(passed), False
