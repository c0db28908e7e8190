"""A request that the watching process can't meet."""

__all__ = ["Refused"]


class Refused(Exception):
    """What the engine is told instead of a result.

    Attributes:
        sentence: Why.
        code: The exit code that goes with it, where a program could not be started.
    """

    def __init__(self, sentence: str, code: int = 128) -> None:
        super().__init__(sentence)
        self.sentence, self.code = sentence, code
