"""Shells in containers that stay open, since starting one for every line takes most of a test's time."""

import subprocess
from types import TracebackType

END = "the line ended with "


class Shell:
    """A context manager: a shell in a running container, by the real docker command line. Called with lines, it returns what they print.

    Attributes:
        name: The container.
    """

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        words = ["docker", "-H", address, "exec", "-i", name, "sh"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, lines: str) -> str:
        """Run lines, and return what they print; fails if they failed."""
        given, printed = self._process.stdin, self._process.stdout
        assert given
        assert printed
        given.write(f'({lines}\n) </dev/null 2>&1; echo "{END}$?"\n')
        given.flush()
        output = ""
        while not (line := printed.readline()).startswith(END):
            assert line, f"the shell in {self.name} ended: {output}"
            output += line
        assert line == f"{END}0\n", output
        return output

    def __enter__(self) -> "Shell":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
