"""What can be wrong with a build, beyond what can be wrong with any request."""

from dockyard.engine.errors import ApiError, BadParameter

__all__ = ["BuildCancelled", "CommandFailed", "DockerfileError", "unreadable"]


class DockerfileError(BadParameter):
    """A Dockerfile that can't be followed.

    Attributes:
        line: Where, counted from 1.
        message: What is wrong with it.
    """

    def __init__(self, line: int, message: str, *, sentence: str = "") -> None:
        """Name the line.

        Args:
            line: Where, counted from 1.
            message: What is wrong.
            sentence: What the client is told, where Docker does not name the line.
        """
        super().__init__(sentence or f"dockerfile parse error line {line}: {message}")
        self.line, self.message = line, message


def unreadable(line: int, message: str) -> DockerfileError:
    """Return the error of a text that makes no sense, which Docker words without the line."""
    return DockerfileError(line, message, sentence=f"failed to parse Dockerfile: {message}")


class CommandFailed(ApiError):
    """A command of a RUN instruction ended with something other than 0.

    Attributes:
        code: What it ended with.
    """

    def __init__(self, command: str, code: int) -> None:
        super().__init__(f"The command '{command}' returned a non-zero code: {code}")
        self.code = code


class BuildCancelled(ApiError):
    """The client hung up, so nobody waits for the image."""

    def __init__(self) -> None:
        super().__init__("Build cancelled, exiting...")
